//go:build cgo

package confluent_test

import (
	"context"
	"fmt"
	"strings"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
)

// exampleBroker is a broker in this process.
func exampleBroker() (addr string, stop func()) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	if err != nil {
		panic(err)
	}
	return strings.Join(k.ListenAddrs(), ","), k.Close
}

func Example() {
	addr, stop := exampleBroker()
	defer stop()
	ctx := context.Background()

	p, err := confluent.NewProducer(kafka.Config{"bootstrap.servers": addr}, kafka.Hooks{})
	if err != nil {
		panic(err)
	}
	defer p.Close(ctx)
	order := &kafka.Record{Topic: "orders", Partition: -1, Key: []byte("ada"), Value: []byte("one lamp")}
	err = p.Produce(ctx, order, func(r *kafka.Record, err error) {
		fmt.Println("sent to", r.Topic, r.Partition, "offset", r.Offset, err)
	})
	if err != nil {
		panic(err)
	}
	if err := p.Flush(ctx); err != nil {
		panic(err)
	}

	c, err := confluent.NewConsumer(kafka.Config{
		"bootstrap.servers": addr, "group.id": "shipping", "auto.offset.reset": "earliest",
	}, kafka.Hooks{})
	if err != nil {
		panic(err)
	}
	defer c.Close(ctx)
	if err := c.Subscribe([]string{"orders"}, nil); err != nil {
		panic(err)
	}
	var b kafka.Batch
	if err := c.Poll(ctx, &b, 100); err != nil {
		panic(err)
	}
	for _, r := range b.Records {
		fmt.Printf("%s ordered %s\n", r.Key, r.Value)
		err = c.Commit(ctx, []kafka.Offset{{
			TopicPartition: kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition},
			Offset:         r.Offset + 1, LeaderEpoch: r.LeaderEpoch,
		}})
	}
	fmt.Println("committed", err)
	// Output:
	// sent to orders 0 offset 0 <nil>
	// ada ordered one lamp
	// committed <nil>
}

// A program that has a *kafka.Producer already can go on with it.
func ExampleWrapProducer() {
	addr, stop := exampleBroker()
	defer stop()
	ctx := context.Background()
	client, err := ckafka.NewProducer(&ckafka.ConfigMap{"bootstrap.servers": addr})
	if err != nil {
		panic(err)
	}
	defer client.Close() // its owner's to do

	p := confluent.WrapProducer(client)
	defer p.Close(ctx) // flushes, and leaves client open
	err = p.Produce(ctx, &kafka.Record{Topic: "orders", Value: []byte("one lamp")}, func(r *kafka.Record, err error) {
		fmt.Println("offset", r.Offset, err)
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Flush(ctx))
	// Output:
	// offset 0 <nil>
	// <nil>
}
