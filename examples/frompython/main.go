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
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/serde"
)

// snippet: type
type User struct {
	Name string `avro:"name"`
	Age  int32  `avro:"age"`
}

var userSchema = kavro.MustParseSchema(`{"type": "record", "name": "User", "fields": [
	{"name": "name", "type": "string"}, {"name": "age", "type": "int"}]}`)

// end

var bytesSchema = kavro.MustParseSchema(`"bytes"`)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, more ...kavro.Config) error {
	env, err := kavrotest.Start(kavrotest.WithTopic("users", 1))
	if err != nil {
		return err
	}
	defer env.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conf := env.Config(more...)
	// snippet: client
	client, err := kavro.Open(conf)
	if err != nil {
		return err
	}
	defer client.Close(ctx)
	// end
	return errors.Join(produce(ctx, client), produceRaw(ctx, client), consume(ctx, client), consumeBatches(ctx, client), legacyBytes(client))
}

func produce(ctx context.Context, client *kavro.Client) error {
	// snippet: producer
	producer, err := kavro.NewProducer[string, User](client, kavro.WithValue(kavro.WithSchema(userSchema)))
	if err != nil {
		return err
	}
	// end

	// snippet: produce
	err = producer.Produce(ctx, "users", "ada", User{Name: "Ada", Age: 36},
		kavro.WithHeaders(kavro.Header{Key: "source", Value: []byte("web")}),
		kavro.WithPartition(0),
		kavro.WithTimestamp(time.Now()),
		kavro.OnDelivery(func(d kavro.Delivery) {
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

func produceRaw(ctx context.Context, client *kavro.Client) error {
	// snippet: plain producer
	producer, err := kavro.NewProducer[string, []byte](client)
	// end
	if err != nil {
		return err
	}
	return errors.Join(producer.Produce(ctx, "users", "ada", []byte("not Avro")), producer.Close(ctx))
}

func consume(ctx context.Context, client *kavro.Client) error {
	// snippet: consumer
	consumer, err := kavro.NewConsumer[string, User](client, "readers", []string{"users"})
	if err != nil {
		return err
	}
	defer consumer.Close(ctx)
	// end

	// snippet: poll
	msg, err := consumer.Poll(ctx)
	var bad *kavro.RecordError
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
	partition := kavro.TopicPartition{Topic: "users", Partition: 0}
	committed, err := consumer.Committed(ctx, partition)
	position := consumer.Position(partition)
	assignment := consumer.Assignment()
	// end
	if err != nil {
		return err
	}
	fmt.Println(committed, position, assignment)

	// snippet: seek
	err = consumer.Seek(ctx, kavro.Offset{TopicPartition: partition, Offset: 0, LeaderEpoch: -1})
	// end
	if err != nil {
		return err
	}

	// snippet: pause
	err = errors.Join(consumer.Pause(partition), consumer.Resume(partition))
	// end
	return err
}

func consumeBatches(ctx context.Context, client *kavro.Client) error {
	consumer, err := kavro.NewConsumer[string, User](client, "batches", []string{"users"})
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

func legacyBytes(client *kavro.Client) error {
	// snippet: legacy
	producer, err := kavro.NewProducer[string, []byte](client,
		kavro.WithValue(kavro.WithSchema(bytesSchema), serde.WithLengthPrefixedBytes()))
	// end
	if err != nil {
		return err
	}
	return producer.Close(context.Background())
}
