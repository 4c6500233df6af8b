package avrort

import (
	"fmt"
	"math"

	"github.com/kavro/kavro/avro/internal/decimals"
	"github.com/kavro/kavro/internal/count"
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
			r.FailAt(start, wire.ErrBlockCount)
			return 0
		}
		n = -n
		var size int64
		size, next, err = wire.Long(r.src, next)
		if err == nil && (size < 0 || size > int64(len(r.src)-next)) {
			r.FailAt(start, wire.ErrBlockSize)
			return 0
		}
	}
	if err != nil {
		r.failValue(start, err, "block count")
		return 0
	}
	if !r.declare(start, next, n, have, min) {
		return 0
	}
	r.at = next
	return int(n)
}

// declare checks a block of n items of at least min bytes each.
func (r *Reader) declare(start, next int, n int64, have, min int) bool {
	if n > int64(r.lim.MaxItems)-int64(have) {
		r.FailAt(start, fmt.Errorf("%w: %d items, more than %d (WithMaxItems)", ErrLimit, uint64(n)+uint64(have), r.lim.MaxItems))
		return false
	}
	if min <= 0 {
		if n > int64(r.lim.MaxEmptyItems-r.empty) {
			r.FailAt(start, fmt.Errorf("%w: %d items that take no bytes, more than %d (WithMaxEmptyItems)", ErrLimit, uint64(n)+uint64(r.empty), r.lim.MaxEmptyItems))
			return false
		}
		r.empty += int(n)
		return true
	}
	if n > int64((len(r.src)-next)/min) {
		r.FailAt(start, fmt.Errorf("%w: block of %s, %s left", ErrShort, count.Of(n, "item"), count.Of(len(r.src)-next, "byte")))
		return false
	}
	if r.claimed += int(n) * min; r.claimed > len(r.src) {
		r.FailAt(start, fmt.Errorf("%w: nested blocks of more items than %s can hold", ErrShort, count.Of(len(r.src), "byte")))
		return false
	}
	return true
}

// fieldsPerByte is how many fields of records a datum may have for each of its
// bytes, beyond [Settings.maxFields].
const fieldsPerByte = 4

// CountFields counts n fields of a record that becomes a map, or as much work, and
// returns false if there are too many. A field need not take a byte: it may be null,
// or a record whose one byte is that of a record within it, and so on. A schema of
// records that each hold the next one twice has 2^n of them in no bytes at all. The
// input's length bounds them no more than it does items of arrays.
func (r *Reader) CountFields(n int) bool {
	r.fields += max(n, 1)
	if r.fields <= defaultMaxEmptyItems { // nearly always
		return r.err == nil
	}
	return r.checkFields()
}

//go:noinline
func (r *Reader) checkFields() bool {
	if int64(r.fields)-fieldsPerByte*int64(len(r.src)) <= int64(r.lim.maxFields()) || r.err != nil {
		return r.err == nil
	}
	r.FailAt(r.at, fmt.Errorf("%w: more fields of records than %d and %d for each of %d bytes (WithMaxEmptyItems)",
		ErrLimit, r.lim.maxFields(), fieldsPerByte, len(r.src)))
	return false
}

// CountScale is CountFields for a fraction, which holds 10^scale whatever the bytes of its number.
func (r *Reader) CountScale(scale int) bool {
	const digits = 150 // take about as much memory as a field
	if scale = max(scale, -scale); scale < digits || scale > decimals.MaxPower {
		return true
	}
	return r.CountFields(scale / digits)
}
