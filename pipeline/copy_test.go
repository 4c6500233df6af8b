package pipeline_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/serde"
)

// twoClusters are a source and a destination, each with a registry of its own.
type twoClusters struct {
	*testing.T
	from, to             *fakekafka.Cluster
	fromSchema, toSchema *memory.Registry
}

func newTwoClusters(t *testing.T) *twoClusters {
	w := &twoClusters{
		T:          t,
		from:       fakekafka.New(map[string]int{"orders": 2}),
		to:         fakekafka.New(map[string]int{"orders": 2, "eu.orders": 3}),
		fromSchema: memory.New(),
		toSchema:   memory.New(),
	}
	// Ids differ between the two.
	for i := range 3 {
		w.register(w.toSchema, fmt.Sprint("other", i), fmt.Sprintf(`{"type":"fixed","name":"f%d","size":1}`, i))
	}
	return w
}

func (w *twoClusters) register(r *memory.Registry, subject, text string, refs ...registry.Reference) *registry.SubjectSchema {
	s, err := r.Register(w.Context(), subject, registry.Definition{Text: text, References: refs})
	require.NoError(w, err)
	return s
}

// copy runs Copy to the end.
func (w *twoClusters) copy(c pipeline.CopyConfig, opts ...pipeline.Option) error {
	s := pipeline.AtLeastOnce(
		w.from.Consumer(fakekafka.ConsumerConfig{Group: "mirror", FromStart: true}),
		w.to.Producer(fakekafka.ProducerConfig{}))
	defer func() { require.NoError(w, s.Close(context.Background())) }()
	return pipeline.Copy(w.Context(), s, []string{"orders"}, c, append(opts, pipeline.WithToEnd())...)
}

func TestCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTwoClusters(t)
		at := time.UnixMilli(1_700_000_000_123)
		h := []kafka.Header{{Key: "a", Value: []byte{0}}, {Key: "a"}, {Key: "b", Value: []byte{}}}
		records := []kafka.Record{
			{Key: []byte("k"), Value: []byte{0, 0, 0, 0, 1, 9}, Headers: h, Timestamp: at},
			{Key: nil, Value: []byte{}, Timestamp: at},
			{Key: []byte{}, Value: nil, Timestamp: at},
		}
		w.from.Append("orders", 1, records...)
		n := int64(0)
		require.NoError(t, w.copy(pipeline.CopyConfig{SamePartition: true, Progress: func(records int64) { n = records }}))
		require.Equal(t, int64(3), n)
		got := w.to.Records("orders")
		for i, want := range w.from.Records("orders") {
			require.Equal(t, want, got[i])
		}
		require.Equal(t, int64(3), w.from.Group("mirror").Committed("orders", 1))

		w.from.Append("orders", 0, kafka.Record{Key: []byte("later"), Value: []byte("x")})
		require.NoError(t, w.copy(pipeline.CopyConfig{Topic: func(topic string) string { return "eu." + topic }}))
		require.Len(t, w.to.Records("eu.orders"), 1, "it continues from there")
	})
}

const (
	orderV1 = `{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"string"}]}`
	orderV2 = `{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"string"},{"name":"n","type":"int","default":0}]}`
	money   = `{"type":"record","name":"Money","namespace":"shop","fields":[{"name":"cents","type":"long"}]}`
	payment = `{"type":"record","name":"Payment","namespace":"shop","fields":[{"name":"sum","type":"shop.Money"}]}`
)

func TestCopyTranslates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTwoClusters(t)
		v1 := w.register(w.fromSchema, "orders-value", orderV1)
		v2 := w.register(w.fromSchema, "orders-value", orderV2)
		key := w.register(w.fromSchema, "orders-key", `"string"`)
		guid, err := serde.ParseGUID(v2.GUID)
		require.NoError(t, err)
		datum := []byte{6, 'a', 'd', 'a'}
		framed := func(id int) []byte { return append(serde.AppendFrame(nil, id), datum...) }
		byGUID := kafka.Header{Key: serde.ValueFrameHeader, Value: serde.AppendGUIDFrame(nil, guid)}
		byID := kafka.Header{Key: serde.ValueFrameHeader, Value: serde.AppendFrame(nil, v2.ID)}
		own := kafka.Header{Key: "own"}
		w.from.Append("orders", 0,
			kafka.Record{Key: framed(key.ID), Value: framed(v1.ID)},
			kafka.Record{Key: framed(key.ID), Value: framed(v2.ID)},
			kafka.Record{Value: framed(v1.ID)},
			kafka.Record{Value: datum, Headers: []kafka.Header{own, byGUID}},
			kafka.Record{Value: datum, Headers: []kafka.Header{byID, own}},
			kafka.Record{Key: []byte("k")},
			kafka.Record{Value: []byte("not framed")},
		)
		before := w.from.Records("orders")
		translator := pipeline.NewTranslator(w.fromSchema, w.toSchema, serde.TopicName)
		require.NoError(t, w.copy(pipeline.CopyConfig{Schemas: translator, AvroKeys: true, SamePartition: true}))

		to1, err := w.toSchema.Lookup(t.Context(), "orders-value", registry.Definition{Text: orderV1})
		require.NoError(t, err)
		to2, err := w.toSchema.Lookup(t.Context(), "orders-value", registry.Definition{Text: orderV2})
		require.NoError(t, err)
		toKey, err := w.toSchema.Lookup(t.Context(), "orders-key", registry.Definition{Text: `"string"`})
		require.NoError(t, err)
		require.NotEqual(t, v1.ID, to1.ID)

		got := w.to.Records("orders")
		require.Len(t, got, 7)
		require.Equal(t, framed(toKey.ID), got[0].Key)
		require.Equal(t, framed(to1.ID), got[0].Value)
		require.Equal(t, framed(to2.ID), got[1].Value)
		require.Equal(t, framed(to1.ID), got[2].Value)
		require.Equal(t, datum, got[3].Value)
		require.Equal(t, []kafka.Header{own, byGUID}, got[3].Headers, "a GUID is the same everywhere")
		require.Equal(t, []kafka.Header{{Key: serde.ValueFrameHeader, Value: serde.AppendFrame(nil, to2.ID)}, own}, got[4].Headers)
		require.Equal(t, []byte("k"), got[5].Key)
		require.Equal(t, []byte("not framed"), got[6].Value)
		require.Equal(t, before, w.from.Records("orders"))
	})
}

// The references of a schema are registered first, under their own subjects.
func TestCopyTranslatesReferences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTwoClusters(t)
		w.register(w.toSchema, "shop.Money", `{"type":"record","name":"Money","namespace":"shop","fields":[{"name":"cents","type":"long","default":1}]}`)
		w.register(w.fromSchema, "shop.Money", money)
		p := w.register(w.fromSchema, "orders-value", payment, registry.Reference{Name: "shop.Money", Subject: "shop.Money", Version: 1})
		w.from.Append("orders", 0, kafka.Record{Value: append(serde.AppendFrame(nil, p.ID), 2)})
		require.NoError(t, w.copy(pipeline.CopyConfig{Schemas: pipeline.NewTranslator(w.fromSchema, w.toSchema, serde.TopicName)}))
		there, err := w.toSchema.Latest(t.Context(), "orders-value")
		require.NoError(t, err)
		require.Equal(t, []registry.Reference{{Name: "shop.Money", Subject: "shop.Money", Version: 2}}, there.References, "its version there")
		require.Equal(t, append(serde.AppendFrame(nil, there.ID), 2), w.to.Records("orders")[0].Value)
	})
}

func TestCopyOfAnUnknownID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTwoClusters(t)
		w.from.Append("orders", 0, kafka.Record{Value: serde.AppendFrame(nil, 99)}, kafka.Record{Value: []byte("x")})
		c := pipeline.CopyConfig{Schemas: pipeline.NewTranslator(w.fromSchema, w.toSchema, serde.TopicName)}
		err := w.copy(c)
		var missing *registry.NotFoundError
		require.ErrorAs(t, err, &missing)
		require.ErrorContains(t, err, "orders [0] offset 0: value (schema 99): translate schema 99: ")
		require.NoError(t, w.copy(c, pipeline.WithPolicy(avroconsumer.UnknownSchemas, avroconsumer.Skip())))
		require.Len(t, w.to.Records("orders"), 1)
	})
}

// A schema that the other registry refuses ends Copy: data without a schema must not be written.
func TestCopyOfARefusedSchema(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTwoClusters(t)
		v1 := w.register(w.fromSchema, "orders-value", orderV1)
		w.register(w.toSchema, "orders-value", `{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"long"}]}`)
		w.from.Append("orders", 0, kafka.Record{Value: serde.AppendFrame(nil, v1.ID)})
		err := w.copy(pipeline.CopyConfig{Schemas: pipeline.NewTranslator(w.fromSchema, w.toSchema, serde.TopicName)})
		var conflict *registry.ConflictError
		require.ErrorAs(t, err, &conflict)
		require.Empty(t, w.to.Records("orders"))
	})
}
