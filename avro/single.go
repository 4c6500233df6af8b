package avro

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/schemas"
)

// A single object is a datum that says which schema it was written with
// ("Single-object encoding", Avro specification):
//
//	bytes 0-1  the marker C3 01
//	bytes 2-9  the schema's CRC-64-AVRO fingerprint, little-endian
//	bytes 10-  the datum
const singleHeaderSize = 10

// ErrNotSingleObject is the error of bytes that do not begin like a single
// object.
var ErrNotSingleObject = errors.New("not a single object")

// AppendSingleObject appends a datum of schema s as a single object. With a nil
// datum it appends the header alone, for [Codec.Append] to go on from.
func AppendSingleObject(dst []byte, s *schemas.Schema, datum []byte) []byte {
	dst = append(dst, 0xc3, 0x01)
	dst = binary.LittleEndian.AppendUint64(dst, s.Fingerprint())
	return append(dst, datum...)
}

// SplitSingleObject splits a single object into its schema's fingerprint and its
// datum, which aliases message and may be empty. The error is
// [ErrNotSingleObject], with what was found.
func SplitSingleObject(message []byte) (fingerprint uint64, datum []byte, err error) {
	if len(message) < singleHeaderSize {
		return 0, nil, fmt.Errorf("%w: %s, shorter than the header of %d", ErrNotSingleObject, count.Of(len(message), "byte"), singleHeaderSize)
	}
	if message[0] != 0xc3 || message[1] != 0x01 {
		return 0, nil, fmt.Errorf("%w: begins with %#04x, want 0xc301", ErrNotSingleObject, message[:2])
	}
	return binary.LittleEndian.Uint64(message[2:]), message[singleHeaderSize:], nil
}

// A SchemaStore finds schemas by their CRC-64-AVRO fingerprints. [Schemas] makes
// one of schemas at hand.
type SchemaStore interface {
	// SchemaByFingerprint returns the schema with a fingerprint. The error is an
	// [*UnknownSchemaError] if there is none.
	SchemaByFingerprint(fingerprint uint64) (*schemas.Schema, error)
}

// An UnknownSchemaError says that a store has no schema with a fingerprint.
type UnknownSchemaError struct{ Fingerprint uint64 }

func (e *UnknownSchemaError) Error() string {
	return fmt.Sprintf("no schema has the fingerprint %016x", e.Fingerprint)
}

// Schemas returns a store of the schemas given. It is safe for concurrent use.
func Schemas(known ...*schemas.Schema) SchemaStore {
	m := make(schemaMap, len(known))
	for _, s := range known {
		m[s.Fingerprint()] = s
	}
	return m
}

type schemaMap map[uint64]*schemas.Schema

func (m schemaMap) SchemaByFingerprint(fingerprint uint64) (*schemas.Schema, error) {
	if s := m[fingerprint]; s != nil {
		return s, nil
	}
	return nil, &UnknownSchemaError{fingerprint}
}

// SingleObject writes values as single objects of its codec's schema, and reads
// those of every schema that its store knows, resolved to the codec's.
//
// Safe for concurrent use, if the store is.
type SingleObject[T any] struct {
	codec       *Codec[T]
	store       SchemaStore
	opts        []Option
	resolutions sync.Map // fingerprint -> *Resolution; as many as the store has schemas
	buffers     sync.Pool
}

// NewSingleObject returns a SingleObject. The store may be nil: what the codec's
// own schema wrote can be read in any case. The options, limits, are for
// resolutions.
func NewSingleObject[T any](c *Codec[T], store SchemaStore, opts ...Option) *SingleObject[T] {
	return &SingleObject[T]{codec: c, store: store, opts: append([]Option(nil), opts...)}
}

// Append appends v as a single object to dst. The error is an [*EncodeError]; dst
// is then returned as it was.
func (o *SingleObject[T]) Append(dst []byte, v *T) ([]byte, error) {
	out, err := o.codec.Append(AppendSingleObject(dst, o.codec.Schema(), nil), v)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// Decode reads a single object into v, in the manner of [Codec.Decode]. The error
// is [ErrNotSingleObject], the store's, a [*ResolveError] or a [*DecodeError],
// whose offset is one in the datum, without the header.
func (o *SingleObject[T]) Decode(message []byte, v *T) error {
	fingerprint, datum, err := SplitSingleObject(message)
	if err != nil {
		return err
	}
	if fingerprint == o.codec.Schema().Fingerprint() {
		return o.codec.Decode(datum, v)
	}
	r, err := o.resolution(fingerprint)
	if err != nil {
		return err
	}
	if r.Identical() {
		return o.codec.Decode(datum, v)
	}
	b, _ := o.buffers.Get().(*[]byte)
	if b == nil {
		b = new([]byte)
	}
	out, err := r.Append((*b)[:0], datum)
	if err == nil {
		err = o.codec.Decode(out, v)
	}
	if cap(out) <= maxKeptBuffer {
		*b = out
		o.buffers.Put(b)
	}
	return err
}

func (o *SingleObject[T]) resolution(fingerprint uint64) (*Resolution, error) {
	if r, ok := o.resolutions.Load(fingerprint); ok {
		return r.(*Resolution), nil
	}
	if o.store == nil {
		return nil, &UnknownSchemaError{fingerprint}
	}
	writer, err := o.store.SchemaByFingerprint(fingerprint)
	if err != nil {
		return nil, err
	}
	r, err := NewResolution(writer, o.codec.Schema(), o.opts...)
	if err != nil {
		return nil, err
	}
	o.resolutions.Store(fingerprint, r)
	return r, nil
}
