package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/schemas"
)

// evolve publishes with version 2 of the schema, reads old events as new and
// new as old, and is refused with version 3.
func (d *demo) evolve(ctx context.Context) error {
	d.title("Version 2 adds a field with a default: %q", "generated")
	news := SourceFileV2{SourceFile: SourceFile{Path: "kavro/quickstart.go", Package: "quickstart", Lines: 1}, Generated: true}
	if err := produce(ctx, d, schemaV2, news); err != nil {
		return err
	}
	d.line("registered and published: one more event on the same topic")

	// A program of today reads what was written yesterday ...
	var old, generated int
	if err := readAllAs(ctx, d, "new", schemaV2, d.published+1, func(f SourceFileV2) {
		old++
		if f.Generated {
			old--
			generated++
		}
	}); err != nil {
		return err
	}
	d.line("a new program read %s old events, generated=false by default, and %d new", count(old), generated)

	// ... and a program of yesterday what is written today.
	var last SourceFile
	if err := readAllAs(ctx, d, "old", schemaV1, d.published+1, func(f SourceFile) {
		if f.Path == news.Path {
			last = f
		}
	}); err != nil {
		return err
	}
	d.line("an old program read the new event as well: %s, package %s", last.Path, last.Package)

	d.title("Version 3 breaks compatibility, and is refused before anything is written")
	err := produce(ctx, d, schemaV3, map[string]any{})
	var incompatible *schemas.IncompatibleError
	if !errors.As(err, &incompatible) {
		return fmt.Errorf("version 3 should have been refused, got: %w", err)
	}
	d.line("level %v:", incompatible.Level)
	for _, reason := range incompatible.Reasons {
		d.line("  version %d, %v", reason.Version, reason)
	}
	return nil
}

// produce produces one value with schema s.
func produce[V any](ctx context.Context, d *demo, s *schemas.Schema, v V) error {
	producer, err := kavro.NewProducer[string, V](d.client, kavro.WithValue(kavro.WithSchema(s)))
	if err != nil {
		return err
	}
	return errors.Join(producer.Produce(ctx, d.topic, "quickstart", v), producer.Close(ctx))
}

// readAllAs reads n events, from the start, as values of V.
func readAllAs[V any](ctx context.Context, d *demo, group string, s *schemas.Schema, n int, each func(V)) error {
	consumer, err := kavro.NewConsumer[string, V](d.client, d.group(group), []string{d.topic}, kavro.WithValue(kavro.WithSchema(s)))
	if err != nil {
		return err
	}
	for msg, err := range consumer.Messages(ctx) {
		if err != nil {
			return errors.Join(err, consumer.Close(ctx))
		}
		each(msg.Value)
		if n--; n == 0 {
			break
		}
	}
	return consumer.Close(ctx)
}
