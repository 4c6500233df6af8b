package serde

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// AvroDeserializer decodes framed Avro into values of T. At the first datum of a schema it fetches
// the schema from the registry and compiles the resolution to the reader's schema. Later data of
// that schema need no request and no lock.
//
// T is a type as for [AvroSerializer]. The reader's schema is that of T, or that of [WithSchema].
// For other types it is the subject's latest version with [WithLatest]. Without these, any,
// map[string]any and [Generic] are read with the writer's schema. The writer's schema is projected
// onto any other type, such as a struct: see [avro.Projection]. Fields that the writer lacks are zero
// unless their tag says required, and logged ([WithLogger]). Values of an interface type have the types
// given by [WithVariant].
//
// It is safe for concurrent use.
type AvroDeserializer[T any] struct {
	r        SchemaSource
	c        deserializerConfig
	kind     kind
	own      *schemas.Schema // the reader's schema; nil: the writer's or the latest
	codec    *avro.Codec[T]  // with own
	variants []*variant
	readers  onceMap[readerKey, *reader[T]]
	contexts onceMap[contextKey, string] // by topic, unless subjects are named by default
	custom   bool                        // subjects are not named by default
	// scratch holds buffers (*[]byte) for data on the way from the writer's
	// schema to the reader's. A buffer belongs to one Decode at a time; decoded
	// values never alias it.
	scratch sync.Pool
}

// readerKey identifies a reader: ids belong to a context, the latest version to a topic.
type readerKey struct {
	context string
	topic   string // with WithLatest; else ""
	part    Part   // likewise
	frame   FrameID
}

type contextKey struct {
	topic string
	part  Part
}

// reader reads the data of one writer's schema.
type reader[T any] struct {
	schema   *registry.SubjectSchema
	raw      bool             // a top-level "bytes" schema: the length was left out
	res      *avro.Resolution // nil: the datum is decoded as it is
	dec      decoder[T]
	variants *variantsDecoder[T] // instead of res and dec
	until    time.Time           // WithLatest: when to ask again
}

// decoder decodes a datum. [avro.Codec] is one.
type decoder[T any] interface {
	Decode(datum []byte, v *T) error
}

// NewAvroDeserializer returns a deserializer that uses r. It does not use the network.
//
// The error says that T is an interface type without a schema and variants, that T does not match
// its schema, or without one any schema (all mismatches are listed: see [avro.CheckType]), or that
// options contradict each other.
func NewAvroDeserializer[T any](r SchemaSource, opts ...DeserializerOption) (*AvroDeserializer[T], error) {
	d := &AvroDeserializer[T]{r: r, readers: newOnceMap[readerKey, *reader[T]](), contexts: newOnceMap[contextKey, string]()}
	for _, o := range opts {
		o.applyDeserializer(&d.c)
	}
	if err := errors.Join(d.c.errs...); err != nil {
		return nil, err
	}
	d.custom = d.c.subject != nil || d.c.associated != nil
	if !d.custom {
		d.c.subject = TopicName
	}
	if err := d.c.checkAvro(); err != nil {
		return nil, err
	}
	if err := d.c.associated.use(r); err != nil {
		return nil, err
	}
	if d.c.latest {
		d.readers.stale = func(r *reader[T]) bool { return time.Now().After(r.until) }
	}
	t := reflect.TypeFor[T]()
	var err error
	if d.variants, err = d.c.makeVariants(t); err != nil {
		return nil, err
	}
	d.own = d.c.schema
	switch {
	case t == reflect.TypeFor[Generic]():
		d.kind = kindGeneric
		return d, nil
	case t.Kind() == reflect.Interface && len(d.variants) > 0:
		d.kind = kindInterface
		return d, nil
	case d.own == nil:
		d.own = ownSchema(t)
	}
	if d.own == nil {
		if !d.c.latest && t.Kind() == reflect.Interface && t.NumMethod() > 0 {
			return nil, fmt.Errorf("serde: %v carries no schema: give WithSchema or WithVariant, or take the registry's with WithLatest", t)
		}
		if err := avro.CheckType[T](d.c.avro...); err != nil {
			return nil, err
		}
		return d, nil
	}
	if d.codec, err = avro.NewCodec[T](d.own, d.c.avro...); err != nil {
		return nil, d.suggestProjection(err)
	}
	return d, nil
}

// suggestProjection adds to err how T is read nevertheless, if it only has fewer fields than the
// schema that the program gave.
func (d *AvroDeserializer[T]) suggestProjection(err error) error {
	if d.c.schema == nil {
		return err
	}
	p, failed := avro.NewProjection[T](d.c.schema, d.c.avro...)
	if failed != nil || len(p.Unwritten()) > 0 {
		return err
	}
	return fmt.Errorf("%w; leave WithSchema out to read these fields only", err)
}

// Decode implements [Deserializer]. The error is a [*DecodeError], or the context's. If it wraps a
// [*SchemaMismatchError], the writer's schema, or a part of it, cannot be read as T. If it wraps a
// [*ReaderSchemaError], the program cannot read at all. Neither is an error in payload.
func (d *AvroDeserializer[T]) Decode(ctx context.Context, payload []byte, from *Target, v *T) error {
	if from.Null {
		var zero T
		*v, from.Schema = zero, nil
		return nil
	}
	frame, datum, err := SplitRecord(payload, from.Part, from.Headers)
	if err != nil {
		return &DecodeError{Topic: from.Topic, Part: from.Part, Err: err}
	}
	r, err := d.readerFor(ctx, frame, from)
	if err != nil {
		return &DecodeError{Topic: from.Topic, Part: from.Part, SchemaID: frame.ID, Err: ofSchemas(err)}
	}
	from.Schema = r.schema
	if err := d.decode(r, datum, v); err != nil {
		return &DecodeError{Topic: from.Topic, Part: from.Part, SchemaID: r.schema.ID, Err: mismatch(err)}
	}
	return nil
}

// ofSchemas marks an error of making a reader as a mismatch of schemas, not an error of the datum.
// Errors that are marked already, and unknown ids, are returned unchanged.
func ofSchemas(err error) error {
	var (
		mismatch     *SchemaMismatchError
		reader       *ReaderSchemaError
		rule         *RuleError
		missing      *registry.NotFoundError
		unauthorized *registry.UnauthorizedError
		temporary    interface{ Temporary() bool }
	)
	if errors.As(err, &mismatch) || errors.As(err, &reader) || errors.As(err, &rule) || errors.As(err, &missing) ||
		errors.As(err, &unauthorized) || errors.As(err, &temporary) && temporary.Temporary() || isContext(err) {
		return err
	}
	return &SchemaMismatchError{Err: err}
}

// readerFor returns the reader for the content of a frame.
func (d *AvroDeserializer[T]) readerFor(ctx context.Context, frame FrameID, from *Target) (*reader[T], error) {
	key := readerKey{frame: frame}
	if d.c.latest {
		key.topic, key.part = from.Topic, from.Part
	}
	if d.custom {
		var err error
		if key.context, err = d.contextFor(ctx, from); err != nil {
			return nil, err
		}
	}
	if r, ok := d.readers.get(key); ok {
		return r, nil
	}
	return d.readers.compute(ctx, key, func(ctx context.Context) (*reader[T], error) {
		return d.newReader(ctx, frame, key.context, from)
	})
}

// contextFor returns the context of a topic's subject. It is the default context if the subject
// depends on the name of the schema, or if no subject is associated with the topic.
func (d *AvroDeserializer[T]) contextFor(ctx context.Context, from *Target) (string, error) {
	key := contextKey{from.Topic, from.Part}
	if c, ok := d.contexts.get(key); ok {
		return c, nil
	}
	return d.contexts.compute(ctx, key, func(ctx context.Context) (string, error) {
		subject, err := d.c.associated.find(ctx, from.Topic, from.Part)
		if err != nil {
			return "", err
		}
		if subject == "" && d.c.subject != nil {
			name := "record" // stands for whatever the schema's name will be
			if d.own != nil && d.own.FullName() != "" {
				name = d.own.FullName()
			}
			subject, _ = d.c.subject(from.Topic, from.Part, name)
		}
		return contextOf(subject), nil
	})
}

// newReader fetches the writer's schema and compiles the resolution to T.
func (d *AvroDeserializer[T]) newReader(ctx context.Context, frame FrameID, context string, from *Target) (*reader[T], error) {
	var schema *registry.SubjectSchema
	var err error
	if frame.ID != 0 {
		schema, err = d.r.SchemaByID(ctx, context, frame.ID)
	} else {
		schema, err = d.r.SchemaByGUID(ctx, frame.GUID.String())
	}
	if err != nil {
		return nil, err
	}
	if schema.Schema == nil {
		return nil, &SchemaMismatchError{Err: fmt.Errorf("%v is of type %s, want AVRO", frame, schema.Type)}
	}
	if !d.c.ignoreRules {
		if err := checkRules(schema.RuleSet, false); err != nil {
			return nil, err
		}
	}
	r := &reader[T]{
		schema: schema,
		raw:    schema.Schema.Root().Type() == schemas.Bytes && !d.c.lengthBytes,
		until:  time.Now().Add(latestLifetime),
	}
	if d.kind == kindInterface {
		r.variants, err = newVariantsDecoder[T](d.variants, schema.Schema, d.c.avro)
		return r, err
	}
	own := d.own
	if own == nil && d.c.latest {
		if own, err = d.latest(ctx, r, from); err != nil {
			return nil, err
		}
	} else if own, err = d.decoderFor(r, own); err != nil {
		return nil, &SchemaMismatchError{Err: err} // the writer's schema and the type
	}
	if r.res, err = avro.NewResolution(schema.Schema, own, d.c.avro...); err != nil {
		return nil, &SchemaMismatchError{Err: err}
	}
	if r.res.Identical() {
		r.res = nil
	}
	return r, nil
}

// latest sets r.dec for the latest schema of the topic's subject, the reader's
// where the program has none, and returns it. The error is a *ReaderSchemaError
// unless the registry is away: it is about no data.
func (d *AvroDeserializer[T]) latest(ctx context.Context, r *reader[T], from *Target) (*schemas.Schema, error) {
	subject, err := d.c.subjectOf(ctx, from.Topic, from.Part, r.schema.Schema.FullName())
	if err != nil {
		return nil, err
	}
	s, err := d.r.Latest(ctx, subject)
	switch {
	case err != nil && isMissing(err):
		return nil, &ReaderSchemaError{Subject: subject, Err: err}
	case err != nil:
		return nil, err
	case s.Schema == nil:
		return nil, &ReaderSchemaError{Subject: subject, Version: s.Version, Err: fmt.Errorf("it is of type %s, want AVRO", s.Type)}
	}
	own, err := d.decoderFor(r, s.Schema)
	if err != nil {
		return nil, &ReaderSchemaError{Subject: subject, Version: s.Version, Err: err}
	}
	return own, nil
}

// decoderFor sets r.dec, and returns the schema that it reads. own is nil where
// the writer's schema is the reader's.
func (d *AvroDeserializer[T]) decoderFor(r *reader[T], own *schemas.Schema) (*schemas.Schema, error) {
	projects := own == nil
	if projects {
		own = r.schema.Schema
	}
	if d.kind == kindGeneric {
		codec, err := avro.NewCodec[any](own, d.c.avro...)
		r.dec = genericDecoder[T]{codec, own}
		return own, err
	}
	if d.codec != nil {
		r.dec = d.codec
		return own, nil
	}
	if projects {
		p, err := avro.NewProjection[T](own, d.c.avro...)
		if err == nil {
			d.logUnwritten(p.Unwritten(), r.schema)
		}
		r.dec = p
		return own, err
	}
	codec, err := avro.NewCodec[T](own, d.c.avro...)
	r.dec = codec
	return own, err
}

// logUnwritten says which fields of T are zero in all data of a schema: one that is misspelt looks
// like one that its writer does not have yet.
func (d *AvroDeserializer[T]) logUnwritten(fields []string, s *registry.SubjectSchema) {
	if len(fields) == 0 {
		return
	}
	logger := d.c.logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.Info("kavro: the writer's schema lacks fields of the Go type, which stay zero", slog.Any("fields", fields),
		slog.String("type", reflect.TypeFor[T]().String()), slog.String("schema", s.Schema.FullName()), slog.Int("id", s.ID))
}

// decode decodes a datum of r's schema into v.
func (d *AvroDeserializer[T]) decode(r *reader[T], datum []byte, v *T) error {
	if r.variants != nil {
		return d.decodeVariant(r, datum, v)
	}
	if r.res == nil && !r.raw {
		return r.dec.Decode(datum, v)
	}
	return d.through(r.raw, r.res, datum, func(datum []byte) error { return r.dec.Decode(datum, v) })
}

func (d *AvroDeserializer[T]) decodeVariant(r *reader[T], datum []byte, v *T) error {
	b, at, err := r.variants.branchOf(datum)
	if err != nil {
		return err
	}
	if b.err != nil {
		return b.err
	}
	err = d.through(r.raw, b.res, datum[at:], func(datum []byte) error {
		c, err := b.decode(datum)
		if err == nil {
			*v, _ = c.(T) // nil is null
		}
		return err
	})
	if e, ok := err.(*avro.DecodeError); ok { // made for this call: nobody else holds it
		e.Offset += at
	}
	return err
}

// through hands decode the datum as the reader's schema sees it. decode must not
// keep it.
func (d *AvroDeserializer[T]) through(raw bool, res *avro.Resolution, datum []byte, decode func([]byte) error) error {
	if res == nil && !raw {
		return decode(datum)
	}
	buf, _ := d.scratch.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	out := (*buf)[:0]
	if raw {
		out = wire.AppendBytes(out, datum)
		datum = out
	}
	var err error
	if res != nil {
		start := len(out)
		out, err = res.AppendUnchecked(out, datum) // what it writes is checked by the decoder
		datum = out[start:]
	}
	if err == nil {
		err = decode(datum)
	}
	if cap(out) <= maxScratch {
		*buf = out
		d.scratch.Put(buf)
	}
	return err
}

type genericDecoder[T any] struct {
	codec  *avro.Codec[any]
	schema *schemas.Schema
}

func (e genericDecoder[T]) Decode(datum []byte, v *T) error {
	g := any(v).(*Generic)
	g.Schema = e.schema
	return e.codec.Decode(datum, &g.Value)
}
