package wire

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Arrays of numbers, many at a time: what each would check is checked once, and
// nothing is called for an item.

// AppendLongs appends the longs of items, one behind the other.
func AppendLongs(dst []byte, items []int64) []byte { return appendVarints(dst, items) }

// AppendInts appends the ints of items, one behind the other.
func AppendInts(dst []byte, items []int32) []byte { return appendVarints(dst, items) }

func appendVarints[T int32 | int64](dst []byte, items []T) []byte {
	for len(items) > 0 {
		space := (cap(dst) - len(dst)) / MaxVarint // items that fit, whatever they are
		if space == 0 {
			dst = append(dst, make([]byte, 2*len(items)+MaxVarint)...)[:len(dst)]
			continue
		}
		n := min(space, len(items))
		buf, at := dst[:cap(dst)], len(dst)
		for _, v := range items[:n] {
			u := uint64(int64(v)<<1) ^ uint64(int64(v)>>63)
			to := (*[8]byte)(buf[at:])
			switch { // arrays hold numbers of like size: the processor guesses right
			case u < 1<<7:
				to[0] = byte(u)
				at++
			case u < 1<<14:
				to[0], to[1] = byte(u)|0x80, byte(u>>7)
				at += 2
			case u < 1<<21:
				binary.LittleEndian.PutUint32(to[:], uint32(u&0x7f|u<<1&0x7f00|u<<2&0x7f0000)|0x8080)
				at += 3
			case u < 1<<56:
				size := (9*bits.Len64(u) + 64) >> 6 // bits by 7, rounded up
				binary.LittleEndian.PutUint64(to[:], spread(u)|(1<<(8*size-8)-1)&tops)
				at += size
			default:
				at += binary.PutUvarint(buf[at:], u)
			}
		}
		dst, items = buf[:at], items[n:]
	}
	return dst
}

// Longs reads longs into dst, as many as dst has room for. It stops before one
// that is cut short or wrong, or within eight bytes of the end: [Long] reads that,
// or says what is wrong.
func Longs(dst []int64, src []byte, at int) (n, next int) {
	for n < len(dst) && at >= 0 && at <= len(src)-8 {
		u, size := shortVarint(binary.LittleEndian.Uint64(src[at:]))
		if size == 0 {
			break
		}
		dst[n] = int64(u>>1) ^ -int64(u&1)
		n++
		at += size
	}
	return n, at
}

// Ints is Longs for ints, and [Int].
func Ints(dst []int32, src []byte, at int) (n, next int) {
	for n < len(dst) && at >= 0 && at <= len(src)-8 {
		u, size := shortVarint(binary.LittleEndian.Uint64(src[at:]))
		if size == 0 || size > maxIntVarint || u > math.MaxUint32 {
			break
		}
		dst[n] = int32(uint32(u)>>1) ^ -int32(u&1)
		n++
		at += size
	}
	return n, at
}

// shortVarint is Varint8, with the shortest ones first; see putLong.
func shortVarint(x uint64) (u uint64, n int) {
	switch {
	case x&0x80 == 0:
		return x & 0x7f, 1
	case x&0x8000 == 0:
		return x&0x7f | x>>1&0x3f80, 2
	case x&0x800000 == 0:
		return x&0x7f | x>>1&0x3f80 | x>>2&0x1fc000, 3
	}
	return Varint8(x)
}

// AppendDoubles appends the doubles of items, one behind the other.
func AppendDoubles(dst []byte, items []float64) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, 8*len(items))...)
	buf := dst[at:]
	for i, v := range items {
		bits := math.Float64bits(v)
		if v != v {
			bits = NaNDouble
		}
		binary.LittleEndian.PutUint64(buf[8*i:], bits)
	}
	return dst
}

// AppendFloats appends the floats of items, one behind the other.
func AppendFloats(dst []byte, items []float32) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, 4*len(items))...)
	buf := dst[at:]
	for i, v := range items {
		bits := math.Float32bits(v)
		if v != v {
			bits = NaNFloat
		}
		binary.LittleEndian.PutUint32(buf[4*i:], bits)
	}
	return dst
}

// Doubles reads doubles into all of dst from src, which must have eight bytes for each.
func Doubles(dst []float64, src []byte) {
	for i := range dst {
		dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
	}
}

// Floats reads floats into all of dst from src, which must have four bytes for each.
func Floats(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}
