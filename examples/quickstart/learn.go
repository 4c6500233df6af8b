package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/kavro/kavro"
)

// learn reads all events in a consumer group and says what they tell.
func (d *demo) learn(ctx context.Context) error {
	consumer, err := kavro.NewConsumer[string, SourceFile](d.client, d.group("learn"), []string{d.topic}, kavro.WithValue(kavro.WithSchema(schemaV1)))
	if err != nil {
		return err
	}
	d.title("Reading them in a consumer group")
	var (
		began        = time.Now()
		read, asked  = 0, d.requests.Load()
		bytes, lines int64
		imports      = map[string]int{}
		documented   int
	)
	for msg, err := range consumer.Messages(ctx) {
		if err != nil {
			return errors.Join(err, consumer.Close(ctx))
		}
		read++
		bytes += msg.Value.Bytes
		lines += int64(msg.Value.Lines)
		if msg.Value.Doc != nil {
			documented++
		}
		for _, name := range msg.Value.Imports {
			imports[name]++
		}
		d.progress("read", read, d.published)
		if read == d.published {
			break
		}
	}
	took := time.Since(began)
	if err := consumer.Close(ctx); err != nil {
		return err
	}
	d.line("%s events in %.2f s (%s), joining the group included; requests to the registry: %d", count(read), took.Seconds(), rate(read, took), d.requests.Load()-asked)
	d.line("%s lines, %s bytes; files that open with a package comment: %s", count(int(lines)), count(int(bytes)), count(documented))
	d.line("The most imported packages:")
	d.bars(most(imports, 8))
	return nil
}

// most returns the n largest counts, largest first.
func most(counts map[string]int, n int) []row {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var rows []row
	for _, name := range names[:min(n, len(names))] {
		rows = append(rows, row{name, counts[name]})
	}
	return rows
}
