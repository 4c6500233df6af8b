// Our operators know the dead letters of Kafka Connect, Kafka Streams or Spring.
// Can kavro write those?
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
)

func main() {
	env, err := kavrotest.Start(kavrotest.WithTopic("orders", 1))
	if err == nil {
		defer env.Close()
		err = run(context.Background(), os.Stdout, env)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run has three groups read a topic with one record that is no Avro. Each gives
// it up in its own way; opts choose the client.
func run(ctx context.Context, out io.Writer, env *kavrotest.Env, opts ...kavro.Option) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	texts, err := kavro.NewProducer[string, []byte](env.Config(kafka.Config{"value.serializer": "bytes"}), opts...)
	if err != nil {
		return err
	}
	defer texts.Close(ctx)
	if err := texts.Produce(ctx, "orders", "o-1", []byte("not an order")); err != nil {
		return err
	}
	if err := texts.Flush(ctx); err != nil {
		return err
	}

	for _, as := range []struct {
		name    string
		headers func(*avroconsumer.RecordError) []kafka.Header
	}{{"connect", connect("orders-sink")}, {"streams", streams}, {"spring", spring("spring")}} {
		letters := avroconsumer.NewDeadLetters(texts.Client(),
			avroconsumer.WithDeadLetterHeaders(as.headers),
			avroconsumer.WithDeadLetterTopic(func(e *avroconsumer.RecordError) string { return e.Raw.Topic + "-" + as.name }))
		if err := giveUp(ctx, env, as.name, letters, opts); err != nil {
			return err
		}
		if err := show(ctx, out, env, "orders-"+as.name, opts); err != nil {
			return err
		}
	}
	return nil
}

// giveUp reads orders to the end, and has what is none written as a dead letter.
func giveUp(ctx context.Context, env *kavrotest.Env, group string, letters *avroconsumer.DeadLetters, opts []kavro.Option) error {
	orders, err := kavro.NewConsumer[string, int64](env.Group(group, kafka.Config{"value.deserializer": "avro"}), []string{"orders"}, append(slices.Clip(opts), kavro.Consumer(
		avroconsumer.WithToEnd(),
		avroconsumer.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.DeadLetter(letters))))...)
	if err != nil {
		return err
	}
	defer orders.Close(ctx)
	return orders.Run(ctx, func(context.Context, *avroconsumer.Message[string, int64]) error { return nil })
}

// show prints a dead letter.
func show(ctx context.Context, out io.Writer, env *kavrotest.Env, topic string, opts []kavro.Option) error {
	c, err := kavro.NewConsumer[string, []byte](env.Group("operators", kafka.Config{"value.deserializer": "bytes"}), []string{topic}, opts...)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	m, err := c.Poll(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %s = %q\n", topic, m.Key, m.Raw.Value)
	for _, h := range m.Headers {
		switch value := string(h.Value); {
		case strings.HasSuffix(h.Key, "original-timestamp"): // differs from run to run
		case utf8.ValidString(value) && !strings.Contains(value, "\x00"):
			fmt.Fprintf(out, "  %s: %s\n", h.Key, value)
		default:
			fmt.Fprintf(out, "  %s: %x\n", h.Key, h.Value)
		}
	}
	return nil
}
