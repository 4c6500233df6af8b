package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/bench/generated"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/serde"
)

// The names of the sides that only consume. tunedConfluent is the bare client with the setting that kavro makes
// by itself.
const (
	tunedConfluent   = "confluent-kafka-go, fetch.queue.backoff.ms=2"
	confluentAvroRun = "kavro on kafka/confluent, Avro, Run"
	franzAvroRun     = "kavro on kafka/franz, Avro, Run"
)

// consuming are the sides that consume: members of a group of their own, nothing committed on the way by the
// bare ones. The first tenth of the records is not measured: a client fetches ahead of its first record.
func consuming() []side {
	return []side{
		{"consume", bareConfluent, func(_ context.Context, s settings) (figures, error) { return consumeConfluent(s, 1000) }},
		{"consume", tunedConfluent, func(_ context.Context, s settings) (figures, error) { return consumeConfluent(s, 2) }},
		{"consume", confluentBytes, func(ctx context.Context, s settings) (figures, error) {
			return consumeKavro(ctx, s, confluent.NewConsumer, serde.Bytes, byMessages)
		}},
		{"consume", confluentAvro, func(ctx context.Context, s settings) (figures, error) {
			return consumeAvro(ctx, s, confluent.NewConsumer, byMessages)
		}},
		{"consume", confluentAvroRun, func(ctx context.Context, s settings) (figures, error) {
			return consumeAvro(ctx, s, confluent.NewConsumer, byRun)
		}},
		{"consume", bareFranz, consumeFranz},
		{"consume", franzBytes, func(ctx context.Context, s settings) (figures, error) {
			return consumeKavro(ctx, s, franz.NewConsumer, serde.Bytes, byMessages)
		}},
		{"consume", franzAvro, func(ctx context.Context, s settings) (figures, error) {
			return consumeAvro(ctx, s, franz.NewConsumer, byMessages)
		}},
		{"consume", franzAvroRun, func(ctx context.Context, s settings) (figures, error) {
			return consumeAvro(ctx, s, franz.NewConsumer, byRun)
		}},
	}
}

// warm is the number of records that are consumed before the clock starts.
func (s settings) warm() int { return max(1, s.N/10) }

func consumerConf(s settings) kafka.Config {
	return kafka.Config{
		"bootstrap.servers": s.Brokers, "group.id": fmt.Sprintf("kavro-bench-%d", time.Now().UnixNano()), "auto.offset.reset": "earliest",
	}
}

func consumeConfluent(s settings, backoff int) (figures, error) {
	conf := ckafka.ConfigMap{"log_level": 0, "enable.auto.commit": false, "enable.auto.offset.store": false, "fetch.queue.backoff.ms": backoff}
	for k, v := range consumerConf(s) {
		conf[k] = v
	}
	consumer, err := ckafka.NewConsumer(&conf)
	if err != nil {
		return figures{}, err
	}
	defer consumer.Close()
	if err := consumer.Subscribe(s.Topic, nil); err != nil {
		return figures{}, err
	}
	var c *clock
	for read := 0; read < s.N; {
		switch ev := consumer.Poll(100).(type) {
		case *ckafka.Message:
			if read++; read == s.warm() {
				c = start()
			}
		case ckafka.Error:
			if ev.IsFatal() {
				return figures{}, ev
			}
		}
	}
	return c.stop(s.N - s.warm()), nil
}

func consumeFranz(ctx context.Context, s settings) (figures, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(s.Brokers, ",")...), kgo.ConsumeTopics(s.Topic),
		kgo.ConsumerGroup(fmt.Sprintf("kavro-bench-%d", time.Now().UnixNano())), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return figures{}, err
	}
	defer cl.Close()
	var c *clock
	read, warm := 0, 0
	for read < s.N {
		fetches := cl.PollRecords(ctx, 2_000)
		if err := fetches.Err(); err != nil {
			return figures{}, err
		}
		fetches.EachRecord(func(*kgo.Record) { read++ })
		if c == nil && read >= s.warm() {
			c, warm = start(), read
		}
	}
	return c.stop(s.N - warm), nil
}

type newConsumer func(kafka.Config, kafka.Hooks) (kafka.Consumer, error)

// consumeAvro decodes orders. more are options of the consumer, as of a side that tries one.
func consumeAvro(ctx context.Context, s settings, make newConsumer, read reading[generated.Order], more ...avroconsumer.Option) (figures, error) {
	ids, err := registered(ctx, s.IDs)
	if err != nil {
		return figures{}, err
	}
	values, err := serde.NewAvroDeserializer[generated.Order](ids)
	if err != nil {
		return figures{}, err
	}
	return consumeKavro(ctx, s, make, values, read, more...)
}

// registered returns a registry in which the ids from 1 to n are the Order's schema, each with another text.
func registered(ctx context.Context, n int) (*memory.Registry, error) {
	ids := memory.New()
	text := (&generated.Order{}).AvroSchema().String()
	for id := 1; id <= n; id++ {
		numbered := strings.Replace(text, "{", fmt.Sprintf(`{"doc":"%d",`, id), 1)
		found, err := ids.Register(ctx, fmt.Sprintf("orders-%d", id), registry.Definition{Text: numbered})
		if err != nil {
			return nil, err
		}
		if found.ID != id {
			return nil, fmt.Errorf("the registry gave id %d, want %d", found.ID, id)
		}
	}
	return ids, nil
}

// reading calls each for every message, until it says that it has seen enough. Run may call it on several
// goroutines.
type reading[V any] func(ctx context.Context, c *avroconsumer.Consumer[[]byte, V], each func() (enough bool)) error

// byMessages decodes on the goroutine that polls: Messages is Poll in a loop.
func byMessages[V any](ctx context.Context, c *avroconsumer.Consumer[[]byte, V], each func() bool) error {
	for _, err := range c.Messages(ctx) {
		if err != nil {
			return err
		}
		if each() {
			return nil
		}
	}
	return nil
}

// byRun decodes and handles one record after the other beside the goroutine that
// polls, which is Run without WithConcurrency.
func byRun[V any](ctx context.Context, c *avroconsumer.Consumer[[]byte, V], each func() bool) error {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	err := c.Run(ctx, func(context.Context, *avroconsumer.Message[[]byte, V]) error {
		if each() {
			enough()
		}
		return nil
	})
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

// consumeKavro commits as kavro does by itself, every 5 seconds and at the end.
func consumeKavro[V any](ctx context.Context, s settings, make newConsumer, values serde.Deserializer[V], read reading[V], more ...avroconsumer.Option) (figures, error) {
	b, err := make(consumerConf(s), kafka.Hooks{})
	if err != nil {
		return figures{}, err
	}
	opts := append(slices.Clip(more), avroconsumer.WithOwnedClient(), avroconsumer.WithConcurrency(s.Goroutines, avroconsumer.Key))
	consumer, err := avroconsumer.New(b, serde.Bytes, values, opts...)
	if err != nil {
		return figures{}, err
	}
	if err := consumer.Subscribe(s.Topic); err != nil {
		return figures{}, err
	}
	var c atomic.Pointer[clock]
	var f figures
	var n atomic.Int64
	err = read(ctx, consumer, func() bool {
		at := int(n.Add(1))
		if at == s.warm() {
			c.Store(start())
		}
		if at == s.N {
			f = c.Load().stop(s.N - s.warm())
		}
		return at >= s.N
	})
	return f, errors.Join(err, consumer.Close(ctx))
}
