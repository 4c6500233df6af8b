package kavro

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/kavro/kavro/base"
	"github.com/kavro/kavro/serde"
)

// plainNames are the plain serdes by name, and by the name of Kafka's own Java
// classes without "Serializer" and "Deserializer".
var plainNames = map[string]any{
	"string": serde.String, "bytearray": serde.Bytes, "bytes": serde.Bytes,
	"int16": serde.Int16, "short": serde.Int16, "int32": serde.Int32, "integer": serde.Int32,
	"int64": serde.Int64, "long": serde.Int64, "float32": serde.Float32, "float": serde.Float32,
	"float64": serde.Float64, "double": serde.Float64, "uuid": serde.UUID, "void": serde.None,
}

// plainFor returns the plain serde that K has when nothing is said, or nil.
func plainFor[T any]() serde.Plain[T] {
	for _, p := range []any{serde.String, serde.Bytes, serde.Int16, serde.Int32, serde.Int64, serde.Float32, serde.Float64, serde.UUID, serde.None} {
		if p, ok := p.(serde.Plain[T]); ok {
			return p
		}
	}
	return nil
}

// choose returns the plain serde of T for part, or nil for Avro. role is
// "serializer" or "deserializer".
func choose[T any](w *wiring, part serde.Part, o *partOptions, role string) (serde.Plain[T], error) {
	key := part.String() + "." + role
	name, err := w.serdes.String(key, "")
	if err != nil {
		return nil, err
	}
	if name == "" {
		if part == serde.Value || o.schema != nil {
			if reflect.TypeFor[T]() == reflect.TypeFor[serde.NoKey]() {
				return plainFor[T](), nil
			}
			return nil, nil
		}
		return plainFor[T](), nil
	}
	short := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	short = strings.TrimSuffix(strings.TrimSuffix(short, "deserializer"), "serializer")
	if short == "avro" || short == "kafkaavro" {
		return nil, nil
	}
	known, ok := plainNames[short]
	if !ok {
		return nil, &base.ConfigError{Key: key, Reason: fmt.Sprintf("%q is not known here; give a serde of your own with KeySerde or ValueSerde", name)}
	}
	plain, ok := known.(serde.Plain[T])
	if !ok {
		return nil, &base.ConfigError{Key: key, Reason: fmt.Sprintf("%q does not serialize %v", name, reflect.TypeFor[T]())}
	}
	return plain, nil
}

// serializer returns the serializer of one part, as o says.
func serializer[T any](w *wiring, part serde.Part, o *partOptions) (serde.Serializer[T], error) {
	if given := o.serializer; given != nil {
		s, ok := given.(serde.Serializer[T])
		if !ok {
			return nil, fmt.Errorf("kavro: the serde given for the %s is a %T, which does not serialize %v", part, given, reflect.TypeFor[T]())
		}
		return s, nil
	}
	plain, err := choose[T](w, part, o, "serializer")
	if err != nil || plain != nil {
		return plain, err
	}
	r, err := w.openRegistry()
	if err != nil {
		return nil, err
	}
	opts, _, err := serde.FromConfig(w.serdes, part)
	if err != nil {
		return nil, err
	}
	if s := o.schema; s != nil {
		opts = append(opts, serde.WithSchema(s))
	}
	s, err := serde.NewAvroSerializer[T](r, append(opts, o.serializers...)...)
	if err != nil {
		return nil, fmt.Errorf("kavro: %s: %w", part, err)
	}
	return s, nil
}

// deserializer returns the deserializer of one part, as o says.
func deserializer[T any](w *wiring, part serde.Part, o *partOptions) (serde.Deserializer[T], error) {
	if given := o.deserializer; given != nil {
		d, ok := given.(serde.Deserializer[T])
		if !ok {
			return nil, fmt.Errorf("kavro: the serde given for the %s is a %T, which does not deserialize %v", part, given, reflect.TypeFor[T]())
		}
		return d, nil
	}
	plain, err := choose[T](w, part, o, "deserializer")
	if err != nil || plain != nil {
		return plain, err
	}
	r, err := w.openRegistry()
	if err != nil {
		return nil, err
	}
	_, opts, err := serde.FromConfig(w.serdes, part)
	if err != nil {
		return nil, err
	}
	if s := o.schema; s != nil {
		opts = append(opts, serde.WithSchema(s))
	}
	d, err := serde.NewAvroDeserializer[T](r, append(opts, o.deserialize...)...)
	if err != nil {
		return nil, fmt.Errorf("kavro: %s: %w", part, err)
	}
	return d, nil
}
