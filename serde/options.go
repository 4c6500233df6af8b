package serde

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// SchemaRegistrar is the part of a registry that an [AvroSerializer] needs. [registry.Client] and
// [github.com/kavro/kavro/registry/memory.Registry] implement it.
type SchemaRegistrar interface {
	Lookup(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error)
	Register(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error)
	Latest(ctx context.Context, subject string) (*registry.SubjectSchema, error)
	Version(ctx context.Context, subject string, version int, opts ...registry.CallOption) (*registry.SubjectSchema, error)
	Versions(ctx context.Context, subject string, opts ...registry.CallOption) ([]int, error)
	SchemaByID(ctx context.Context, subject string, id int) (*registry.SubjectSchema, error)
	Compatibility(ctx context.Context, subject string) (schemas.Level, error)
}

// SchemaSource is the part of a registry that an [AvroDeserializer] needs. [registry.Client] and
// [github.com/kavro/kavro/registry/memory.Registry] implement it.
type SchemaSource interface {
	SchemaByID(ctx context.Context, subject string, id int) (*registry.SubjectSchema, error)
	SchemaByGUID(ctx context.Context, guid string) (*registry.SubjectSchema, error)
	Latest(ctx context.Context, subject string) (*registry.SubjectSchema, error)
}

// SerializerOption is an option of [NewAvroSerializer].
type SerializerOption interface{ applySerializer(*serializerConfig) }

// DeserializerOption is an option of [NewAvroDeserializer].
type DeserializerOption interface{ applyDeserializer(*deserializerConfig) }

// Option is an option of serializers and deserializers.
type Option interface {
	SerializerOption
	DeserializerOption
}

// NamesSchema reports whether one of opts, each a SerializerOption or a DeserializerOption, selects
// a schema. A scalar type with such an option is Avro, without one it is plain.
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
	logger      *slog.Logger // nil: slog.Default()
}

type sharedOption func(*sharedConfig)

func (o sharedOption) applySerializer(c *serializerConfig)     { o(&c.sharedConfig) }
func (o sharedOption) applyDeserializer(c *deserializerConfig) { o(&c.sharedConfig) }

type serializerOption func(*serializerConfig)

func (o serializerOption) applySerializer(c *serializerConfig) { o(c) }

type deserializerOption func(*deserializerConfig)

func (o deserializerOption) applyDeserializer(c *deserializerConfig) { o(c) }

// WithSchema sets the program's schema: the writer's schema of a serializer, the reader's schema of
// a deserializer. Types with a schema (AvroSchema) and Go's scalar types do not need it.
func WithSchema(s *schemas.Schema) Option {
	return sharedOption(func(c *sharedConfig) {
		c.once("schema", "WithSchema")
		if s == nil {
			c.refuse("WithSchema", "the schema is nil")
		}
		c.schema = s
	})
}

// WithLatest uses the subject's latest version.
//
// A serializer writes with it, whatever the program's schema is. Values are never changed: a value
// that the schema cannot represent (a field that is set, a symbol, a number that would be rounded)
// is an error that names its path. No schema is registered: WithAutoRegister(true) contradicts it.
//
// A deserializer uses it as the reader's schema of types without a schema: any, maps, [Generic]. The
// program's own schema, that of the type or of [WithSchema], remains the reader's schema, so that
// later versions have no effect. A latest version that does not match the type is a
// [*ReaderSchemaError].
func WithLatest() Option { return sharedOption(func(c *sharedConfig) { c.latest = true }) }

// WithSubject sets the function that names subjects. The default is [TopicName].
func WithSubject(s Subject) Option {
	return sharedOption(func(c *sharedConfig) {
		c.once("subject", "WithSubject")
		if s == nil {
			c.refuse("WithSubject", "the function is nil")
		}
		c.subject, c.associated = s, nil
	})
}

// WithAvro passes options to the codec: limits, and the Go types of unions and logical types in
// generic values.
func WithAvro(opts ...avro.Option) Option {
	return sharedOption(func(c *sharedConfig) { c.avro = append(c.avro, opts...) })
}

// WithLengthPrefixedBytes writes and reads a top-level "bytes" schema with Avro's length prefix,
// like confluent-kafka-python's legacy AvroProducer and plain codecs. The default is the bytes
// alone, like all newer clients of Confluent. The data does not show which format it has.
func WithLengthPrefixedBytes() Option {
	return sharedOption(func(c *sharedConfig) { c.lengthBytes = true })
}

// WithVariant adds C to the types of an interface type T, for topics with several event types. The
// schema of C is s, or its own (AvroSchema) if s is nil. A serializer accepts C and *C. A
// deserializer returns C if C implements T, otherwise *C. It selects the type by the full name of
// the writer's schema, or by an alias in C's schema. If the writer's schema is a union, it selects
// by the branch of the datum.
//
// A serializer registers the schema of each type, or writes all types with one schema, which is a
// union of theirs: the registry's ([WithLatest], [WithVersion], [WithSchemaID]), or that of
// [WithSchema] or [WithDefinition].
func WithVariant[C any](s *schemas.Schema) Option { return variantOption[C](s, nil) }

// WithVariantDefinition is [WithVariant] with more of a registry's definition of C's schema:
// subjects and versions of references, metadata, a rule set. An empty d.Text is the text of the
// schema. Deserializers use the schema alone.
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

// WithDefinition is [WithSchema] with more of a registry's definition: subjects and versions of
// references, metadata, a rule set. An empty d.Text is the text of s. Without d.References, the
// types of references are written out in it.
func WithDefinition(s *schemas.Schema, d registry.Definition) SerializerOption {
	return serializerOption(func(c *serializerConfig) {
		c.once("schema", "WithDefinition")
		if s == nil {
			c.refuse("WithDefinition", "the schema is nil")
		}
		c.schema, c.definition = s, &d
	})
}

// WithAutoRegister sets whether a schema that its subject lacks is registered. The default is true.
func WithAutoRegister(on bool) SerializerOption {
	return serializerOption(func(c *serializerConfig) {
		c.once("registration", "WithAutoRegister")
		c.autoRegister, c.autoAsked = on, on
	})
}

// WithSchemaID writes with the schema that has this id, whatever its subject.
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

// WithNormalize asks the registry to normalize schemas when it looks them up and registers them.
func WithNormalize() SerializerOption {
	return serializerOption(func(c *serializerConfig) { c.normalize = true })
}

// WithHeaderFrame writes the schema's GUID into a header of the record, instead of its id in front
// of the datum. The registry must support GUIDs.
func WithHeaderFrame() SerializerOption {
	return serializerOption(func(c *serializerConfig) { c.header = true })
}

// WithUncheckedLatest omits the check that the schema of [WithLatest], [WithVersion] or
// [WithSchemaID] can read all data of the program's schema (latest.compatibility.strict,
// id.compatibility.strict). Each value is still checked, and never changed.
func WithUncheckedLatest() SerializerOption {
	return serializerOption(func(c *serializerConfig) { c.strict = false })
}

// WithRulesIgnored reads data whose schema has rules enabled for reading, and returns it as it was
// written, for instance encrypted.
func WithRulesIgnored() DeserializerOption {
	return deserializerOption(func(c *deserializerConfig) { c.ignoreRules = true })
}

// WithLogger writes to l, once for each schema, which fields of the Go type the writer's schema lacks
// where it is projected onto the type: they stay zero. The default is slog.Default(), as it is then;
// slog.New(slog.DiscardHandler) discards the lines.
func WithLogger(l *slog.Logger) DeserializerOption {
	return deserializerOption(func(c *deserializerConfig) {
		c.once("logger", "WithLogger")
		c.logger = l
	})
}

// Defaults applies opts with lower precedence: an option that is given again after it replaces it.
func Defaults(opts ...DeserializerOption) DeserializerOption {
	return deserializerOption(func(c *deserializerConfig) {
		for _, o := range opts {
			o.applyDeserializer(c)
		}
		c.given = nil
	})
}
