package registries

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// The same event, twice evolved: the second way is refused.
type (
	orderV1 struct {
		ID  string `avro:"id"`
		Qty int64  `avro:"qty"`
	}
	orderV2 struct {
		ID    string  `avro:"id"`
		Qty   int64   `avro:"qty"`
		Price float64 `avro:"price"`
	}
	orderV3 struct {
		ID    string  `avro:"id"`
		Qty   string  `avro:"qty"`
		Price float64 `avro:"price"`
	}
)

var (
	orderV1Schema = schemas.MustParse(`{"type":"record","name":"Order","namespace":"shop","fields":[
		{"name":"id","type":"string"},{"name":"qty","type":"long"}]}`)
	orderV2Schema = schemas.MustParse(`{"type":"record","name":"Order","namespace":"shop","fields":[
		{"name":"id","type":"string"},{"name":"qty","type":"long"},{"name":"price","type":"double","default":1.5}]}`)
	orderV3Schema = schemas.MustParse(`{"type":"record","name":"Order","namespace":"shop","fields":[
		{"name":"id","type":"string"},{"name":"qty","type":"string"},{"name":"price","type":"double","default":1.5}]}`)
	keySchema = schemas.MustParse(`"long"`)
)

// how says which registry a producer or consumer asks.
type how struct {
	conf     kavro.Config
	opts     []kavro.ClientOption
	registry settings
}

type settings interface {
	SetCompatibility(ctx context.Context, subject string, l schemas.Level) error
	Subjects(ctx context.Context, prefix string, opts ...registry.CallOption) ([]string, error)
}

func kavroAt(url string) func(*testing.T) how {
	ms := int(patience.Milliseconds())
	return func(t *testing.T) how {
		return how{kavro.Config{"schema.registry.url": url, "http.read.timeout.ms": ms, "kavro.registry.call.timeout.ms": ms}, nil, client(t, url)}
	}
}

func kavroWith(m *memory.Registry) func(*testing.T) how {
	return func(*testing.T) how { return how{nil, []kavro.ClientOption{kavro.WithRegistry(m)}, m} }
}

// wholePath is the way of records through the front door: registered, produced,
// consumed with evolution; an incompatible schema and an unknown id refused.
func wholePath(t *testing.T, make func(*testing.T) how) {
	h := make(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	const topic, each = "shop-orders", 50
	env, err := kavrotest.Start(kavrotest.WithTopic(topic, 1))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, env.Close()) })
	require.NoError(t, h.registry.SetCompatibility(ctx, topic+"-value", schemas.Backward))
	client := func(more ...kavro.Config) *kavro.Client {
		c, err := kavro.Open(env.Config(append(more, h.conf)...), h.opts...)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
		return c
	}
	shared := client()

	first, err := kavro.NewProducer[int64, orderV1](shared, schemasOf(orderV1Schema)...)
	require.NoError(t, err)
	second, err := kavro.NewProducer[int64, orderV2](shared, schemasOf(orderV2Schema)...)
	require.NoError(t, err)
	for i := range each {
		require.NoError(t, first.Produce(ctx, topic, int64(i), orderV1{ID: fmt.Sprint(i), Qty: int64(i)}))
	}
	require.NoError(t, first.Close(ctx))
	unknown(t, ctx, env, topic)
	for i := each; i < 2*each; i++ {
		require.NoError(t, second.Produce(ctx, topic, int64(i), orderV2{ID: fmt.Sprint(i), Qty: int64(i), Price: 2}))
	}
	require.NoError(t, second.Delete(ctx, topic, 7))
	require.NoError(t, second.Close(ctx))

	names, err := h.registry.Subjects(ctx, "")
	require.NoError(t, err)
	require.Contains(t, names, topic+"-key")
	require.Contains(t, names, topic+"-value")

	// Old programs read new data and new ones old data.
	older := consume[orderV1](t, ctx, client(), "older", topic, orderV1Schema)
	newer := consume[orderV2](t, ctx, client(), "newer", topic, orderV2Schema)
	for i := range 2 * each {
		price := 1.5
		if i >= each {
			price = 2
		}
		require.Equal(t, orderV1{ID: fmt.Sprint(i), Qty: int64(i)}, older[int64(i)])
		require.Equal(t, orderV2{ID: fmt.Sprint(i), Qty: int64(i), Price: price}, newer[int64(i)])
	}

	// What nobody could read any more is refused, with the reason.
	third, err := kavro.NewProducer[int64, orderV3](shared, schemasOf(orderV3Schema)...)
	require.NoError(t, err)
	err = third.ProduceSync(ctx, avroproducer.Record[int64, orderV3]{Topic: topic, Value: orderV3{}})
	incompatible, ok := asType[*schemas.IncompatibleError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, schemas.Backward, incompatible.Level)
	require.Len(t, incompatible.Reasons, 1)
	require.Equal(t, schemas.TypeMismatch, incompatible.Reasons[0].Kind)
	require.Equal(t, "/fields/1/type", incompatible.Reasons[0].Path)
	require.Equal(t, 2, incompatible.Reasons[0].Version)
	require.NoError(t, third.Close(ctx))

	// With registration off, it is the registry's word that counts.
	strict, err := kavro.NewProducer[int64, orderV3](client(kavro.Config{"auto.register.schemas": false}), schemasOf(orderV3Schema)...)
	require.NoError(t, err)
	err = strict.ProduceSync(ctx, avroproducer.Record[int64, orderV3]{Topic: topic, Value: orderV3{}})
	missing, ok := asType[*serde.MissingSchemaError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, topic+"-value", missing.Subject)
	require.NoError(t, strict.Close(ctx))
}

// schemasOf are the schemas of a producer.
func schemasOf(value *schemas.Schema) []kavro.ProducerOption {
	return []kavro.ProducerOption{kavro.WithKey(kavro.WithSchema(keySchema)), kavro.WithValue(kavro.WithSchema(value))}
}

// unknown writes a record with an id that no registry has given.
func unknown(t *testing.T, ctx context.Context, env *kavrotest.Env, topic string) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(env.Brokers...))
	require.NoError(t, err)
	defer cl.Close()
	record := &kgo.Record{Topic: topic, Key: nil, Value: append(serde.AppendFrame(nil, 1_000_000_000), 2, 'x', 0)}
	require.NoError(t, cl.ProduceSync(ctx, record).FirstErr())
}

// consume reads a topic to its end, by key. One record, of an unknown schema, is
// reported and passed over; one is a tombstone.
func consume[V any](t *testing.T, ctx context.Context, client *kavro.Client, group, topic string, s *schemas.Schema) map[int64]V {
	c, err := kavro.NewConsumer[int64, V](client, group, []string{topic}, kavro.WithToEnd(),
		kavro.WithKey(kavro.WithSchema(keySchema)), kavro.WithValue(kavro.WithSchema(s)))
	require.NoError(t, err)
	values, bad, tombstones := map[int64]V{}, 0, 0
	for msg, err := range c.Messages(ctx) {
		if refused, ok := asType[*avroconsumer.RecordError](err); ok {
			bad++
			require.Equal(t, 1_000_000_000, refused.SchemaID)
			_, ok := asType[*registry.NotFoundError](err)
			require.True(t, ok, "%v", err)
			continue
		}
		require.NoError(t, err)
		if msg.Tombstone {
			tombstones++
			require.EqualValues(t, 7, msg.Key)
			continue
		}
		values[msg.Key] = msg.Value
	}
	require.Equal(t, 1, bad)
	require.Equal(t, 1, tombstones)
	require.NoError(t, c.Close(ctx))
	return values
}

func asType[E error](err error) (found E, ok bool) {
	ok = errors.As(err, &found)
	return found, ok
}
