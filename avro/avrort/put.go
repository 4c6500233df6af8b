package avrort

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/kavro/kavro/internal/wire"
)

// What generated code stores neighbouring values with: [Open] makes room for all of them, then each is put at an
// offset, and the offset behind it returned.

// Open returns dst up to its capacity, with need bytes at least behind its length, and its length.
func Open(dst []byte, need int) (b []byte, n int) {
	if n = len(dst); cap(dst)-n < need {
		dst = append(dst, make([]byte, need)...)
	}
	return dst[:cap(dst)], n
}

// PutInt puts an int, 5 bytes at most.
func PutInt(b []byte, n int, v int32) int { // a loop, here and below, since it is inlined
	u := uint32(v<<1 ^ v>>31)
	for ; u >= 0x80; n++ {
		b[n] = byte(u) | 0x80
		u >>= 7
	}
	b[n] = byte(u)
	return n + 1
}

// PutLong puts a long, 10 bytes at most.
func PutLong(b []byte, n int, v int64) int {
	u := uint64(v<<1 ^ v>>63)
	for ; u >= 0x80; n++ {
		b[n] = byte(u) | 0x80
		u >>= 7
	}
	b[n] = byte(u)
	return n + 1
}

// PutBool puts a boolean, one byte.
func PutBool(b []byte, n int, v bool) int {
	b[n] = 0
	if v {
		b[n] = 1
	}
	return n + 1
}

// PutFloat puts a float, 4 bytes.
func PutFloat(b []byte, n int, v float32) int {
	u := math.Float32bits(v)
	if u<<1 > 0xff<<24 { // a NaN
		u = wire.NaNFloat
	}
	binary.LittleEndian.PutUint32(b[n:], u)
	return n + 4
}

// PutDouble puts a double, 8 bytes.
func PutDouble(b []byte, n int, v float64) int {
	u := math.Float64bits(v)
	if u<<1 > 0x7ff<<53 { // a NaN
		u = wire.NaNDouble
	}
	binary.LittleEndian.PutUint64(b[n:], u)
	return n + 8
}

// PutString puts a string: its length, 10 bytes at most, then its bytes.
func PutString(b []byte, n int, v string) int {
	n = PutLong(b, n, int64(len(v)))
	return n + copy(b[n:], v)
}

// PutBytes puts bytes, as a string is.
func PutBytes(b []byte, n int, v []byte) int {
	n = PutLong(b, n, int64(len(v)))
	return n + copy(b[n:], v)
}

// Millis returns a timestamp-millis, for PutLong, and whether t is in its range; see [AppendTimestampMillis].
func Millis(t time.Time) (ms int64, ok bool) {
	const most = math.MaxInt64/1000 + 1 // seconds that are not out of range in all of their milliseconds
	s := t.Unix()
	ms = s*1000 + int64(t.Nanosecond())/1e6
	return ms, uint64(s+most) < 2*most && ms^s >= 0 // in the last second ms may overflow: its sign is another then
}

// PutEnd ends an array or map of so many items, whose number was put before them: for none, that was the end.
func PutEnd(b []byte, n, items int) int {
	if items == 0 {
		return n
	}
	b[n] = 0
	return n + 1
}
