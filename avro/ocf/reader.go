package ocf

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// A Reader reads the data of a file as values of type T. It is not safe for
// concurrent use.
type Reader[T any] struct {
	conf       config
	in         *input
	header     *header
	unpacker   *unpacker
	codec      *avro.Codec[T]
	resolution *avro.Resolution // nil: the data are as the codec wants them

	block    int    // number of the current block
	offset   int64  // where it begins
	data     []byte // what is left of it
	left     int64  // data that are left in it
	count    int64  // data that it began with
	resolved []byte
	err      error // for good
}

// NewReader reads the header of a file. It reads src in pieces of 64 KiB or more,
// and does not close it.
//
// Values are of the file's schema, unless T is generated or [WithSchema] names
// another. The error is [ErrNotContainer], an [*UnsupportedError], or says what
// is wrong with the header, the schema, or T.
func NewReader[T any](src io.Reader, opts ...Option) (*Reader[T], error) {
	conf, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	r := &Reader[T]{conf: conf, in: &input{src: src}, block: -1}
	if r.header, err = readHeader(r.in, conf.maxHeader); err != nil {
		return nil, err
	}
	if r.unpacker, err = newUnpacker(r.header.codec, conf.maxBlock); err != nil {
		return nil, err
	}
	schema := conf.schema
	if schema == nil {
		schema = ownSchema[T]()
	}
	if schema == nil {
		schema = r.header.schema
	}
	if r.codec, err = avro.NewCodec[T](schema, conf.avro...); err != nil {
		return nil, err
	}
	if schema == r.header.schema {
		return r, nil
	}
	resolution, err := avro.NewResolution(r.header.schema, schema, conf.avro...)
	if err != nil {
		return nil, err
	}
	if !resolution.Identical() {
		r.resolution = resolution
	}
	return r, nil
}

// ownSchema is the schema of a generated type, or nil.
func ownSchema[T any]() *schemas.Schema {
	if g, ok := any(new(T)).(avro.Generated); ok {
		return g.AvroSchema()
	}
	if t := reflect.TypeFor[T](); t.Kind() == reflect.Pointer {
		if g, ok := reflect.New(t.Elem()).Interface().(avro.Generated); ok {
			return g.AvroSchema()
		}
	}
	return nil
}

// Schema is the schema the file was written with.
func (r *Reader[T]) Schema() *schemas.Schema { return r.header.schema }

// Compression is the name of the file's compression, "null" if it has none.
func (r *Reader[T]) Compression() string { return r.header.codec }

// Metadata returns a value of the header by its key, nil if there is none. Keys
// that begin with "avro." are the format's own. The value is the reader's: it is
// not to be changed.
func (r *Reader[T]) Metadata(key string) []byte { return r.header.metadata[key] }

// Read reads the next datum into v, in the manner of [avro.Codec.Decode]. The
// error is io.EOF after the last one, a [*BlockError], or the source's.
//
// After a BlockError, Read goes on behind the next sync marker if [WithResync] was
// given; otherwise every further call returns the same error, as it does after
// all others.
func (r *Reader[T]) Read(v *T) error {
	if r.err != nil {
		return r.err
	}
	for r.left == 0 {
		if len(r.data) > 0 {
			return r.damaged(fmt.Errorf("%s %s the block's data", count.Of(len(r.data), "byte"), count.Verb(len(r.data), "follows", "follow")), true)
		}
		if err := r.next(); err != nil {
			return err
		}
	}
	before := len(r.data)
	err := r.decode(v)
	if err == nil && len(r.data) == before && r.left > maxEmptyData {
		err = fmt.Errorf("%w: %d data that take no bytes", ErrLimit, r.left)
	}
	if err != nil {
		return r.damaged(err, true)
	}
	r.left--
	return nil
}

// maxEmptyData is how many data of one block may take no bytes: their number is
// not bounded by the block's.
const maxEmptyData = 1 << 20

func (r *Reader[T]) decode(v *T) (err error) {
	if r.resolution == nil {
		r.data, err = r.codec.DecodeNext(r.data, v)
		return err
	}
	out, rest, err := r.resolution.AppendNext(r.resolved[:0], r.data)
	if err != nil {
		return err
	}
	r.data, r.resolved = rest, out
	return r.codec.Decode(out, v)
}

// next begins the next block.
func (r *Reader[T]) next() error {
	r.block++
	r.offset, r.count = r.in.offset, 0
	head, err := r.in.peek(2 * wire.MaxVarint)
	if len(head) == 0 || err != nil && err != io.EOF {
		r.err = err
		return err
	}
	count, at, err := wire.Long(head, 0)
	var size int64
	if err == nil {
		size, at, err = wire.Long(head, at)
	}
	switch {
	case errors.Is(err, wire.ErrShort):
		return r.damaged(io.ErrUnexpectedEOF, false)
	case err != nil:
		return r.damaged(err, false)
	case count < 0 || size < 0:
		return r.damaged(fmt.Errorf("%d data in %d bytes", count, size), false)
	case size > int64(r.conf.maxBlock):
		return r.damaged(fmt.Errorf("%w: %d bytes", ErrLimit, size), false)
	}
	end := at + int(size)
	all, err := r.in.peek(end + syncSize)
	if err == io.EOF {
		return r.damaged(io.ErrUnexpectedEOF, false)
	}
	if err != nil {
		r.err = err
		return err
	}
	if [syncSize]byte(all[end:]) != r.header.sync {
		return r.damaged(ErrSync, false)
	}
	data, err := r.unpacker.unpack(all[at:end])
	r.in.skip(end + syncSize)
	if err != nil {
		return r.damaged(err, true)
	}
	r.data, r.left, r.count = data, count, count
	return nil
}

// damaged ends a block that cannot be read. passed says whether its end is known
// and behind.
func (r *Reader[T]) damaged(err error, passed bool) error {
	e := r.blockError(err)
	r.data, r.left = nil, 0
	if !r.conf.resync {
		r.err = e
		return e
	}
	if !passed {
		r.in.skipBehind(r.header.sync[:])
	}
	return e
}

func (r *Reader[T]) blockError(err error) error {
	return &BlockError{Block: r.block, Offset: r.offset, Read: r.count - r.left, Err: err}
}

// All yields the data that are left. It ends after the last one, or after an
// error that is for good; with [WithResync], damage is yielded with a zero value
// and the loop goes on.
func (r *Reader[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			var v T
			err := r.Read(&v)
			if err == io.EOF {
				return
			}
			if err != nil {
				var zero T
				v = zero
			}
			if !yield(v, err) || r.err != nil && err != nil {
				return
			}
		}
	}
}
