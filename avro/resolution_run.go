package avro

import (
	"errors"
	"fmt"
	"sync"

	"github.com/kavro/kavro/internal/wire"
)

// machine is the state of a program that runs, but for what the loop in walk
// keeps in registers.
type machine struct {
	*program
	limits *limits
	src    []byte
	dst    []byte
	start  int // the first byte of src that was walked over but not output
	frames []frame
	marks  []int
	base   int   // of the marks of the subroutine that runs
	depth  int   // of records within themselves
	empty  int64 // items so far that take no bytes
	filled int   // bytes of literals so far
	more   bool  // something may follow the datum
}

// frame is a loop or a call that is under way.
type frame struct {
	pc    int32 // of the opItems, or of the opCall
	outer loop  // the loop around it
}

// loop counts the items of an array or map.
type loop struct {
	left  int   // items of the block that are still to come, this one included
	until int64 // items up to the block's end, over all blocks
	begin int   // where the item begins: a map's key
}

// maxKeptFrames is the longest stack that is kept for reuse: that of an
// unusually deep datum goes to the garbage collector.
const maxKeptFrames = 1 << 10

var machines = sync.Pool{New: func() any { return new(machine) }}

// run rewrites src, appending to dst, and returns how much of src it read; that
// is all of it, unless more may follow. The error is a *DecodeError, and what is
// returned with it is of no use.
func (p *program) run(dst, src []byte, l *limits, more bool) (out []byte, size int, err error) {
	m := machines.Get().(*machine)
	m.program, m.limits, m.src, m.dst, m.more = p, l, src, dst, more
	if p.slots > len(m.marks) {
		m.reserve()
	}
	err = m.walk()
	out, size = m.dst, m.start
	m.release()
	return out, size, err
}

// release gives m back to its pool.
func (m *machine) release() {
	if cap(m.frames) > maxKeptFrames {
		return
	}
	m.program, m.limits, m.src, m.dst = nil, nil, nil, nil
	m.start, m.base, m.depth, m.empty, m.filled = 0, 0, 0, 0, 0
	m.frames = m.frames[:0]
	machines.Put(m)
}

// walk is the interpreter.
func (m *machine) walk() error {
	var (
		src     = m.src
		code    = m.code
		targets = m.targets
		longest = m.limits.maxBytes
		pc      int
		at      int // the next byte of src
		items   loop
		err     error
	)
run:
	for {
		in := &code[pc]
		pc++
		switch in.op {
		case opLong:
			if at < len(src) && src[at] < 0x80 {
				at++
				continue
			}
			n := skipLong(src, at)
			if n < 0 {
				err = varintError(n)
				break run
			}
			at = n

		case opBytes:
			if at < len(src) {
				if n := int(src[at]); n < 0x80 && n&1 == 0 && n>>1 < len(src)-at && n>>1 <= longest {
					at += 1 + n>>1
					continue
				}
			}
			if at, err = skipBytes(src, at, longest); err != nil {
				break run
			}

		case opFixed:
			n := int(in.a)
			if n > len(src)-at || n > longest {
				err = lengthError(int64(n), len(src)-at, longest)
				break run
			}
			at += n

		case opInt:
			if at < len(src) && src[at] < 0x80 {
				at++
				continue
			}
			if _, at, err = wire.Int(src, at); err != nil {
				break run
			}

		case opBoolean:
			if at >= len(src) || src[at] > 1 {
				_, _, err = wire.Bool(src, at)
				break run
			}
			at++

		case opEnum:
			if at < len(src) && src[at]&0x81 == 0 && int32(src[at]>>1) < in.a {
				at++
				continue
			}
			if _, at, err = index(src, at, in.a, "enum index"); err != nil {
				break run
			}

		case opUnion:
			if at < len(src) && src[at]&0x81 == 0 && int32(src[at]>>1) < in.b {
				pc = int(targets[in.a+int32(src[at]>>1)])
				at++
				continue
			}
			var i int32
			if i, at, err = index(src, at, in.b, "union index"); err != nil {
				break run
			}
			pc = int(targets[in.a+i])

		case opJump:
			pc = int(in.a)

		case opNext:
			if items.left--; items.left > 0 {
				items.begin = at
				pc = int(in.a) + 1
				continue
			}
			pc = int(in.a)

		case opLoop:
			m.frames = append(m.frames, frame{pc: int32(pc), outer: items})
			items = loop{}

		case opItems:
			var jump bool
			if at < len(src) && src[at] == 0 { // no more blocks
				items.left = 0
				at++
			} else if items, at, jump, err = m.block(in, items, at); err != nil {
				break run
			}
			if jump {
				pc--
			} else if items.left == 0 {
				items = m.frames[len(m.frames)-1].outer
				m.frames = m.frames[:len(m.frames)-1]
				pc = int(in.a)
			}

		case opCall:
			if m.depth += int(in.b); m.depth > m.limits.maxDepth {
				err = fmt.Errorf("%w: records nested deeper than %d (WithMaxDepth)", ErrLimit, m.limits.maxDepth)
				break run
			}
			m.frames = append(m.frames, frame{pc: int32(pc - 1), outer: items})
			m.base += int(in.c)
			m.reserve()
			pc = int(in.a)

		case opReturn:
			f := &m.frames[len(m.frames)-1]
			pc, items = int(f.pc), f.outer
			m.frames = m.frames[:len(m.frames)-1]
			m.base -= int(code[pc].c)
			m.depth -= int(code[pc].b)
			pc++

		case opFail:
			err = errors.New(m.reasons[in.a])
			break run

		case opFlush:
			m.flush(at, at)

		case opDrop:
			m.start = at

		case opMark:
			m.marks[m.base+int(in.a)] = at

		case opSeek:
			to := m.marks[m.base+int(in.a)]
			m.flush(at, to)
			at = to

		case opCopy:
			m.flush(at, at)
			m.dst = append(m.dst, src[m.marks[m.base+int(in.a)]:m.marks[m.base+int(in.b)]]...)

		case opEmit:
			literal := m.literals[in.a]
			m.flush(at, at)
			m.dst = append(m.dst, literal...)
			if m.filled += len(literal); m.filled > longest {
				err = fmt.Errorf("%w: defaults of more than %d bytes (WithMaxBytes)", ErrLimit, longest)
				break run
			}

		case opEnumMap:
			if at, err = m.enum(in, at); err != nil {
				break run
			}

		case opUnionMap:
			branch, next, e := m.union(in, at)
			if e != nil {
				err = e
				break run
			}
			pc, at = branch, next

		case opEnd:
			if at < len(src) && !m.more {
				err = fmt.Errorf("%w: %d bytes", ErrTrailing, len(src)-at)
				break run
			}
			m.flush(at, at)
			return nil

		default:
			if at, err = m.promote(in.op, at); err != nil {
				break run
			}
		}
	}
	return &DecodeError{Path: m.path(pc-1, items), Offset: at, Err: err}
}

// flush outputs what is pending. What comes next is pending from offset start on.
func (m *machine) flush(at, start int) {
	m.dst = append(m.dst, m.src[m.start:at]...)
	m.start = start
}

// reserve makes room for the marks of a subroutine.
func (m *machine) reserve() {
	if need := m.base + m.slots; need > len(m.marks) {
		m.marks = append(m.marks, make([]int, need)...)
	}
}

// block begins a block of items; none are left after the last block. If jump is
// set, it was jumped over.
func (m *machine) block(in *instruction, items loop, at int) (_ loop, next int, jump bool, err error) {
	b, next, err := readBlock(m.src, at)
	if err != nil || b.count == 0 { // written in more bytes than 0 takes
		items.left = 0
		return items, next, false, err
	}
	if err = m.checkBlock(b, len(m.src)-next, int(in.b), items.until); err != nil {
		return items, at, false, err
	}
	items = loop{left: int(b.count), until: items.until + b.count, begin: next}
	if b.sized && in.c&itemsDrop != 0 {
		return items, next + b.size, true, nil
	}
	if b.sized && in.c&itemsChange != 0 { // the size will be another: leave it out
		m.flush(at, next)
		m.dst = wire.AppendLong(m.dst, b.count)
	}
	return items, next, false, nil
}

// enum replaces the index of a symbol.
func (m *machine) enum(in *instruction, at int) (next int, err error) {
	i, next, err := index(m.src, at, in.b, "enum index")
	if err != nil {
		return at, err
	}
	to := m.symbols[in.a+i]
	if to < 0 {
		return at, fmt.Errorf("the reader's %s has no symbol %s, and no default",
			describe(m.nodes[in.c+1]), m.nodes[in.c].Symbols()[i])
	}
	if to != i {
		m.flush(at, next)
		m.dst = wire.AppendLong(m.dst, int64(to))
	}
	return next, nil
}

// union replaces the index of a branch, or drops it.
func (m *machine) union(in *instruction, at int) (pc, next int, err error) {
	i, next, err := index(m.src, at, in.b, "union index")
	if err != nil {
		return 0, at, err
	}
	b := m.branches[in.a+i]
	if b.to != i {
		m.flush(at, next)
		if b.to >= 0 {
			m.dst = wire.AppendLong(m.dst, int64(b.to))
		}
	}
	return int(b.pc), next, nil
}

// promote replaces a number by one of another type.
func (m *machine) promote(o op, at int) (next int, err error) {
	var v float64
	switch o {
	case opIntToFloat, opIntToDouble:
		var i int32
		i, next, err = wire.Int(m.src, at)
		if v = float64(i); o == opIntToFloat {
			v = float64(float32(i))
		}
	case opLongToFloat, opLongToDouble:
		var i int64
		i, next, err = wire.Long(m.src, at)
		if v = float64(i); o == opLongToFloat {
			v = float64(float32(i)) // straight from 64 bits: rounded once
		}
	default:
		var f float32
		f, next, err = wire.Float(m.src, at)
		v = float64(f)
	}
	if err != nil {
		return at, err
	}
	m.flush(at, next)
	if o == opIntToFloat || o == opLongToFloat {
		m.dst = wire.AppendFloat(m.dst, float32(v))
	} else {
		m.dst = wire.AppendDouble(m.dst, v)
	}
	return next, nil
}
