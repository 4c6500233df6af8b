package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/kavro/kavro"
)

// main runs the handler for real: it reads topic payments until interrupted.
func main() {
	brokers := flag.String("brokers", "127.0.0.1:9092", "addresses of a Kafka cluster")
	registry := flag.String("registry", "http://127.0.0.1:8081", "URL of a Schema Registry")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, kavro.Config{"bootstrap.servers": *brokers, "schema.registry.url": *registry}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, conf kavro.Config) error {
	client, err := kavro.Open(conf)
	if err != nil {
		return err
	}
	defer client.Close(ctx)
	consumer, err := kavro.NewConsumer[string, Payment](client, "ledger", []string{"payments"})
	if err != nil {
		return err
	}
	return consumer.Run(ctx, new(Ledger).Handle)
}
