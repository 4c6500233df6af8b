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
)

func main() {
	driver := flag.String("client", "", "confluent or franz")
	flag.Parse()
	env, err := kavrotest.Start(kavrotest.WithTopic("things", 1))
	if err == nil {
		defer env.Close()
		err = run(context.Background(), os.Stdout, env, *driver)
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

func run(ctx context.Context, out io.Writer, env *kavrotest.Env, driver string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	book, err := kavro.ParseSchema(texts[0])
	if err != nil {
		return err
	}
	record, err := kavro.ParseSchema(texts[1])
	if err != nil {
		return err
	}

	// A Generic carries its schema, so one topic can hold both: each under a
	// subject of its own.
	client, err := kavro.Open(env.Config(kavro.Config{"kavro.client": driver, "value.subject.name.strategy": "TopicRecordNameStrategy"}))
	if err != nil {
		return err
	}
	defer client.Close(ctx)
	producer, err := kavro.NewProducer[string, kavro.Generic](client)
	if err != nil {
		return err
	}
	for _, thing := range []kavro.Generic{
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

	consumer, err := kavro.NewConsumer[string, kavro.Generic](client, "browser", []string{"things"})
	if err != nil {
		return err
	}
	for range 3 {
		msg, err := consumer.Poll(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %v\n", msg.Value.Schema.FullName(), msg.Value.Value)
	}
	return nil
}
