package avro

import (
	"math"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/resolution"
)

// maxJSON is how long text that has a length may get by the JSON of a datum of n
// bytes.
func maxJSON(l *avrort.Settings, have, n int) int {
	const namesPerByte = 256
	return int(min(math.MaxInt, int64(have)+resolution.AnyFilled(l)+namesPerByte*int64(n)))
}

// WithMaxBytes sets the longest string or bytes value that is read, in bytes. The
// default is 256 MiB. No value is longer than the input it comes from, and none
// is allocated before that was checked. It also bounds the defaults that a
// resolution adds to one datum: a sixteenth of it, 16 MiB at least, and 4,096
// bytes for each byte of the datum, but no more than all of it; and the JSON of a
// datum, see [JSON.Append].
func WithMaxBytes(n int) Option {
	return func(c *config) { c.MaxBytes = n }
}

// WithMaxItems sets the most items one array or map may have when it is read. The
// default is 2^24. Items are counted against the bytes that remain in any case.
func WithMaxItems(n int) Option {
	return func(c *config) { c.MaxItems = n }
}

// WithMaxEmptyItems sets how many items that take no bytes (null, a record of
// nulls, a fixed of size 0) all arrays of one datum may have together, since the
// input's length does not bound them. The default is 65,536. A larger number is also
// how many fields, without a byte for each, the records of a generic value may have
// together: 65,536 at least, and 4 for each byte of the datum.
func WithMaxEmptyItems(n int) Option {
	return func(c *config) { c.MaxEmptyItems = n }
}

// WithMaxDepth sets how many records of a recursive schema may be nested in one
// another, in both directions: a Go value that contains itself is an error, not
// a stack overflow. The default is 1,000.
func WithMaxDepth(n int) Option {
	return func(c *config) { c.MaxDepth = n }
}
