package kavro_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/drivers"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// construct calls the constructor of a role, for string keys and Order values.
func construct(role string, conf kavro.Config, opts ...kavro.Option) error {
	return constructOf[string, Order](role, conf, opts...)
}

func constructOf[K, V any](role string, conf kavro.Config, opts ...kavro.Option) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	all := kavro.Config{"bootstrap.servers": "127.0.0.1:1", "schema.registry.url": "http://127.0.0.1:1", "group.id": "g", "transactional.id": "t"}
	if role == "producer" {
		delete(all, "transactional.id")
		delete(all, "group.id")
	}
	maps.Copy(all, conf)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == "unset" })
	switch role {
	case "producer":
		p, err := kavro.NewProducer[K, V](all, opts...)
		if err != nil {
			return err
		}
		return p.Close(ctx)
	case "consumer":
		c, err := kavro.NewConsumer[K, V](all, nil, opts...)
		if err != nil {
			return err
		}
		return c.Close(ctx)
	}
	p, err := kavro.NewPipeline[K, V, K, V](all, nil, opts...)
	if err != nil {
		return err
	}
	return p.Close(ctx)
}

// An option that is dropped is an error that names it.
func TestOptionsWithoutEffect(t *testing.T) {
	text := schemas.MustParse(`"string"`)
	value, franz := kavro.ValueSchema(orderSchema), kavro.Driver("franz")
	memory := registry.NewMemory()
	var nobody *registry.Client
	token := func(context.Context) (kafka.Token, error) { return kafka.Token{}, nil }
	only := func(o ...kavro.Option) []kavro.Option { return append(o, franz) }
	with := func(o ...kavro.Option) []kavro.Option { return append(o, franz, value) }
	piped := func(o ...kavro.Option) []kavro.Option { return append(with(o...), kavro.Output(value)) }
	retries := registry.WithRetries(0, 0, 0)
	prefixed := serde.WithLengthPrefixedBytes()

	for _, tt := range []struct {
		name, role string
		conf       kavro.Config
		opts       []kavro.Option
		want       string // "" if it is right
	}{
		{"a client twice", "producer", nil, with(kavro.Driver("confluent")), "kavro: Driver: is given twice"},
		{"no such client", "producer", nil, []kavro.Option{kavro.Driver("sarama"), value}, `kavro: Driver: "sarama": want confluent or franz`},
		{"a wrong client beside the option", "producer", kavro.Config{"kavro.client": "sarama"}, with(), "configuration: kavro.client: "},
		{"a registry twice", "producer", nil, with(kavro.Registry(memory), kavro.Registry(memory)), "kavro: Registry: is given twice"},
		{"no registry", "producer", nil, with(kavro.Registry(nil)), "kavro: Registry: the registry is nil"},
		{"a registry that is nil", "producer", nil, with(kavro.Registry(nobody)), "kavro: Registry: the registry is nil"},
		{"options for a registry that is given", "producer", nil, with(kavro.Registry(memory), kavro.RegistryOptions(retries)), "kavro: RegistryOptions: has no effect beside Registry"},
		{"options of a registry add up", "producer", nil, with(kavro.RegistryOptions(retries), kavro.RegistryOptions(registry.WithRandomURL())), ""},

		{"a schema twice", "producer", nil, with(value), "kavro: ValueSchema: is given twice"},
		{"no schema", "producer", nil, with(kavro.KeySchema(nil)), "kavro: KeySchema: the schema is nil"},
		{"a schema beside a serde", "producer", nil, with(kavro.ValueSerde[Order](plainOrder{}, nil)), "kavro: ValueSerde: excludes ValueSchema"},
		{"options beside a serde", "consumer", nil, only(kavro.ValueSerde[Order](nil, plainOrder{}), kavro.ValueAvro(prefixed), kavro.ValueDeserializer(serde.WithRulesIgnored())), "kavro: ValueSerde: excludes ValueAvro, ValueDeserializer"},
		{"a serde twice", "producer", nil, only(kavro.ValueSerde[Order](plainOrder{}, nil), kavro.ValueSerde[Order](plainOrder{}, nil)), "kavro: ValueSerde: is given twice"},
		{"a serde without halves", "producer", nil, with(kavro.KeySerde[string](nil, nil)), "kavro: KeySerde: the half that serializes string is nil"},
		{"a serde without the half of a producer", "producer", nil, only(kavro.ValueSerde[Order](nil, plainOrder{})), "kavro: ValueSerde: the half that serializes kavro_test.Order is nil"},
		{"a serde without the half of a consumer", "consumer", nil, only(kavro.ValueSerde[Order](plainOrder{}, nil)), "kavro: ValueSerde: the half that deserializes kavro_test.Order is nil"},
		{"a serde for another type", "producer", nil, with(kavro.KeySerde[int64](serde.Int64, serde.Int64)), "kavro: KeySerde: a *serde.plain[int64] does not serialize string"},
		{"a serde", "producer", nil, only(kavro.ValueSerde[Order](plainOrder{}, nil)), ""},

		{"options for Avro of a plain key", "producer", nil, with(kavro.KeyAvro(prefixed)), "kavro: KeyAvro: has no effect: a key of type string is written as plain bytes, unless KeySchema or key.serializer=avro"},
		{"options for the serializer of a plain key", "producer", nil, with(kavro.KeySerializer(serde.WithNormalize())), "kavro: KeySerializer: has no effect"},
		{"options for the deserializer of a plain key", "consumer", nil, with(kavro.KeyDeserializer(serde.WithRulesIgnored())), "kavro: KeyDeserializer: has no effect"},
		{"options for Avro of an Avro key", "producer", nil, with(kavro.KeySchema(text), kavro.KeyAvro(prefixed)), ""},
		{"options for Avro of a key that a key makes Avro", "producer", kavro.Config{"key.serializer": "avro"}, with(kavro.KeyAvro(prefixed)), ""},
		{"a schema for plain keys", "producer", kavro.Config{"key.serializer": "string"}, with(kavro.KeySchema(text)), `configuration: key.serializer: "string" contradicts KeySchema, which is for Avro`},
		{"a schema for keys that are plain in Java", "consumer", kavro.Config{"key.deserializer": "org.apache.kafka.common.serialization.StringDeserializer"}, with(kavro.KeySchema(text)), "key.deserializer: "},
		{"a schema for Avro keys", "producer", kavro.Config{"key.serializer": "io.confluent.kafka.serializers.KafkaAvroSerializer"}, with(kavro.KeySchema(text)), ""},

		{"a deserializer's options", "producer", nil, with(kavro.ValueDeserializer(serde.WithRulesIgnored())), "kavro: ValueDeserializer: has no effect on a producer"},
		{"a serializer's options", "consumer", nil, with(kavro.ValueSerializer(serde.WithNormalize())), "kavro: ValueSerializer: has no effect on a consumer"},
		{"a serializer's options outside", "pipeline", nil, piped(kavro.ValueSerializer(serde.WithNormalize())), "kavro: ValueSerializer: has no effect on a pipeline: give it within Output"},
		{"a producer's options for a consumer", "consumer", nil, with(kavro.Producer(avroproducer.WithMaxScratch(1))), "kavro: Producer: has no effect on a consumer"},
		{"a producer's options for a pipeline", "pipeline", nil, piped(kavro.Producer(avroproducer.WithMaxScratch(1))), "kavro: Producer: has no effect on a pipeline: give Pipeline"},
		{"a consumer's options for a producer", "producer", nil, with(kavro.Consumer(avroconsumer.WithToEnd())), "kavro: Consumer: has no effect on a producer"},
		{"a consumer's options for a pipeline", "pipeline", nil, piped(kavro.Consumer(avroconsumer.WithToEnd())), "kavro: Consumer: has no effect on a pipeline: give Pipeline"},
		{"a pipeline's options for a producer", "producer", nil, with(kavro.Pipeline(pipeline.WithToEnd())), "kavro: Pipeline: has no effect on a producer"},
		{"a pipeline's options for a consumer", "consumer", nil, with(kavro.Pipeline(pipeline.WithToEnd())), "kavro: Pipeline: has no effect on a consumer"},
		{"an output of a producer", "producer", nil, with(kavro.Output(value)), "kavro: Output: has no effect on a producer"},
		{"an output of a consumer", "consumer", nil, with(kavro.Output(value)), "kavro: Output: has no effect on a consumer"},
		{"an output without anything", "producer", nil, with(kavro.Output()), "kavro: Output: has no effect on a producer"},

		{"outputs add up", "pipeline", nil, with(kavro.Output(value), kavro.Output(kavro.KeySchema(text))), ""},
		{"an output's schema twice", "pipeline", nil, with(kavro.Output(value), kavro.Output(value)), "kavro: ValueSchema: is given twice"},
		{"a client within", "pipeline", nil, piped(kavro.Output(kavro.Driver("franz"))), "kavro: Output: Driver within it has no effect"},
		{"a registry within", "pipeline", nil, piped(kavro.Output(kavro.Registry(memory))), "kavro: Output: Registry within it has no effect"},
		{"options of a registry within", "pipeline", nil, piped(kavro.Output(kavro.RegistryOptions(retries))), "kavro: Output: RegistryOptions within it has no effect"},
		{"hooks within", "pipeline", nil, piped(kavro.Output(kavro.Hooks(kafka.Hooks{Token: token}))), "kavro: Output: Hooks within it has no effect"},
		{"a producer's options within", "pipeline", nil, piped(kavro.Output(kavro.Producer(avroproducer.WithMaxScratch(1)))), "kavro: Output: Producer within it has no effect"},
		{"a pipeline's options within", "pipeline", nil, piped(kavro.Output(kavro.Pipeline(pipeline.WithToEnd()))), "kavro: Output: Pipeline within it has no effect"},
		{"a deserializer's options within", "pipeline", nil, piped(kavro.Output(kavro.ValueDeserializer(serde.WithRulesIgnored()))), "kavro: Output: ValueDeserializer within it has no effect"},
		{"an output within", "pipeline", nil, piped(kavro.Output(kavro.Output(value))), "kavro: Output: Output within it has no effect"},
		{"options for Avro of a plain key within", "pipeline", nil, piped(kavro.Output(kavro.KeySerializer(serde.WithNormalize()))), "kavro: KeySerializer: has no effect: a key of type string is written as plain bytes"},
		{"nil within", "pipeline", nil, piped(kavro.Output(nil)), "kavro: 1st option is nil"},

		{"nil", "producer", nil, with(nil, nil), "kavro: 1st option is nil\nkavro: 2nd option is nil"},
		{"nil among a producer's options", "producer", nil, with(kavro.Producer(nil)), "kavro: Producer: 1st option is nil"},
		{"nil among a consumer's options", "consumer", nil, with(kavro.Consumer(avroconsumer.WithToEnd(), nil)), "kavro: Consumer: 2nd option is nil"},
		{"nil among a serde's options", "producer", nil, with(kavro.ValueAvro(nil)), "kavro: ValueAvro: 1st option is nil"},
		{"nil among a registry's options", "producer", nil, with(kavro.RegistryOptions(nil)), "kavro: RegistryOptions: 1st option is nil"},
		{"tokens from two", "producer", nil, with(kavro.Hooks(kafka.Hooks{Token: token}), kavro.Hooks(kafka.Hooks{Token: token})), "kavro: Hooks: Token is given twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := construct(tt.role, tt.conf, tt.opts...)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.Len(t, strings.Split(err.Error(), "\n"), 1+strings.Count(tt.want, "\n"), "nothing else is wrong: %v", err)
		})
	}
	err := constructOf[serde.NoKey, Order]("producer", nil, with(kavro.KeySchema(text))...)
	require.ErrorContains(t, err, "kavro: KeySchema: has no effect: a key of type serde.NoKey")
}

// plainOrder is a serde of the program's own.
type plainOrder struct{}

func (plainOrder) Append(_ context.Context, dst []byte, _ *serde.Target, v *Order) ([]byte, error) {
	return append(dst, v.ID...), nil
}

func (plainOrder) Decode(_ context.Context, payload []byte, _ *serde.Target, v *Order) error {
	v.ID = string(payload)
	return nil
}

// Everything that is wrong is told by one call, whichever package finds it, each
// thing once, and each key as a *kafka.ConfigError.
func TestConfigurationAllAtOnce(t *testing.T) {
	for _, name := range drivers.Names() {
		for _, role := range []string{"producer", "consumer", "pipeline"} {
			t.Run(name+", "+role, func(t *testing.T) {
				conf := kavro.Config{
					"schema.registry.url": "ftp://a", "basic.auth.user.info": "no colon", "auto.register.schemas": "maybe", "rule.executors": "x",
					"auto.regster.schemas": true, "linger.mss": 5, "retry.backoff.ms": "soon", "max.block.ms": 1, "Schema.Registry.Url": "x", "use_latest_version": true,
					"key.serializer": "protobuf", "key.deserializer": "protobuf", "sasl.username": "ada",
				}
				err := construct(role, conf, kavro.Driver(name), kavro.Registry(nil))
				want := []string{
					"schema.registry.url: ", "basic.auth.user.info: ", `auto.register.schemas: "maybe": want true or false`, "rule.executors: ",
					`auto.regster.schemas: no such key; did you mean "auto.register.schemas"?`, `linger.mss: no such key; did you mean "linger.ms"?`,
					"retry.backoff.ms: ", "max.block.ms: is a key of Java's client", `Schema.Registry.Url: no such key; did you mean "schema.registry.url"?`,
					`use_latest_version: no such key; did you mean "use.latest.version"?`, "sasl.username: has no effect",
				}
				keys := len(want) + 1
				if role == "pipeline" {
					keys++ // key.serializer and key.deserializer
				}
				for _, w := range want {
					require.ErrorContains(t, err, "configuration: "+w)
				}
				require.ErrorContains(t, err, "kavro: Registry: the registry is nil")
				list, ok := err.(interface{ Unwrap() []error })
				require.True(t, ok)
				found := 0
				for _, err := range list.Unwrap() {
					if e, ok := errors.AsType[*kafka.ConfigError](err); ok {
						require.Contains(t, conf, e.Key)
						found++
					}
				}
				require.Equal(t, keys, found, "%v", err)
				require.Len(t, list.Unwrap(), keys+1, "%v", err)
			})
		}
	}
}

// What is found by serde is told in the words of this package.
func TestOptionsByTheirNames(t *testing.T) {
	franz := kavro.Driver("franz")
	err := construct("producer", nil, franz)
	require.EqualError(t, err, "kavro: value: serde: kavro_test.Order carries no schema: generate the type with kavro gen or write a method AvroSchema, give ValueSchema (schemas.For writes one to keep), or take the registry's with use.latest.version, ValueSerializer(serde.WithVersion) or use.schema.id")
	err = construct("producer", nil, franz, kavro.ValueSchema(orderSchema), kavro.ValueAvro(serde.WithSchema(orderSchema)))
	require.EqualError(t, err, "kavro: value: serde: ValueSchema: is given twice")
	err = construct("consumer", nil, franz, kavro.ValueSchema(orderSchema), kavro.Consumer(avroconsumer.WithConcurrency(1, avroconsumer.Key)), kavro.Consumer(avroconsumer.WithConcurrency(2, avroconsumer.Key)))
	require.EqualError(t, err, "avroconsumer: WithConcurrency: is given twice")
	err = constructOf[Order, Order]("pipeline", nil, franz, kavro.KeySchema(orderSchema), kavro.ValueSchema(orderSchema))
	require.ErrorContains(t, err, "kavro: output key: serde: kavro_test.Order carries no schema: generate the type with kavro gen or write a method AvroSchema, give Output(KeySchema) (schemas.For writes one to keep), or")
	require.ErrorContains(t, err, "kavro: output value: serde: kavro_test.Order carries no schema: generate the type with kavro gen or write a method AvroSchema, give Output(ValueSchema) (schemas.For writes one to keep), or")
}

// An option wins over a key.
func TestOptionsWinOverKeys(t *testing.T) {
	for _, o := range []avroconsumer.Option{avroconsumer.WithManualCommit(), avroconsumer.WithAutoCommit(time.Second)} {
		for _, conf := range []kavro.Config{nil, {"enable.auto.commit": false}, {"auto.commit.interval.ms": 100}} {
			require.NoError(t, construct("consumer", conf, kavro.Driver("franz"), kavro.ValueSchema(orderSchema), kavro.Consumer(o)))
		}
	}
	named := kavro.ValueAvro(serde.WithSubject(serde.RecordName))
	require.NoError(t, construct("producer", kavro.Config{"value.subject.name.strategy": "TopicNameStrategy"}, kavro.Driver("franz"), kavro.ValueSchema(orderSchema), named))
}

// Keys that are wrong are wrong also where nobody needs them.
func TestKeysThatNobodyNeeds(t *testing.T) {
	franz := kavro.Driver("franz")
	for _, tt := range []struct {
		name, role string
		conf       kavro.Config
		want       string
	}{
		{"a serializer's", "producer", kavro.Config{"auto.register.schemas": "maybe"}, "auto.register.schemas: "},
		{"an id that is none", "producer", kavro.Config{"use.schema.id": 0}, "use.schema.id: 0: want a positive number"},
		{"an id below none", "producer", kavro.Config{"use.schema.id": -5}, "use.schema.id: -5: want a positive number"},
		{"no id", "producer", kavro.Config{"use.schema.id": -1}, ""},
		{"a refused one", "producer", kavro.Config{"rule.executors": "x"}, "rule.executors: "},
		{"an ignored one that is nil", "producer", kavro.Config{"specific.avro.reader": nil}, "specific.avro.reader: a <nil> cannot be a configuration value"},
		{"a naming that is none", "producer", kavro.Config{"value.subject.name.strategy": ""}, "value.subject.name.strategy: "},
		{"a consumer's, of a producer", "producer", kavro.Config{"session.timeout.ms": "30s"}, "session.timeout.ms: "},
		{"an interval below 0", "consumer", kavro.Config{"auto.commit.interval.ms": -5}, "auto.commit.interval.ms: -5ms is not in 0 .. 86400000 ms"},
		{"commits by two names", "consumer", kavro.Config{"enable.auto.commit": true, "auto.commit.enable": false}, "contradicts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.conf["value.serializer"], tt.conf["value.deserializer"] = "string", "string"
			err := constructOf[string, string](tt.role, tt.conf, franz)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			var ce *kafka.ConfigError
			require.ErrorAs(t, err, &ce)
		})
	}
}

// Keys that have no effect on what is made are told to the logger, once: one
// configuration may serve a producer and a consumer.
func TestKeysWithoutEffectAreTold(t *testing.T) {
	memory := registry.NewMemory()
	for _, tt := range []struct {
		name, role string
		conf       kavro.Config
		opts       []kavro.Option
		want       string // "" for no warning
	}{
		{"a consumer's keys", "producer", kavro.Config{"group.id": "g", "auto.offset.reset": "earliest", "client.id": "x", "linger.ms": 1, "key.deserializer": "string", "value.serializer": "avro", "value.deserializer": "avro"}, nil,
			`"kavro: keys of the configuration that have no effect on a producer" keys="[auto.offset.reset group.id key.deserializer]"`},
		{"a producer's keys", "consumer", kavro.Config{"transactional.id": "unset", "acks": 1, "auto.register.schemas": false}, nil,
			`"kavro: keys of the configuration that have no effect on a consumer" keys="[acks auto.register.schemas]"`},
		{"keys of both", "pipeline", nil, []kavro.Option{kavro.Output(kavro.ValueSchema(orderSchema))}, ""},
		{"commits of a pipeline", "pipeline", kavro.Config{"enable.auto.commit": true, "auto.commit.interval.ms": 100}, []kavro.Option{kavro.Output(kavro.ValueSchema(orderSchema))},
			`"kavro: keys of the configuration that have no effect on a pipeline" keys="[auto.commit.interval.ms enable.auto.commit]"`},
		{"no commits of a pipeline", "pipeline", kavro.Config{"enable.auto.commit": false}, []kavro.Option{kavro.Output(kavro.ValueSchema(orderSchema))}, ""},
		{"a token that is not asked for", "producer", nil, []kavro.Option{kavro.Hooks(kafka.Hooks{Token: func(context.Context) (kafka.Token, error) { return kafka.Token{}, nil }})}, "Hooks.Token is never called"},
		{"a registry's keys beside a registry", "producer", kavro.Config{"cache.capacity": 5}, []kavro.Option{kavro.Registry(memory)},
			`because the option Registry gives a registry" keys="[cache.capacity schema.registry.url]"`},
		{"options for a registry that nobody asks", "producer", nil, []kavro.Option{kavro.RegistryOptions(registry.WithRandomURL()), kavro.ValueSerde[Order](plainOrder{}, nil)},
			"the option RegistryOptions has no effect: neither keys nor values are Avro"},
		{"Java's serializer", "producer", kavro.Config{"key.serializer": "org.apache.kafka.common.serialization.StringSerializer"}, nil, "partitioner=murmur2_random"},
		{"Java's serializer and partitioner", "producer", kavro.Config{"key.serializer": "org.apache.kafka.common.serialization.StringSerializer", "partitioner": "murmur2_random"}, nil, ""},
		{"nothing", "producer", nil, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var given, def lines
			old := slog.Default()
			slog.SetDefault(slog.New(slog.NewTextHandler(&def, &slog.HandlerOptions{Level: slog.LevelWarn})))
			defer slog.SetDefault(old)
			logger := slog.New(slog.NewTextHandler(&given, &slog.HandlerOptions{Level: slog.LevelWarn}))
			opts := append(tt.opts, kavro.Driver("franz"))
			if !strings.Contains(tt.name, "nobody") {
				opts = append(opts, kavro.ValueSchema(orderSchema))
			}
			require.NoError(t, construct(tt.role, tt.conf, opts...))
			require.NoError(t, construct(tt.role, tt.conf, append(opts, kavro.Hooks(kafka.Hooks{Logger: logger}))...))
			for _, log := range []*lines{&given, &def} {
				require.Equal(t, min(1, len(tt.want)), log.count("msg=\"kavro: "), "%s", log) // the client may warn of its broker
				require.Contains(t, log.String(), tt.want)
			}
		})
	}
}

// Statistics that nobody makes are told: a warning where a key would make them, an
// error where nothing can.
func TestStatisticsThatAreNotMade(t *testing.T) {
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			var log lines
			err := construct("producer", nil, kavro.Driver(name), kavro.ValueSchema(orderSchema), kavro.Hooks(kafka.Hooks{
				Stats:  func([]byte) {},
				Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
			}))
			if name == "franz" {
				require.ErrorContains(t, err, "configuration: Hooks.Stats: ")
				return
			}
			require.NoError(t, err)
			require.Contains(t, log.String(), "Hooks.Stats is never called: statistics.interval.ms is not set")
		})
	}
}

// Hooks add up.
func TestHooksAddUp(t *testing.T) {
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			var one, other lines
			heard := make(chan string, 1000)
			hooks := func(name string, log *lines) kavro.Option {
				return kavro.Hooks(kafka.Hooks{
					Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelInfo})),
					Error: func(error) {
						select {
						case heard <- name:
						default:
						}
					},
				})
			}
			p, err := kavro.NewProducer[string, []byte](kavro.Config{"bootstrap.servers": "127.0.0.1:1", "value.serializer": "bytes", "log_level": 0},
				kavro.Driver(name), hooks("one", &one), hooks("other", &other), kavro.Hooks(kafka.Hooks{}))
			require.NoError(t, err)
			require.Contains(t, one.String(), "Kafka client chosen")
			require.Contains(t, other.String(), "Kafka client chosen")
			ctx := patient(t)
			require.NoError(t, p.Produce(ctx, "t", "k", nil))
			seen := map[string]bool{}
			for len(seen) < 2 {
				select {
				case name := <-heard:
					seen[name] = true
				case <-ctx.Done():
					require.Fail(t, "one of the hooks hears nothing", "%v", seen)
				}
			}
			gone, cancel := context.WithCancel(ctx)
			cancel()
			_ = p.Close(gone) // the record never leaves
		})
	}
}

// Committing is switched off under each name that librdkafka has for it.
func TestCommitsAreSwitchedOff(t *testing.T) {
	for _, conf := range []kavro.Config{{"enable.auto.commit": false}, {"auto.commit.enable": "False"}, {"auto.commit.interval.ms": 0}} {
		env, err := kavrotest.Start(kavrotest.WithTopic("t", 1))
		require.NoError(t, err)
		ctx := patient(t)
		p, err := kavro.NewProducer[string, string](env.Config(kavro.Config{"value.serializer": "string"}), kavro.Driver("franz"))
		require.NoError(t, err)
		require.NoError(t, p.Produce(ctx, "t", "k", "v"))
		require.NoError(t, p.Close(ctx))
		for range 2 { // the second finds nothing committed either
			c, err := kavro.NewConsumer[string, string](env.Group("g", conf, kavro.Config{"value.deserializer": "string"}), []string{"t"}, kavro.Driver("franz"))
			require.NoError(t, err)
			msg, err := c.Poll(ctx)
			require.NoError(t, err, "%v", conf)
			require.Equal(t, int64(0), msg.Offset)
			require.NoError(t, c.Close(ctx))
		}
		require.NoError(t, env.Close())
	}
}

type (
	customerID string
	cents      int64
)

// Scalars are plain in keys and values, without a registry, unless Avro is asked for.
func TestScalarsArePlain(t *testing.T) {
	franz := kavro.Driver("franz")
	for _, role := range []string{"producer", "consumer"} {
		require.NoError(t, constructOf[customerID, cents](role, nil, franz))
		require.NoError(t, constructOf[[16]byte, bool](role, nil, franz))
		require.NoError(t, constructOf[customerID, cents](role, kavro.Config{
			"value.serializer": "long", "value.deserializer": "org.apache.kafka.common.serialization.LongDeserializer",
		}, franz))
		require.ErrorContains(t, constructOf[customerID, cents](role, kavro.Config{
			"value.serializer": "string", "value.deserializer": "string",
		}, franz), `"string" does not serialize kavro_test.cents`)
		require.ErrorContains(t, constructOf[string, int](role, nil, franz),
			"kavro: value: serde: int has no plain form in Kafka: use int64 or int32")
		require.ErrorContains(t, constructOf[uint16, string](role, nil, franz), "kavro: key: serde: uint16 has no plain form in Kafka: use int32")
		memory := kavro.Registry(registry.NewMemory())
		require.NoError(t, constructOf[string, int](role, kavro.Config{"value.serializer": "avro", "value.deserializer": "avro"}, franz, memory))
		require.NoError(t, constructOf[string, string](role, nil, franz, memory, kavro.ValueSchema(schemas.MustParse(`"string"`))))
	}
}
