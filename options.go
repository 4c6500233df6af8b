package kavro

import (
	"log/slog"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// An option of one kind adds to another (observers, hooks, closers); where only one can
// count, the second is an error of the constructor, and so is an option that is nil.
type (
	// ClientOption is for [Open].
	ClientOption interface{ applyClient(*settings) }
	// ProducerOption is for [NewProducer].
	ProducerOption interface{ applyProducer(*settings) }
	// ConsumerOption is for [NewConsumer].
	ConsumerOption interface{ applyConsumer(*settings) }
	// PipelineOption is for [NewPipeline].
	PipelineOption interface{ applyPipeline(*settings) }
	// ReplayOption is for [Client.Replay].
	ReplayOption interface{ applyReplay(*settings) }
	// CopyOption is for [Client.Copy].
	CopyOption interface{ applyCopy(*settings) }
)

// ReaderOption is for what reads: consumers and pipelines.
type ReaderOption interface {
	ConsumerOption
	PipelineOption
}

// WriterOption is for what writes: producers and pipelines.
type WriterOption interface {
	ProducerOption
	PipelineOption
}

// ConstructorOption is for [NewProducer], [NewConsumer] and [NewPipeline].
type ConstructorOption interface {
	ProducerOption
	ConsumerOption
	PipelineOption
}

// TransferOption is for [Client.Replay] and [Client.Copy].
type TransferOption interface {
	ReplayOption
	CopyOption
}

// ConfigOption is for all that makes Kafka clients of its own: every constructor,
// [Client.Replay] and [Client.Copy].
type ConfigOption interface {
	ConstructorOption
	TransferOption
}

// Option is for [Open], and for all that a ConfigOption is for.
type Option interface {
	ClientOption
	ConfigOption
}

// PolicyOption is for all that reads: consumers, pipelines, [Client.Replay] and [Client.Copy].
type PolicyOption interface {
	ReaderOption
	TransferOption
}

// BatchOption is for what works in batches: pipelines, [Client.Replay] and [Client.Copy].
type BatchOption interface {
	PipelineOption
	TransferOption
}

// EndOption is for what may read for ever: consumers, pipelines and [Client.Copy].
type EndOption interface {
	ReaderOption
	CopyOption
}

// option is an option of a constructor. Which of them it fits is said by the interface that
// its function returns.
type option func(*settings)

func (o option) applyProducer(s *settings) { o(s) }
func (o option) applyConsumer(s *settings) { o(s) }
func (o option) applyPipeline(s *settings) { o(s) }
func (o option) applyReplay(s *settings)   { o(s) }
func (o option) applyCopy(s *settings)     { o(s) }

// clientOption is for Open alone.
type clientOption func(*settings)

func (o clientOption) applyClient(s *settings) { o(s) }

// anyOption is for Open as well.
type anyOption struct{ option }

func (o anyOption) applyClient(s *settings) { o.option(s) }

// WithDriver chooses the Kafka client, as franz.Driver() or confluent.Driver(). It wins
// over the key kavro.client.
func WithDriver(d kafka.Driver) ClientOption {
	return clientOption(func(s *settings) {
		s.once("WithDriver")
		if s.need("WithDriver", "driver", d) {
			s.driver = d
		}
	})
}

// WithRegistry has r asked for schemas instead of schema.registry.url. Closing r stays the
// caller's. It excludes [WithRegistryOptions].
func WithRegistry(r SchemaRegistry) ClientOption {
	return clientOption(func(s *settings) {
		s.once("WithRegistry")
		if s.need("WithRegistry", "registry", r) {
			s.registry = r
		}
	})
}

// WithRegistryOptions changes the registry client of the Client: retries, caches,
// credentials. They win over the configuration.
func WithRegistryOptions(opts ...registry.Option) ClientOption {
	return clientOption(func(s *settings) {
		s.registryOptions = more(s, "WithRegistryOptions", s.registryOptions, opts)
	})
}

// WithHooks receives the Kafka client's logs, statistics and errors, and answers for OAuth
// tokens. Several add up; Token can be given once. See [kafka.Hooks.Join].
func WithHooks(h Hooks) Option {
	return anyOption{func(s *settings) { s.join("WithHooks", h) }}
}

// WithLogger has l receive warnings, and the Kafka client's own lines. The default is
// slog.Default() for warnings, and nothing for the lines; slog.New(slog.DiscardHandler)
// silences both.
func WithLogger(l *slog.Logger) Option {
	return anyOption{func(s *settings) {
		s.need("WithLogger", "logger", l)
		s.join("WithLogger", kafka.Hooks{Logger: l})
	}}
}

// WithConfig lays conf over the configuration of the Client, key by key, for what one
// constructor makes. A key that has no effect there is an error of it, and so is one that
// belongs to the Client (the registry's, and kavro.client) with another value than in Open.
// Of several, the later wins.
func WithConfig(conf Config) ConfigOption {
	return option(func(s *settings) { s.conf = overlay(s.conf, conf) })
}

// WithKey says how keys are written and read: see [WithSchema] and [WithSerde]. Of a
// pipeline, it is about the keys that are consumed.
func WithKey(opts ...serde.Option) ConstructorOption {
	return option(func(s *settings) { addBoth(s, "WithKey", &s.key, opts) })
}

// WithValue says how values are written and read: see [WithSchema] and [WithSerde]. Of a
// pipeline, it is about the values that are consumed.
func WithValue(opts ...serde.Option) ConstructorOption {
	return option(func(s *settings) { addBoth(s, "WithValue", &s.value, opts) })
}

// WithKeySerializer says how keys are written.
func WithKeySerializer(opts ...serde.SerializerOption) ProducerOption {
	return option(func(s *settings) { addSerializer(s, "WithKeySerializer", &s.key, opts) })
}

// WithValueSerializer says how values are written.
func WithValueSerializer(opts ...serde.SerializerOption) ProducerOption {
	return option(func(s *settings) { addSerializer(s, "WithValueSerializer", &s.value, opts) })
}

// WithKeyDeserializer says how keys are read.
func WithKeyDeserializer(opts ...serde.DeserializerOption) ReaderOption {
	return option(func(s *settings) { addDeserializer(s, "WithKeyDeserializer", &s.key, opts) })
}

// WithValueDeserializer says how values are read.
func WithValueDeserializer(opts ...serde.DeserializerOption) ReaderOption {
	return option(func(s *settings) { addDeserializer(s, "WithValueDeserializer", &s.value, opts) })
}

// WithOutputKey says how a pipeline writes keys.
func WithOutputKey(opts ...serde.SerializerOption) PipelineOption {
	return option(func(s *settings) { addSerializer(s, "WithOutputKey", &s.outputKey, opts) })
}

// WithOutputValue says how a pipeline writes values.
func WithOutputValue(opts ...serde.SerializerOption) PipelineOption {
	return option(func(s *settings) { addSerializer(s, "WithOutputValue", &s.outputValue, opts) })
}

func addBoth(s *settings, name string, p *partOptions, opts []serde.Option) {
	for _, o := range more(s, name, nil, opts) {
		if p.add(s, name, o) {
			p.serialize, p.deserialize = append(p.serialize, o), append(p.deserialize, o)
		}
	}
}

func addSerializer(s *settings, name string, p *partOptions, opts []serde.SerializerOption) {
	for _, o := range more(s, name, nil, opts) {
		if p.add(s, name, o) {
			p.serialize = append(p.serialize, o)
		}
	}
}

func addDeserializer(s *settings, name string, p *partOptions, opts []serde.DeserializerOption) {
	for _, o := range more(s, name, nil, opts) {
		if p.add(s, name, o) {
			p.deserialize = append(p.deserialize, o)
		}
	}
}
