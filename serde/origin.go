package serde

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// origin is the program's schema for a value, and the encoder that writes it.
type origin[T any] struct {
	program    *schemas.Schema      // what is looked up, or registered; nil: the registry's is taken as it is
	definition *registry.Definition // given for it, or nil
	schema     *schemas.Schema      // what enc writes: program, or the schema of a variant within it
	enc        encoder[T]           // nil: a codec of whatever the registry answers
}

// encoder appends a datum. [avro.Codec] is one.
type encoder[T any] interface {
	Append(dst []byte, v *T) ([]byte, error)
}

// originOf returns v's origin. v may be nil for kindTyped.
func (s *AvroSerializer[T]) originOf(v *T) (o origin[T], err error) {
	switch s.kind {
	case kindGeneric:
		return s.genericOrigin(any(v).(*Generic).Schema)
	case kindInterface:
		o = origin[T]{program: s.c.schema, definition: s.c.definition}
		if variant := s.variantOf(v); variant != nil {
			o.schema, o.enc = variant.schema, variantEncoder[T]{variant}
			if o.program == nil {
				o.program, o.definition = variant.schema, variant.definition
			}
		} else if g, ok := any(*v).(generated); ok {
			o.schema, o.enc = g.AvroSchema(), generatedEncoder[T]{}
			if o.program == nil {
				o.program = o.schema
			}
		} else if o.program == nil && !s.c.registrysOwn() {
			return o, fmt.Errorf("%T carries no schema, and no WithVariant names it", *v)
		}
		return o, nil
	default:
		o = origin[T]{program: s.own, definition: s.c.definition, schema: s.own}
		if s.own != nil {
			o.enc = s.codec
		}
		return o, nil
	}
}

func (s *AvroSerializer[T]) genericOrigin(own *schemas.Schema) (o origin[T], err error) {
	if own == nil {
		return o, errors.New("a Generic without a Schema")
	}
	codec, err := avro.NewCodec[any](own, s.c.avro...)
	if err != nil {
		return o, err
	}
	o = origin[T]{program: own, schema: own, enc: genericEncoder[T]{codec}}
	if given := s.c.schema; given != nil && given.SelfContained() == own.SelfContained() {
		o.definition = s.c.definition // of that schema, and of no other
	}
	return o, nil
}

func (s *AvroSerializer[T]) variantOf(v *T) *variant {
	typ := reflect.TypeOf(any(*v))
	for _, variant := range s.variants {
		if typ == variant.typ || typ == reflect.PointerTo(variant.typ) {
			return variant
		}
	}
	return nil
}

// registered is what is looked up and registered for o.program: the user's text,
// byte for byte, or the one that was given with it. References are written out
// unless they are named.
func (o *origin[T]) registered() registry.Definition {
	if o.program == nil {
		return registry.Definition{}
	}
	given := o.definition
	if given == nil {
		return registry.DefinitionOf(o.program)
	}
	d := *given
	switch {
	case d.Text != "":
	case len(d.References) > 0:
		d.Text = o.program.String()
	default:
		d = registry.DefinitionOf(o.program)
		d.Type, d.Metadata, d.RuleSet = given.Type, given.Metadata, given.RuleSet
	}
	return d
}

type genericEncoder[T any] struct{ codec *avro.Codec[any] }

func (e genericEncoder[T]) Append(dst []byte, v *T) ([]byte, error) {
	return e.codec.Append(dst, &any(v).(*Generic).Value)
}

type generatedEncoder[T any] struct{}

func (generatedEncoder[T]) Append(dst []byte, v *T) ([]byte, error) {
	return any(*v).(generated).AppendAvro(dst)
}

type variantEncoder[T any] struct{ variant *variant }

func (e variantEncoder[T]) Append(dst []byte, v *T) ([]byte, error) {
	return e.variant.encode(dst, any(*v))
}
