package avroproducer_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/fakekafka"
)

// Produce queues a record; OnDelivery gets the result.
func ExampleProducer_Produce() {
	ctx := context.Background()
	b := fakekafka.New(map[string]int{"greetings": 1}).Producer(fakekafka.ProducerConfig{})
	p, err := avroproducer.New(b, text{}, text{}, avroproducer.WithOwnedClient())
	if err != nil {
		panic(err)
	}
	err = p.Produce(ctx, "greetings", "ada", "hello", avroproducer.OnDelivery(func(d avroproducer.Delivery) {
		fmt.Printf("%s -> %s [%d] offset %d\n", d.Key, d.Topic, d.Partition, d.Offset)
	}))
	fmt.Println(err, p.Close(ctx))
	// Output:
	// ada -> greetings [0] offset 0
	// <nil> <nil>
}

// ProduceSync waits, and says which records failed.
func ExampleProducer_ProduceSync() {
	ctx := context.Background()
	b := fakekafka.New(map[string]int{"greetings": 1}).Producer(fakekafka.ProducerConfig{})
	p, err := avroproducer.New(b, text{}, text{}, avroproducer.WithOwnedClient())
	if err != nil {
		panic(err)
	}
	defer p.Close(ctx)

	type record = avroproducer.Record[string, string]
	err = p.ProduceSync(ctx,
		record{Topic: "greetings", Key: "ada", Value: "hello"},
		record{Topic: "greeting", Key: "bob", Value: "hello"}, // a slip of the pen
	)
	var failed *avroproducer.ProduceError
	if errors.As(err, &failed) {
		fmt.Println(failed.Failed, failed.Errs[0])
	}
	// Output:
	// [1] greeting: unknown topic or partition (3)
}

// A transaction is read as a whole, or not at all.
func ExampleProducer_Transaction() {
	ctx := context.Background()
	cluster := fakekafka.New(map[string]int{"accounts": 1})
	p, err := avroproducer.New(cluster.TxnProducer("bank-1", fakekafka.ProducerConfig{}), text{}, text{}, avroproducer.WithOwnedClient())
	if err != nil {
		panic(err)
	}
	defer p.Close(ctx)

	transfer := func(broke bool) error {
		return p.Transaction(ctx, func(ctx context.Context) error {
			if err := p.Produce(ctx, "accounts", "ada", "-10"); err != nil {
				return err
			}
			if broke {
				return errors.New("ada has no money")
			}
			return p.Produce(ctx, "accounts", "bob", "+10")
		})
	}
	fmt.Println(transfer(true), len(cluster.Records("accounts")))
	fmt.Println(transfer(false), len(cluster.Records("accounts")))
	// Output:
	// ada has no money 0
	// <nil> 2
}
