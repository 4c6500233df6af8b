package serde

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// SchemaRegistrar is what an [AvroSerializer] asks of a registry.
// [registry.Client] and [memory.Registry] satisfy it.
type SchemaRegistrar interface {
	Lookup(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error)
	Register(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error)
	Latest(ctx context.Context, subject string) (*registry.SubjectSchema, error)
	Version(ctx context.Context, subject string, version int, opts ...registry.CallOption) (*registry.SubjectSchema, error)
	Versions(ctx context.Context, subject string, opts ...registry.CallOption) ([]int, error)
	SchemaByID(ctx context.Context, subject string, id int) (*registry.SubjectSchema, error)
	Compatibility(ctx context.Context, subject string) (schemas.Level, error)
}

// SchemaSource is what an [AvroDeserializer] asks of a registry.
// [registry.Client] and [memory.Registry] satisfy it.
type SchemaSource interface {
	SchemaByID(ctx context.Context, subject string, id int) (*registry.SubjectSchema, error)
	SchemaByGUID(ctx context.Context, guid string) (*registry.SubjectSchema, error)
	Latest(ctx context.Context, subject string) (*registry.SubjectSchema, error)
}

// SerializerOption changes how [NewAvroSerializer] works.
type SerializerOption interface{ applySerializer(*serializerConfig) }

// DeserializerOption changes how [NewAvroDeserializer] works.
type DeserializerOption interface{ applyDeserializer(*deserializerConfig) }

// Option is for serializers and deserializers alike.
type Option interface {
	SerializerOption
	DeserializerOption
}

// NamesSchema reports whether one of opts, each a [SerializerOption] or a
// [DeserializerOption], says which schema to use. Those who choose between plain bytes and
// Avro ask: a scalar with a schema is Avro.
func NamesSchema(opts ...any) bool {
	ser, des := &serializerConfig{}, &deserializerConfig{}
	for _, o := range opts {
		switch o := o.(type) {
		case SerializerOption:
			o.applySerializer(ser)
		case DeserializerOption:
			o.applyDeserializer(des)
		}
	}
	for _, c := range []sharedConfig{ser.sharedConfig, des.sharedConfig} {
		if _, given := c.given["schema"]; given || c.latest {
			return true
		}
	}
	return ser.id != 0 || ser.version != 0
}

// sharedConfig is what both directions have in common.
type sharedConfig struct {
	schema      *schemas.Schema
	latest      bool
	subject     Subject     // nil: the default, TopicName; with associated: none
	associated  *associated // nil: the registry is not asked for subjects
	avro        []avro.Option
	lengthBytes bool
	variants    []variantMaker

	given map[string]string // options of which one can count, by what they set
	errs  []error           // of the options themselves
}

// once remembers that an option sets something. The second one that does is an
// error.
func (c *sharedConfig) once(what, option string) {
	if first, twice := c.given[what]; twice {
		if first == option {
			c.refuse(option, "is given twice")
		} else {
			c.refuse(option, "excludes "+first)
		}
	}
	if c.given == nil {
		c.given = make(map[string]string)
	}
	c.given[what] = option
}

func (c *sharedConfig) refuse(option, reason string) {
	c.errs = append(c.errs, errors.New("serde: "+option+": "+reason))
}

// asDefault makes what options before it said a default: an option after it wins.
func asDefault() Option { return sharedOption(func(c *sharedConfig) { c.given = nil }) }

// checkAvro finds options of the codec that are wrong whatever the schema.
func (c *sharedConfig) checkAvro() error {
	_, err := avro.NewCodec[any](schemas.MustParse(`"null"`), c.avro...)
	return err
}

type serializerConfig struct {
	sharedConfig
	definition   *registry.Definition
	autoRegister bool
	autoAsked    bool // WithAutoRegister(true) was given, not just the default
	id           int
	version      int
	normalize    bool
	header       bool
	strict       bool // a fixed or latest schema must be able to read the program's own
}

type deserializerConfig struct {
	sharedConfig
	ignoreRules bool
}

type sharedOption func(*sharedConfig)

func (o sharedOption) applySerializer(c *serializerConfig)     { o(&c.sharedConfig) }
func (o sharedOption) applyDeserializer(c *deserializerConfig) { o(&c.sharedConfig) }

type serializerOption func(*serializerConfig)

func (o serializerOption) applySerializer(c *serializerConfig) { o(c) }

type deserializerOption func(*deserializerConfig)

func (o deserializerOption) applyDeserializer(c *deserializerConfig) { o(c) }

// WithSchema gives the program's own schema: the writer's schema of a
// serializer, the reader's of a deserializer. Types that carry one
// (AvroSchema), and Go's own scalar types, need none.
func WithSchema(s *schemas.Schema) Option {
	return sharedOption(func(c *sharedConfig) {
		c.once("schema", "WithSchema")
		if s == nil {
			c.refuse("WithSchema", "the schema is nil")
		}
		c.schema = s
	})
}

// WithLatest takes the subject's latest version.
//
// A serializer writes with it, whatever schema the program has: no value is changed
// by that, and one that it has no place for (a field that is set, a symbol, a number
// that would be rounded) is an error that names the path. Nothing is
// registered: WithAutoRegister(true) beside it is an error.
//
// A deserializer takes it as the reader's schema of values without one: any, maps,
// [Generic]. The program's own schema (the type's, or WithSchema's) stays the
// reader's: a version that is registered later changes nothing for it. A latest
// version that does not match the type is a [*ReaderSchemaError].
func WithLatest() Option { return sharedOption(func(c *sharedConfig) { c.latest = true }) }

// WithSubject sets how subjects are named. The default is [TopicName].
func WithSubject(s Subject) Option {
	return sharedOption(func(c *sharedConfig) {
		c.once("subject", "WithSubject")
		if s == nil {
			c.refuse("WithSubject", "the function is nil")
		}
		c.subject, c.associated = s, nil
	})
}

// WithAvro passes options to the codec: limits, the forms of unions and logical
// types in generic values.
func WithAvro(opts ...avro.Option) Option {
	return sharedOption(func(c *sharedConfig) { c.avro = append(c.avro, opts...) })
}

// WithLengthPrefixedBytes writes and reads a top-level "bytes" schema with
// Avro's length in front, as confluent-kafka-python's legacy AvroProducer and
// plain codecs do. The default is the bytes alone, as all newer clients of
// Confluent's write them. The two cannot be told apart by looking.
func WithLengthPrefixedBytes() Option {
	return sharedOption(func(c *sharedConfig) { c.lengthBytes = true })
}

// WithVariant names C as one of the types that an interface type T may hold,
// for several event types in one topic. C has a schema of its own (AvroSchema),
// or s gives it; s may be nil. Both C and *C are taken when serializing; a
// deserializer hands out C if C satisfies T, else *C, and chooses by the full
// name of the writer's schema (aliases of C's schema count). Where that is a union,
// as of a topic whose subject lists all its types, the branch of the datum decides.
//
// A serializer registers each type's schema by itself, or writes all of them with
// one: the registry's (WithLatest and its kin), or that of [WithSchema] or
// [WithDefinition], a union of theirs.
func WithVariant[C any](s *schemas.Schema) Option { return variantOption[C](s, nil) }

// WithVariantDefinition is WithVariant with what a registry keeps beside the text of
// C's schema: the subjects and versions of references, metadata, a rule set. An empty
// d.Text is the text of the schema. Deserializers look at the schema alone.
func WithVariantDefinition[C any](s *schemas.Schema, d registry.Definition) Option {
	return variantOption[C](s, &d)
}

func variantOption[C any](s *schemas.Schema, d *registry.Definition) Option {
	return sharedOption(func(c *sharedConfig) {
		c.variants = append(c.variants, func(opts []avro.Option, t reflect.Type) (*variant, error) {
			return newVariant[C](s, d, opts, t)
		})
	})
}

// WithDefinition is WithSchema with what a registry keeps beside the text: the
// subjects and versions of references, metadata, a rule set. An empty d.Text is the
// text of s; without d.References, what s refers to is written out in it.
func WithDefinition(s *schemas.Schema, d registry.Definition) SerializerOption {
	return serializerOption(func(c *serializerConfig) {
		c.once("schema", "WithDefinition")
		if s == nil {
			c.refuse("WithDefinition", "the schema is nil")
		}
		c.schema, c.definition = s, &d
	})
}

// WithAutoRegister says whether a schema that its subject lacks is registered.
// The default is true.
func WithAutoRegister(on bool) SerializerOption {
	return serializerOption(func(c *serializerConfig) {
		c.once("registration", "WithAutoRegister")
		c.autoRegister, c.autoAsked = on, on
	})
}

// WithSchemaID writes with the schema of this id, whatever the subject.
func WithSchemaID(id int) SerializerOption {
	return serializerOption(func(c *serializerConfig) {
		c.once("id", "WithSchemaID")
		if id < 1 {
			c.refuse("WithSchemaID", fmt.Sprintf("%d: want a positive number", id))
		}
		c.id = id
	})
}

// WithVersion writes with this version of the subject.
func WithVersion(version int) SerializerOption {
	return serializerOption(func(c *serializerConfig) {
		c.once("version", "WithVersion")
		if version < 1 {
			c.refuse("WithVersion", fmt.Sprintf("%d: want a positive number", version))
		}
		c.version = version
	})
}

// WithNormalize asks the registry to normalize schemas when it looks up and
// registers them.
func WithNormalize() SerializerOption {
	return serializerOption(func(c *serializerConfig) { c.normalize = true })
}

// WithHeaderFrame writes the schema's GUID into a header of the record instead
// of its id in front of the datum. The registry must have GUIDs.
func WithHeaderFrame() SerializerOption {
	return serializerOption(func(c *serializerConfig) { c.header = true })
}

// WithUncheckedLatest drops the check that the schema taken by WithLatest,
// WithVersion or WithSchemaID can read whatever the program's own schema describes
// (latest.compatibility.strict, id.compatibility.strict). Values are checked one by
// one all the same: none is changed.
func WithUncheckedLatest() SerializerOption {
	return serializerOption(func(c *serializerConfig) { c.strict = false })
}

// WithRulesIgnored reads data whose schema has rules enabled for reading, and
// hands it out as it was written: still encrypted, for instance.
func WithRulesIgnored() DeserializerOption {
	return deserializerOption(func(c *deserializerConfig) { c.ignoreRules = true })
}
