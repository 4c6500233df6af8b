package avrort

import "github.com/kavro/kavro/internal/wire"

// What generated code appends with. All return dst grown; none can fail. Memory
// within the capacity, beyond the length of what they return, may be written to.

// AppendInt appends an int.
func AppendInt(dst []byte, v int32) []byte {
	if uint32(v+64) < 128 { // kept small, to be inlined
		return append(dst, byte(v<<1^v>>31))
	}
	return wire.AppendVarint(dst, int64(v))
}

// AppendLong appends a long.
func AppendLong(dst []byte, v int64) []byte {
	if uint64(v+64) < 128 { // kept small, to be inlined
		return append(dst, byte(v<<1^v>>63))
	}
	return wire.AppendVarint(dst, v)
}

// AppendBool appends a boolean.
func AppendBool(dst []byte, v bool) []byte { return wire.AppendBool(dst, v) }

// AppendFloat appends a float.
func AppendFloat(dst []byte, v float32) []byte { return wire.AppendFloat(dst, v) }

// AppendDouble appends a double.
func AppendDouble(dst []byte, v float64) []byte { return wire.AppendDouble(dst, v) }

// AppendString appends a string.
func AppendString(dst []byte, v string) []byte { return wire.AppendString(dst, v) }

// AppendBytes appends bytes. A fixed is its bytes alone, without AppendBytes.
func AppendBytes(dst, v []byte) []byte { return wire.AppendBytes(dst, v) }

// Extend returns s with n more items, for a block of n items to be read into: an
// item is zero, or what earlier use of s's memory left there, to be read over.
func Extend[T any](s []T, n int) []T {
	have := len(s)
	if s == nil || cap(s)-have < n {
		s = append(make([]T, 0, max(have+n, 2*have)), s...)
	}
	return s[:have+n]
}

// Pointer returns a pointer to a copy of v, for the defaults of nullable fields.
func Pointer[T any](v T) *T { return &v }
