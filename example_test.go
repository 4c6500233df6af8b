package kavro_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
)

// The smallest useful program: typed events out, and in again.
func Example() {
	env, err := kavrotest.Start() // a broker and a registry in this process
	if err != nil {
		log.Fatal(err)
	}
	defer env.Close()
	ctx := context.Background()

	client, err := kavro.Open(env.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(ctx)
	producer, err := kavro.NewProducer[string, Order](client, kavro.WithValue(kavro.WithSchema(orderSchema)))
	if err != nil {
		log.Fatal(err)
	}
	err = producer.Produce(ctx, "orders", "A-1", Order{ID: "A-1", Total: 4200})
	fmt.Println("produced:", err)
	fmt.Println("closed:", producer.Close(ctx)) // waits until the broker has everything

	consumer, err := kavro.NewConsumer[string, Order](client, "billing", []string{"orders"})
	if err != nil {
		log.Fatal(err)
	}
	for msg, err := range consumer.Messages(ctx) {
		fmt.Println("consumed:", msg.Key, msg.Value.Total, err)
		break
	}
	fmt.Println("closed:", consumer.Close(ctx))
	// Output:
	// produced: <nil>
	// closed: <nil>
	// consumed: A-1 4200 <nil>
	// closed: <nil>
}

// start opens a client on a broker and a registry in this process, with orders of 50 and of
// -1 on topic orders.
func start(ctx context.Context) (client *kavro.Client, stop func()) {
	env, err := kavrotest.Start(kavrotest.WithTopic("orders", 1), kavrotest.WithTopic("invoices", 1), kavrotest.WithTopic("orders-dlt", 1))
	if err != nil {
		log.Fatal(err)
	}
	client, err = kavro.Open(env.Config())
	if err != nil {
		log.Fatal(err)
	}
	producer, err := kavro.NewProducer[string, Order](client, kavro.WithValue(kavro.WithSchema(orderSchema)))
	if err != nil {
		log.Fatal(err)
	}
	err = producer.ProduceSync(ctx,
		kavro.Record[string, Order]{Topic: "orders", Key: "ada", Value: Order{ID: "A-1", Total: 50}},
		kavro.Record[string, Order]{Topic: "orders", Key: "bob", Value: Order{ID: "A-2", Total: -1}})
	if err != nil {
		log.Fatal(err)
	}
	return client, func() {
		_ = client.Close(ctx)
		_ = env.Close()
	}
}

// A consumer whose handler is tried three times for each record, after which the record is
// skipped.
func ExampleNewConsumer() {
	ctx := context.Background()
	client, stop := start(ctx)
	defer stop()

	consumer, err := kavro.NewConsumer[string, Order](client, "billing", []string{"orders"},
		kavro.WithPolicy(kavro.HandlerErrors, kavro.Retry(2, kavro.Constant(time.Millisecond)).Then(kavro.Skip())),
		kavro.WithToEnd())
	if err != nil {
		log.Fatal(err)
	}
	err = consumer.Run(ctx, func(_ context.Context, msg *kavro.Message[string, Order]) error {
		fmt.Println(msg.Key, msg.Value.Total)
		if msg.Value.Total < 0 {
			return errors.New("negative")
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// ada 50
	// bob -1
	// bob -1
	// bob -1
	// <nil>
}

// A pipeline writes an invoice for each order, exactly once.
func ExampleNewPipeline() {
	ctx := context.Background()
	client, stop := start(ctx)
	defer stop()

	p, err := kavro.NewPipeline[string, Order, string, string](client, "invoicing", []string{"orders"},
		kavro.WithConfig(kavro.Config{"transactional.id": "invoicing-1"}), kavro.WithToEnd())
	if err != nil {
		log.Fatal(err)
	}
	err = p.Run(ctx, func(_ context.Context, msg *kavro.Message[string, Order]) ([]kavro.Record[string, string], error) {
		text := fmt.Sprintf("%s: %d", msg.Value.ID, msg.Value.Total)
		return []kavro.Record[string, string]{{Topic: "invoices", Key: msg.Key, Value: text}}, nil
	})
	fmt.Println(err)

	invoices, err := kavro.NewConsumer[string, string](client, "print", []string{"invoices"}, kavro.WithToEnd())
	if err != nil {
		log.Fatal(err)
	}
	err = invoices.Run(ctx, func(_ context.Context, msg *kavro.Message[string, string]) error {
		fmt.Println(msg.Key, "gets", msg.Value)
		return nil
	})
	fmt.Println(err)
	// Output:
	// <nil>
	// ada gets A-1: 50
	// bob gets A-2: -1
	// <nil>
}

// What a handler refuses goes to topic orders-dlt, and the consumer reads on. Replay sends it
// back once it can be handled.
func ExampleWithDeadLetters() {
	ctx := context.Background()
	client, stop := start(ctx)
	defer stop()

	least := int64(0)
	bill := func() {
		consumer, err := kavro.NewConsumer[string, Order](client, "billing", []string{"orders"}, kavro.WithDeadLetters(), kavro.WithToEnd())
		if err != nil {
			log.Fatal(err)
		}
		err = consumer.Run(ctx, func(_ context.Context, msg *kavro.Message[string, Order]) error {
			if msg.Value.Total < least {
				return errors.New("too little")
			}
			fmt.Println("billed", msg.Value.ID)
			return nil
		})
		fmt.Println(err, consumer.Close(ctx))
	}
	bill()
	least = -1
	n, err := client.Replay(ctx, "replay", []string{"orders-dlt"})
	fmt.Println("sent back:", n.Sent, err)
	bill()
	// Output:
	// billed A-1
	// <nil> <nil>
	// sent back: 1 <nil>
	// billed A-2
	// <nil> <nil>
}

// Ping says whether the brokers and the registry answer, and if not, why.
func ExampleClient_Ping() {
	client, err := kavro.Open(kavro.Config{"bootstrap.servers": "127.0.0.1:1"}, kavro.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	defer client.Close(ctx)
	err = client.Ping(ctx)
	fmt.Println(errors.Is(err, kavro.ErrUnreachable))
	// Output: true
}
