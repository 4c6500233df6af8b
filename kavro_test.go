package kavro_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/drivers"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

type Order struct {
	ID    string `avro:"id"`
	Total int64  `avro:"total"`
}

var orderSchema = kavro.MustParseSchema(`{"type":"record","name":"Order","namespace":"shop","fields":[
	{"name":"id","type":"string"},{"name":"total","type":"long"}]}`)

// each runs f with an environment of its own for each client of this build.
func each(t *testing.T, f func(t *testing.T, env *kavrotest.Env, which string)) {
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			env := kavrotest.New(t)
			f(t, env, name)
		})
	}
}

// open opens a client on conf for a test, with the driver of this name, and closes it with
// the test.
func open(t *testing.T, driver string, conf kavro.Config, opts ...kavro.ClientOption) *kavro.Client {
	t.Helper()
	conf = maps.Clone(conf)
	conf["kavro.client"] = driver
	client, err := kavro.Open(conf, opts...)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, client.Close(ctx))
	})
	return client
}

// deadline is a context that ends before the test does.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// A consumer with one poison record among 1,000 delivers 999, reports one typed
// error with the raw bytes, and its committed offset is 1,000.
func TestPoisonRecord(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		ctx := deadline(t)
		require.NoError(t, env.CreateTopic(ctx, "orders", 1))
		good, err := kavro.NewProducer[string, Order](open(t, which, env.Config()), kavro.WithValue(kavro.WithSchema(orderSchema)))
		require.NoError(t, err)
		raw, err := kavro.NewProducer[string, []byte](open(t, which, env.Config(kavro.Config{"value.serializer": "bytes"})))
		require.NoError(t, err)
		for i := range 1000 {
			if i == 500 {
				require.NoError(t, good.Flush(ctx))
				require.NoError(t, raw.Produce(ctx, "orders", "k", []byte(`{"not":"avro"}`)))
				require.NoError(t, raw.Flush(ctx))
				continue
			}
			require.NoError(t, good.Produce(ctx, "orders", "k", Order{ID: fmt.Sprint(i), Total: int64(i)}))
		}
		require.NoError(t, good.Close(ctx))
		require.NoError(t, raw.Close(ctx))

		consumer, err := kavro.NewConsumer[string, Order](open(t, which, env.Config()), "readers", []string{"orders"}, kavro.WithValue(kavro.WithSchema(orderSchema)))
		require.NoError(t, err)
		var delivered int
		var bad *avroconsumer.RecordError
		for delivered < 999 {
			msg, err := consumer.Poll(ctx)
			if errors.As(err, &bad) {
				continue
			}
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(msg.Offset), msg.Value.ID)
			delivered++
		}
		require.Equal(t, int64(500), bad.Raw.Offset)
		require.Equal(t, `{"not":"avro"}`, string(bad.Raw.Value))
		var frame *serde.FrameError
		require.ErrorAs(t, bad, &frame)
		require.EqualError(t, bad, "orders [0] offset 500: value: not framed (14 bytes): first byte 0x7b, want 0x00 (schema id) or 0x01 (schema GUID)")

		require.NoError(t, consumer.Commit(ctx))
		at, err := consumer.Committed(ctx, kafka.TopicPartition{Topic: "orders"})
		require.NoError(t, err)
		require.Equal(t, int64(999), at[0].Offset, "the last message was returned and is not acknowledged yet")
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		_, err = consumer.Poll(short) // asking for the next one deals with it
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, consumer.Commit(ctx))
		at, err = consumer.Committed(ctx, kafka.TopicPartition{Topic: "orders"})
		require.NoError(t, err)
		require.Equal(t, int64(1000), at[0].Offset)
		require.NoError(t, consumer.Close(ctx))
	})
}

// onlyIDs makes a registry answer registrations and lookups with {"id": n}, as
// several do, and counts requests.
func onlyIDs(requests *atomic.Int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			if r.Method != http.MethodPost {
				next.ServeHTTP(w, r)
				return
			}
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			body := answer.Body.String()
			if _, rest, ok := strings.Cut(body, `"id":`); ok && answer.Code == http.StatusOK {
				end := strings.IndexAny(rest, ",}")
				body = `{"id":` + rest[:end] + `}`
			}
			w.WriteHeader(answer.Code)
			_, _ = w.Write([]byte(body))
		})
	}
}

// 100,000 records on one topic make at most two requests to the registry, also
// when it answers with nothing but ids.
func TestRegistryRequests(t *testing.T) {
	for _, name := range drivers.Names() {
		for _, bare := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, only ids %v", name, bare), func(t *testing.T) {
				var requests atomic.Int64
				count := func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						requests.Add(1)
						next.ServeHTTP(w, r)
					})
				}
				if bare {
					count = onlyIDs(&requests)
				}
				env := kavrotest.New(t, kavrotest.WithRegistryMiddleware(count))
				ctx := deadline(t)
				p, err := kavro.NewProducer[string, Order](open(t, name, env.Config()), kavro.WithValue(kavro.WithSchema(orderSchema)))
				require.NoError(t, err)
				for i := range 100_000 {
					require.NoError(t, p.Produce(ctx, "orders", "key", Order{ID: "a", Total: int64(i)}))
				}
				require.NoError(t, p.Close(ctx))
				require.LessOrEqual(t, requests.Load(), int64(2))
			})
		}
	}
}

// Producing one record twice gives one schema header each time, and the caller's
// record is as it was.
func TestHeadersAreTheCallers(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		ctx := deadline(t)
		conf := env.Config(kavro.Config{"value.schema.id.serializer": "io.confluent.kafka.serializers.schema.id.HeaderSchemaIdSerializer"})
		p, err := kavro.NewProducer[string, Order](open(t, which, conf), kavro.WithValue(kavro.WithSchema(orderSchema)))
		require.NoError(t, err)
		rec := kavro.Record[string, Order]{
			Topic: "orders", Key: "k", Value: Order{ID: "a"},
			Headers: append(make([]kafka.Header, 0, 8), kafka.Header{Key: "trace", Value: []byte("1")}),
		}
		require.NoError(t, p.ProduceSync(ctx, rec, rec))
		require.NoError(t, p.ProduceSync(ctx, rec))
		require.NoError(t, p.Close(ctx))
		require.Equal(t, []kafka.Header{{Key: "trace", Value: []byte("1")}}, rec.Headers)
		require.Empty(t, rec.Headers[:2][1].Key, "nothing was written behind the caller's slice")

		c, err := kavro.NewConsumer[string, Order](open(t, which, env.Config()), "g", []string{"orders"}, kavro.WithValue(kavro.WithSchema(orderSchema)))
		require.NoError(t, err)
		for range 3 {
			msg, err := c.Poll(ctx)
			require.NoError(t, err)
			require.Equal(t, "a", msg.Value.ID)
			require.Len(t, msg.Headers, 2)
			require.Equal(t, serde.ValueFrameHeader, msg.Headers[1].Key)
		}
		require.NoError(t, c.Close(ctx))
	})
}

// Keys and values of other types than the usual ones.
func TestKeysAndValues(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		roundTrip(t, env, which, int64(7), Order{ID: "plain long key"}, kavro.WithValue(kavro.WithSchema(orderSchema)))
		roundTrip(t, env, which, serde.NoKey{}, Order{ID: "no key"}, kavro.WithValue(kavro.WithSchema(orderSchema)))
		roundTrip(t, env, which, [16]byte{1, 2}, "a UUID key, plain text")
		roundTrip(t, env, which, "a string key as Avro", int32(1), kavro.WithKey(kavro.WithSchema(schemas.MustParse(`"string"`))))
		roundTrip(t, env, which, "k", "a string as Avro", kavro.WithValue(kavro.WithSchema(schemas.MustParse(`"string"`))))
		roundTrip(t, env, which, Order{ID: "a record as key"}, map[string]any{"id": "generic", "total": int64(1)},
			kavro.WithKey(kavro.WithSchema(orderSchema)), kavro.WithValue(kavro.WithSchema(orderSchema)))
	})
}

func roundTrip[K, V any](t *testing.T, env *kavrotest.Env, which string, key K, value V, opts ...kavro.ConstructorOption) {
	ctx := deadline(t)
	topic := fmt.Sprintf("topic-%d", time.Now().UnixNano())
	client := open(t, which, env.Config())
	p, err := kavro.NewProducer[K, V](client, as[kavro.ProducerOption](opts)...)
	require.NoError(t, err)
	require.NoError(t, p.Produce(ctx, topic, key, value))
	require.NoError(t, p.Delete(ctx, topic, key))
	require.NoError(t, p.Close(ctx))
	require.ErrorIs(t, p.Produce(ctx, topic, key, value), kafka.ErrClosed)

	c, err := kavro.NewConsumer[K, V](client, topic, []string{topic}, as[kavro.ConsumerOption](opts)...)
	require.NoError(t, err)
	var got []*kavro.Message[K, V]
	for range 2 {
		msg, err := c.Poll(ctx)
		require.NoError(t, err)
		require.Equal(t, key, msg.Key)
		got = append(got, msg)
	}
	if got[0].Partition == got[1].Partition { // without a key they may differ
		require.Equal(t, value, got[0].Value)
		require.True(t, got[1].Tombstone)
	}
	require.NoError(t, c.Close(ctx))
}

// as returns options as a constructor takes them.
func as[To any, From any](opts []From) []To {
	to := make([]To, len(opts))
	for i, o := range opts {
		to[i] = any(o).(To)
	}
	return to
}

// Go values that do not fit say where, and nothing is lost or sent.
func TestValuesThatDoNotFit(t *testing.T) {
	env := kavrotest.New(t)
	ctx := deadline(t)
	type wide struct {
		N int64 `avro:"n"`
	}
	schema := schemas.MustParse(`{"type":"record","name":"Narrow","fields":[{"name":"n","type":"int"}]}`)
	p, err := kavro.NewProducer[string, wide](open(t, "franz", env.Config()), kavro.WithValue(kavro.WithSchema(schema)))
	require.NoError(t, err)
	err = p.Produce(ctx, "t", "k", wide{N: 1 << 40})
	var e *avro.EncodeError
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, avro.ErrRange)
	require.ErrorContains(t, err, "t value (schema 1): n: ")
	require.NoError(t, p.Close(ctx))
}

func TestConfiguration(t *testing.T) {
	good := kavro.Config{"bootstrap.servers": "127.0.0.1:1", "schema.registry.url": "http://127.0.0.1:1"}
	with := func(pairs ...any) kavro.Config {
		c := kavro.Config{}
		for k, v := range good {
			c[k] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			c[pairs[i].(string)] = pairs[i+1]
		}
		return c
	}
	for _, c := range []struct {
		name string
		conf kavro.Config
		key  string
		err  string
	}{
		{"a misspelt key of the serializer", with("auto.register.schema", true), "auto.register.schema", `did you mean "auto.register.schemas"?`},
		{"a misspelt key of the registry", with("schema.registry.ulr", "x"), "schema.registry.ulr", "did you mean"},
		{"a misspelt key of the client", with("linger.sm", 5), "linger.sm", `did you mean "linger.ms"?`},
		{"an unknown client", with("kavro.client", "sarama"), "kavro.client", "want confluent or franz"},
		{"an unknown serializer", with("value.serializer", "protobuf"), "value.serializer", "not known here"},
		{"a serializer for another type", with("value.serializer", "int64"), "value.serializer", "does not serialize kavro_test.Order"},
		{"a bad boolean", with("auto.register.schemas", "yes please"), "auto.register.schemas", "want true or false"},
		{"rules", with("rule.executors", "x"), "rule.executors", "kavro runs no rules"},
		{"no registry", kavro.Config{"bootstrap.servers": "127.0.0.1:1"}, "schema.registry.url", "is not set"},
	} {
		for _, name := range drivers.Names() {
			t.Run(c.name+", "+name, func(t *testing.T) {
				before := fmt.Sprint(c.conf)
				conf := maps.Clone(c.conf)
				if conf["kavro.client"] == nil {
					conf["kavro.client"] = name
				}
				client, err := kavro.Open(conf)
				if err == nil {
					_, err = kavro.NewProducer[string, Order](client, kavro.WithValue(kavro.WithSchema(orderSchema)))
				}
				var e *kafka.ConfigError
				require.ErrorAs(t, err, &e)
				require.Equal(t, c.key, e.Key)
				require.ErrorContains(t, err, c.err)
				require.Equal(t, before, fmt.Sprint(c.conf))
			})
		}
	}
	_, err := kavro.NewProducer[string, Order](open(t, "franz", with("use.latest.version", true, "auto.register.schemas", true)), kavro.WithValue(kavro.WithSchema(orderSchema)))
	require.ErrorContains(t, err, "contradict")
	_, err = kavro.NewProducer[string, Order](open(t, "franz", good))
	require.ErrorContains(t, err, "kavro: value: serde: kavro_test.Order carries no schema")
}

// A registry that cannot be reached is a typed, temporary error within the
// context, and so is one behind a proxy that answers in HTML.
func TestUnusableRegistry(t *testing.T) {
	html := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html>\n<body>Bad gateway</body>"))
	}))
	defer html.Close()
	env := kavrotest.New(t)
	for _, url := range []string{"http://127.0.0.1:1", html.URL} {
		p, err := kavro.NewProducer[string, Order](open(t, "franz", env.Config(kavro.Config{"schema.registry.url": url}), kavro.WithRegistryOptions(registry.WithRetries(0, time.Millisecond, time.Millisecond))), kavro.WithValue(kavro.WithSchema(orderSchema)))
		require.NoError(t, err)
		err = p.Produce(deadline(t), "orders", "k", Order{})
		var e *registry.UnavailableError
		require.ErrorAs(t, err, &e)
		require.True(t, e.Temporary())
		require.ErrorContains(t, err, "orders value (subject orders-value): registry: unavailable")
		require.NoError(t, p.Close(deadline(t)))
	}
}

// A schema that refers to another subject's goes through the front door with its
// reference.
func TestReferences(t *testing.T) {
	env := kavrotest.New(t)
	ctx := deadline(t)
	_, err := env.Registry.Register(ctx, "shop.Order", registry.Definition{Text: orderSchema.String()})
	require.NoError(t, err)
	type Shipment struct {
		Order Order `avro:"order"`
	}
	shipment := schemas.MustParse(`{"type":"record","name":"Shipment","namespace":"shop","fields":[{"name":"order","type":"shop.Order"}]}`, schemas.WithReferences(orderSchema))
	p, err := kavro.NewProducer[string, Shipment](open(t, "franz", env.Config()), kavro.WithValueSerializer(serde.WithDefinition(shipment, registry.Definition{
		References: []registry.Reference{{Name: "shop.Order", Subject: "shop.Order", Version: 1}},
	})))
	require.NoError(t, err)
	require.NoError(t, p.Produce(ctx, "shipments", "k", Shipment{Order{ID: "A-1", Total: 7}}))
	require.NoError(t, p.Close(ctx))

	// Unless it is named, it is looked for, and else written out: as of types that
	// kavro gen makes of several files.
	p, err = kavro.NewProducer[string, Shipment](open(t, "franz", env.Config()), kavro.WithValue(kavro.WithSchema(shipment)))
	require.NoError(t, err)
	require.NoError(t, p.Warmup(ctx, "shipments", "returns"))
	versions, err := env.Registry.Versions(ctx, "shipments-value")
	require.NoError(t, err)
	require.Equal(t, []int{1}, versions)
	returns, err := env.Registry.Latest(ctx, "returns-value")
	require.NoError(t, err)
	require.Empty(t, returns.References)
	require.True(t, schemas.Equivalent(shipment, returns.Schema))
	require.NoError(t, p.Produce(ctx, "returns", "k", Shipment{Order{ID: "A-1", Total: 7}}))
	require.NoError(t, p.Close(ctx))

	c, err := kavro.NewConsumer[string, map[string]any](open(t, "franz", env.Config()), "g", []string{"shipments"})
	require.NoError(t, err)
	msg, err := c.Poll(ctx)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"order": map[string]any{"id": "A-1", "total": int64(7)}}, msg.Value)
	require.NoError(t, c.Close(ctx))
}
