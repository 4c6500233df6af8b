package main

import (
	"context"
	"errors"
	"strings"

	"github.com/kavro/kavro"
)

// survive puts a record on the topic that is no event, and a tombstone, and reads
// on: bad records go to a dead-letter topic, as they came, and nothing stops.
func (d *demo) survive(ctx context.Context) error {
	d.title("Then somebody writes plain text to the topic, and somebody a tombstone")
	raw, err := kavro.NewProducer[string, []byte](d.client) // plain bytes, not Avro
	if err != nil {
		return err
	}
	if err := errors.Join(
		raw.Produce(ctx, d.topic, "quickstart", []byte("this is no Avro")),
		raw.Delete(ctx, d.topic, "quickstart"),
		raw.Close(ctx),
	); err != nil {
		return err
	}

	var events, tombstones int
	consumer, err := kavro.NewConsumer[string, SourceFileV2](d.client, d.group("survive"), []string{d.topic},
		kavro.WithValue(kavro.WithSchema(schemaV2)),
		kavro.WithToEnd(),
		kavro.WithTombstones(kavro.DeliverTombstones), // a SourceFileV2 cannot be null: Run would end
		kavro.WithDeadLetters(kavro.WithDeadLetterCreation(kavro.NewTopic{Partitions: 1})),
	)
	if err != nil {
		return err
	}
	err = consumer.Run(ctx, func(_ context.Context, msg *kavro.Message[string, SourceFileV2]) error {
		if msg.Tombstone {
			tombstones++
		} else {
			events++
		}
		return nil
	})
	if err = errors.Join(err, consumer.Close(ctx)); err != nil {
		return err
	}
	d.line("read to the end: %s events, %d tombstone, 1 dead letter; nothing stopped, nothing was lost", count(events), tombstones)
	return d.showDeadLetter(ctx)
}

// showDeadLetter reads what became of the bad record.
func (d *demo) showDeadLetter(ctx context.Context) error {
	consumer, err := kavro.NewConsumer[string, []byte](d.client, d.group("letters"), []string{d.topic + "-dlt"})
	if err != nil {
		return err
	}
	defer consumer.Close(ctx)
	msg, err := consumer.Poll(ctx)
	if err != nil {
		return err
	}
	d.line("the dead letter, on %s:", msg.Topic)
	d.line("  %-24s %q", "value", msg.Value)
	for _, h := range msg.Headers {
		d.line("  %-24s %s", strings.TrimPrefix(h.Key, "__dlq."), h.Value)
	}
	return nil
}
