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
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/schemas"
)

// Reading is a measurement of one sensor.
type Reading struct {
	Sensor  string  `avro:"sensor"`
	Celsius float64 `avro:"celsius"`
}

var readingSchema = schemas.MustParse(`{"type": "record", "name": "Reading", "namespace": "example", "fields": [
	{"name": "sensor", "type": "string"},
	{"name": "celsius", "type": "double"}]}`)

func main() {
	client := flag.String("client", "", "confluent or franz")
	flag.Parse()
	env, err := kavrotest.Start(kavrotest.WithTopic("readings", 1))
	if err == nil {
		defer env.Close()
		err = run(context.Background(), os.Stdout, env, *client)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, env *kavrotest.Env, client string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := produce(ctx, out, env, client); err != nil {
		return err
	}
	return consume(ctx, out, env, client)
}

func produce(ctx context.Context, out io.Writer, env *kavrotest.Env, client string) error {
	producer, err := kavro.NewProducer[string, Reading](env.Config(), kavro.Driver(client), kavro.ValueSchema(readingSchema))
	if err != nil {
		return err
	}
	report := avroproducer.OnDelivery(func(d avroproducer.Delivery) {
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

func consume(ctx context.Context, out io.Writer, env *kavrotest.Env, client string) error {
	conf := env.Group("thermometer", kavro.Config{
		"enable.auto.commit":   false,
		"enable.partition.eof": true,
	})
	consumer, err := kavro.NewConsumer[string, Reading](conf, []string{"readings"}, kavro.Driver(client), kavro.ValueSchema(readingSchema))
	if err != nil {
		return err
	}
	defer consumer.Close(ctx)
	for {
		msg, err := consumer.Poll(ctx)
		var (
			end    *avroconsumer.EndOfPartition
			record *avroconsumer.RecordError
		)
		switch {
		case err == nil:
			fmt.Fprintf(out, "%s: %.1f °C\n", msg.Key, msg.Value.Celsius)
			if err := consumer.Commit(ctx, msg); err != nil {
				return err
			}
		case errors.As(err, &end):
			fmt.Fprintf(out, "nothing more on %s [%d] for now\n", end.Topic, end.Partition)
			committed, err := consumer.Committed(ctx, kafka.TopicPartition{Topic: "readings"})
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
