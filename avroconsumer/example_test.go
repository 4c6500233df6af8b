package avroconsumer_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

// greetings is a cluster with three records, the second of which is malformed.
func greetings() *fakekafka.Cluster {
	c := fakekafka.New(map[string]int{"greetings": 1, "greetings-dlt": 1})
	c.Append("greetings", 0,
		kafka.Record{Key: []byte("ada"), Value: []byte("hello")},
		kafka.Record{Key: []byte("bob"), Value: []byte("poison")},
		kafka.Record{Key: []byte("cyd"), Value: []byte("goodbye")})
	return c
}

func reader(c *fakekafka.Cluster, opts ...avroconsumer.Option) *consumer {
	b := c.Consumer(fakekafka.ConsumerConfig{Group: "readers", FromStart: true})
	r, err := avroconsumer.New(b, text{}, text{}, append(opts, avroconsumer.WithOwnedClient(), avroconsumer.WithToEnd())...)
	if err != nil {
		panic(err)
	}
	if err := r.Subscribe("greetings"); err != nil {
		panic(err)
	}
	return r
}

// A loop over messages. A record that cannot be decoded is yielded as an error with the raw
// record, and the loop continues.
func ExampleConsumer_Messages() {
	ctx := context.Background()
	c := reader(greetings())
	defer c.Close(ctx)
	for m, err := range c.Messages(ctx) {
		var bad *avroconsumer.RecordError
		switch {
		case errors.As(err, &bad):
			fmt.Printf("bad: %s, %d bytes\n", err, len(bad.Raw.Value))
		case err != nil:
			fmt.Println("no more:", err)
		default:
			fmt.Println(m.Key, "says", m.Value)
		}
	}
	// Output:
	// ada says hello
	// bad: greetings [0] offset 1: value (schema 41): 2 of 8 bytes left, 6 bytes
	// cyd says goodbye
}

// A handler, with a policy for each class of error.
func ExampleConsumer_Run() {
	ctx := context.Background()
	cluster := greetings()
	p := cluster.Producer(fakekafka.ProducerConfig{})
	defer p.Close(ctx)

	c := reader(cluster,
		avroconsumer.WithConcurrency(16, avroconsumer.Key),
		avroconsumer.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.DeadLetter(avroconsumer.NewDeadLetters(p))),
		avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(5, avroconsumer.Exponential(time.Second, time.Minute))))
	defer c.Close(ctx)
	err := c.Run(ctx, func(ctx context.Context, m *message) error {
		return nil // store m somewhere
	})
	deadLetter := cluster.Records("greetings-dlt")[0]
	fmt.Println(err, string(deadLetter.Key), string(deadLetter.Value), string(deadLetter.Headers[0].Value))
	// Output:
	// <nil> bob poison greetings
}

// Batches are for work that is cheaper in bulk.
func ExampleConsumer_Batches() {
	ctx := context.Background()
	c := reader(greetings())
	defer c.Close(ctx)
	for batch, err := range c.Batches(ctx, 100, time.Second) {
		fmt.Println(len(batch), err)
	}
	// Output:
	// 1 <nil>
	// 0 greetings [0] offset 1: value (schema 41): 2 of 8 bytes left
	// 1 <nil>
}

// Dead deadLetters with the headers that Kafka Connect, Kafka Streams and Spring write.
// Connect and Streams write text; Spring's numbers are big-endian.
func ExampleWithDeadLetterHeaders() {
	text := func(key, value string) kafka.Header { return kafka.Header{Key: key, Value: []byte(value)} }
	message := func(e *avroconsumer.RecordError) string { return e.Err.Error() }
	offset := func(e *avroconsumer.RecordError) string { return strconv.FormatInt(e.Raw.Offset, 10) }
	partition := func(e *avroconsumer.RecordError) string { return strconv.Itoa(int(e.Raw.Partition)) }

	connect := func(e *avroconsumer.RecordError) []kafka.Header {
		return []kafka.Header{
			text("__connect.errors.topic", e.Raw.Topic),
			text("__connect.errors.partition", partition(e)),
			text("__connect.errors.offset", offset(e)),
			text("__connect.errors.stage", e.Stage.String()),
			text("__connect.errors.exception.message", message(e)),
		}
	}
	streams := func(e *avroconsumer.RecordError) []kafka.Header {
		return []kafka.Header{
			text("__streams.errors.exception", fmt.Sprintf("%T", e.Err)),
			text("__streams.errors.message", message(e)),
			text("__streams.errors.topic", e.Raw.Topic),
			text("__streams.errors.partition", partition(e)),
			text("__streams.errors.offset", offset(e)),
		}
	}
	spring := func(e *avroconsumer.RecordError) []kafka.Header {
		return []kafka.Header{
			text("kafka_dlt-original-topic", e.Raw.Topic),
			{Key: "kafka_dlt-original-partition", Value: binary.BigEndian.AppendUint32(nil, uint32(e.Raw.Partition))},
			{Key: "kafka_dlt-original-offset", Value: binary.BigEndian.AppendUint64(nil, uint64(e.Raw.Offset))},
			{Key: "kafka_dlt-original-timestamp", Value: binary.BigEndian.AppendUint64(nil, uint64(e.Raw.Timestamp.UnixMilli()))},
			text("kafka_dlt-exception-message", message(e)),
		}
	}
	e := &avroconsumer.RecordError{
		Raw:   &kafka.Record{Topic: "orders", Partition: 3, Offset: 1203, Timestamp: time.UnixMilli(1)},
		Stage: avroconsumer.StageValue,
		Err:   errors.New("3 of 8 bytes left"),
	}
	for _, headers := range []func(*avroconsumer.RecordError) []kafka.Header{connect, streams, spring} {
		d := avroconsumer.NewDeadLetters(nil, avroconsumer.WithDeadLetterHeaders(headers))
		deadLetter := d.Record(e)
		fmt.Printf("%s %s=%q\n", deadLetter.Topic, deadLetter.Headers[2].Key, deadLetter.Headers[2].Value)
	}
	// Output:
	// orders-dlt __connect.errors.offset="1203"
	// orders-dlt __streams.errors.topic="orders"
	// orders-dlt kafka_dlt-original-offset="\x00\x00\x00\x00\x00\x00\x04\xb3"
}

// Several types in one topic, each with a handler of its own.
func ExampleDispatcher() {
	d := avroconsumer.NewDispatcher[string, event]()
	avroconsumer.On(d, func(_ context.Context, m *avroconsumer.Message[string, order]) error {
		fmt.Println("an order:", m.Value.id)
		return nil
	})
	avroconsumer.On(d, func(_ context.Context, m *avroconsumer.Message[string, *payment]) error {
		fmt.Println("a payment:", m.Value.id)
		return nil
	})
	for _, e := range []event{order{"7"}, &payment{"8"}, note{}} {
		if err := d.Handle(context.Background(), &avroconsumer.Message[string, event]{Value: e}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// an order: 7
	// a payment: 8
	// avroconsumer: no handler for this type: avroconsumer_test.note
}
