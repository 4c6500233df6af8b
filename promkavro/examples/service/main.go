// How does a service look, with two consumers, a producer, metrics and an orderly end?
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/promkavro"
)

type Order struct {
	ID    string `avro:"id"`
	Total int64  `avro:"total"`
}

var orderSchema = kavro.MustParseSchema(`{"type": "record", "name": "Order", "fields": [
	{"name": "id", "type": "string"}, {"name": "total", "type": "long"}]}`)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	metrics := promkavro.New()
	go func() { log.Println(http.ListenAndServe("127.0.0.1:2112", metrics)) }()
	conf := kavro.Config{"bootstrap.servers": "127.0.0.1:9092", "schema.registry.url": "http://127.0.0.1:8081"}
	log.Println(run(ctx, conf, metrics))
}

// run writes a bill for each order, and logs each bill, until ctx ends.
func run(ctx context.Context, conf kavro.Config, metrics *promkavro.Metrics) (err error) {
	client, err := kavro.Open(conf, kavro.WithObserver(metrics))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close(ctx)) }() // commits, also when ctx has ended
	producer, err1 := kavro.NewProducer[string, Order](client, kavro.WithValue(kavro.WithSchema(orderSchema)))
	orders, err2 := kavro.NewConsumer[string, Order](client, "billing", []string{"orders"}, kavro.WithDeadLetters())
	bills, err3 := kavro.NewConsumer[string, Order](client, "audit", []string{"bills"}, kavro.WithDeadLetters())
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	both, cancel := context.WithCancel(ctx)
	audited := make(chan error, 1)
	go func() {
		defer cancel() // if one ends, so does the other
		audited <- bills.Run(both, func(_ context.Context, m *kavro.Message[string, Order]) error {
			log.Println("billed:", m.Value.ID)
			return nil
		})
	}()
	err = orders.Run(both, func(ctx context.Context, m *kavro.Message[string, Order]) error {
		return producer.ProduceSync(ctx, kavro.Record[string, Order]{Topic: "bills", Key: m.Key, Value: m.Value})
	})
	cancel()
	return errors.Join(err, <-audited)
}
