package kavro

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

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

// choose returns the plain serde of T for part, or nil for Avro. role is
// "serializer" or "deserializer".
func choose[T any](w *wiring, part serde.Part, o *partOptions, role string) (serde.Plain[T], error) {
	key := part.String() + "." + role
	name, err := w.serdes.String(key, "")
	if err != nil {
		return nil, err
	}
	if name == "" {
		if o.schema != nil && reflect.TypeFor[T]() != reflect.TypeFor[serde.NoKey]() {
			return nil, nil
		}
		plain, err := serde.PlainFor[T]()
		if err != nil {
			return nil, fmt.Errorf("kavro: %s: %w (%s, or %s=avro)", part, err, schemaName(part), key)
		}
		if plain != nil && len(o.names) > 0 {
			return nil, fmt.Errorf("kavro: %s: has no effect: a %s of type %v is written as plain bytes, unless %s or %s=avro makes it Avro",
				strings.Join(o.names, ", "), part, reflect.TypeFor[T](), schemaName(part), key)
		}
		return plain, nil
	}
	short := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	short = strings.TrimSuffix(strings.TrimSuffix(short, "deserializer"), "serializer")
	if short == "avro" || short == "kafkaavro" {
		return nil, nil
	}
	known, ok := plainNames[short]
	if !ok {
		return nil, &kafka.ConfigError{
			Key: key, Reason: fmt.Sprintf("%q is not known here; give a serde of your own with KeySerde or ValueSerde", name),
			Nearest: kafka.Nearest(short, append(slices.Sorted(maps.Keys(plainNames)), "avro")),
		}
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

func schemaName(part serde.Part) string {
	if part == serde.Key {
		return "KeySchema"
	}
	return "ValueSchema"
}

func serdeName(part serde.Part) string {
	if part == serde.Key {
		return "KeySerde"
	}
	return "ValueSerde"
}

// ownSerde returns the serde that the program gave for part, nil if it gave none.
// given is the half of it that is needed.
func ownSerde[S any](part serde.Part, o *partOptions, given any, does string, t reflect.Type) (s S, found bool, err error) {
	name := serdeName(part)
	if !o.own {
		return s, false, nil
	}
	if given == nil {
		return s, true, fmt.Errorf("kavro: %s: the half that %ss %v is nil", name, does, t)
	}
	if len(o.names) > 0 {
		return s, true, fmt.Errorf("kavro: %s: excludes %s, which is for the Avro serdes that the constructor makes", name, strings.Join(o.names, ", "))
	}
	s, ok := given.(S)
	if !ok {
		return s, true, fmt.Errorf("kavro: %s: a %T does not %s %v", name, given, does, t)
	}
	return s, true, nil
}

// serializer returns the serializer of one part, as o says. What is wrong is kept
// in w.
func serializer[T any](w *wiring, part serde.Part, o *partOptions) serde.Serializer[T] {
	s, found, err := ownSerde[serde.Serializer[T]](part, o, o.serializer, "serialize", reflect.TypeFor[T]())
	if found || err != nil {
		w.keep(err)
		return s
	}
	plain, err := choose[T](w, part, o, "serializer")
	if err != nil || plain != nil {
		w.keep(err)
		return plain
	}
	r, err := w.openRegistry()
	if err != nil {
		w.keep(err)
		return nil
	}
	opts := slices.Clone(w.keys[part].serializer)
	if s := o.schema; s != nil {
		opts = append(opts, serde.WithSchema(s))
	}
	avro, err := serde.NewAvroSerializer[T](r, append(opts, o.serializers...)...)
	if err != nil {
		w.keep(&serdeError{part: part, output: w.role == piping, err: err})
		return nil
	}
	return avro
}

// deserializer returns the deserializer of one part, as o says. What is wrong is
// kept in w.
func deserializer[T any](w *wiring, part serde.Part, o *partOptions) serde.Deserializer[T] {
	d, found, err := ownSerde[serde.Deserializer[T]](part, o, o.deserializer, "deserialize", reflect.TypeFor[T]())
	if found || err != nil {
		w.keep(err)
		return d
	}
	plain, err := choose[T](w, part, o, "deserializer")
	if err != nil || plain != nil {
		w.keep(err)
		return plain
	}
	r, err := w.openRegistry()
	if err != nil {
		w.keep(err)
		return nil
	}
	opts := slices.Clone(w.keys[part].deserializer)
	if s := o.schema; s != nil {
		opts = append(opts, serde.WithSchema(s))
	}
	avro, err := serde.NewAvroDeserializer[T](r, append(opts, o.deserialize...)...)
	if err != nil {
		w.keep(&serdeError{part: part, err: err})
		return nil
	}
	return avro
}

// serdeError is what serde says about a type and its options, in the words of this
// package's options.
type serdeError struct {
	part   serde.Part
	output bool // of a pipeline
	err    error
}

var serdesOption = regexp.MustCompile(`\bWith[A-Z]\w*`)

func (e *serdeError) Error() string {
	what := e.part.String()
	if e.output {
		what = "output " + what
	}
	return "kavro: " + what + ": " + serdesOption.ReplaceAllStringFunc(e.err.Error(), e.option)
}

// option is how serde's option is given here.
func (e *serdeError) option(name string) string {
	part := "Key"
	if e.part == serde.Value {
		part = "Value"
	}
	option := ""
	switch name {
	case "WithSchema":
		option = part + "Schema"
	case "WithLatest":
		return "use.latest.version"
	case "WithSchemaID":
		return "use.schema.id"
	case "WithVersion", "WithDefinition", "WithAutoRegister", "WithNormalize", "WithHeaderFrame", "WithUncheckedLatest":
		option = part + "Serializer(serde." + name + ")"
	case "WithRulesIgnored":
		option = part + "Deserializer(serde." + name + ")"
	default:
		option = part + "Avro(serde." + name + ")"
	}
	if e.output {
		option = "Output(" + option + ")"
	}
	return option
}

// Unwrap returns serde's error.
func (e *serdeError) Unwrap() error { return e.err }
