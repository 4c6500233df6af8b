package avro

import (
	"fmt"
	"strconv"

	"github.com/kavro/kavro/internal/wire"
)

// path says where in the writer's value an instruction stands, given the loops
// and calls around it, and the innermost loop's state.
func (m *machine) path(pc int, items loop) string {
	frames := m.frames
	if in := m.code[pc]; in.op == opLoop || in.op == opNext { // between items: the array or map itself
		frames, pc = frames-1, int(in.a)
	}
	text := ""
	for i := range frames {
		f := m.frame(i)
		in := &m.code[f.pc]
		text = appendPath(text, m.placeOf(int(f.pc)))
		if in.op == opCall {
			continue
		}
		state := items
		if i+1 < m.frames {
			state = m.frame(i + 1).outer
		}
		if in.c&itemsKeyed == 0 {
			text = appendPath(text, "["+strconv.FormatInt(state.until-int64(state.left), 10)+"]")
		} else if key, _, err := wire.Bytes(m.src, state.begin); err == nil {
			text = appendPath(text, "["+quoteKey(key)+"]")
		}
	}
	return appendPath(text, m.placeOf(pc))
}

func (p *program) placeOf(pc int) string {
	text := ""
	for at := p.where[pc]; at >= 0; at = p.places[at].parent {
		text = joinPath(p.places[at].step, text)
	}
	return text
}

func appendPath(path, step string) string {
	if path == "" || step == "" {
		return path + step
	}
	return joinPath(path, step)
}

// quoteKey quotes a map's key for a path, cut to what a person cares to read.
func quoteKey(key []byte) string {
	const enough = 64
	if len(key) > enough {
		return strconv.Quote(string(key[:enough]) + "...")
	}
	return strconv.Quote(string(key))
}

// block is the header of a block of array or map items.
type block struct {
	count int64
	size  int // in bytes, if sized
	sized bool
}

func readBlock(src []byte, at int) (b block, next int, err error) {
	b.count, next, err = wire.Long(src, at)
	if err != nil || b.count >= 0 {
		return b, next, err
	}
	if b.count = -b.count; b.count < 0 { // -2^63
		return b, at, errBlockCount
	}
	size, next, err := wire.Long(src, next)
	if err != nil {
		return b, at, err
	}
	if size < 0 || size > int64(len(src)-next) {
		return b, at, errBlockSize
	}
	b.size, b.sized = int(size), true
	return b, next, nil
}

// checkBlock bounds a block's count: by the bytes that remain, of which an item
// takes itemSize at least, and by the limits, done items being counted already.
// As in Java, a block's size in bytes is not compared to what its items take.
func (m *machine) checkBlock(b block, remain, itemSize int, done int64) error {
	l := m.limits
	if b.count > int64(l.maxItems)-done {
		return fmt.Errorf("%w: %d items, more than %d (WithMaxItems)", ErrLimit, uint64(b.count)+uint64(done), l.maxItems)
	}
	if itemSize > 0 {
		if b.count > int64(remain/itemSize) {
			return fmt.Errorf("%w: block of %d items, %d bytes left", ErrShort, b.count, remain)
		}
		return nil
	}
	if m.empty += b.count; m.empty > int64(l.maxEmptyItems) {
		return fmt.Errorf("%w: %d items that take no bytes, more than %d (WithMaxEmptyItems)", ErrLimit, m.empty, l.maxEmptyItems)
	}
	return nil
}

// index reads the position of a union's branch or an enum's symbol, of which
// there are n.
func index(src []byte, at int, n int32, what string) (i int32, next int, err error) {
	if i, next, err = wire.Int(src, at); err != nil {
		return 0, at, err
	}
	if i < 0 || i >= n {
		return 0, at, fmt.Errorf("%s %d, there are %d: %w", what, i, n, ErrRange)
	}
	return i, next, nil
}

// skipBytes returns the offset after bytes or a string.
func skipBytes(src []byte, at, longest int) (next int, err error) {
	n, next, err := wire.Long(src, at)
	if err != nil {
		return at, err
	}
	if uint64(n) > uint64(len(src)-next) || n > int64(longest) {
		return at, lengthError(n, len(src)-next, longest)
	}
	return next + int(n), nil
}

// lengthError says why n bytes cannot be read.
func lengthError(n int64, remain, longest int) error {
	switch {
	case n < 0:
		return fmt.Errorf("%w: %d", wire.ErrNegative, n)
	case n > int64(remain):
		return fmt.Errorf("%w: %d of %d bytes left", ErrShort, remain, n)
	default:
		return fmt.Errorf("%w: %d bytes, more than %d (WithMaxBytes)", ErrLimit, n, longest)
	}
}
