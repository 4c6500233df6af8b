// My program learns schemas at run time. How do I produce and consume values
// without Go types?
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

func main() {
	client := flag.String("client", "", "confluent or franz")
	flag.Parse()
	env, err := kavrotest.Start(kavrotest.WithTopic("things", 1))
	if err == nil {
		defer env.Close()
		err = run(context.Background(), os.Stdout, env, *client)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// texts stand for what a program finds in files, or in a registry.
var texts = []string{
	`{"type": "record", "name": "Book", "namespace": "things", "fields": [
		{"name": "title", "type": "string"}, {"name": "pages", "type": ["null", "int"]}]}`,
	`{"type": "record", "name": "Record", "namespace": "things", "fields": [
		{"name": "artist", "type": "string"}, {"name": "tracks", "type": {"type": "array", "items": "string"}}]}`,
}

func run(ctx context.Context, out io.Writer, env *kavrotest.Env, client string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	book, err := schemas.Parse(texts[0])
	if err != nil {
		return err
	}
	record, err := schemas.Parse(texts[1])
	if err != nil {
		return err
	}

	// A Generic carries its schema, so one topic can hold both: each under a
	// subject of its own.
	opts := []kavro.Option{kavro.Driver(client), kavro.ValueAvro(serde.WithSubject(serde.TopicRecordName))}
	producer, err := kavro.NewProducer[string, serde.Generic](env.Config(), opts...)
	if err != nil {
		return err
	}
	for _, thing := range []serde.Generic{
		{Schema: book, Value: map[string]any{"title": "Emma", "pages": 474}},
		{Schema: record, Value: map[string]any{"artist": "Nina Simone", "tracks": []string{"Sinnerman"}}},
		{Schema: book, Value: map[string]any{"title": "Ulysses", "pages": nil}},
	} {
		if err := producer.Produce(ctx, "things", "k", thing); err != nil {
			return err
		}
	}
	if err := producer.Close(ctx); err != nil {
		return err
	}

	consumer, err := kavro.NewConsumer[string, serde.Generic](env.Group("browser"), []string{"things"}, opts...)
	if err != nil {
		return err
	}
	defer consumer.Close(ctx)
	for range 3 {
		msg, err := consumer.Poll(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %v\n", msg.Value.Schema.FullName(), msg.Value.Value)
	}
	return nil
}
