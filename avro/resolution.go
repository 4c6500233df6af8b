package avro

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kavro/kavro/avro/avrort"
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
	program        *program
	identical      bool
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

func newResolution(writer, reader *schemas.Schema, exact bool, opts []Option) (*Resolution, error) {
	if writer == nil || reader == nil {
		return nil, errors.New("avro: NewResolution: a schema is nil")
	}
	conf, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	root, types, err := matchSchemas(writer, reader, exact)
	if err != nil {
		return nil, &ResolveError{Writer: writer, Reader: reader, exact: exact, Err: err}
	}
	if root.never {
		path, reason := root.firstReason(exact)
		return nil, &ResolveError{Writer: writer, Reader: reader, Path: path, exact: exact, Err: errors.New(reason)}
	}
	return &Resolution{
		writer:    writer,
		reader:    reader,
		program:   compileMatch(root, types, &ResolveError{Writer: writer, Reader: reader, exact: exact}),
		identical: !root.changes && !root.fails,
		limits:    conf.Settings,
	}, nil
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
func (r *Resolution) Identical() bool { return r.identical }

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
	out, _, err := r.program.run(dst, datum, &r.limits, whole)
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
	out, _, err := r.program.run(dst, datum, &r.limits, unchecked)
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
		return fmt.Sprintf("no value of %s can be written as %s: %s%v", describe(e.Writer.Root()), describe(e.Reader.Root()), where, e.Err)
	}
	return fmt.Sprintf("nothing written with %s can be read with %s: %s%v",
		describe(e.Writer.Root()), describe(e.Reader.Root()), where, e.Err)
}

func (e *ResolveError) Unwrap() error { return e.Err }

// firstReason is the path to the first part of x that keeps it from being read,
// and why it does.
func (x *match) firstReason(exact bool) (path, reason string) {
	for seen := map[*match]bool{}; x != nil && !seen[x]; {
		seen[x] = true
		writer := x.writer
		switch x.kind {
		case matchNone:
			return path, x.explain(exact)
		case matchEnum:
			if exact {
				return path, "the target has none of its symbols"
			}
			return path, "the reader knows none of its symbols"
		case matchReaderUnion:
			x = x.item
		case matchWriterUnion:
			if len(x.branches) == 0 {
				return path, endless(writer)
			}
			x = x.branches[0].match
		case matchRecord:
			i := slices.IndexFunc(x.fields, func(f fieldMatch) bool { return f.match != nil && f.match.never })
			if i < 0 { // a field that nobody wants
				return path, endless(writer)
			}
			path = appendPath(path, writer.Fields()[x.fields[i].from].Name())
			x = x.fields[i].match
		}
	}
	return path, endless(x.writer)
}
