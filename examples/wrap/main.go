//go:build cgo

// I have a *kafka.Producer already, with settings, metrics and transactions of
// its own. How do I send typed events through it?
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// Click is one click on a page.
type Click struct {
	Page string `avro:"page"`
}

var clickSchema = schemas.MustParse(`{"type": "record", "name": "Click", "namespace": "example", "fields": [{"name": "page", "type": "string"}]}`)

func main() {
	env, err := kavrotest.Start()
	if err == nil {
		defer env.Close()
		err = run(context.Background(), os.Stdout, env)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, env *kavrotest.Env) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()

	// What you have: it stays yours, and its Events() too.
	client, err := ckafka.NewProducer(&ckafka.ConfigMap{"bootstrap.servers": strings.Join(env.Brokers, ","), "linger.ms": 1})
	if err != nil {
		return err
	}
	defer client.Close()

	// What kavro adds: a registry client, a serializer, a producer of values.
	schemaRegistry, err := registry.New(env.RegistryURL)
	if err != nil {
		return err
	}
	defer schemaRegistry.Close()
	clicks, err := serde.NewAvroSerializer[Click](schemaRegistry, serde.WithSchema(clickSchema))
	if err != nil {
		return err
	}
	wrapped := confluent.WrapProducer(client)
	defer wrapped.Close(ctx)
	producer, err := avroproducer.New(wrapped, serde.String, clicks)
	if err != nil {
		return err
	}

	if err := producer.ProduceSync(ctx, avroproducer.Record[string, Click]{Topic: "clicks", Key: "ada", Value: Click{Page: "/"}}); err != nil {
		return err
	}
	fmt.Fprintln(out, "one click sent through", strings.SplitN(client.String(), "#", 2)[0])
	return producer.Close(ctx) // not the client: it is not kavro's
}
