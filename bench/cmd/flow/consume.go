package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/bench/generated"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/serde"
)

// tunedConfluent is the bare client with the setting that kavro makes by itself.
const tunedConfluent = "confluent-kafka-go, fetch.queue.backoff.ms=2"

// consuming are the sides that consume: members of a group of their own, from the
// first record to the last, nothing committed on the way by the bare ones.
func consuming() []side {
	return []side{
		{"consume", bareConfluent, func(_ context.Context, s settings) (figures, error) { return consumeConfluent(s, 1000) }},
		{"consume", tunedConfluent, func(_ context.Context, s settings) (figures, error) { return consumeConfluent(s, 2) }},
		{"consume", "kavro on kafka/confluent, ready bytes", func(ctx context.Context, s settings) (figures, error) {
			return consumeKavro(ctx, s, confluent.NewConsumer, serde.Bytes, byMessages)
		}},
		{"consume", "kavro on kafka/confluent, Avro", func(ctx context.Context, s settings) (figures, error) {
			return consumeAvro(ctx, s, confluent.NewConsumer, byMessages)
		}},
		{"consume", "kavro on kafka/confluent, Avro, Run", func(ctx context.Context, s settings) (figures, error) {
			return consumeAvro(ctx, s, confluent.NewConsumer, byRun)
		}},
		{"consume", bareFranz, consumeFranz},
		{"consume", "kavro on kafka/franz, ready bytes", func(ctx context.Context, s settings) (figures, error) {
			return consumeKavro(ctx, s, franz.NewConsumer, serde.Bytes, byMessages)
		}},
		{"consume", "kavro on kafka/franz, Avro", func(ctx context.Context, s settings) (figures, error) {
			return consumeAvro(ctx, s, franz.NewConsumer, byMessages)
		}},
		{"consume", "kavro on kafka/franz, Avro, Run", func(ctx context.Context, s settings) (figures, error) {
			return consumeAvro(ctx, s, franz.NewConsumer, byRun)
		}},
	}
}

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
			if read++; read == 1 {
				c = start()
			}
		case ckafka.Error:
			if ev.IsFatal() {
				return figures{}, ev
			}
		}
	}
	return c.stop(s.N), nil
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
	for read := 0; read < s.N; {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return figures{}, err
		}
		if c == nil {
			c = start()
		}
		fetches.EachRecord(func(*kgo.Record) { read++ })
	}
	return c.stop(s.N), nil
}

type newConsumer func(kafka.Config, kafka.Hooks) (kafka.Consumer, error)

func consumeAvro(ctx context.Context, s settings, make newConsumer, read reading[generated.Order]) (figures, error) {
	ids := memory.New()
	writer, err := serde.NewAvroSerializer[generated.Order](ids)
	if err == nil { // gives the schema the id that the records have
		_, err = writer.Append(ctx, nil, &serde.Target{Topic: s.Topic, Part: serde.Value}, &generated.Order{Status: generated.StatusPaid})
	}
	if err != nil {
		return figures{}, err
	}
	values, err := serde.NewAvroDeserializer[generated.Order](ids)
	if err != nil {
		return figures{}, err
	}
	return consumeKavro(ctx, s, make, values, read)
}

// reading calls each for every message, until it says that it has seen enough.
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
func consumeKavro[V any](ctx context.Context, s settings, make newConsumer, values serde.Deserializer[V], read reading[V]) (figures, error) {
	b, err := make(consumerConf(s), kafka.Hooks{})
	if err != nil {
		return figures{}, err
	}
	consumer, err := avroconsumer.New(b, serde.Bytes, values, avroconsumer.WithOwnedClient())
	if err != nil {
		return figures{}, err
	}
	if err := consumer.Subscribe(s.Topic); err != nil {
		return figures{}, err
	}
	var c *clock
	var f figures
	n := 0
	err = read(ctx, consumer, func() bool {
		if n++; n == 1 {
			c = start()
		}
		if n == s.N {
			f = c.stop(s.N)
		}
		return n >= s.N
	})
	return f, errors.Join(err, consumer.Close(ctx))
}
