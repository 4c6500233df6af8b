// Package wire reads and appends the primitive values of Avro's binary encoding
// ("Binary Encoding", Avro 1.12 specification). It knows bytes, not schemas.
//
// Readers take the whole input and an offset and return the offset after the
// value, so that a caller can report where an input ended. They never panic,
// whatever the input, provided 0 <= at <= len(src). Appending may write to memory
// within the capacity, up to seven bytes beyond the length of what is returned.
package wire

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

// What can be wrong with primitive values. Callers add where and what.
var (
	ErrShort    = errors.New("input ends within a value")
	ErrVarint   = errors.New("varint does not fit its type")
	ErrBoolean  = errors.New("boolean is neither 0 nor 1")
	ErrNegative = errors.New("length is negative")
	ErrRange    = errors.New("out of range")
	ErrUTF8     = errors.New("string is not UTF-8")

	ErrBlockCount = errors.New("block count is -2^63")
	ErrBlockSize  = errors.New("block size is negative or beyond the input")
)

// MaxVarint is the longest varint in bytes, that of a long.
const MaxVarint = 10

const maxIntVarint = 5 // bytes of an int

// AppendLong appends an int or a long: zig-zag, then seven bits a byte, least
// significant first.
func AppendLong(dst []byte, v int64) []byte {
	if uint64(v+64) < 128 { // kept small, to be inlined: most values are one byte
		return append(dst, byte(v<<1^v>>63))
	}
	return AppendVarint(dst, v)
}

// AppendVarint is AppendLong for any number of bytes. Beyond two it writes eight
// at once where there is room, of which it keeps as many as the value takes.
func AppendVarint(dst []byte, v int64) []byte {
	u := uint64(v<<1) ^ uint64(v>>63)
	if u < 1<<14 && u >= 1<<7 {
		return append(dst, byte(u)|0x80, byte(u>>7))
	}
	if at := len(dst); u < 1<<56 && cap(dst)-at >= 8 {
		n := (9*bits.Len64(u|1) + 64) >> 6 // bits by 7, rounded up
		binary.LittleEndian.PutUint64(dst[at:at+8], spread(u)|(1<<(8*n-8)-1)&tops)
		return dst[:at+n]
	}
	for u >= 0x80 {
		dst = append(dst, byte(u)|0x80)
		u >>= 7
	}
	return append(dst, byte(u))
}

// tops are the top bits of eight bytes: set in all bytes of a varint but the last.
const tops = 0x8080808080808080

// spread moves each group of 7 bits into a byte of its own, halves first.
func spread(x uint64) uint64 {
	x = x&0x000000000fffffff | x&0x00fffffff0000000<<4
	x = x&0x00003fff00003fff | x&0x0fffc0000fffc000<<2
	return x&0x007f007f007f007f | x&0x3f803f803f803f80<<1
}

// gather is the reverse of spread.
func gather(x uint64) uint64 {
	x = x&0x007f007f007f007f | x&0x7f007f007f007f00>>1
	x = x&0x00003fff00003fff | x&0x3fff00003fff0000>>2
	return x&0x000000000fffffff | x&0x0fffffff00000000>>4
}

// AppendBool appends a boolean, one byte.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// The bits of a NaN: it is written as Java's, whatever its payload; Go's math.NaN() has another.
const (
	NaNFloat  = 0x7fc00000
	NaNDouble = 0x7ff8000000000000
)

// AppendFloat appends a float: 4 bytes, little-endian.
func AppendFloat(dst []byte, v float32) []byte {
	if v != v {
		return binary.LittleEndian.AppendUint32(dst, NaNFloat)
	}
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
}

// AppendDouble appends a double: 8 bytes, little-endian.
func AppendDouble(dst []byte, v float64) []byte {
	if v != v {
		return binary.LittleEndian.AppendUint64(dst, NaNDouble)
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
}

// AppendString appends a string: its length in bytes as a long, then the bytes.
func AppendString(dst []byte, v string) []byte {
	if at, n := len(dst), len(v); n < 64 && n < cap(dst)-at { // short, and there is room: one check for both parts
		dst = dst[:at+n+1]
		dst[at] = byte(n << 1)
		copy(dst[at+1:], v)
		return dst
	}
	return append(AppendLong(dst, int64(len(v))), v...)
}

// AppendBytes appends bytes, encoded as a string is.
func AppendBytes(dst, v []byte) []byte {
	return append(AppendLong(dst, int64(len(v))), v...)
}

// Long reads a long. The error is ErrShort or, beyond 64 bits, ErrVarint.
// Redundant bytes (a long form of a small number) are legal.
func Long(src []byte, at int) (v int64, next int, err error) {
	if at < len(src) && src[at] < 0x80 { // kept first and small: most values are one byte
		u := src[at]
		return int64(u>>1) ^ -int64(u&1), at + 1, nil
	}
	if len(src)-at >= 8 {
		if u, n := Varint8(binary.LittleEndian.Uint64(src[at:])); n > 0 {
			return int64(u>>1) ^ -int64(u&1), at + n, nil
		}
	}
	return longSlow(src, at)
}

// Varint8 reads a varint of at most 8 bytes, before zig-zag, from the 8 bytes of
// x, little-endian. It has no branch for each byte: it finds the first one whose
// top bit is clear, and drops what follows. n is 0 if the varint is longer.
func Varint8(x uint64) (u uint64, n int) {
	last := ^x & tops
	if last == 0 {
		return 0, 0
	}
	last &= -last
	return gather(x & (last<<1 - 1) &^ tops), bits.TrailingZeros64(last)>>3 + 1
}

func longSlow(src []byte, at int) (int64, int, error) {
	u, next, err := varint(src, at, MaxVarint)
	if err != nil {
		return 0, at, err
	}
	if next-at == MaxVarint && src[next-1] > 1 { // the tenth byte holds bit 63 alone
		return 0, at, ErrVarint
	}
	return int64(u>>1) ^ -int64(u&1), next, nil
}

// varint reads at most limit bytes.
func varint(src []byte, at, limit int) (u uint64, next int, err error) {
	rest := src[at:]
	for i := range min(limit, len(rest)) {
		b := rest[i]
		u |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return u, at + i + 1, nil
		}
	}
	if len(rest) < limit {
		return 0, at, ErrShort
	}
	return 0, at, ErrVarint
}

// Int reads an int. The error is ErrShort or, beyond 5 bytes or 32 bits,
// ErrVarint.
func Int(src []byte, at int) (v int32, next int, err error) {
	if at < len(src) && src[at] < 0x80 {
		u := src[at]
		return int32(u>>1) ^ -int32(u&1), at + 1, nil
	}
	u, next, err := varint(src, at, maxIntVarint)
	if err != nil {
		return 0, at, err
	}
	if u > math.MaxUint32 {
		return 0, at, ErrVarint
	}
	return int32(uint32(u)>>1) ^ -int32(u&1), next, nil
}

// Bool reads a boolean. The error is ErrShort or ErrBoolean.
func Bool(src []byte, at int) (v bool, next int, err error) {
	if at >= len(src) {
		return false, at, ErrShort
	}
	if src[at] > 1 {
		return false, at, ErrBoolean
	}
	return src[at] == 1, at + 1, nil
}

// Float reads a float. The error is ErrShort.
func Float(src []byte, at int) (v float32, next int, err error) {
	if len(src)-at < 4 {
		return 0, at, ErrShort
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(src[at:])), at + 4, nil
}

// Double reads a double. The error is ErrShort.
func Double(src []byte, at int) (v float64, next int, err error) {
	if len(src)-at < 8 {
		return 0, at, ErrShort
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(src[at:])), at + 8, nil
}

// Bytes reads bytes or a string. v aliases src and has no spare capacity. The
// error is ErrShort, ErrVarint or ErrNegative.
func Bytes(src []byte, at int) (v []byte, next int, err error) {
	n, start, err := Long(src, at)
	if err != nil {
		return nil, at, err
	}
	if n < 0 {
		return nil, at, ErrNegative
	}
	if n > int64(len(src)-start) {
		return nil, at, ErrShort
	}
	end := start + int(n)
	return src[start:end:end], end, nil
}

// Fixed reads n bytes. v aliases src and has no spare capacity. The error is
// ErrShort.
func Fixed(src []byte, at, n int) (v []byte, next int, err error) {
	if n > len(src)-at {
		return nil, at, ErrShort
	}
	return src[at : at+n : at+n], at + n, nil
}

// AppendBlock begins the one block of an array or map of n items; of none, it is the end.
func AppendBlock(dst []byte, n int) []byte { return AppendLong(dst, int64(n)) }

// AppendBlocksEnd ends the blocks after n items.
func AppendBlocksEnd(dst []byte, n int) []byte {
	if n == 0 {
		return dst
	}
	return append(dst, 0)
}
