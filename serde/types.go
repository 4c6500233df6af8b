package serde

import (
	"fmt"
	"reflect"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// Generic is a value without a Go type of its own, as maps, slices and scalars (see package avro for
// any), and its schema. Serializing writes with Schema. Deserializing sets it to the writer's
// schema, or with [WithSchema] or [WithLatest] to the reader's.
type Generic struct {
	Schema *schemas.Schema
	Value  any
}

// carrier is implemented by generated types, with pointer receivers.
type carrier interface {
	AvroSchema() *schemas.Schema
}

// generated is a carrier that encodes itself.
type generated interface {
	carrier
	AppendAvro(dst []byte) ([]byte, error)
}

// kind is how values of T determine their schema.
type kind uint8

const (
	kindTyped     kind = iota // one schema: given, the type's own, or the registry's
	kindGeneric               // T is Generic: each value carries it
	kindInterface             // T is an interface, no schema is given: the dynamic type carries it
)

// ownSchema returns the schema that t carries, or that one of Go's scalar types
// stands for; nil if there is none.
func ownSchema(t reflect.Type) *schemas.Schema {
	elem := t
	if t.Kind() == reflect.Pointer {
		elem = t.Elem()
	}
	if c, ok := reflect.New(elem).Interface().(carrier); ok {
		return c.AvroSchema()
	}
	if name, ok := scalars[elem]; ok {
		return schemas.MustParse(`"` + name + `"`)
	}
	return nil
}

// scalars are the types whose schema nobody could doubt. Go's int is a long:
// it holds 64 bits.
var scalars = map[reflect.Type]string{
	reflect.TypeFor[string]():  "string",
	reflect.TypeFor[[]byte]():  "bytes",
	reflect.TypeFor[bool]():    "boolean",
	reflect.TypeFor[int32]():   "int",
	reflect.TypeFor[int64]():   "long",
	reflect.TypeFor[int]():     "long",
	reflect.TypeFor[float32](): "float",
	reflect.TypeFor[float64](): "double",
}

// nullCheck returns how a T says that it is Kafka's null: a nil pointer, slice,
// map or interface. It returns nil for types that cannot say so.
func nullCheck[T any]() func(*T) bool {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		return func(v *T) bool { return reflect.ValueOf(v).Elem().IsNil() }
	case reflect.Interface:
		return func(v *T) bool {
			e := reflect.ValueOf(v).Elem()
			if e.IsNil() {
				return true
			}
			switch e = e.Elem(); e.Kind() {
			case reflect.Pointer, reflect.Map, reflect.Slice: // a typed nil is nil too
				return e.IsNil()
			default:
				return false
			}
		}
	}
	if reflect.TypeFor[T]() == reflect.TypeFor[NoKey]() {
		return func(*T) bool { return true }
	}
	if reflect.TypeFor[T]() == reflect.TypeFor[Generic]() {
		return func(v *T) bool { return any(v).(*Generic).Value == nil }
	}
	return nil
}

// variant is one concrete type behind an interface type T.
type variant struct {
	typ        reflect.Type // C
	schema     *schemas.Schema
	definition *registry.Definition                    // nil: the text of schema alone
	sample     any                                     // a zero C, or a *C, which satisfies T
	encode     func(dst []byte, v any) ([]byte, error) // v is a C or a *C
	decode     func(datum []byte) (any, error)         // datum in schema; a C or a *C, whichever satisfies T
}

type variantMaker func(opts []avro.Option, t reflect.Type) (*variant, error)

// newVariant checks that C can be held by t, an interface type.
func newVariant[C any](s *schemas.Schema, d *registry.Definition, opts []avro.Option, t reflect.Type) (*variant, error) {
	typ := reflect.TypeFor[C]()
	if s == nil {
		s = ownSchema(typ)
	}
	if s == nil {
		return nil, fmt.Errorf("serde: WithVariant: %v carries no schema: give one", typ)
	}
	if t.Kind() != reflect.Interface {
		return nil, fmt.Errorf("serde: WithVariant: %v is no interface type: it holds one type only", t)
	}
	byPointer := !typ.Implements(t)
	if byPointer && !reflect.PointerTo(typ).Implements(t) {
		return nil, fmt.Errorf("serde: WithVariant: neither %v nor *%v satisfies %v", typ, typ, t)
	}
	codec, err := avro.NewCodec[C](s, opts...)
	if err != nil {
		return nil, err
	}
	sample := any(*new(C))
	if byPointer {
		sample = new(C)
	}
	return &variant{
		typ:        typ,
		schema:     s,
		definition: d,
		sample:     sample,
		encode: func(dst []byte, v any) ([]byte, error) {
			if p, ok := v.(*C); ok {
				return codec.Append(dst, p)
			}
			c := v.(C)
			return codec.Append(dst, &c)
		},
		decode: func(datum []byte) (any, error) {
			c := new(C)
			if err := codec.Decode(datum, c); err != nil {
				return nil, err
			}
			if byPointer {
				return c, nil
			}
			return *c, nil
		},
	}, nil
}

// makeVariants builds the variants of c for T.
func (c *sharedConfig) makeVariants(t reflect.Type) ([]*variant, error) {
	var out []*variant
	for _, m := range c.variants {
		v, err := m(c.avro, t)
		if err != nil {
			return nil, err
		}
		for _, other := range out {
			if name := v.schema.Root().BranchName(); other.schema.Root().BranchName() == name {
				return nil, fmt.Errorf("serde: WithVariant: %v and %v have the same schema name %s", other.typ, v.typ, name)
			}
		}
		out = append(out, v)
	}
	return out, nil
}
