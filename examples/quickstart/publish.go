package main

import (
	"context"
	"errors"
	"time"

	"github.com/kavro/kavro"
)

// publish reads the source tree and produces one event for each file, keyed by
// the file's package.
func (d *demo) publish(ctx context.Context) error {
	paths, err := goFiles(d.root)
	if err != nil {
		return err
	}
	producer, err := kavro.NewProducer[string, SourceFile](d.client, kavro.WithValue(kavro.WithSchema(schemaV1)))
	if err != nil {
		return err
	}
	d.title("Publishing a SourceFile event for each of %s files", count(len(paths)))
	began, asked, sent := time.Now(), d.requests.Load(), 0
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the readers if a record is refused
	for file := range readAll(ctx, d.root, paths) {
		if err := producer.Produce(ctx, d.topic, file.Package, file); err != nil {
			return errors.Join(err, producer.Close(ctx))
		}
		sent++
		d.progress("published", sent, len(paths))
	}
	// Close waits until the broker has all of them, and reports any it has not.
	if err := producer.Close(ctx); err != nil {
		return err
	}
	took := time.Since(began)
	d.line("%s events on topic %s in %.2f s (%s), reading and parsing the files included", count(sent), d.topic, took.Seconds(), rate(sent, took))
	if skipped := len(paths) - sent; skipped > 0 {
		d.line("files passed over, which do not parse as Go: %d", skipped)
	}
	d.line("requests to the registry: %d, then none; a schema is decided once per topic", d.requests.Load()-asked)
	d.published = sent
	return nil
}
