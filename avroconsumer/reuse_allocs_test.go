//go:build !kavro_poison && !race

// Not with the race detector, under which a sync.Pool drops some of what it is given.

package avroconsumer_test

import (
	"context"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// With WithReuse, a record whose strings are those of the one before, and whose slices have its sizes,
// costs no allocation.
func TestReuseAllocatesNothing(t *testing.T) {
	const n = 1 << 16
	des, framed := parcels(t, map[string]int64{})
	work := map[string]func(c *avroconsumer.Consumer[[]byte, parcel]) error{
		"Run": func(c *avroconsumer.Consumer[[]byte, parcel]) error {
			return c.Run(t.Context(), func(_ context.Context, m *avroconsumer.Message[[]byte, parcel]) error {
				if m.Value.ID != "one" || len(m.Value.Lines) != 2 {
					t.Error("another value")
				}
				return nil
			})
		},
		"RunBatch": func(c *avroconsumer.Consumer[[]byte, parcel]) error {
			return c.RunBatch(t.Context(), 100, 0, func(_ context.Context, m []*avroconsumer.Message[[]byte, parcel]) []error {
				if m[len(m)-1].Value.ID != "one" {
					t.Error("another value")
				}
				return nil
			})
		},
	}
	for name, run := range work {
		t.Run(name, func(t *testing.T) {
			s := &spring{left: n, records: make([]kafka.Record, n), resume: make(chan struct{}, 1)}
			for i := range s.records {
				s.records[i] = kafka.Record{Topic: "t", Value: slices.Clone(framed)} // its own, for the poison
			}
			c, err := avroconsumer.New(s, serde.Bytes, des, avroconsumer.WithReuse())
			require.NoError(t, err)
			require.NoError(t, c.Subscribe("t"))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			require.ErrorIs(t, run(c), errDry)
			runtime.ReadMemStats(&after)
			require.Less(t, float64(after.Mallocs-before.Mallocs)/n, 0.2)
			require.NoError(t, c.Close(t.Context()))
		})
	}
}
