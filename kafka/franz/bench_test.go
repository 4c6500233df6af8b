package franz_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/franz"
)

// What the client adds to the bare client, with the same settings: records of 36
// bytes of key and 161 of value, on a kfake that stores nothing.

func BenchmarkProduce(b *testing.B) {
	for _, shape := range []struct {
		name    string
		headers []kafka.Header
	}{
		{name: "plain"},
		{name: "two headers", headers: []kafka.Header{{Key: "trace", Value: make([]byte, 32)}, {Key: "id", Value: make([]byte, 16)}}},
	} {
		b.Run("bare/"+shape.name, func(b *testing.B) {
			cl, err := kgo.NewClient(
				kgo.SeedBrokers(benchCluster(b, kfake.BlackholeProduce())),
				kgo.ProducerLinger(5*time.Millisecond), kgo.ProducerBatchCompression(kgo.NoCompression()),
				kgo.MaxBufferedRecords(100_000), kgo.RecordPartitioner(franz.Partitioner("", 10*time.Millisecond)),
			)
			require.NoError(b, err)
			defer cl.Close()
			headers := make([]kgo.RecordHeader, len(shape.headers))
			for i, h := range shape.headers {
				headers[i] = kgo.RecordHeader(h)
			}
			key, value, ctx := make([]byte, 36), make([]byte, 161), context.Background()
			done := func(_ *kgo.Record, err error) {
				if err != nil {
					b.Error(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				r := &kgo.Record{Topic: "bench", Partition: -1, Key: key, Value: value, Headers: headers}
				cl.Produce(ctx, r, done)
			}
			require.NoError(b, cl.Flush(ctx))
		})
		b.Run("kavro/"+shape.name, func(b *testing.B) {
			p, err := franz.NewProducer(kafka.Config{"bootstrap.servers": benchCluster(b, kfake.BlackholeProduce())}, kafka.Hooks{})
			require.NoError(b, err)
			ctx := context.Background()
			defer func() { require.NoError(b, p.Close(ctx)) }()
			key, value := make([]byte, 36), make([]byte, 161)
			done := func(_ *kafka.Record, err error) {
				if err != nil {
					b.Error(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				r := &kafka.Record{Topic: "bench", Partition: -1, Key: key, Value: value, Headers: shape.headers}
				if err := p.Produce(ctx, r, done); err != nil {
					b.Fatal(err)
				}
			}
			require.NoError(b, p.Flush(ctx))
		})
	}
}

func BenchmarkConsume(b *testing.B) {
	synthetic := kfake.SyntheticFetch(kfake.SyntheticBatch{RecordBytes: 161, Records: 5000})
	for _, max := range []int{500, 5000} {
		b.Run(fmt.Sprintf("bare/max %d", max), func(b *testing.B) {
			cl, err := kgo.NewClient(kgo.SeedBrokers(benchCluster(b, synthetic)), kgo.ConsumeTopics("bench"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
			require.NoError(b, err)
			defer cl.Close()
			b.ReportAllocs()
			bytes := 0
			for n := 0; n < b.N; {
				fetches := cl.PollRecords(context.Background(), max)
				fetches.EachRecord(func(r *kgo.Record) { bytes += len(r.Value); n++ })
			}
		})
		b.Run(fmt.Sprintf("kavro/max %d", max), func(b *testing.B) {
			c, err := franz.NewConsumer(kafka.Config{"bootstrap.servers": benchCluster(b, synthetic)}, kafka.Hooks{})
			require.NoError(b, err)
			defer func() { require.NoError(b, c.Close(context.Background())) }()
			at := kafka.Offset{TopicPartition: kafka.TopicPartition{Topic: "bench"}, Offset: 0, LeaderEpoch: -1}
			require.NoError(b, c.(kafka.Assigner).Assign(context.Background(), at))
			b.ReportAllocs()
			var batch kafka.Batch
			bytes := 0
			for n := 0; n < b.N; {
				require.NoError(b, c.Poll(context.Background(), &batch, max))
				for _, r := range batch.Records {
					bytes += len(r.Value)
				}
				n += len(batch.Records)
			}
		})
	}
}

func benchCluster(b *testing.B, opts ...kfake.Opt) string {
	k, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1), kfake.SeedTopics(1, "bench"))...)
	require.NoError(b, err)
	b.Cleanup(k.Close)
	return strings.Join(k.ListenAddrs(), ",")
}
