package avro

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"sync"

	"github.com/kavro/kavro/internal/wire"
)

// machine is the state of a program that runs, but for what walkFast keeps in
// registers. It lives on the stack: nothing in it points into it.
type machine struct {
	*program
	limits *limits
	src    []byte
	dst    []byte
	start  int   // the first byte of src that was walked over but not output
	base   int   // of the marks of the subroutine that runs
	depth  int   // of records within themselves
	empty  int64 // items so far that take no bytes
	filled int   // bytes of literals so far
	more   bool  // something may follow the datum

	frames int       // loops and calls that are under way
	few    [2]frame  // the first of them
	marks  [4]int    // the first slots
	deep   *workshop // more of both, borrowed
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

// workshop has room for programs that go deep or leave many marks.
type workshop struct {
	frames []frame
	marks  []int
}

// maxKeptFrames is the largest workshop that is kept for reuse: that of an
// unusually deep datum goes to the garbage collector.
const maxKeptFrames = 1 << 10

var workshops = sync.Pool{New: func() any { return new(workshop) }}

// run rewrites src, appending to dst, and returns how much of src it read; that
// is all of it, unless more may follow. The error is a *DecodeError, and what is
// returned with it is of no use.
func (p *program) run(dst, src []byte, l *limits, more bool) (out []byte, size int, err error) {
	var m machine
	m.program, m.limits, m.src, m.dst, m.more = p, l, src, dst, more
	m.reserve()
	err = m.walk()
	if m.deep != nil && cap(m.deep.frames) <= maxKeptFrames {
		m.deep.frames = m.deep.frames[:0]
		workshops.Put(m.deep)
	}
	return m.dst, m.start, err
}

func (m *machine) push(f frame) {
	if m.frames < len(m.few) {
		m.few[m.frames] = f
	} else {
		if m.deep == nil {
			m.deep = workshops.Get().(*workshop)
		}
		m.deep.frames = append(m.deep.frames, f)
	}
	m.frames++
}

func (m *machine) pop() frame {
	m.frames--
	f := m.frame(m.frames)
	if m.frames >= len(m.few) {
		m.deep.frames = m.deep.frames[:m.frames-len(m.few)]
	}
	return f
}

func (m *machine) frame(i int) frame {
	if i < len(m.few) {
		return m.few[i]
	}
	return m.deep.frames[i-len(m.few)]
}

// slot is where a subroutine keeps a mark.
func (m *machine) slot(a int32) *int {
	i := m.base + int(a)
	if i < len(m.marks) {
		return &m.marks[i]
	}
	return &m.deep.marks[i-len(m.marks)]
}

// reserve makes room for the marks of a subroutine.
func (m *machine) reserve() {
	if need := m.base + m.slots - len(m.marks); need > 0 {
		if m.deep == nil {
			m.deep = workshops.Get().(*workshop)
		}
		if need > len(m.deep.marks) {
			m.deep.marks = append(m.deep.marks, make([]int, need)...)
		}
	}
}

// walk is the interpreter: walkFast as far as that goes, then an instruction by
// itself.
func (m *machine) walk() error {
	var (
		src   = m.src
		code  = m.code
		pc    int
		at    int // the next byte of src
		items loop
		err   error
	)
	for {
		pc, at, items.left, items.begin = m.walkFast(src, pc, at, items.left, items.begin, m.limits.maxBytes)
		here, in := pc, &code[pc]
		pc++
		switch in.op {
		case opLong:
			_, at, err = wire.Long(src, at)

		case opBytes:
			at, err = skipBytes(src, at, m.limits.maxBytes)

		case opFixed: // too long, or walkFast would have done it
			err = lengthError(int64(in.a), len(src)-at, m.limits.maxBytes)

		case opInt:
			_, at, err = wire.Int(src, at)

		case opBoolean:
			_, at, err = wire.Bool(src, at)

		case opEnum:
			_, at, err = index(src, at, in.a, "enum index")

		case opUnion:
			var i int32
			if i, at, err = index(src, at, in.b, "union index"); err == nil {
				pc = int(m.targets[in.a+i])
			}

		case opLoop:
			m.push(frame{pc: in.a, outer: items})
			items = loop{}
			pc, at, err = m.block(int(in.a), &items, at)

		case opNext: // walkFast has been through the block
			pc, at, err = m.block(int(in.a), &items, at)

		case opCall:
			if m.depth += int(in.b); m.depth > m.limits.maxDepth {
				err = fmt.Errorf("%w: records nested deeper than %d (WithMaxDepth)", ErrLimit, m.limits.maxDepth)
				break
			}
			m.push(frame{pc: int32(pc - 1), outer: items})
			m.base += int(in.c)
			m.reserve()
			pc = int(in.a)

		case opReturn:
			f := m.pop()
			pc, items = int(f.pc), f.outer
			m.base -= int(code[pc].c)
			m.depth -= int(code[pc].b)
			pc++

		case opFail:
			err = errors.New(m.reasons[in.a])

		case opFlush:
			m.flush(at, at)

		case opSeek:
			to := *m.slot(in.a)
			m.flush(at, to)
			at = to

		case opCopy:
			m.flush(at, at)
			m.dst = append(m.dst, src[*m.slot(in.a):*m.slot(in.b)]...)

		case opEmit:
			literal := m.literals[in.a]
			m.flush(at, at)
			m.dst = append(m.dst, literal...)
			if m.filled += len(literal); m.filled > m.limits.maxBytes {
				err = fmt.Errorf("%w: defaults of more than %d bytes (WithMaxBytes)", ErrLimit, m.limits.maxBytes)
			}

		case opEnumMap:
			at, err = m.enum(in, at)

		case opUnionMap:
			var to int
			if to, at, err = m.union(in, at); err == nil {
				pc = to
			}

		case opEnd:
			if at < len(src) && !m.more {
				err = fmt.Errorf("%w: %d bytes", ErrTrailing, len(src)-at)
				break
			}
			m.flush(at, at)
			return nil

		default:
			at, err = m.promote(in.op, at)
		}
		if err != nil {
			return &DecodeError{Path: m.path(here, items), Offset: at, Err: err}
		}
	}
}

// walkFast runs instructions that only check, as long as the bytes are of the
// usual form: it stops in front of everything else, errors included. It calls
// nothing, so that its state stays in registers; most of a datum passes through
// here.
func (m *machine) walkFast(src []byte, pc, at, left, begin, longest int) (int, int, int, int) {
	code := m.code
	for uint(pc) < uint(len(code)) {
		in := &code[pc]
		switch in.op {
		case opLong:
			if uint(at) >= uint(len(src)) {
				return pc, at, left, begin
			}
			if src[at] < 0x80 {
				at++
				break
			}
			if len(src)-at < 8 {
				return pc, at, left, begin
			}
			// The first byte without a continuation bit, of eight at once.
			stop := ^binary.LittleEndian.Uint64(src[at:]) & 0x8080808080808080
			if stop == 0 {
				return pc, at, left, begin
			}
			at += bits.TrailingZeros64(stop)>>3 + 1

		case opBytes:
			if uint(at) >= uint(len(src)) {
				return pc, at, left, begin
			}
			n := int(src[at])
			if n&0x81 != 0 || n>>1 >= len(src)-at || n>>1 > longest {
				return pc, at, left, begin
			}
			at += 1 + n>>1

		case opFixed:
			n := int(in.a)
			if n > len(src)-at || n > longest {
				return pc, at, left, begin
			}
			at += n

		case opInt:
			if uint(at) >= uint(len(src)) || src[at] >= 0x80 {
				return pc, at, left, begin
			}
			at++

		case opBoolean:
			if uint(at) >= uint(len(src)) || src[at] > 1 {
				return pc, at, left, begin
			}
			at++

		case opEnum:
			if uint(at) >= uint(len(src)) || src[at]&0x81 != 0 || int32(src[at]>>1) >= in.a {
				return pc, at, left, begin
			}
			at++

		case opUnion:
			if uint(at) >= uint(len(src)) || src[at]&0x81 != 0 || int32(src[at]>>1) >= in.b {
				return pc, at, left, begin
			}
			pc = int(m.targets[in.a+int32(src[at]>>1)])
			at++
			continue

		case opJump:
			pc = int(in.a)
			continue

		case opNext:
			if left <= 1 {
				return pc, at, left, begin
			}
			left--
			begin = at
			pc = int(in.a)

		case opMark:
			*m.slot(in.a) = at

		case opDrop:
			m.start = at

		case opFlush:
			if m.start < at {
				return pc, at, left, begin
			}

		default:
			return pc, at, left, begin
		}
		pc++
	}
	return pc, at, left, begin
}

// flush outputs what is pending. What comes next is pending from offset start on.
func (m *machine) flush(at, start int) {
	m.dst = append(m.dst, m.src[m.start:at]...)
	m.start = start
}

// block begins the next block of the loop whose opItems is at head, or ends the
// loop after the last one. Of a block that is dropped and says its size nothing
// is read.
func (m *machine) block(head int, items *loop, at int) (pc, next int, err error) {
	in := &m.code[head]
	for {
		items.left = 0
		if at < len(m.src) && m.src[at] == 0 { // kept first: most loops end here
			at++
			break
		}
		b, next, err := readBlock(m.src, at)
		if err != nil {
			return head, at, err
		}
		if b.count == 0 { // in more bytes than it takes
			at = next
			break
		}
		if err := m.checkBlock(b, len(m.src)-next, int(in.b), items.until); err != nil {
			return head, at, err
		}
		items.until += b.count
		if b.sized && in.c&itemsDrop != 0 {
			at = next + b.size
			continue
		}
		if b.sized && in.c&itemsChange != 0 { // the size will be another: leave it out
			m.flush(at, next)
			m.dst = wire.AppendLong(m.dst, b.count)
		}
		items.left, items.begin = int(b.count), next
		return head + 1, next, nil
	}
	*items = m.pop().outer
	return int(in.a), at, nil
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
