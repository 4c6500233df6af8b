// How do I write the classic loop: a delivery callback for each record, a poll
// loop with every outcome handled, offsets committed by hand, and an end?
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
)

// Reading is a measurement of one sensor.
type Reading struct {
	Sensor  string  `avro:"sensor"`
	Celsius float64 `avro:"celsius"`
}

var readingSchema = kavro.MustParseSchema(`{"type": "record", "name": "Reading", "namespace": "example", "fields": [
	{"name": "sensor", "type": "string"},
	{"name": "celsius", "type": "double"}]}`)

func main() {
	driver := flag.String("client", "", "confluent or franz")
	flag.Parse()
	env, err := kavrotest.Start(kavrotest.WithTopic("readings", 1))
	if err == nil {
		defer env.Close()
		err = run(context.Background(), os.Stdout, env, *driver)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, env *kavrotest.Env, driver string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client, err := kavro.Open(env.Config(kavro.Config{
		"kavro.client":         driver, // "" is the default
		"enable.auto.commit":   false,
		"enable.partition.eof": true,
	}))
	if err != nil {
		return err
	}
	defer client.Close(ctx)
	if err := produce(ctx, out, client); err != nil {
		return err
	}
	return consume(ctx, out, client)
}

func produce(ctx context.Context, out io.Writer, client *kavro.Client) error {
	producer, err := kavro.NewProducer[string, Reading](client, kavro.WithValue(kavro.WithSchema(readingSchema)))
	if err != nil {
		return err
	}
	report := kavro.OnDelivery(func(d kavro.Delivery) {
		if d.Err != nil {
			fmt.Fprintf(out, "lost %v: %v\n", d.Key, d.Err)
			return
		}
		fmt.Fprintf(out, "delivered %v to %s [%d] at offset %d\n", d.Key, d.Topic, d.Partition, d.Offset)
	})
	for i, sensor := range []string{"cellar", "roof", "oven"} {
		reading := Reading{Sensor: sensor, Celsius: 20 + float64(i)}
		if err := producer.Produce(ctx, "readings", sensor, reading, report); err != nil {
			return errors.Join(err, producer.Close(ctx))
		}
	}
	return producer.Close(ctx) // waits for the reports
}

func consume(ctx context.Context, out io.Writer, client *kavro.Client) error {
	consumer, err := kavro.NewConsumer[string, Reading](client, "thermometer", []string{"readings"})
	if err != nil {
		return err
	}
	defer consumer.Close(ctx)
	for {
		msg, err := consumer.Poll(ctx)
		var (
			end    *kavro.EndOfPartition
			record *kavro.RecordError
		)
		switch {
		case err == nil:
			fmt.Fprintf(out, "%s: %.1f °C\n", msg.Key, msg.Value.Celsius)
			if err := consumer.Commit(ctx, msg); err != nil {
				return err
			}
		case errors.As(err, &end):
			fmt.Fprintf(out, "nothing more on %s [%d] for now\n", end.Topic, end.Partition)
			committed, err := consumer.Committed(ctx, kavro.TopicPartition{Topic: "readings"})
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "committed: %d\n", committed[0].Offset)
			return nil
		case errors.As(err, &record):
			fmt.Fprintf(out, "skipped: %v\n", record) // its raw bytes are in record.Raw
		default:
			return err // the context's, or one that ends the client
		}
	}
}
