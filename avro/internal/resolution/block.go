package resolution

import (
	"fmt"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/wire"
)

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
		return b, at, wire.ErrBlockCount
	}
	size, next, err := wire.Long(src, next)
	if err != nil {
		return b, at, err
	}
	if size < 0 || size > int64(len(src)-next) {
		return b, at, wire.ErrBlockSize
	}
	b.size, b.sized = int(size), true
	return b, next, nil
}

// checkBlock bounds a block's count: by the bytes that remain, of which an item
// takes itemSize at least, and by the limits, done items being counted already.
// As in Java, a block's size in bytes is not compared to what its items take.
func (m *machine) checkBlock(b block, remain, itemSize int, done int64) error {
	l := m.limits
	if b.count > int64(l.MaxItems)-done {
		return fmt.Errorf("%w: %d items, more than %d (WithMaxItems)", avrort.ErrLimit, uint64(b.count)+uint64(done), l.MaxItems)
	}
	if itemSize > 0 {
		if b.count > int64(remain/itemSize) {
			return fmt.Errorf("%w: block of %s, %s left", avrort.ErrShort, count.Of(b.count, "item"), count.Of(remain, "byte"))
		}
		return nil
	}
	if m.empty += b.count; m.empty > int64(l.MaxEmptyItems) {
		return fmt.Errorf("%w: %d items that take no bytes, more than %d (WithMaxEmptyItems)", avrort.ErrLimit, m.empty, l.MaxEmptyItems)
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
		return 0, at, fmt.Errorf("%s %d, there are %d: %w", what, i, n, avrort.ErrRange)
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
		return at, LengthError(n, len(src)-next, longest)
	}
	return next + int(n), nil
}

// LengthError returns why n bytes cannot be read.
func LengthError(n int64, remain, longest int) error {
	switch {
	case n < 0:
		return fmt.Errorf("%w: %d", wire.ErrNegative, n)
	case n > int64(remain):
		return fmt.Errorf("%w: %d of %s left", avrort.ErrShort, remain, count.Of(n, "byte"))
	default:
		return fmt.Errorf("%w: %d bytes, more than %d (WithMaxBytes)", avrort.ErrLimit, n, longest)
	}
}
