package kavro_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"log/slog"
	"maps"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/internal/drivers"
	"github.com/kavro/kavro/internal/kafkaconf"
	"github.com/kavro/kavro/kafka"
	driver "github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// construct opens a client and calls the constructor of a role, for string keys and Order
// values. opts are configurations, which are laid over conf, and options: those for a
// Client are given to Open, the others to the constructor.
func construct(role string, conf kavro.Config, opts ...any) error {
	return constructOf[string, Order](role, conf, opts...)
}

func constructOf[K, V any](role string, conf kavro.Config, opts ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	all := kavro.Config{"bootstrap.servers": "127.0.0.1:1", "schema.registry.url": "http://127.0.0.1:1", "transactional.id": "t"}
	if role == "producer" {
		delete(all, "transactional.id")
	}
	maps.Copy(all, conf)
	var atOpen []kavro.ClientOption
	var own []any
	for _, o := range opts {
		switch o := o.(type) {
		case kavro.Config:
			maps.Copy(all, o)
		case kavro.ClientOption:
			atOpen = append(atOpen, o)
		default:
			own = append(own, o)
		}
	}
	client, err := kavro.Open(all, atOpen...)
	if err != nil {
		return err
	}
	switch role {
	case "producer":
		_, err = kavro.NewProducer[K, V](client, as[kavro.ProducerOption](own)...)
	case "consumer":
		_, err = kavro.NewConsumer[K, V](client, "g", nil, as[kavro.ConsumerOption](own)...)
	default:
		_, err = kavro.NewPipeline[K, V, K, V](client, "g", nil, as[kavro.PipelineOption](own)...)
	}
	return kafkaconf.Join(err, client.Close(ctx))
}

// use names the Kafka client.
func use(name string) kavro.Config { return kavro.Config{"kavro.client": name} }

// An option that is dropped is an error that names it.
func TestOptionsWithoutEffect(t *testing.T) {
	text := schemas.MustParse(`"string"`)
	value, output, franz := kavro.WithValue(kavro.WithSchema(orderSchema)), kavro.WithOutputValue(kavro.WithSchema(orderSchema)), use("franz")
	memory := memory.New()
	var nobody *registry.Client
	token := func(context.Context) (kafka.Token, error) { return kafka.Token{}, nil }
	only := func(o ...any) []any { return append(o, franz) }
	with := func(o ...any) []any { return append(o, franz, value) }
	piped := func(o ...any) []any { return append(with(o...), output) }
	retries := registry.WithRetries(0, 0, 0)
	prefixed := serde.WithLengthPrefixedBytes()
	own := kavro.WithSerde(plainOrder{})
	oneWay := kavro.WithSerde(struct{ serde.Serializer[Order] }{plainOrder{}})
	otherWay := kavro.WithSerde(struct{ serde.Deserializer[Order] }{plainOrder{}})
	var nothing kavro.ClientOption

	for _, tt := range []struct {
		name, role string
		conf       kavro.Config
		opts       []any
		want       string // "" if it is right
	}{
		{"a client twice", "producer", nil, with(kavro.WithDriver(driver.Driver()), kavro.WithDriver(driver.Driver())), "kavro: WithDriver: is given twice"},
		{"no client", "producer", nil, with(kavro.WithDriver(nil)), "kavro: WithDriver: the driver is nil"},
		{"a wrong client beside the option", "producer", nil, []any{value, use("sarama"), kavro.WithDriver(driver.Driver())}, `configuration: kavro.client: "sarama": want confluent or franz`},
		{"a registry twice", "producer", nil, with(kavro.WithRegistry(memory), kavro.WithRegistry(memory)), "kavro: WithRegistry: is given twice"},
		{"no registry", "producer", nil, with(kavro.WithRegistry(nil)), "kavro: WithRegistry: the registry is nil"},
		{"a registry that is nil", "producer", nil, with(kavro.WithRegistry(nobody)), "kavro: WithRegistry: the registry is nil"},
		{"options for a registry that is given", "producer", nil, with(kavro.WithRegistry(memory), kavro.WithRegistryOptions(retries)), "kavro: WithRegistryOptions: has no effect beside WithRegistry"},
		{"options of a registry add up", "producer", nil, with(kavro.WithRegistryOptions(retries), kavro.WithRegistryOptions(registry.WithRandomURL())), ""},

		{"a schema twice", "producer", nil, with(value), "kavro: value: serde: WithSchema: is given twice"},
		{"no schema", "producer", nil, with(kavro.WithKey(kavro.WithSchema(nil))), "kavro: key: serde: WithSchema: the schema is nil"},
		{"a schema beside a serde", "producer", nil, with(kavro.WithValue(own)), "kavro: WithSerde: excludes the other options of WithValue, which are for Avro"},
		{"options beside a serde", "consumer", nil, only(kavro.WithValue(own, prefixed), kavro.WithValueDeserializer(serde.WithRulesIgnored())), "kavro: WithSerde: excludes the other options of WithValue, WithValueDeserializer"},
		{"a serde twice", "producer", nil, only(kavro.WithValue(own), kavro.WithValue(own)), "kavro: WithValue: WithSerde: is given twice"},
		{"no serde", "producer", nil, with(kavro.WithKey(kavro.WithSerde(nil))), "kavro: WithKey: WithSerde: the serde is nil"},
		{"a serde without the half of a producer", "producer", nil, only(kavro.WithValue(otherWay)), "does not serialize kavro_test.Order"},
		{"a serde without the half of a consumer", "consumer", nil, only(kavro.WithValue(oneWay)), "does not deserialize kavro_test.Order"},
		{"a serde for another type", "producer", nil, with(kavro.WithKey(kavro.WithSerde(serde.Int64))), "kavro: WithSerde: a *serde.plain[int64] does not serialize string"},
		{"a serde", "producer", nil, only(kavro.WithValue(own)), ""},
		{"half a serde", "producer", nil, only(kavro.WithValueSerializer(oneWay)), ""},
		{"the other half", "consumer", nil, only(kavro.WithValueDeserializer(otherWay)), ""},

		{"options for Avro of a plain key", "producer", nil, with(kavro.WithKey(prefixed)), "kavro: WithKey: has no effect: a key of type string is written as plain bytes, unless WithSchema or key.serializer=avro makes it Avro"},
		{"options for the serializer of a plain key", "producer", nil, with(kavro.WithKeySerializer(serde.WithNormalize())), "kavro: WithKeySerializer: has no effect"},
		{"options for the deserializer of a plain key", "consumer", nil, with(kavro.WithKeyDeserializer(serde.WithRulesIgnored())), "kavro: WithKeyDeserializer: has no effect"},
		{"options for Avro of an Avro key", "producer", nil, with(kavro.WithKey(kavro.WithSchema(text)), kavro.WithKey(prefixed)), ""},
		{"options for Avro of a key that a key makes Avro", "producer", kavro.Config{"key.serializer": "avro"}, with(kavro.WithKey(prefixed)), ""},
		{"a schema for plain keys", "producer", kavro.Config{"key.serializer": "string"}, with(kavro.WithKey(kavro.WithSchema(text))), `configuration: key.serializer: "string" contradicts WithKey, which is for Avro`},
		{"a schema for keys that are plain in Java", "consumer", kavro.Config{"key.deserializer": "org.apache.kafka.common.serialization.StringDeserializer"}, with(kavro.WithKey(kavro.WithSchema(text))), "key.deserializer: "},
		{"a schema for Avro keys", "producer", kavro.Config{"key.serializer": "io.confluent.kafka.serializers.KafkaAvroSerializer"}, with(kavro.WithKey(kavro.WithSchema(text))), ""},

		{"an order of one record at a time", "consumer", nil, with(kavro.WithOrdering(kavro.OrderByKey)), "kavro: WithOrdering: has no effect without WithConcurrency"},
		{"outputs add up", "pipeline", nil, with(output, kavro.WithOutputKey(kavro.WithSchema(text))), ""},
		{"an output's schema twice", "pipeline", nil, piped(output), "kavro: output value: serde: WithSchema: is given twice"},
		{"options for Avro of a plain key of an output", "pipeline", nil, piped(kavro.WithOutputKey(serde.WithNormalize())), "kavro: WithOutputKey: has no effect: a key of type string is written as plain bytes"},

		{"nil among a serde's options", "producer", nil, with(kavro.WithValue(nil)), "kavro: WithValue: 1st option is nil"},
		{"nil among a registry's options", "producer", nil, with(kavro.WithRegistryOptions(nil)), "kavro: WithRegistryOptions: 1st option is nil"},
		{"nil among those for dead letters", "consumer", nil, with(kavro.WithDeadLetters(nil)), "kavro: WithDeadLetters: 1st option is nil"},
		{"a closer that is nil", "consumer", nil, with(kavro.WithCloser(nil)), "kavro: WithCloser: the function is nil"},
		{"nothing to do when assigned", "consumer", nil, with(kavro.WithOnAssigned(nil)), "kavro: WithOnAssigned: the function is nil"},
		{"nothing to do when assigned, in a pipeline", "pipeline", nil, piped(kavro.WithOnAssigned(nil)), "kavro: WithOnAssigned: the function is nil"},
		{"nothing to do when revoked", "consumer", nil, with(kavro.WithOnRevoked(nil)), "kavro: WithOnRevoked: the function is nil"},
		{"nothing to do when lost", "consumer", nil, with(kavro.WithOnLost(nil)), "kavro: WithOnLost: the function is nil"},
		{"dead letters of no group", "consumer", nil, with(kavro.WithDeadLetters(kavro.WithDeadLetterGroup(""))), "kavro: WithDeadLetterGroup: the group is empty"},
		{"dead letters in fewer than no partitions", "pipeline", nil, piped(kavro.WithDeadLetters(kavro.WithDeadLetterCreation(kavro.NewTopic{Partitions: -9}))), "kavro: WithDeadLetterCreation: -9 partitions with 0 replicas"},
		{"dead letters with fewer than no replicas", "consumer", nil, with(kavro.WithDeadLetters(kavro.WithDeadLetterCreation(kavro.NewTopic{ReplicationFactor: -2}))), "kavro: WithDeadLetterCreation: 0 partitions with -2 replicas"},
		{"more at a time than there can be", "consumer", nil, with(kavro.WithConcurrency(math.MaxInt)), "avroconsumer: WithConcurrency: 9223372036854775807 workers, want at most 1000000"},
		{"more at a time than a pipeline can", "pipeline", nil, piped(kavro.WithConcurrency(math.MaxInt)), "pipeline: WithConcurrency: 9223372036854775807 workers, want at most 1000000"},
		{"an observer that is nil", "consumer", nil, with(kavro.WithObserver(nil)), "kavro: WithObserver: the observer is nil"},
		{"an observer of nothing", "consumer", nil, with(kavro.WithObserver(17)), "kavro: WithObserver: an int observes no client"},
		{"a logger that is nil", "consumer", nil, with(kavro.WithLogger(nil)), "kavro: WithLogger: the logger is nil"},
		{"tokens from two", "producer", nil, with(kavro.WithHooks(kavro.Hooks{Token: token}), kavro.WithHooks(kavro.Hooks{Token: token})), "kavro: WithHooks: Token is given twice"},

		{"a consumer's keys for a producer", "producer", nil, with(kavro.WithConfig(kavro.Config{"auto.offset.reset": "earliest"})), "configuration: auto.offset.reset: has no effect on a producer"},
		{"a deserializer's keys for a producer", "producer", nil, with(kavro.WithConfig(kavro.Config{"key.deserializer": "string", "key.serializer": "string"})), "configuration: key.deserializer: has no effect on a producer"},
		{"a producer's keys for a consumer", "consumer", nil, with(kavro.WithConfig(kavro.Config{"acks": 1, "auto.register.schemas": false})), "configuration: acks: has no effect on a consumer\nconfiguration: auto.register.schemas: has no effect on a consumer"},
		{"commits of a pipeline", "pipeline", nil, piped(kavro.WithConfig(kavro.Config{"enable.auto.commit": true, "auto.commit.interval.ms": 100})), "configuration: auto.commit.interval.ms: has no effect on a pipeline\nconfiguration: enable.auto.commit: has no effect on a pipeline"},
		{"no commits of a pipeline", "pipeline", nil, piped(kavro.WithConfig(kavro.Config{"enable.auto.commit": false})), ""},
		{"the registry's keys for one constructor", "producer", nil, with(kavro.WithConfig(kavro.Config{"schema.registry.url": "http://127.0.0.1:2"})), "configuration: schema.registry.url: is the Client's: give it to Open"},
		{"the Client's own once more", "producer", nil, with(kavro.WithConfig(kavro.Config{"schema.registry.url": "http://127.0.0.1:1", "kavro.client": "franz", "linger.ms": 1})), ""},
		{"a misspelt key for one constructor", "producer", nil, with(kavro.WithConfig(kavro.Config{"linger.sm": 1})), `configuration: linger.sm: no such key; did you mean "linger.ms"?`},
		{"the keys of all in one map", "producer", kavro.Config{"group.id": "g", "auto.offset.reset": "earliest", "acks": 1, "key.deserializer": "string", "enable.auto.commit": true}, with(), ""},
		{"another group", "consumer", kavro.Config{"group.id": "other"}, with(), `configuration: group.id: "other" contradicts the group that the constructor was given, "g"`},
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
	err := constructOf[serde.NoKey, Order]("producer", nil, with(kavro.WithKey(kavro.WithSchema(text)))...)
	require.ErrorContains(t, err, "kavro: WithKey: has no effect: a key of type serde.NoKey is always null")
	_, err = kavro.Open(nil, nothing, nothing)
	require.EqualError(t, err, "kavro: 1st option is nil\nkavro: 2nd option is nil")
	_, err = kavro.NewProducer[string, string](nil)
	require.EqualError(t, err, "kavro: the client is nil: make one with Open")
}

// Every option of the packages below has one here, of the same name.
func TestEveryOptionIsHere(t *testing.T) {
	here := functions(t, ".")
	elsewhere := map[string]string{
		"WithOwnedClient":      "what the constructors make, they own",
		"WithProducerObserver": "WithObserver",
		"Defaults":             "of the configuration's keys",
	}
	for _, dir := range []string{"avroproducer", "avroconsumer", "pipeline"} {
		for name, result := range functions(t, dir) {
			if result != "Option" || elsewhere[name] != "" {
				continue
			}
			if !strings.HasPrefix(name, "With") {
				name = "With" + name
			}
			require.Contains(t, here, name, dir)
		}
	}
}

// functions returns the exported functions of a package, and what they return.
func functions(t *testing.T, dir string) map[string]string {
	found := map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() && f.Type.Results != nil {
				found[f.Name.Name] = types.ExprString(f.Type.Results.List[0].Type)
			}
		}
	}
	return found
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
				err := construct(role, conf, use(name), kavro.WithRegistry(nil))
				want := []string{
					"schema.registry.url: ", "basic.auth.user.info: ", `auto.register.schemas: "maybe": want true or false`, "rule.executors: ",
					`auto.regster.schemas: no such key; did you mean "auto.register.schemas"?`, `linger.mss: no such key; did you mean "linger.ms"?`,
					"retry.backoff.ms: ", "max.block.ms: is a key of Java's client", `Schema.Registry.Url: no such key; did you mean "schema.registry.url"?`,
					`use_latest_version: no such key; did you mean "use.latest.version"?`, "sasl.username: has no effect",
				}
				keys := len(want) + 2 // key.serializer and key.deserializer
				for _, w := range want {
					require.ErrorContains(t, err, "configuration: "+w)
				}
				require.ErrorContains(t, err, "kavro: WithRegistry: the registry is nil")
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

// What the packages below find is told by the names of this package, which are the same.
func TestOptionsByTheirNames(t *testing.T) {
	franz, value := use("franz"), kavro.WithValue(kavro.WithSchema(orderSchema))
	err := construct("producer", nil, franz)
	require.ErrorContains(t, err, "kavro: value: serde: kavro_test.Order carries no schema: generate the type with kavro gen or write a method AvroSchema, give WithSchema")
	err = construct("consumer", nil, franz, value, kavro.WithConcurrency(1), kavro.WithConcurrency(2))
	require.EqualError(t, err, "kavro: WithConcurrency: is given twice")
	err = construct("consumer", nil, franz, value, kavro.WithStart(kavro.FromOffset(1)), kavro.WithStart(kavro.FromOffset(1)))
	require.EqualError(t, err, "avroconsumer: WithStart: is given twice")
	err = constructOf[Order, Order]("pipeline", nil, franz, kavro.WithKey(kavro.WithSchema(orderSchema)), value)
	require.ErrorContains(t, err, "kavro: output key: serde: kavro_test.Order carries no schema: ")
	require.ErrorContains(t, err, "kavro: output value: serde: kavro_test.Order carries no schema: ")
}

// An option wins over a key.
func TestOptionsWinOverKeys(t *testing.T) {
	for _, o := range []kavro.ConsumerOption{kavro.WithManualCommit(), kavro.WithAutoCommit(time.Second)} {
		for _, conf := range []kavro.Config{nil, {"enable.auto.commit": false}, {"auto.commit.interval.ms": 100}} {
			require.NoError(t, construct("consumer", conf, use("franz"), kavro.WithValue(kavro.WithSchema(orderSchema)), o))
		}
	}
	named := kavro.WithValue(serde.WithSubject(serde.RecordName))
	require.NoError(t, construct("producer", kavro.Config{"value.subject.name.strategy": "TopicNameStrategy"}, use("franz"), kavro.WithValue(kavro.WithSchema(orderSchema)), named))
}

// Keys that are wrong are wrong also where nobody needs them.
func TestKeysThatNobodyNeeds(t *testing.T) {
	franz := use("franz")
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

// What has no effect and is no error is told to the logger, once.
func TestWarnings(t *testing.T) {
	memory := memory.New()
	for _, tt := range []struct {
		name, role string
		conf       kavro.Config
		opts       []any
		want       string // "" for no warning
	}{
		{"a token that is not asked for", "producer", nil, []any{kavro.WithHooks(kavro.Hooks{Token: func(context.Context) (kafka.Token, error) { return kafka.Token{}, nil }})}, "Hooks.Token is never called"},
		{"a registry's keys beside a registry", "producer", kavro.Config{"cache.capacity": 5}, []any{kavro.WithRegistry(memory)},
			`because WithRegistry gives a registry" keys="[cache.capacity schema.registry.url]"`},
		{"Java's serializer", "producer", kavro.Config{"key.serializer": "org.apache.kafka.common.serialization.StringSerializer"}, nil, "partitioner=murmur2_random"},
		{"Java's serializer and partitioner", "producer", kavro.Config{"key.serializer": "org.apache.kafka.common.serialization.StringSerializer", "partitioner": "murmur2_random"}, nil, ""},
		{"keys for all", "producer", kavro.Config{"group.id": "g", "auto.offset.reset": "earliest", "key.deserializer": "string"}, nil, ""},
		{"nothing", "producer", nil, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var given, def lines
			old := slog.Default()
			slog.SetDefault(slog.New(slog.NewTextHandler(&def, &slog.HandlerOptions{Level: slog.LevelWarn})))
			defer slog.SetDefault(old)
			logger := slog.New(slog.NewTextHandler(&given, &slog.HandlerOptions{Level: slog.LevelWarn}))
			opts := append(tt.opts, use("franz"), kavro.WithValue(kavro.WithSchema(orderSchema)))
			require.NoError(t, construct(tt.role, tt.conf, opts...))
			require.NoError(t, construct(tt.role, tt.conf, append(opts, kavro.WithHooks(kavro.Hooks{Logger: logger}))...))
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
			err := construct("producer", nil, use(name), kavro.WithValue(kavro.WithSchema(orderSchema)), kavro.WithHooks(kavro.Hooks{
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
				return kavro.WithHooks(kavro.Hooks{
					Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelInfo})),
					Error: func(error) {
						select {
						case heard <- name:
						default:
						}
					},
				})
			}
			p, err := kavro.NewProducer[string, []byte](open(t, name, kavro.Config{"bootstrap.servers": "127.0.0.1:1", "log_level": 0},
				hooks("one", &one), hooks("other", &other), kavro.WithHooks(kavro.Hooks{})))
			require.NoError(t, err)
			require.Contains(t, one.String(), "Kafka client chosen")
			require.Contains(t, other.String(), "Kafka client chosen")
			ctx := deadline(t)
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
			ended, cancel := context.WithCancel(ctx)
			cancel()
			_ = p.Close(ended) // the record never leaves
		})
	}
}

// Committing is switched off under each name that librdkafka has for it.
func TestCommitsAreSwitchedOff(t *testing.T) {
	for _, conf := range []kavro.Config{{"enable.auto.commit": false}, {"auto.commit.enable": "False"}, {"auto.commit.interval.ms": 0}} {
		env := kavrotest.New(t, kavrotest.WithTopic("t", 1))
		ctx := deadline(t)
		p, err := kavro.NewProducer[string, string](open(t, "franz", env.Config()))
		require.NoError(t, err)
		require.NoError(t, p.Produce(ctx, "t", "k", "v"))
		require.NoError(t, p.Close(ctx))
		for range 2 { // the second finds nothing committed either
			c, err := kavro.NewConsumer[string, string](open(t, "franz", env.Config(conf)), "g", []string{"t"})
			require.NoError(t, err)
			msg, err := c.Poll(ctx)
			require.NoError(t, err, "%v", conf)
			require.Equal(t, int64(0), msg.Offset)
			require.NoError(t, c.Close(ctx))
		}
	}
}

type (
	customerID string
	cents      int64
)

// Scalars are plain in keys and values, without a registry, unless Avro is asked for.
func TestScalarsArePlain(t *testing.T) {
	franz := use("franz")
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
		memory := kavro.WithRegistry(memory.New())
		require.NoError(t, constructOf[string, int](role, kavro.Config{"value.serializer": "avro", "value.deserializer": "avro"}, franz, memory))
		require.NoError(t, constructOf[string, string](role, nil, franz, memory, kavro.WithValue(kavro.WithSchema(schemas.MustParse(`"string"`)))))
	}
}
