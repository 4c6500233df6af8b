package resolution

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/wire"
)

// interpret runs the program: interpretFast as far as that goes, then an instruction by
// itself.
func (m *machine) interpret() error {
	var (
		src   = m.src
		code  = m.code
		pc    int
		at    int // the next byte of src
		items loop
		err   error
	)
	for {
		pc, at, items.left, items.begin = m.interpretFast(src, pc, at, items.left, items.begin, m.limits.MaxBytes)
		here, in := pc, &code[pc]
		pc++
		switch in.op {
		case opLong:
			_, at, err = wire.Long(src, at)

		case opBytes:
			at, err = skipBytes(src, at, m.limits.MaxBytes)

		case opFixed: // too long, or interpretFast would have done it
			err = LengthError(int64(in.a), len(src)-at, m.limits.MaxBytes)

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

		case opNext: // interpretFast has been through the block
			pc, at, err = m.block(int(in.a), &items, at)

		case opCall:
			if m.depth += int(in.b); m.depth > m.limits.MaxDepth {
				err = fmt.Errorf("%w: records nested deeper than %d (WithMaxDepth)", avrort.ErrLimit, m.limits.MaxDepth)
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

		case opTail:
			if m.mode == Unchecked {
				m.flush(len(src), len(src))
				return nil
			}

		case opFail:
			err = m.reasons[in.a]

		case opCheck:
			err = m.checks[in.a](src[*m.slot(in.b):at])

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
			if m.filled += len(literal); m.filled > MaxFilled(m.limits, len(src)) {
				err = fmt.Errorf("%w: defaults of more than %d bytes (WithMaxBytes)", avrort.ErrLimit, MaxFilled(m.limits, len(src)))
			}

		case opEnumMap:
			at, err = m.enum(in, at)

		case opUnionMap:
			var to int
			if to, at, err = m.union(in, at); err == nil {
				pc = to
			}

		case opEnd:
			if at < len(src) && m.mode != More {
				err = fmt.Errorf("%w: %s", avrort.ErrTrailing, count.Of(len(src)-at, "byte"))
				break
			}
			m.flush(at, at)
			return nil

		default:
			at, err = m.promote(in.op, at)
		}
		if err != nil {
			return &avrort.DecodeError{Path: m.path(here, items), Offset: at, Err: err}
		}
	}
}

// interpretFast runs instructions that only check, as long as the bytes are of the
// usual form: it stops in front of everything else, errors included. It calls
// nothing, so that its state stays in registers; most of a datum passes through
// here.
func (m *machine) interpretFast(src []byte, pc, at, left, begin, longest int) (int, int, int, int) {
	code := m.code
	for uint(pc) < uint(len(code)) {
		in := &code[pc]
		switch in.op {
		case opLong, opInt:
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
			// The first byte without a continuation bit, of eight at once. An int of
			// five may be out of range.
			stop := ^binary.LittleEndian.Uint64(src[at:]) & 0x8080808080808080
			n := bits.TrailingZeros64(stop)>>3 + 1
			if stop == 0 || n > 4 && in.op == opInt {
				return pc, at, left, begin
			}
			at += n

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
