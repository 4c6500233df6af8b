package avro

import (
	"errors"
	"fmt"
	"math"

	"github.com/kavro/kavro/internal/wire"
)

// Arrays and maps are blocks: a count, then that many items, until a count of 0.
// A negative count is followed by the size of the block in bytes.
//
// What bounds memory: an item takes at least min bytes, so a block that claims
// more items than the remaining bytes allow is refused before anything is
// allocated. Blocks within blocks are counted too: the bytes that all items of
// all blocks need at least never exceed the datum, since the minimum of an item
// counts what it contains as empty. A datum of n bytes thus never has more than
// n/min items, nested or not, and the memory for them is linear in n.

var (
	errBlockCount = errors.New("block count is -2^63")
	errBlockSize  = errors.New("block size is negative or beyond the input")
)

// Block begins the next block of an array or map and returns its number of
// items, 0 after the last block. have is how many items of the same array or map
// were read before, min the fewest bytes that one item takes (for a map, with
// its key's length). Whoever calls it can allocate room for what it returns: it
// is bounded by the bytes that remain.
//
//	for n := r.Block(0, 2); n > 0; n = r.Block(len(items), 2) {
//		items = slices.Grow(items, n)
//		...
//	}
func (r *Reader) Block(have, min int) int {
	if r.at < len(r.src) && r.src[r.at] == 0 {
		r.at++
		return 0
	}
	return r.block(have, min)
}

//go:noinline
func (r *Reader) block(have, min int) int {
	start := r.at
	n, next, err := wire.Long(r.src, start)
	if err == nil && n < 0 {
		if n == math.MinInt64 {
			r.failAt(start, errBlockCount)
			return 0
		}
		n = -n
		var size int64
		size, next, err = wire.Long(r.src, next)
		if err == nil && (size < 0 || size > int64(len(r.src)-next)) {
			r.failAt(start, errBlockSize)
			return 0
		}
	}
	if err != nil {
		r.failValue(start, err, "block count")
		return 0
	}
	if !r.claim(start, next, n, have, min) {
		return 0
	}
	r.at = next
	return int(n)
}

// claim checks a block of n items of at least min bytes each.
func (r *Reader) claim(start, next int, n int64, have, min int) bool {
	if n > int64(r.lim.maxItems)-int64(have) {
		r.failAt(start, fmt.Errorf("%w: %d items, more than %d (WithMaxItems)", ErrLimit, uint64(n)+uint64(have), r.lim.maxItems))
		return false
	}
	if min <= 0 {
		if n > int64(r.lim.maxEmptyItems-r.empty) {
			r.failAt(start, fmt.Errorf("%w: %d items that take no bytes, more than %d (WithMaxEmptyItems)", ErrLimit, uint64(n)+uint64(r.empty), r.lim.maxEmptyItems))
			return false
		}
		r.empty += int(n)
		return true
	}
	if n > int64((len(r.src)-next)/min) {
		r.failAt(start, fmt.Errorf("%w: block of %d items, %d bytes left", ErrShort, n, len(r.src)-next))
		return false
	}
	if r.claimed += int(n) * min; r.claimed > len(r.src) {
		r.failAt(start, fmt.Errorf("%w: nested blocks of more items than %d bytes can hold", ErrShort, len(r.src)))
		return false
	}
	return true
}

// countHollow counts a record that began at start, if it took no bytes. A schema
// of records that each hold the next one twice has 2^n of them in no bytes at
// all: the input's length bounds them no more than it does items of arrays.
func (r *Reader) countHollow(start int) {
	if r.at != start || r.err != nil {
		return
	}
	if r.hollow++; r.hollow > r.lim.maxEmptyItems {
		r.failAt(start, fmt.Errorf("%w: more than %d records that take no bytes (WithMaxEmptyItems)", ErrLimit, r.lim.maxEmptyItems))
	}
}
