// I like my Kafka client as it is, bare franz-go. How do I use only the serde?
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// Trade is a trade on an exchange.
type Trade struct {
	Symbol string `avro:"symbol"`
	Shares int64  `avro:"shares"`
}

var tradeSchema = schemas.MustParse(`{"type": "record", "name": "Trade", "namespace": "example", "fields": [
	{"name": "symbol", "type": "string"},
	{"name": "shares", "type": "long"}]}`)

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
	schemaRegistry, err := registry.New(env.RegistryURL)
	if err != nil {
		return err
	}
	defer schemaRegistry.Close()
	serializer, err := serde.NewAvroSerializer[Trade](schemaRegistry, serde.WithSchema(tradeSchema))
	if err != nil {
		return err
	}
	deserializer, err := serde.NewAvroDeserializer[Trade](schemaRegistry, serde.WithSchema(tradeSchema))
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(env.Brokers...), kgo.AllowAutoTopicCreation(), kgo.ConsumeTopics("trades"))
	if err != nil {
		return err
	}
	defer client.Close()

	// A Target says where a value goes; franz-go owns the bytes once they are produced.
	to := serde.Target{Topic: "trades", Part: serde.Value}
	payload, err := serializer.Append(ctx, nil, &to, &Trade{Symbol: "GO", Shares: 12})
	if err != nil {
		return err
	}
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: to.Topic, Value: payload}).FirstErr(); err != nil {
		return err
	}

	fetches := client.PollFetches(ctx)
	if err := fetches.Err(); err != nil {
		return err
	}
	for _, record := range fetches.Records() {
		from := serde.Target{Topic: record.Topic, Part: serde.Value, Null: record.Value == nil}
		var trade Trade
		if err := deserializer.Decode(ctx, record.Value, &from, &trade); err != nil {
			return err
		}
		fmt.Fprintf(out, "%d bytes, schema %d: %d shares of %s\n", len(record.Value), from.Schema.ID, trade.Shares, trade.Symbol)
	}
	return nil
}
