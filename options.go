package kavro

import (
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// Config is one configuration for client, registry and serializers. See the
// package's documentation for its keys.
type Config = kafka.Config

// SchemaRegistry is what producers and consumers ask of a registry.
// [registry.Client] and [registry.Memory] satisfy it.
type SchemaRegistry interface {
	serde.SchemaRegistrar
	serde.SchemaSource
}

// Option changes what the constructors wire together. An option that does not
// apply to a constructor is an error of it, and so is the second of two options of
// which only one can count.
type Option func(*options)

// Driver chooses the Kafka client, "confluent" or "franz"; it wins over the key
// kavro.client.
func Driver(name string) Option {
	return func(o *options) {
		o.once("Driver")
		o.driver = name
	}
}

// Registry is asked for schemas instead of schema.registry.url. Closing it
// stays the caller's. It excludes RegistryOptions.
func Registry(r SchemaRegistry) Option {
	return func(o *options) {
		o.once("Registry")
		if isNil(r) {
			o.fail("Registry", "the registry is nil")
			return
		}
		o.registry = r
	}
}

// RegistryOptions are for the registry client that the constructor makes.
func RegistryOptions(opts ...registry.Option) Option {
	return func(o *options) { o.registryOptions = add(o, "RegistryOptions", o.registryOptions, opts) }
}

// KeySchema makes keys Avro, with this schema: the writer's of a producer, the
// reader's of a consumer.
func KeySchema(s *schemas.Schema) Option { return schemaOption("KeySchema", serde.Key, s) }

// ValueSchema is the schema of values whose type carries none: the writer's of
// a producer, the reader's of a consumer.
func ValueSchema(s *schemas.Schema) Option { return schemaOption("ValueSchema", serde.Value, s) }

func schemaOption(name string, part serde.Part, s *schemas.Schema) Option {
	return func(o *options) {
		o.once(name)
		if s == nil {
			o.fail(name, "the schema is nil")
			return
		}
		o.parts[part].use(name)
		o.parts[part].schema = s
	}
}

// KeySerde sets how keys are written and read, whatever the configuration says.
// Either may be nil, if the constructor needs the other one only. It excludes the
// other options for keys.
func KeySerde[K any](ser serde.Serializer[K], des serde.Deserializer[K]) Option {
	return serdeOption("KeySerde", serde.Key, ser, des)
}

// ValueSerde is KeySerde for values.
func ValueSerde[V any](ser serde.Serializer[V], des serde.Deserializer[V]) Option {
	return serdeOption("ValueSerde", serde.Value, ser, des)
}

func serdeOption[T any](name string, part serde.Part, ser serde.Serializer[T], des serde.Deserializer[T]) Option {
	return func(o *options) {
		o.once(name)
		p := &o.parts[part]
		p.own = true
		if !isNil(ser) {
			p.serializer = ser
		}
		if !isNil(des) {
			p.deserializer = des
		}
	}
}

// KeyAvro passes options to the Avro serializer and deserializer of keys that
// the constructor makes.
func KeyAvro(opts ...serde.Option) Option { return avroOption("KeyAvro", serde.Key, opts) }

// ValueAvro passes options to the Avro serializer and deserializer of values
// that the constructor makes.
func ValueAvro(opts ...serde.Option) Option { return avroOption("ValueAvro", serde.Value, opts) }

func avroOption(name string, part serde.Part, opts []serde.Option) Option {
	return func(o *options) {
		p := &o.parts[part]
		p.use(name)
		for _, opt := range add(o, name, nil, opts) {
			p.serializers = append(p.serializers, opt)
			p.deserialize = append(p.deserialize, opt)
		}
	}
}

// KeySerializer passes options to the Avro serializer of keys that the
// constructor makes, such as [serde.WithDefinition] for schemas whose references are
// named.
func KeySerializer(opts ...serde.SerializerOption) Option {
	return serializerOption("KeySerializer", serde.Key, opts)
}

// ValueSerializer is KeySerializer for values.
func ValueSerializer(opts ...serde.SerializerOption) Option {
	return serializerOption("ValueSerializer", serde.Value, opts)
}

func serializerOption(name string, part serde.Part, opts []serde.SerializerOption) Option {
	return func(o *options) {
		p := &o.parts[part]
		p.use(name)
		p.serializers = add(o, name, p.serializers, opts)
	}
}

// KeyDeserializer passes options to the Avro deserializer of keys that the
// constructor makes.
func KeyDeserializer(opts ...serde.DeserializerOption) Option {
	return deserializerOption("KeyDeserializer", serde.Key, opts)
}

// ValueDeserializer is KeyDeserializer for values.
func ValueDeserializer(opts ...serde.DeserializerOption) Option {
	return deserializerOption("ValueDeserializer", serde.Value, opts)
}

func deserializerOption(name string, part serde.Part, opts []serde.DeserializerOption) Option {
	return func(o *options) {
		p := &o.parts[part]
		p.use(name)
		p.deserialize = add(o, name, p.deserialize, opts)
	}
}

// Hooks receives the Kafka client's logs, statistics and errors, and answers
// for OAuth tokens. Several add up; Token can be given once. See [kafka.Hooks.Join].
func Hooks(h kafka.Hooks) Option {
	return func(o *options) {
		joined, err := o.hooks.Join(h)
		if err != nil {
			o.fail("Hooks", "Token is given twice: there is one source of tokens")
		}
		o.hooks = joined
	}
}

// Producer passes options to the producer.
func Producer(opts ...avroproducer.Option) Option {
	return func(o *options) { o.producer = add(o, "Producer", o.producer, opts) }
}

// Consumer passes options to the consumer.
func Consumer(opts ...avroconsumer.Option) Option {
	return func(o *options) { o.consumer = add(o, "Consumer", o.consumer, opts) }
}

// Pipeline passes options to the pipeline.
func Pipeline(opts ...pipeline.Option) Option {
	return func(o *options) { o.pipeline = add(o, "Pipeline", o.pipeline, opts) }
}

// Output says how a pipeline writes keys and values: the options KeySchema,
// ValueSchema, KeySerde, ValueSerde, KeyAvro, ValueAvro, KeySerializer and
// ValueSerializer within it are for what is produced, those outside for what is
// consumed. Other options do not go within it. Several add up.
func Output(opts ...Option) Option {
	return func(o *options) {
		o.use("Output")
		if o.output == nil {
			o.output = &options{}
		}
		o.output.apply(opts)
	}
}
