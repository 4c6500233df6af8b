package avro

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
)

// Avro's binary encoding is written by five pieces of code, since values come in five forms.
// One piece for all would look at a value's form for each field of it.
//
//	values                  code                               equal to the others by
//	generated types         methods of the type, with avrort   gen: TestVectors
//	structs, other Go types plan_encode.go, plan_decode.go     TestEncodeVectorsStruct
//	any: generic values     generic_encode.go, generic.go      TestEncodeVectorsGeneric
//	JSON                    json_read.go, json_write.go        TestJSONVectors, TestJSONLaw
//	goavro's native values  package goavro                     goavro: TestAgrees, TestWritesNoOtherValue
//
// What keeps them equal is one list of vectors, encode.json in internal/vectors: every one of
// these tests holds its piece to the bytes that Avro's own implementations wrote. A new type or
// logical type is a vector first. But for goavro's, all write numbers and lengths with
// internal/wire.

// A Codec turns values of type T into data of one schema and back. It is safe
// for concurrent use, and does not change after construction.
type Codec[T any] struct {
	schema   *schemas.Schema
	compiled *compiledSchema
	env      *env
	plan     *plan // nil: T, or what it points at, is generated

	sorts     bool                             // WithSortedMaps, and there are maps
	own       func(*T, []byte) ([]byte, error) // AppendAvro of *T, if that is generated: no look-up of the method for each value
	byPointer bool                             // T is itself a pointer to a generated type
	pointee   reflect.Type                     // what that points at

	readers sync.Pool // of *Reader; what was decoded is not kept in them
	json    jsonOnce  // for AppendJSON and DecodeJSON
}

// NewCodec checks that T fits s, which may not be nil, and compiles how. The
// error is a [*TypeMismatchError] that lists everything in T that does not fit, or says
// which option is wrong.
//
// A generated type must be of the same schema, but for documentation, aliases and
// defaults: a [Resolution] in front of the codec reads data of other schemas.
func NewCodec[T any](s *schemas.Schema, opts ...Option) (*Codec[T], error) {
	if s == nil {
		return nil, errors.New("avro: NewCodec: the schema is nil")
	}
	c, err := prepare[T](s, opts)
	if err != nil {
		return nil, err
	}
	t := reflect.TypeFor[T]()
	own, err := c.generated(t)
	if own || err != nil {
		return c, err
	}
	c.plan, err = newPlanner(c.env).compile(t, c.compiled)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// prepare makes a codec without a plan.
func prepare[T any](s *schemas.Schema, opts []Option) (*Codec[T], error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	sh, err := compileSchema(s.Root(), &cfg)
	if err != nil {
		return nil, err
	}
	c := &Codec[T]{schema: s, compiled: sh, env: &env{cfg: cfg}}
	c.sorts = cfg.sortedMaps && hasMaps(sh, map[*compiledSchema]bool{})
	c.readers.New = func() any { return avrort.NewReader(nil, &c.env.cfg.Settings) }
	return c, nil
}

// generated says whether T, or *T, is Generated. The error is that it is of
// another schema.
func (c *Codec[T]) generated(t reflect.Type) (bool, error) {
	if c.env.cfg.customTypes[t] != nil || isPromoted(t) || t.Kind() == reflect.Pointer && isPromoted(t.Elem()) {
		return false, nil
	}
	var own *schemas.Schema
	if g, ok := any(new(T)).(Generated); ok && t.Kind() != reflect.Interface {
		own = g.AvroSchema()
		m, _ := reflect.TypeFor[*T]().MethodByName("AppendAvro")
		c.own = m.Func.Interface().(func(*T, []byte) ([]byte, error))
	} else if t.Kind() == reflect.Pointer && t.Implements(generatedType) {
		c.byPointer, c.pointee = true, t.Elem()
		own = reflect.New(t.Elem()).Interface().(Generated).AvroSchema()
	} else {
		return false, nil
	}
	if own == nil {
		return false, fmt.Errorf("avro: AvroSchema of %s returns nil", t)
	}
	if difference := sameData(own.Root(), c.compiled.node); difference != "" {
		return false, &TypeMismatchError{Type: t.String(), Schema: c.compiled.name(), Mismatches: []Mismatch{{
			Reason: "the generated type is of another schema (" + difference + ")",
		}}}
	}
	return true, nil
}

// Schema returns the schema given to [NewCodec].
func (c *Codec[T]) Schema() *schemas.Schema { return c.schema }

// Append appends v's datum to dst and returns the result; on an error, an
// [*EncodeError], dst as it was. Beyond the length of what it returns, memory
// within the capacity may have been written to. v is not changed; v nil is an
// error.
func (c *Codec[T]) Append(dst []byte, v *T) ([]byte, error) {
	var out []byte
	var err error
	if c.own != nil && v != nil { // here rather than in append: a call less
		out, err = c.own(v, dst)
	} else {
		out, err = c.append(dst, v)
	}
	if err == nil && c.sorts {
		err = sortMaps(c.compiled, out[len(dst):], &c.env.cfg)
	}
	if err != nil {
		if _, ok := err.(*EncodeError); !ok {
			err = &EncodeError{Err: err}
		}
		return dst, err
	}
	return out, nil
}

func (c *Codec[T]) append(dst []byte, v *T) ([]byte, error) {
	switch {
	case v == nil:
		return dst, errNil
	case c.plan != nil:
		return c.plan.append(dst, addressOf(v), 0)
	}
	if reflect.ValueOf(*v).IsNil() {
		return dst, errNil
	}
	return any(*v).(Generated).AppendAvro(dst)
}

// Decode reads a datum, all of datum, into v, over what it holds: every field
// that the schema has is set, every other one is zeroed, and slices, maps and
// what pointers point at are reused. v aliases nothing of datum. v nil is an
// error.
//
// The error is a [*DecodeError]; v then holds a part of the value, and may hold
// parts of the one before.
func (c *Codec[T]) Decode(datum []byte, v *T) error {
	if v == nil {
		return &DecodeError{Err: errors.New("the value to decode into is nil")}
	}
	r := c.readers.Get().(*avrort.Reader)
	r.Rewind(datum)
	c.read(r, v)
	err := r.Done()
	c.release(r)
	if err != nil {
		return located(err, c.compiled, datum, &c.env.cfg)
	}
	return nil
}

// Validate checks that datum is one datum of the codec's schema, all of it, and makes
// no value of it. The error is a [*DecodeError]. Whether the values suit T, or their
// logical types, only [Codec.Decode] tells.
func (c *Codec[T]) Validate(datum []byte) error {
	r := c.readers.Get().(*avrort.Reader)
	r.Rewind(datum)
	err := validate(r, c.compiled, datum, &c.env.cfg)
	c.release(r)
	return err
}

// validate checks that a datum, which r has read nothing of, is one of s.
func validate(r *avrort.Reader, s *compiledSchema, datum []byte, c *config) error {
	pass(r, s)
	if err := r.Done(); err != nil {
		return located(err, s, datum, c)
	}
	return nil
}

// release gives back a Reader. The pool keeps nothing of the datum.
func (c *Codec[T]) release(r *avrort.Reader) {
	r.Rewind(nil)
	c.readers.Put(r)
}

// read reads one datum from r into v. Its error stays in r.
func (c *Codec[T]) read(r *avrort.Reader, v *T) {
	switch {
	case c.plan != nil:
		c.plan.decode(r, addressOf(v))
	case !c.byPointer:
		if err := any(v).(Generated).DecodeAvro(r); err != nil {
			r.Fail(err)
		}
	default:
		c.decodeGeneratedPointer(r, v)
	}
}

func (c *Codec[T]) decodeGeneratedPointer(r *avrort.Reader, v *T) {
	if reflect.ValueOf(*v).IsNil() {
		*v = reflect.New(c.pointee).Interface().(T)
	}
	if err := any(*v).(Generated).DecodeAvro(r); err != nil {
		r.Fail(err)
	}
}

// located adds the path to a reader's error, or to none.
func located(err error, s *compiledSchema, datum []byte, c *config) error {
	if e, ok := err.(*DecodeError); ok && e.Path == "" && !errors.Is(e, ErrTrailing) {
		e.Path = locate(s, datum, e.Offset, c)
	}
	return err
}
