package avrort

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/wire"
)

// A Reader reads the values of one datum, in order. It is what generated code
// decodes from.
//
// A Reader never reads beyond the datum and never panics. Its first error stays:
// from then on every method returns the zero value and [Reader.Block] no items,
// so that code may read a whole record and ask for [Reader.Err] once. Loops over
// the items of a block should stop at an error all the same.
//
// A Reader is not safe for concurrent use.
type Reader struct {
	src []byte // nil after an error
	at  int
	err error

	text   string // a copy of src from textAt on, shared by strings
	textAt int

	claimed int // bytes that the items of all blocks so far need at least
	empty   int // items so far that take no bytes
	fields  int // fields of records so far, as generic values: see countFields
	depth   int

	lim     *Settings
	copied  bool // no two strings share an allocation
	utf8    bool // strings must be UTF-8
	checked bool // strings take the long way: they are checked in one way or another
}

// sharedText is how much text is copied at once, in bytes, for strings to share.
// Large data would otherwise be kept, or copied, for the sake of one short string.
const sharedText = 4096

// shortString is longer than any string whose length is one byte.
const shortString = 64

// NewReader returns a Reader over one datum. Codecs make their own: NewReader is
// for calling a DecodeAvro method without one. s nil stands for [DefaultSettings]; it
// is not changed, and must not be while the Reader is used.
func NewReader(datum []byte, s *Settings) *Reader {
	if s == nil {
		d := DefaultSettings()
		s = &d
	}
	r := &Reader{}
	r.Reset(datum, s)
	return r
}

// Reset makes the Reader one of another datum, with other settings, which may not be nil.
func (r *Reader) Reset(datum []byte, s *Settings) {
	r.lim, r.copied, r.utf8 = s, s.CopiedStrings, s.ValidUTF8
	r.checked = s.ValidUTF8 || s.MaxBytes < shortString
	r.Rewind(datum)
}

// Rewind makes the Reader one of another datum, with the same settings. After an error
// it reads again. A Reader that is kept for reuse keeps nothing of its datum after
// Rewind(nil).
func (r *Reader) Rewind(datum []byte) {
	// Each field by itself: assigning the whole struct costs more than reading ten values.
	r.src, r.at, r.err = datum, 0, nil
	r.text, r.textAt = "", 0
	r.claimed, r.empty, r.fields, r.depth = 0, 0, 0, 0
}

// Offset is how many bytes of the datum were read, 0 after an error.
func (r *Reader) Offset() int { return r.at }

// Rest returns the bytes that were not read yet, none after an error. They are the datum's own.
func (r *Reader) Rest() []byte { return r.src[r.at:] }

// Advance passes over the first n bytes of [Reader.Rest]; n may not be more than there are.
func (r *Reader) Advance(n int) { r.at += min(n, len(r.src)-r.at) }

// Err returns the first error, a [*DecodeError], or nil. Its path is empty: the
// codec finds it from the offset and the schema.
func (r *Reader) Err() error { return r.err }

// Fail makes err the Reader's error, unless it has one. It is for a value that was
// read last, and cannot be used.
func (r *Reader) Fail(err error) { r.FailAt(max(r.at-1, 0), err) } // its last byte tells where it was

// Done ends a datum: bytes that were not read are an error.
func (r *Reader) Done() error {
	if r.at < len(r.src) {
		r.FailAt(r.at, fmt.Errorf("%w: %s", ErrTrailing, count.Of(len(r.src)-r.at, "byte")))
	}
	return r.err
}

// FailAt is [Reader.Fail] for a value that begins at an offset.
//
//go:noinline
func (r *Reader) FailAt(at int, err error) {
	if r.err == nil {
		r.err = &DecodeError{Offset: at, Err: err}
	}
	r.src, r.at = nil, 0
	r.text, r.textAt = "", 0
}

// failValue is failAt for a value's own error: it says how much was there.
//
//go:noinline
func (r *Reader) failValue(at int, err error, what string) {
	if r.err != nil {
		return
	}
	r.FailAt(at, fmt.Errorf("%s: %w (%s left)", what, err, count.Of(len(r.src)-at, "byte")))
}

// Bool reads a boolean.
func (r *Reader) Bool() bool {
	if r.at < len(r.src) && r.src[r.at] <= 1 {
		v := r.src[r.at] == 1
		r.at++
		return v
	}
	_, _, err := wire.Bool(r.src, r.at)
	r.failValue(r.at, err, "boolean")
	return false
}

// Int reads an int.
func (r *Reader) Int() int32 {
	if r.at < len(r.src) && r.src[r.at] < 0x80 {
		u := r.src[r.at]
		r.at++
		return int32(u>>1) ^ -int32(u&1)
	}
	return r.longInt()
}

//go:noinline
func (r *Reader) longInt() int32 {
	v, next, err := wire.Int(r.src, r.at)
	if err != nil {
		r.failValue(r.at, err, "int")
		return 0
	}
	r.at = next
	return v
}

// Long reads a long.
func (r *Reader) Long() int64 {
	if r.at < len(r.src) && r.src[r.at] < 0x80 {
		u := r.src[r.at]
		r.at++
		return int64(u>>1) ^ -int64(u&1)
	}
	return r.longLong()
}

//go:noinline
func (r *Reader) longLong() int64 {
	if at := r.at; len(r.src)-at >= 8 {
		if u, n := wire.Varint8(binary.LittleEndian.Uint64(r.src[at:])); n > 0 {
			r.at = at + n
			return int64(u>>1) ^ -int64(u&1)
		}
	}
	v, next, err := wire.Long(r.src, r.at)
	if err != nil {
		r.failValue(r.at, err, "long")
		return 0
	}
	r.at = next
	return v
}

// Float reads a float.
func (r *Reader) Float() float32 {
	if r.at+4 <= len(r.src) {
		v := binary.LittleEndian.Uint32(r.src[r.at:])
		r.at += 4
		return math.Float32frombits(v)
	}
	r.failValue(r.at, wire.ErrShort, "float")
	return 0
}

// Double reads a double.
func (r *Reader) Double() float64 {
	if r.at+8 <= len(r.src) {
		v := binary.LittleEndian.Uint64(r.src[r.at:])
		r.at += 8
		return math.Float64frombits(v)
	}
	r.failValue(r.at, wire.ErrShort, "double")
	return 0
}

// Fixed reads len(dst) bytes into dst.
func (r *Reader) Fixed(dst []byte) {
	if len(dst) <= len(r.src)-r.at {
		r.at += copy(dst, r.src[r.at:])
		return
	}
	r.failValue(r.at, wire.ErrShort, fmt.Sprintf("fixed of %d", len(dst)))
	clear(dst)
}

// Enum reads the index of one of n symbols.
func (r *Reader) Enum(n int) int {
	if r.at < len(r.src) {
		if b := r.src[r.at]; b < 0x80 && b&1 == 0 && int(b>>1) < n {
			r.at++
			return int(b >> 1)
		}
	}
	return r.longIndex(n, "enum index", "symbols")
}

// UnionIndex reads the index of one of a union's n branches.
func (r *Reader) UnionIndex(n int) int {
	if r.at < len(r.src) {
		if b := r.src[r.at]; b < 0x80 && b&1 == 0 && int(b>>1) < n {
			r.at++
			return int(b >> 1)
		}
	}
	return r.longIndex(n, "union index", "branches")
}

// longIndex reads an index of more than one byte, or a wrong one.
//
//go:noinline
func (r *Reader) longIndex(n int, what, of string) int {
	start := r.at
	i, next, err := wire.Long(r.src, start)
	if err == nil && of == "symbols" { // an enum is an int, a union a long
		_, next, err = wire.Int(r.src, start)
	}
	switch {
	case err != nil:
		r.failValue(start, err, what)
	case uint64(i) >= uint64(n):
		r.FailAt(start, fmt.Errorf("%s %d, there are %d %s: %w", what, i, n, of, ErrRange))
	default:
		r.at = next
		return int(i)
	}
	return 0
}

// Enter and [Reader.Leave] surround the record of a type that may contain
// itself, and bound its depth. Enter returns false if it may go no deeper, or
// after an error.
func (r *Reader) Enter() bool {
	if r.depth++; r.depth <= r.lim.MaxDepth {
		return r.err == nil
	}
	r.FailAt(r.at, fmt.Errorf("%w: records nested deeper than %d (WithMaxDepth)", ErrLimit, r.lim.MaxDepth))
	return false
}

// Leave ends what [Reader.Enter] began.
func (r *Reader) Leave() { r.depth-- }
