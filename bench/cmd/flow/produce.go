package main

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/bench/generated"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/serde"
)

// The names of sides: those of the bare clients, which the others are compared to, and of kavro's.
const (
	bareConfluent  = "confluent-kafka-go"
	bareFranz      = "franz-go"
	confluentBytes = "kavro on kafka/confluent, ready bytes"
	confluentAvro  = "kavro on kafka/confluent, Avro"
	franzBytes     = "kavro on kafka/franz, ready bytes"
	franzAvro      = "kavro on kafka/franz, Avro"
)

// queueKbytes bounds the queues of all sides, so that large records do not fill the memory.
const queueKbytes = 64 << 10

// producing are the sides that produce. All are idempotent with acks=all, linger
// for 5 ms, and look at the report of every record.
func producing() []side {
	return []side{
		{"produce", bareConfluent, produceConfluent},
		{"produce", confluentBytes, func(ctx context.Context, s settings) (figures, error) {
			return produceBytes(ctx, s, confluent.NewProducer)
		}},
		{"produce", confluentAvro, func(ctx context.Context, s settings) (figures, error) {
			return produceAvro(ctx, s, confluent.NewProducer)
		}},
		{"produce", bareFranz, produceFranz},
		{"produce", franzBytes, func(ctx context.Context, s settings) (figures, error) {
			return produceBytes(ctx, s, franz.NewProducer)
		}},
		{"produce", franzAvro, func(ctx context.Context, s settings) (figures, error) {
			return produceAvro(ctx, s, franz.NewProducer)
		}},
	}
}

// produceAll produces N records on so many goroutines as s says.
func produceAll(s settings, produce func(i int) error) error {
	errs := make([]error, s.Goroutines)
	var wg sync.WaitGroup
	for g := range s.Goroutines {
		wg.Go(func() {
			for i := g; i < s.N && errs[g] == nil; i += s.Goroutines {
				errs[g] = produce(i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func producerConf(s settings) kafka.Config {
	return kafka.Config{
		"bootstrap.servers": s.Brokers, "acks": "all", "linger.ms": 5, "enable.idempotence": true, "compression.type": s.Codec,
		"queue.buffering.max.kbytes": queueKbytes,
	}
}

// clock measures from start to stop: what connecting costs is outside.
type clock struct {
	at  time.Time
	cpu float64
	mem runtime.MemStats
}

func start() *clock {
	c := &clock{}
	runtime.GC()
	runtime.ReadMemStats(&c.mem)
	c.at, c.cpu = time.Now(), cpuSeconds()
	return c
}

func (c *clock) stop(n int) figures {
	f := figures{Seconds: time.Since(c.at).Seconds(), CPU: cpuSeconds() - c.cpu, N: n}
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	f.Allocs, f.Bytes = now.Mallocs-c.mem.Mallocs, now.TotalAlloc-c.mem.TotalAlloc
	return f
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// produceConfluent finds each report's record by its opaque, as a program has to
// that wants to know which record failed.
func produceConfluent(_ context.Context, s settings) (figures, error) {
	all, err := newRecords(s)
	if err != nil {
		return figures{}, err
	}
	conf := ckafka.ConfigMap{"log_level": 0, "go.delivery.report.fields": "none"}
	for k, v := range producerConf(s) {
		conf[k] = v
	}
	p, err := ckafka.NewProducer(&conf)
	if err != nil {
		return figures{}, err
	}
	defer p.Close()
	type sent struct{ offset ckafka.Offset }
	inFlight := make([]sent, 1<<17) // more than the queue holds
	var reported, failed atomic.Int64
	go func() {
		for ev := range p.Events() { // until Close
			m, ok := ev.(*ckafka.Message)
			if !ok {
				continue
			}
			m.Opaque.(*sent).offset = m.TopicPartition.Offset
			if m.TopicPartition.Error != nil {
				failed.Add(1)
			}
			reported.Add(1)
		}
	}()
	produce := func(i int) error {
		m := ckafka.Message{TopicPartition: ckafka.TopicPartition{Topic: &s.Topic, Partition: ckafka.PartitionAny}, Key: all.key(i), Value: all.value(i), Opaque: &inFlight[i%len(inFlight)]}
		for {
			err := p.Produce(&m, nil)
			var full ckafka.Error
			if !errors.As(err, &full) || full.Code() != ckafka.ErrQueueFull {
				return err
			}
			time.Sleep(time.Millisecond)
		}
	}
	wait := func(n int) {
		for reported.Load() < int64(n) {
			p.Flush(10)
		}
	}
	if err := produce(0); err != nil {
		return figures{}, err
	}
	wait(1)
	c := start()
	if err := produceAll(s, produce); err != nil {
		return figures{}, err
	}
	wait(s.N + 1)
	f := c.stop(s.N)
	return f, lost(failed.Load())
}

func bareProducer(s settings) ([]kgo.Opt, error) {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "lz4": kgo.Lz4Compression(), "snappy": kgo.SnappyCompression(), "zstd": kgo.ZstdCompression(), "gzip": kgo.GzipCompression(),
	}
	codec, ok := codecs[s.Codec]
	if !ok {
		return nil, errors.New("-codec: none, lz4, snappy, zstd or gzip")
	}
	return []kgo.Opt{
		kgo.SeedBrokers(strings.Split(s.Brokers, ",")...), kgo.ProducerLinger(5 * time.Millisecond), kgo.ProducerBatchCompression(codec),
		kgo.MaxBufferedRecords(100_000), // librdkafka's, and kavro's
		kgo.MaxBufferedBytes(queueKbytes << 10),
	}, nil
}

func produceFranz(ctx context.Context, s settings) (figures, error) {
	all, err := newRecords(s)
	if err != nil {
		return figures{}, err
	}
	opts, err := bareProducer(s)
	if err != nil {
		return figures{}, err
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return figures{}, err
	}
	defer cl.Close()
	if err := cl.ProduceSync(ctx, &kgo.Record{Topic: s.Topic, Key: all.key(0), Value: all.value(0)}).FirstErr(); err != nil {
		return figures{}, err
	}
	var failed int64 // promises are called one at a time
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			failed++
		}
	}
	c := start()
	err = produceAll(s, func(i int) error {
		cl.Produce(ctx, &kgo.Record{Topic: s.Topic, Key: all.key(i), Value: all.value(i)}, promise)
		return nil
	})
	err = errors.Join(err, cl.Flush(ctx))
	f := c.stop(s.N)
	return f, errors.Join(err, lost(failed))
}

type newProducer func(kafka.Config, kafka.Hooks) (kafka.Producer, error)

func produceBytes(ctx context.Context, s settings, make newProducer) (figures, error) {
	all, err := newRecords(s)
	if err != nil {
		return figures{}, err
	}
	return produceKavro(ctx, s, make, serde.Bytes, all, all.value)
}

func produceAvro(ctx context.Context, s settings, make newProducer) (figures, error) {
	all, err := newRecords(s)
	if err != nil {
		return figures{}, err
	}
	values, err := serde.NewAvroSerializer[generated.Order](memory.New())
	if err != nil {
		return figures{}, err
	}
	return produceKavro(ctx, s, make, values, all, func(i int) generated.Order { return *all.order(i) })
}

func produceKavro[V any](ctx context.Context, s settings, make newProducer, values serde.Serializer[V], all *records, value func(i int) V) (figures, error) {
	b, err := make(producerConf(s), kafka.Hooks{})
	if err != nil {
		return figures{}, err
	}
	p, err := avroproducer.New(b, serde.Bytes, values, avroproducer.WithOwnedClient())
	if err != nil {
		return figures{}, err
	}
	if err := p.ProduceSync(ctx, avroproducer.Record[[]byte, V]{Topic: s.Topic, Key: all.key(0), Value: value(0)}); err != nil {
		return figures{}, err
	}
	c := start()
	if err := produceAll(s, func(i int) error { return p.Produce(ctx, s.Topic, all.key(i), value(i)) }); err != nil {
		return figures{}, err
	}
	err = p.Flush(ctx) // tells of every record that failed
	f := c.stop(s.N)
	return f, errors.Join(err, p.Close(ctx))
}

func lost(n int64) error {
	if n == 0 {
		return nil
	}
	return errors.New("records were not delivered")
}
