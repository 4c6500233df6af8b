package kavro

import (
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/base"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// Config is one configuration for client, registry and serializers. See the
// package's documentation for its keys.
type Config = base.Config

// SchemaRegistry is what producers and consumers ask of a registry.
// [registry.Client] and [registry.Memory] satisfy it.
type SchemaRegistry interface {
	serde.SchemaRegistrar
	serde.SchemaSource
}

// Option changes what the constructors wire together.
type Option func(*options)

// options holds serdes as any: K and V are the constructors' own.
type options struct {
	base            string
	registry        SchemaRegistry
	registryOptions []registry.Option
	hooks           base.Hooks
	parts           [2]partOptions // by serde.Part
	producer        []avroproducer.Option
	consumer        []avroconsumer.Option
	pipeline        []pipeline.Option
	output          [2]partOptions // of a pipeline: how it writes
}

type partOptions struct {
	schema       *schemas.Schema
	serializer   any
	deserializer any
	serializers  []serde.SerializerOption
	deserialize  []serde.DeserializerOption
}

// Base chooses the Kafka client, "confluent" or "franz"; it wins over the key
// kavro.base.
func Base(name string) Option { return func(o *options) { o.base = name } }

// Registry is asked for schemas instead of schema.registry.url. Closing it
// stays the caller's.
func Registry(r SchemaRegistry) Option { return func(o *options) { o.registry = r } }

// RegistryOptions are for the registry client that the constructor makes.
func RegistryOptions(opts ...registry.Option) Option {
	return func(o *options) { o.registryOptions = append(o.registryOptions, opts...) }
}

// KeySchema makes keys Avro, with this schema: the writer's of a producer, the
// reader's of a consumer.
func KeySchema(s *schemas.Schema) Option { return schemaOption(serde.Key, s) }

// ValueSchema is the schema of values whose type carries none: the writer's of
// a producer, the reader's of a consumer.
func ValueSchema(s *schemas.Schema) Option { return schemaOption(serde.Value, s) }

func schemaOption(part serde.Part, s *schemas.Schema) Option {
	return func(o *options) { o.parts[part].schema = s }
}

// KeySerde sets how keys are written and read, whatever the configuration says.
// Either may be nil.
func KeySerde[K any](ser serde.Serializer[K], des serde.Deserializer[K]) Option {
	return serdeOption(serde.Key, ser, des)
}

// ValueSerde is KeySerde for values.
func ValueSerde[V any](ser serde.Serializer[V], des serde.Deserializer[V]) Option {
	return serdeOption(serde.Value, ser, des)
}

func serdeOption[T any](part serde.Part, ser serde.Serializer[T], des serde.Deserializer[T]) Option {
	return func(o *options) {
		if ser != nil {
			o.parts[part].serializer = ser
		}
		if des != nil {
			o.parts[part].deserializer = des
		}
	}
}

// KeyAvro passes options to the Avro serializer and deserializer of keys that
// the constructor makes.
func KeyAvro(opts ...serde.Option) Option { return avroOption(serde.Key, opts) }

// ValueAvro passes options to the Avro serializer and deserializer of values
// that the constructor makes.
func ValueAvro(opts ...serde.Option) Option { return avroOption(serde.Value, opts) }

func avroOption(part serde.Part, opts []serde.Option) Option {
	return func(o *options) {
		for _, opt := range opts {
			o.parts[part].serializers = append(o.parts[part].serializers, opt)
			o.parts[part].deserialize = append(o.parts[part].deserialize, opt)
		}
	}
}

// KeySerializer passes options to the Avro serializer of keys that the
// constructor makes, such as [serde.WithDefinition] for schemas whose references are
// named.
func KeySerializer(opts ...serde.SerializerOption) Option {
	return serializerOption(serde.Key, opts)
}

// ValueSerializer is KeySerializer for values.
func ValueSerializer(opts ...serde.SerializerOption) Option {
	return serializerOption(serde.Value, opts)
}

func serializerOption(part serde.Part, opts []serde.SerializerOption) Option {
	return func(o *options) { o.parts[part].serializers = append(o.parts[part].serializers, opts...) }
}

// KeyDeserializer passes options to the Avro deserializer of keys that the
// constructor makes.
func KeyDeserializer(opts ...serde.DeserializerOption) Option {
	return deserializerOption(serde.Key, opts)
}

// ValueDeserializer is KeyDeserializer for values.
func ValueDeserializer(opts ...serde.DeserializerOption) Option {
	return deserializerOption(serde.Value, opts)
}

func deserializerOption(part serde.Part, opts []serde.DeserializerOption) Option {
	return func(o *options) { o.parts[part].deserialize = append(o.parts[part].deserialize, opts...) }
}

// Hooks receives the Kafka client's logs, statistics and errors, and answers
// for OAuth tokens.
func Hooks(h base.Hooks) Option { return func(o *options) { o.hooks = h } }

// Producer passes options to the producer.
func Producer(opts ...avroproducer.Option) Option {
	return func(o *options) { o.producer = append(o.producer, opts...) }
}

// Consumer passes options to the consumer.
func Consumer(opts ...avroconsumer.Option) Option {
	return func(o *options) { o.consumer = append(o.consumer, opts...) }
}

// Pipeline passes options to the pipeline.
func Pipeline(opts ...pipeline.Option) Option {
	return func(o *options) { o.pipeline = append(o.pipeline, opts...) }
}

// Output says how a pipeline writes keys and values: the options KeySchema,
// ValueSchema, KeySerde, ValueSerde, KeyAvro, ValueAvro, KeySerializer and
// ValueSerializer within it are for what is produced, those outside for what is
// consumed.
func Output(opts ...Option) Option {
	return func(o *options) {
		var out options
		for _, opt := range opts {
			opt(&out)
		}
		o.output = out.parts
	}
}
