package main

import (
	"context"
	"errors"
	"strings"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
)

// survive puts a record on the topic that is no event, and a tombstone, and reads
// on: bad records go to a dead-letter topic, as they came, and nothing stops.
func (d *demo) survive(ctx context.Context) error {
	d.title("Then somebody writes plain text to the topic, and somebody a tombstone")
	raw, err := kavro.NewProducer[string, []byte](with(d.conf, "value.serializer", "bytes"), d.opts...)
	if err != nil {
		return err
	}
	defer raw.Close(ctx) // the loop below writes dead letters through it
	if err := errors.Join(
		raw.Produce(ctx, d.topic, "quickstart", []byte("this is no Avro")),
		raw.Delete(ctx, d.topic, "quickstart"),
		raw.Flush(ctx),
	); err != nil {
		return err
	}

	var events, tombstones int
	consumer, err := kavro.NewConsumer[string, SourceFileV2](with(d.group("survive"), "enable.partition.eof", true), []string{d.topic}, d.with(
		kavro.ValueSchema(schemaV2),
		kavro.Consumer(
			avroconsumer.WithToEnd(),
			avroconsumer.WithTombstones(avroconsumer.DeliverTombstones), // a SourceFileV2 cannot be null: Run would end
			avroconsumer.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.DeadLetter(avroconsumer.NewDeadLetters(raw.Client()))),
		),
	)...)
	if err != nil {
		return err
	}
	err = consumer.Run(ctx, func(_ context.Context, msg *avroconsumer.Message[string, SourceFileV2]) error {
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
	consumer, err := kavro.NewConsumer[string, []byte](with(d.group("letters"), "value.deserializer", "bytes"), []string{d.topic + "-dlt"}, d.opts...)
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

// with returns a copy of conf with one more key.
func with(conf kavro.Config, key string, value any) kavro.Config {
	out := kavro.Config{key: value}
	for k, v := range conf {
		if k != key {
			out[k] = v
		}
	}
	return out
}
