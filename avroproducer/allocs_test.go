package avroproducer_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
)

// sink is a client that reports at once, and keeps nothing.
type sink struct{ bytes int }

func (s *sink) Produce(_ context.Context, r *kafka.Record, done func(*kafka.Record, error)) error {
	s.bytes += len(r.Key) + len(r.Value)
	done(r, nil)
	return nil
}

func (s *sink) Flush(context.Context) error { return nil }
func (s *sink) Close(context.Context) error { return nil }

func TestProduceAllocatesNothing(t *testing.T) {
	p := newText(t, &sink{})
	ctx, headers := t.Context(), []kafka.Header{{Key: "a"}, {Key: "b"}}
	rec := avroproducer.Record[string, string]{Topic: "t", Key: "key", Value: "value", Headers: headers}
	for name, produce := range map[string]func() error{
		"plain": func() error { return p.Produce(ctx, "t", "key", "value") },
		"with options": func() error {
			return p.Produce(ctx, "t", "key", "value", avroproducer.WithPartition(3), avroproducer.WithHeaders(headers...))
		},
		"a tombstone": func() error { return p.Delete(ctx, "t", "key") },
		"as data":     func() error { return p.ProduceRecord(ctx, rec) },
	} {
		allocs := testing.AllocsPerRun(1000, func() {
			if err := produce(); err != nil {
				t.Fatal(err)
			}
		})
		if raceEnabled { // the detector makes sync.Pool drop things at random
			continue
		}
		require.Zero(t, allocs, name)
	}
}

func TestLargeBuffersAreNotKept(t *testing.T) {
	s := &sink{}
	p := newText(t, s, avroproducer.WithMaxScratch(1<<10))
	large := string(make([]byte, 1<<20))
	require.NoError(t, p.Produce(t.Context(), "t", "", large))
	require.NoError(t, p.Produce(t.Context(), "t", "", "small"))
	require.Equal(t, 1<<20+5, s.bytes)
}

func BenchmarkProduce(b *testing.B) {
	p := newText(b, &sink{})
	ctx, value := b.Context(), string(make([]byte, 160))
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Produce(ctx, "t", "a key of some length", value); err != nil {
			b.Fatal(err)
		}
	}
}
