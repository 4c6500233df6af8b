package chaostest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/linkedin/goavro/v2"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// Copy copies 100,000 records from one cluster to another (a kfake), each with a registry, and
// reads them back with other Kafka and Avro libraries.
func Copy(t *testing.T, c Cluster, d kafka.Driver) {
	const n = 100_000
	r := newRig(t, c, d)
	events := r.name("events")
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	there, err := kavrotest.Start(kavrotest.WithTopic(events, 3))
	require.NoError(r, err)
	defer func() { require.NoError(r, there.Close()) }()
	_, err = there.Registry.Register(ctx, "other", registry.Definition{Text: `"long"`}) // ids differ
	require.NoError(r, err)
	require.NoError(r, r.CreateTopic(ctx, events, 3))

	from, to := r.registryClient(), r.clientOf(there.RegistryURL)
	defer from.Close()
	defer to.Close()
	p, err := r.driver.NewProducer(r.conf(kafka.Config{"linger.ms": 5}), kafka.Hooks{})
	require.NoError(r, err)
	s := r.serializer(from)
	for i := range n {
		e := event{Key: fmt.Sprint("key", i%keys), N: int64(i)}
		value, err := s.Append(ctx, nil, &serde.Target{Topic: events, Part: serde.Value}, &e)
		require.NoError(r, err)
		require.NoError(r, p.Produce(ctx, &kafka.Record{Topic: events, Partition: int32(i % 3), Key: []byte(e.Key), Value: value,
			Headers: []kafka.Header{{Key: "n", Value: fmt.Append(nil, i)}}, Timestamp: time.UnixMilli(int64(i + 1))}, nil))
	}
	require.NoError(r, p.Close(ctx))

	source, err := r.driver.NewConsumer(r.conf(kafka.Config{"group.id": r.name("mirror"), "auto.offset.reset": "earliest", "enable.partition.eof": true}), kafka.Hooks{})
	require.NoError(r, err)
	p, err = r.driver.NewProducer(kafka.Config{"bootstrap.servers": strings.Join(there.Brokers, ","), "linger.ms": 5}, kafka.Hooks{})
	require.NoError(r, err)
	session := pipeline.AtLeastOnce(source, p)
	copied := int64(0)
	require.NoError(r, pipeline.Copy(ctx, session, []string{events}, pipeline.CopyConfig{
		Schemas:       pipeline.NewTranslator(from, to, serde.TopicName),
		SamePartition: true,
		Progress:      func(records int64) { copied = records },
	}, pipeline.WithToEnd(), pipeline.WithBatch(10_000, time.Second)))
	require.NoError(r, session.Close(ctx))
	require.Equal(r, int64(n), copied)

	latest, err := there.Registry.Latest(ctx, events+"-value")
	require.NoError(r, err)
	original, err := r.registry.Latest(ctx, events+"-value")
	require.NoError(r, err)
	require.Equal(r, original.Text, latest.Text)
	codec, err := goavro.NewCodec(latest.Text)
	require.NoError(r, err)
	reader, err := kgo.NewClient(kgo.SeedBrokers(there.Brokers...), kgo.ConsumeTopics(events), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	require.NoError(r, err)
	defer reader.Close()
	seen := make([]bool, n)
	for left := n; left > 0; {
		fetches := reader.PollFetches(ctx)
		require.NoError(r, fetches.Err())
		fetches.EachRecord(func(rec *kgo.Record) {
			left--
			frame, datum, err := serde.SplitFrame(rec.Value)
			require.NoError(r, err)
			require.Equal(r, latest.ID, frame.ID)
			native, trailing, err := codec.NativeFromBinary(datum)
			require.NoError(r, err)
			require.Empty(r, trailing)
			e := native.(map[string]any)
			i := e["n"].(int64)
			require.False(r, seen[i])
			seen[i] = true
			require.Equal(r, fmt.Sprint("key", i%keys), e["key"])
			require.Equal(r, e["key"], string(rec.Key))
			require.Equal(r, int32(i%3), rec.Partition)
			require.Equal(r, fmt.Sprint(i), string(rec.Headers[0].Value))
			require.Equal(r, i+1, rec.Timestamp.UnixMilli())
		})
	}
}
