package kavro

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// plainNames are the plain types by their names, and by those of Kafka's own Java
// classes without "Serializer" and "Deserializer".
var plainNames = map[string]reflect.Type{
	"string": reflect.TypeFor[string](), "bytearray": reflect.TypeFor[[]byte](), "bytes": reflect.TypeFor[[]byte](),
	"boolean": reflect.TypeFor[bool](), "bool": reflect.TypeFor[bool](),
	"int16": reflect.TypeFor[int16](), "short": reflect.TypeFor[int16](),
	"int32": reflect.TypeFor[int32](), "integer": reflect.TypeFor[int32](),
	"int64": reflect.TypeFor[int64](), "long": reflect.TypeFor[int64](),
	"float32": reflect.TypeFor[float32](), "float": reflect.TypeFor[float32](),
	"float64": reflect.TypeFor[float64](), "double": reflect.TypeFor[float64](),
	"uuid": reflect.TypeFor[[16]byte](), "void": reflect.TypeFor[serde.NoKey](),
}

// serializer returns the serializer of one half of a record, as o says. What is wrong is
// kept in w.
func serializer[T any](w *wiring, part serde.Part, o *partOptions) serde.Serializer[T] {
	if o.own != nil {
		s, ok := o.own.(serde.Serializer[T])
		w.keep(o.checkOwn(ok, "serialize", reflect.TypeFor[T]()))
		return s
	}
	plain, err := choose[T](w, part, o, "serializer")
	if err != nil || plain != nil {
		w.keep(err)
		return plain
	}
	r, err := w.client.schemas()
	if err != nil {
		w.keep(err)
		return nil
	}
	avro, err := serde.NewAvroSerializer[T](r, slices.Concat(w.conf.keys[part].serializer, o.serialize)...)
	if err != nil {
		what := part.String()
		if w.role.pipes() {
			what = "output " + what
		}
		w.keep(fmt.Errorf("kavro: %s: %w", what, err))
		return nil
	}
	return avro
}

// deserializer returns the deserializer of one half of a record, as o says. What is wrong
// is kept in w.
func deserializer[T any](w *wiring, part serde.Part, o *partOptions) serde.Deserializer[T] {
	if o.own != nil {
		d, ok := o.own.(serde.Deserializer[T])
		w.keep(o.checkOwn(ok, "deserialize", reflect.TypeFor[T]()))
		return d
	}
	plain, err := choose[T](w, part, o, "deserializer")
	if err != nil || plain != nil {
		w.keep(err)
		return plain
	}
	r, err := w.client.schemas()
	if err != nil {
		w.keep(err)
		return nil
	}
	defaults := []serde.DeserializerOption{serde.Defaults(serde.WithLogger(w.hooks.Logger))}
	avro, err := serde.NewAvroDeserializer[T](r, slices.Concat(defaults, w.conf.keys[part].deserializer, o.deserialize)...)
	if err != nil {
		w.keep(fmt.Errorf("kavro: %s: %w", part, err))
		return nil
	}
	return avro
}

// checkOwn refuses a serde of the program's own that is for another type or direction, and
// options beside it.
func (o *partOptions) checkOwn(ok bool, does string, t reflect.Type) error {
	if len(o.names) > 0 {
		return fmt.Errorf("kavro: WithSerde: excludes the other options of %s, which are for Avro", strings.Join(o.names, ", "))
	}
	if !ok {
		return fmt.Errorf("kavro: WithSerde: %s does not %s %v", count.A(fmt.Sprintf("%T", o.own)), does, t)
	}
	return nil
}

// choose returns the plain serde of T, or nil for Avro. direction is "serializer" or
// "deserializer".
func choose[T any](w *wiring, part serde.Part, o *partOptions, direction string) (serde.Plain[T], error) {
	key := part.String() + "." + direction
	name, err := w.conf.serdes.String(key, "")
	if err != nil {
		return nil, err
	}
	if name == "" {
		return choosePlain[T](part, o, key)
	}
	known, err := plainNamed(key, name)
	if err != nil || known == nil {
		return nil, err
	}
	plain, err := serde.PlainFor[T]()
	if err != nil || plain == nil || reflect.TypeFor[T]().Kind() != known.Kind() {
		return nil, &kafka.ConfigError{Key: key, Reason: fmt.Sprintf("%q does not serialize %v", name, reflect.TypeFor[T]())}
	}
	if len(o.names) > 0 {
		return nil, &kafka.ConfigError{Key: key, Reason: fmt.Sprintf("%q contradicts %s, which is for Avro", name, strings.Join(o.names, ", "))}
	}
	return plain, nil
}

// plainNamed returns the plain type of a serializer by its name, nil for Avro.
func plainNamed(key, name string) (reflect.Type, error) {
	short := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	short = strings.TrimSuffix(strings.TrimSuffix(short, "deserializer"), "serializer")
	if short == "avro" || short == "kafkaavro" {
		return nil, nil
	}
	known, ok := plainNames[short]
	if !ok {
		return nil, &kafka.ConfigError{
			Key: key, Reason: fmt.Sprintf("%q is not known here; give a serde of your own with WithSerde", name),
			Nearest: kafka.Nearest(short, append(slices.Sorted(maps.Keys(plainNames)), "avro")),
		}
	}
	return known, nil
}

// choosePlain returns the plain serde that a scalar has, unless a schema makes it Avro.
func choosePlain[T any](part serde.Part, o *partOptions, key string) (serde.Plain[T], error) {
	isNoKey := reflect.TypeFor[T]() == reflect.TypeFor[serde.NoKey]()
	if o.avro && !isNoKey {
		return nil, nil
	}
	plain, err := serde.PlainFor[T]()
	switch {
	case err != nil:
		return nil, fmt.Errorf("kavro: %s: %w (WithSchema, or %s=avro)", part, err, key)
	case plain == nil || len(o.names) == 0:
		return plain, nil
	case isNoKey:
		return nil, fmt.Errorf("kavro: %s: has no effect: a %s of type %v is always null", strings.Join(o.names, ", "), part, reflect.TypeFor[T]())
	}
	return nil, fmt.Errorf("kavro: %s: has no effect: a %s of type %v is written as plain bytes, unless WithSchema or %s=avro makes it Avro",
		strings.Join(o.names, ", "), part, reflect.TypeFor[T](), key)
}
