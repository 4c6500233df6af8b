package main

import (
	"bytes"
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

// The names of the bare clients' sides, which the others are compared to.
const (
	bareConfluent = "confluent-kafka-go"
	bareFranz     = "franz-go"
)

var key = []byte("0190a6f2-7f3e-7c4e-9d0a-1b2c3d4e5f60")

// sample is the order of the benchmarks, and its framed bytes.
func sample() (generated.Order, []byte, error) {
	note := "leave it with the neighbours"
	order := generated.Order{
		ID: "0190a6f2-7f3e-7c4e-9d0a-1b2c3d4e5f60", CustomerID: 81_723_645, PlacedAt: time.UnixMilli(1_790_000_000_000).UTC(),
		Status: generated.StatusPaid, Total: 149.85, Currency: "EUR", Note: &note,
		Lines: []generated.Line{{SKU: "AB-1234-XL", Qty: 2, Price: 49.95}, {SKU: "CD-9876", Qty: 1, Price: 49.95}},
		Tags:  map[string]string{"campaign": "autumn", "channel": "web"},
	}
	s, err := serde.NewAvroSerializer[generated.Order](memory.New())
	if err != nil {
		return order, nil, err
	}
	framed, err := s.Append(context.Background(), nil, &serde.Target{Topic: "orders", Part: serde.Value}, &order)
	return order, framed, err
}

// ready is the value of a side without Avro.
func ready(s settings) ([]byte, error) {
	if s.Bytes > 0 {
		return make([]byte, s.Bytes), nil
	}
	_, framed, err := sample()
	return framed, err
}

// produceAll calls produce N times, from all goroutines together.
func produceAll(s settings, produce func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, s.Goroutines)
	for worker := range errs {
		wg.Go(func() {
			for i := worker; i < s.N && errs[worker] == nil; i += s.Goroutines {
				errs[worker] = produce(i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// queueKbytes bounds the queues of all sides, so that large records do not fill the memory.
const queueKbytes = 64 << 10

// producing are the sides that produce. All are idempotent with acks=all, linger
// for 5 ms, and look at the report of every record.
func producing() []side {
	return []side{
		{"produce", bareConfluent, produceConfluent},
		{"produce", "kavro on kafka/confluent, ready bytes", func(ctx context.Context, s settings) (figures, error) {
			return produceBytes(ctx, s, confluent.NewProducer)
		}},
		{"produce", "kavro on kafka/confluent, Avro", func(ctx context.Context, s settings) (figures, error) {
			return produceAvro(ctx, s, confluent.NewProducer)
		}},
		{"produce", bareFranz, produceFranz},
		{"produce", "franz-go, a copy of the value for each record", produceFranzCopies},
		{"produce", "kavro on kafka/franz, ready bytes", func(ctx context.Context, s settings) (figures, error) {
			return produceBytes(ctx, s, franz.NewProducer)
		}},
		{"produce", "kavro on kafka/franz, Avro", func(ctx context.Context, s settings) (figures, error) {
			return produceAvro(ctx, s, franz.NewProducer)
		}},
	}
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
	value, err := ready(s)
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
	records := make([]sent, 1<<17) // more than the queue holds
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
		m := ckafka.Message{TopicPartition: ckafka.TopicPartition{Topic: &s.Topic, Partition: ckafka.PartitionAny}, Key: key, Value: value, Opaque: &records[i%len(records)]}
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
	return produceBareFranz(ctx, s, func(value []byte) []byte { return value })
}

// produceFranzCopies is the bare client in a program whose records are not all the same one: the
// bytes of each record are its own.
func produceFranzCopies(ctx context.Context, s settings) (figures, error) {
	return produceBareFranz(ctx, s, bytes.Clone)
}

func produceBareFranz(ctx context.Context, s settings, each func([]byte) []byte) (figures, error) {
	value, err := ready(s)
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
	if err := cl.ProduceSync(ctx, &kgo.Record{Topic: s.Topic, Key: key, Value: value}).FirstErr(); err != nil {
		return figures{}, err
	}
	var failed int64 // promises are called one at a time
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			failed++
		}
	}
	c := start()
	_ = produceAll(s, func(int) error {
		cl.Produce(ctx, &kgo.Record{Topic: s.Topic, Key: key, Value: each(value)}, promise)
		return nil
	})
	err = cl.Flush(ctx)
	f := c.stop(s.N)
	return f, errors.Join(err, lost(failed))
}

type newProducer func(kafka.Config, kafka.Hooks) (kafka.Producer, error)

func produceBytes(ctx context.Context, s settings, make newProducer) (figures, error) {
	value, err := ready(s)
	if err != nil {
		return figures{}, err
	}
	return produceKavro(ctx, s, make, serde.Bytes, value)
}

func produceAvro(ctx context.Context, s settings, make newProducer) (figures, error) {
	order, _, err := sample()
	if err != nil {
		return figures{}, err
	}
	values, err := serde.NewAvroSerializer[generated.Order](memory.New())
	if err != nil {
		return figures{}, err
	}
	return produceKavro(ctx, s, make, values, order)
}

func produceKavro[V any](ctx context.Context, s settings, make newProducer, values serde.Serializer[V], value V) (figures, error) {
	b, err := make(producerConf(s), kafka.Hooks{})
	if err != nil {
		return figures{}, err
	}
	p, err := avroproducer.New(b, serde.Bytes, values, avroproducer.WithOwnedClient())
	if err != nil {
		return figures{}, err
	}
	if err := p.ProduceSync(ctx, avroproducer.Record[[]byte, V]{Topic: s.Topic, Key: key, Value: value}); err != nil {
		return figures{}, err
	}
	c := start()
	if err := produceAll(s, func(int) error { return p.Produce(ctx, s.Topic, key, value) }); err != nil {
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
