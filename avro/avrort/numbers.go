package avrort

import "github.com/kavro/kavro/internal/wire"

// Arrays of plain numbers are written and read as wholes: nothing is called, and
// little checked, for an item. Generated code and plans both do so.

// AppendInts appends an array of int.
func AppendInts(dst []byte, items []int32) []byte {
	return wire.AppendBlocksEnd(wire.AppendInts(wire.AppendBlock(dst, len(items)), items), len(items))
}

// AppendLongs appends an array of long.
func AppendLongs(dst []byte, items []int64) []byte {
	return wire.AppendBlocksEnd(wire.AppendLongs(wire.AppendBlock(dst, len(items)), items), len(items))
}

// AppendFloats appends an array of float.
func AppendFloats(dst []byte, items []float32) []byte {
	return wire.AppendBlocksEnd(wire.AppendFloats(wire.AppendBlock(dst, len(items)), items), len(items))
}

// AppendDoubles appends an array of double.
func AppendDoubles(dst []byte, items []float64) []byte {
	return wire.AppendBlocksEnd(wire.AppendDoubles(wire.AppendBlock(dst, len(items)), items), len(items))
}

// Ints reads an array of int into old, from its start, and returns it, grown if
// need be. An empty array leaves nil as it is.
func (r *Reader) Ints(old []int32) []int32 {
	return readNumbers(r, old, 1, func(items []int32) int {
		n, next := wire.Ints(items, r.src, r.at)
		r.at = next
		return n
	}, (*Reader).Int)
}

// Longs is [Reader.Ints] for an array of long.
func (r *Reader) Longs(old []int64) []int64 {
	return readNumbers(r, old, 1, func(items []int64) int {
		n, next := wire.Longs(items, r.src, r.at)
		r.at = next
		return n
	}, (*Reader).Long)
}

// Floats is [Reader.Ints] for an array of float.
func (r *Reader) Floats(old []float32) []float32 {
	return readNumbers(r, old, 4, func(items []float32) int {
		wire.Floats(items, r.ViewFixed(4*len(items)))
		return len(items)
	}, (*Reader).Float)
}

// Doubles is [Reader.Ints] for an array of double.
func (r *Reader) Doubles(old []float64) []float64 {
	return readNumbers(r, old, 8, func(items []float64) int {
		wire.Doubles(items, r.ViewFixed(8*len(items)))
		return len(items)
	}, (*Reader).Double)
}

// readNumbers reads the blocks of an array whose items take at least min bytes:
// as many at a time as most can, which all of a block are found to have room for,
// and those that it stops at by one.
func readNumbers[T any](r *Reader, s []T, min int, most func([]T) int, one func(*Reader) T) []T {
	s = s[:0]
	for n := r.Block(0, min); n > 0; n = r.Block(len(s), min) {
		have := len(s)
		s = Extend(s, n)
		for items := s[have:]; len(items) > 0 && r.err == nil; {
			if items = items[most(items):]; len(items) > 0 {
				items[0] = one(r)
				items = items[1:]
			}
		}
		if r.err != nil {
			break
		}
	}
	return s
}
