package avro

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/resolution"
	"github.com/kavro/kavro/schemas"
)

// A Resolution turns what was written with one schema, the writer's, into the
// bytes of the same value in another, the reader's: "Schema Resolution" in the
// Avro specification, the way Java's ResolvingDecoder has it. It is compiled
// once, then runs over bytes, in front of any codec; no Go value is made.
//
// Safe for concurrent use.
type Resolution struct {
	writer, reader *schemas.Schema
	program        *resolution.Program
	limits         avrort.Settings
}

// NewResolution compiles the way from writer to reader.
//
// As in Java, what cannot be read is an error of the values that need it (a
// union's branch or an enum's symbol that the reader lacks), reported by
// [Resolution.Append]. NewResolution fails only if no value at all can be read,
// say because the reader's record has a field without a default that the writer
// does not know. Whether all values can be read is [schemas.CanRead]'s question.
//
// The error is a [*ResolveError]. Options: the limits.
func NewResolution(writer, reader *schemas.Schema, opts ...Option) (*Resolution, error) {
	return newResolution(writer, reader, false, opts)
}

// NewExactResolution compiles the conversion of data written with own into data
// of target, for a program that must write with a schema other than its own. No
// value is lost or changed. A value that target cannot represent is an error of
// [Resolution.Append] that names its path:
//
//   - a symbol that target's enum lacks, or a number that would lose digits;
//   - a field that target lacks, unless its value says nothing: it equals the
//     field's default, or, in a field without a default, it is null, empty, 0 or
//     false;
//   - a value that a reader with own would read back through an alias as another.
//
// Fields are matched by name before alias, unlike in [NewResolution].
//
// It fails only if target can represent no value of own. The error is a
// [*ResolveError]. Options: the limits.
func NewExactResolution(own, target *schemas.Schema, opts ...Option) (*Resolution, error) {
	return newResolution(own, target, true, opts)
}

func newResolution(writer, reader *schemas.Schema, exact bool, opts []Option) (*Resolution, error) {
	if writer == nil || reader == nil {
		return nil, errors.New("avro: NewResolution: a schema is nil")
	}
	conf, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	program, err := resolution.Compile(writer, reader, &resolution.Config{
		Exact: exact,
		Failed: func(path string, err error) error {
			return &ResolveError{Writer: writer, Reader: reader, Path: path, exact: exact, Err: err}
		},
		AppendDefault:   AppendDefault,
		SameValue:       sameValue,
		CheckBigDecimal: checkBigDecimal,
	})
	if err != nil {
		return nil, err
	}
	return &Resolution{writer: writer, reader: reader, program: program, limits: conf.Settings}, nil
}

// Writer is the schema that what Append reads was written with.
func (r *Resolution) Writer() *schemas.Schema { return r.writer }

// Reader is the schema of what Append writes.
func (r *Resolution) Reader() *schemas.Schema { return r.reader }

// Identical reports whether every value has the same bytes in both schemas, so
// that a codec of the reader's schema can decode what was written as it is. It
// is true of more than equal schemas: names, aliases, docs, defaults and
// order do not show in the bytes, nor does an int read as a long, a symbol added
// to an enum's end, a branch added to a union's, or a field that takes no bytes.
func (r *Resolution) Identical() bool { return r.program.Identical() }

// Append reads one datum of the writer's schema and appends the same value in
// the reader's to dst. The datum is checked to its last byte, whether or not the
// reader wants it, except blocks of arrays and maps that nobody wants and that
// say their own length. Strings are not checked to be UTF-8; codecs do that.
//
// The error is a [*DecodeError], with the path and offset in the writer's value;
// dst is then returned as it was. Nothing is allocated but room in dst, of which
// the datum's length and the length of the defaults it calls for is needed;
// together, defaults take at most 16 MiB and 4,096 bytes for each of the datum's
// (see [WithMaxBytes]).
func (r *Resolution) Append(dst, datum []byte) ([]byte, error) {
	out, _, err := r.program.Run(dst, datum, &r.limits, resolution.Whole)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// AppendUnchecked is [Resolution.Append] for bytes that a codec decodes next: it
// stops looking where nothing changes any more, and copies the rest unseen. What
// is wrong there the codec finds, at the same path; the offset is then one in the
// bytes it was given.
func (r *Resolution) AppendUnchecked(dst, datum []byte) ([]byte, error) {
	out, _, err := r.program.Run(dst, datum, &r.limits, resolution.Unchecked)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// A ResolveError says why nothing that was written with one schema can be read
// with another. Within a [*DecodeError] of [Resolution.Append] it says the same of
// a part of the two schemas, such as the items of an array: it is no fault of the
// datum, which only is the first to have such a part.
type ResolveError struct {
	Writer, Reader *schemas.Schema
	Path           string // in the writer's value, with [] for any item: lines[].price
	Err            error

	exact bool // of NewExactResolution
}

func (e *ResolveError) Error() string {
	where := e.Path
	if where != "" {
		where += ": "
	}
	if e.exact {
		return fmt.Sprintf("no value of %s can be written as %s: %s%v", resolution.Describe(e.Writer.Root()), resolution.Describe(e.Reader.Root()), where, e.Err)
	}
	return fmt.Sprintf("nothing written with %s can be read with %s: %s%v",
		resolution.Describe(e.Writer.Root()), resolution.Describe(e.Reader.Root()), where, e.Err)
}

func (e *ResolveError) Unwrap() error { return e.Err }

// sameValue returns the test that two data of a type are the same value in other bytes: a
// map in another order, an array in several blocks.
func sameValue(n *schemas.Node) func(a, b []byte) bool {
	codec, err := NewCodec[any](n.Schema())
	if err != nil || !maybeManyForms(n) {
		return func(a, b []byte) bool { return false }
	}
	return func(a, b []byte) bool {
		var x, y any
		return codec.Decode(a, &x) == nil && codec.Decode(b, &y) == nil && reflect.DeepEqual(x, y)
	}
}

// maybeManyForms reports whether values of n may have more than one encoding.
func maybeManyForms(n *schemas.Node) bool {
	for part := range n.Schema().Types() {
		if part.Type() == schemas.Array || part.Type() == schemas.Map {
			return true
		}
	}
	return false
}

// checkBigDecimal returns the check that bytes are a big-decimal.
func checkBigDecimal(n *schemas.Node) func(datum []byte) error {
	codec, err := NewCodec[Decimal](n.Schema())
	return func(datum []byte) error {
		if err != nil {
			return err
		}
		var d Decimal
		err := codec.Decode(datum, &d)
		if e, ok := err.(*DecodeError); ok { // the path is the resolution's
			return e.Err
		}
		return err
	}
}
