//go:build cgo

package confluent_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
)

// The record of the benchmarks: 36 bytes of key, 161 of value.
var (
	benchKey   = []byte("0190a6f2-7f3e-7c4e-9d0a-1b2c3d4e5f60")
	benchValue = []byte(strings.Repeat("v", 161))
)

// benchProducers are settings that both sides of a benchmark have.
var benchProducers = kafka.Config{"acks": "all", "linger.ms": 5, "enable.idempotence": true, "go.delivery.report.fields": "none"}

func benchBroker(b *testing.B, opts ...kfake.Opt) string {
	k, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))...)
	require.NoError(b, err)
	b.Cleanup(k.Close)
	return k.ListenAddrs()[0]
}

// cpu is the processor time this process has used, the broker's included.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// report adds the rate, and the processor time per record, which varies less.
func report(b *testing.B, began time.Duration) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1000, "krec/s")
	b.ReportMetric(float64(cpu()-began)/float64(b.N), "cpu-ns/rec")
}

// BenchmarkProduce sends records of 200 bytes with reports. The broker keeps
// nothing. The bare client has the same settings:
//
//   - bare: it counts reports, and does not know which record one is of
//   - bare, matched: it finds back to its record and notes the offset, which is
//     what a client does for every record
func BenchmarkProduce(b *testing.B) {
	b.Run("kavro", produceKavro)
	b.Run("bare", func(b *testing.B) { produceBare(b, false) })
	b.Run("bare, matched", func(b *testing.B) { produceBare(b, true) })
}

// ring is more records than the queue holds.
type ring []kafka.Record

func newRing() ring { return make(ring, 1<<17) }

func (r ring) next(i int) *kafka.Record {
	rec := &r[i%len(r)]
	*rec = kafka.Record{Topic: "t", Partition: -1, Key: benchKey, Value: benchValue}
	return rec
}

func produceKavro(b *testing.B) {
	conf := kafka.Config{"bootstrap.servers": benchBroker(b, kfake.BlackholeProduce())}
	maps.Copy(conf, benchProducers)
	p, err := confluent.NewProducer(conf, kafka.Hooks{})
	require.NoError(b, err)
	defer p.Close(context.Background())
	failed := 0
	done := func(_ *kafka.Record, err error) {
		if err != nil {
			failed++
		}
	}
	records, ctx := newRing(), context.Background()
	began := cpu()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := p.Produce(ctx, records.next(i), done); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, p.Flush(ctx))
	report(b, began)
	require.Zero(b, failed)
}

func produceBare(b *testing.B, matched bool) {
	conf := ckafka.ConfigMap{"bootstrap.servers": benchBroker(b, kfake.BlackholeProduce()), "log_level": 0}
	for k, v := range benchProducers {
		conf[k] = v
	}
	p, err := ckafka.NewProducer(&conf)
	require.NoError(b, err)
	defer p.Close()
	var failed, reported atomic.Int64
	go func() {
		for ev := range p.Events() { // until Close
			m, ok := ev.(*ckafka.Message)
			if !ok {
				continue
			}
			if matched {
				m.Opaque.(*kafka.Record).Offset = int64(m.TopicPartition.Offset)
			}
			if m.TopicPartition.Error != nil {
				failed.Add(1)
			}
			reported.Add(1)
		}
	}()
	records := newRing()
	began := cpu()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := records.next(i)
		m := ckafka.Message{
			TopicPartition: ckafka.TopicPartition{Topic: &r.Topic, Partition: r.Partition}, Key: r.Key, Value: r.Value,
		}
		if matched {
			m.Opaque = r
		}
		for {
			err := p.Produce(&m, nil)
			if err == nil {
				break
			}
			if err.(ckafka.Error).Code() != ckafka.ErrQueueFull {
				b.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
	}
	for reported.Load() < int64(b.N) {
		p.Flush(10)
	}
	report(b, began)
	require.Zero(b, failed.Load())
}

// BenchmarkConsume reads records of 200 bytes from the start, through a client
// and through confluent-kafka-go alone with its defaults and with the setting
// that a client makes.
func BenchmarkConsume(b *testing.B) {
	const n = 1_000_000
	broker := benchBroker(b)
	p, err := confluent.NewProducer(kafka.Config{"bootstrap.servers": broker, "linger.ms": 50}, kafka.Hooks{})
	require.NoError(b, err)
	for range n {
		require.NoError(b, p.Produce(context.Background(), &kafka.Record{Topic: "t", Key: benchKey, Value: benchValue}, nil))
	}
	require.NoError(b, p.Close(context.Background()))

	b.Run("kavro", func(b *testing.B) {
		c, err := confluent.NewConsumer(kafka.Config{"bootstrap.servers": broker}, kafka.Hooks{})
		require.NoError(b, err)
		defer c.Close(context.Background())
		start := kafka.Offset{TopicPartition: kafka.TopicPartition{Topic: "t"}, Offset: 0, LeaderEpoch: -1}
		var batch kafka.Batch
		ctx := context.Background()
		began := cpu()
		b.ReportAllocs()
		read := 0
		require.NoError(b, c.(kafka.Assigner).Assign(ctx, start))
		for b.Loop() {
			if read == 0 {
				require.NoError(b, c.Poll(ctx, &batch, 1000))
				read = len(batch.Records)
				if batch.Records[read-1].Offset == n-1 {
					require.NoError(b, c.Seek(ctx, start))
				}
			}
			read--
		}
		report(b, began)
	})
	for name, backoff := range map[string]int{"bare": 1000, "bare, tuned": 2} {
		b.Run(name, func(b *testing.B) {
			c, err := ckafka.NewConsumer(&ckafka.ConfigMap{
				"bootstrap.servers": broker, "group.id": fmt.Sprint("g", backoff), "enable.auto.commit": false, "enable.auto.offset.store": false,
				"fetch.queue.backoff.ms": backoff, "log_level": 0,
			})
			require.NoError(b, err)
			defer c.Close()
			topic := "t"
			start := []ckafka.TopicPartition{{Topic: &topic, Partition: 0, Offset: 0}}
			began := cpu()
			b.ReportAllocs()
			require.NoError(b, c.Assign(start))
			for b.Loop() {
				for {
					if m, ok := c.Poll(100).(*ckafka.Message); ok {
						if m.TopicPartition.Offset == n-1 {
							_, err := c.SeekPartitions(start)
							require.NoError(b, err)
						}
						break
					}
				}
			}
			report(b, began)
		})
	}
}
