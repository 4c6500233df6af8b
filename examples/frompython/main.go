// I come from confluent-kafka-python. What is the counterpart of each call? This
// is the code of docs/from-python.md; a test checks that the two agree.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// snippet: type
type User struct {
	Name string `avro:"name"`
	Age  int32  `avro:"age"`
}

var userSchema = schemas.MustParse(`{"type": "record", "name": "User", "fields": [
	{"name": "name", "type": "string"}, {"name": "age", "type": "int"}]}`)

// end

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, more ...kavro.Option) error {
	env, err := kavrotest.Start(kavrotest.WithTopic("users", 1))
	if err != nil {
		return err
	}
	defer env.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return errors.Join(
		produce(ctx, env.Config(), more),
		produceRaw(ctx, env.Config(), more),
		consume(ctx, env.Group("readers"), more),
		consumeBatches(ctx, env.Group("batches"), more),
		legacyBytes(env.Config(), more),
	)
}

func produce(ctx context.Context, conf kavro.Config, more []kavro.Option) error {
	// snippet: producer
	producer, err := kavro.NewProducer[string, User](conf, append(more, kavro.ValueSchema(userSchema))...)
	if err != nil {
		return err
	}
	// end

	// snippet: produce
	err = producer.Produce(ctx, "users", "ada", User{Name: "Ada", Age: 36},
		avroproducer.WithHeaders(kafka.Header{Key: "source", Value: []byte("web")}),
		avroproducer.WithPartition(0),
		avroproducer.WithTimestamp(time.Now()),
		avroproducer.OnDelivery(func(d avroproducer.Delivery) {
			fmt.Println("delivered", d.Key, "at offset", d.Offset, d.Err)
		}))
	// end
	if err != nil {
		return err
	}

	// snippet: tombstone
	err = producer.Delete(ctx, "users", "ada")
	// end
	if err != nil {
		return err
	}

	// snippet: flush
	err = producer.Flush(ctx)
	// end
	if err != nil {
		return err
	}

	// snippet: close
	err = producer.Close(ctx)
	// end
	return err
}

func produceRaw(ctx context.Context, conf kavro.Config, more []kavro.Option) error {
	// snippet: plain producer
	conf["value.serializer"] = "bytes"
	producer, err := kavro.NewProducer[string, []byte](conf, more...)
	// end
	if err != nil {
		return err
	}
	return errors.Join(producer.Produce(ctx, "users", "ada", []byte("not Avro")), producer.Close(ctx))
}

func consume(ctx context.Context, conf kavro.Config, more []kavro.Option) error {
	// snippet: consumer
	consumer, err := kavro.NewConsumer[string, User](conf, []string{"users"}, append(more, kavro.ValueSchema(userSchema))...)
	if err != nil {
		return err
	}
	defer consumer.Close(ctx)
	// end

	// snippet: poll
	msg, err := consumer.Poll(ctx)
	var bad *avroconsumer.RecordError
	switch {
	case errors.As(err, &bad):
		fmt.Println("not a user:", bad.Raw.Value, bad)
	case err != nil:
		return err
	case msg.Tombstone:
		fmt.Println("deleted:", msg.Key)
	default:
		fmt.Println(msg.Key, msg.Value.Age, "from", msg.Partition, msg.Offset)
	}
	// end

	// snippet: commit
	err = consumer.Commit(ctx, msg)
	// end
	if err != nil {
		return err
	}

	// snippet: offsets
	partition := kafka.TopicPartition{Topic: "users", Partition: 0}
	committed, err := consumer.Committed(ctx, partition)
	position := consumer.Position(partition)
	assignment := consumer.Assignment()
	// end
	if err != nil {
		return err
	}
	fmt.Println(committed, position, assignment)

	// snippet: seek
	err = consumer.Seek(ctx, kafka.Offset{TopicPartition: partition, Offset: 0, LeaderEpoch: -1})
	// end
	if err != nil {
		return err
	}

	// snippet: pause
	err = errors.Join(consumer.Pause(partition), consumer.Resume(partition))
	// end
	return err
}

func consumeBatches(ctx context.Context, conf kavro.Config, more []kavro.Option) error {
	consumer, err := kavro.NewConsumer[string, User](conf, []string{"users"}, append(more, kavro.ValueSchema(userSchema))...)
	if err != nil {
		return err
	}
	// snippet: batches
	for batch, err := range consumer.Batches(ctx, 500, time.Second) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(len(batch), "messages")
		break
	}
	// end
	return consumer.Close(ctx)
}

func legacyBytes(conf kavro.Config, more []kavro.Option) error {
	// snippet: legacy
	conf["value.serializer"] = "avro"
	producer, err := kavro.NewProducer[string, []byte](conf, append(more, kavro.ValueAvro(serde.WithLengthPrefixedBytes()))...)
	// end
	if err != nil {
		return err
	}
	return producer.Close(context.Background())
}
