package avro

import (
	"encoding/binary"
	"fmt"
	"math"

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
	depth   int
	lim     limits
	copied  bool // no two strings share an allocation
	utf8    bool // strings are checked
}

// sharedText is how much text is copied at once, in bytes, for strings to share.
// Large data would otherwise be kept, or copied, for the sake of one short string.
const sharedText = 4096

// NewReader returns a Reader over one datum. Codecs make their own: NewReader is
// for calling a DecodeAvro method without one. The error is an option's.
func NewReader(datum []byte, opts ...Option) (*Reader, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	r := &Reader{}
	r.reset(datum, &c)
	return r, nil
}

func (r *Reader) reset(datum []byte, c *config) {
	*r = Reader{src: datum, lim: c.limits, copied: c.copiedStrings, utf8: c.validUTF8}
}

// Err returns the first error, a [*DecodeError], or nil. Its path is empty: the
// codec finds it from the offset and the schema.
func (r *Reader) Err() error { return r.err }

// Fail makes err the Reader's error, unless it has one. It is for values that
// were read but cannot be used.
func (r *Reader) Fail(err error) { r.failAt(r.at, err) }

// Done ends a datum: bytes that were not read are an error.
func (r *Reader) Done() error {
	if r.at < len(r.src) {
		r.failAt(r.at, fmt.Errorf("%w: %d bytes", ErrTrailing, len(r.src)-r.at))
	}
	return r.err
}

//go:noinline
func (r *Reader) failAt(at int, err error) {
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
	r.failAt(at, fmt.Errorf("%s: %w (%d bytes left)", what, err, len(r.src)-at))
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
	start := r.at
	i := int(r.Int())
	if uint(i) < uint(n) {
		return i
	}
	if r.err == nil {
		r.failAt(start, fmt.Errorf("enum index %d, there are %d symbols: %w", i, n, ErrRange))
	}
	return 0
}

// UnionIndex reads the index of one of a union's n branches.
func (r *Reader) UnionIndex(n int) int {
	start := r.at
	i := r.Long()
	if uint64(i) < uint64(n) {
		return int(i)
	}
	if r.err == nil {
		r.failAt(start, fmt.Errorf("union index %d, there are %d branches: %w", i, n, ErrRange))
	}
	return 0
}

// Enter and [Reader.Leave] surround the record of a type that may contain
// itself, and bound its depth. Enter returns false if it may go no deeper, or
// after an error.
func (r *Reader) Enter() bool {
	if r.depth++; r.depth <= r.lim.maxDepth {
		return r.err == nil
	}
	r.failAt(r.at, fmt.Errorf("%w: records nested deeper than %d (WithMaxDepth)", ErrLimit, r.lim.maxDepth))
	return false
}

// Leave ends what [Reader.Enter] began.
func (r *Reader) Leave() { r.depth-- }
