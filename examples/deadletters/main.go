// Our operators know the dead letters of Kafka Connect, Kafka Streams or Spring.
// Can kavro write those?
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kavro/kavro"
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
// it up in its own way. more may choose the Kafka client.
func run(ctx context.Context, out io.Writer, env *kavrotest.Env, more ...kavro.Config) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client, err := kavro.Open(env.Config(more...))
	if err != nil {
		return err
	}
	defer client.Close(ctx)
	texts, err := kavro.NewProducer[string, string](client)
	if err != nil {
		return err
	}
	if err := texts.Produce(ctx, "orders", "o-1", "not an order"); err != nil {
		return err
	}
	if err := texts.Flush(ctx); err != nil {
		return err
	}

	for _, as := range []struct {
		name    string
		headers func(*kavro.RecordError) []kavro.Header
	}{{"connect", connect("orders-sink")}, {"streams", streams}, {"spring", spring("spring")}} {
		deadLetters := kavro.WithDeadLetters(
			kavro.WithDeadLetterHeaders(as.headers),
			kavro.WithDeadLetterTopic(func(e *kavro.RecordError) string { return e.Raw.Topic + "-" + as.name }),
			kavro.WithDeadLetterCreation(kavro.NewTopic{Partitions: 1}))
		if err := giveUp(ctx, client, as.name, deadLetters); err != nil {
			return err
		}
		if err := show(ctx, out, client, "orders-"+as.name); err != nil {
			return err
		}
	}
	return nil
}

// giveUp reads orders to the end, and has what is none written as a dead letter.
func giveUp(ctx context.Context, client *kavro.Client, group string, deadLetters kavro.ConsumerOption) error {
	orders, err := kavro.NewConsumer[string, map[string]any](client, group, []string{"orders"}, kavro.WithToEnd(), deadLetters)
	if err != nil {
		return err
	}
	defer orders.Close(ctx)
	return orders.Run(ctx, func(context.Context, *kavro.Message[string, map[string]any]) error { return nil })
}

// show prints a dead letter.
func show(ctx context.Context, out io.Writer, client *kavro.Client, topic string) error {
	c, err := kavro.NewConsumer[string, []byte](client, "operators", []string{topic})
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
