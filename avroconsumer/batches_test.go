package avroconsumer_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
)

func valuesOf(batch []*message) string {
	var out []string
	for _, m := range batch {
		out = append(out, m.Value)
	}
	return fmt.Sprint(out)
}

func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "0", "1", "2", "3", "4", "poison", "6")
		c := w.join(avroconsumer.WithAutoCommit(time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var got []string
		start := time.Now()
		for batch, err := range c.Batches(ctx, 3, time.Second) {
			if err != nil {
				got = append(got, err.Error())
				continue
			}
			got = append(got, valuesOf(batch))
			if len(batch) == 1 {
				require.Equal(t, time.Second, time.Since(start), "it waits for more, but not for ever")
			}
			// The messages of this batch are not processed yet, those before are.
			require.NoError(t, c.Commit(ctx))
			if first := batch[0].Offset; first > 0 {
				require.Equal(t, first, w.committed(0))
			}
		}
		require.Equal(t, []string{
			"[0 1 2]", "[3 4]", "t [0] offset 5: key (schema 41): 2 of 8 bytes left", "[6]", "context deadline exceeded",
		}, got)
		w.close(c)
		require.Equal(t, int64(7), w.committed(0))
	})
}

func TestBatchesBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "0", "1", "2", "3", "poison", "5")
		c := w.join(avroconsumer.WithManualCommit())
		read := func(until func([]*message, error) bool) string {
			for batch, err := range c.Batches(t.Context(), 3, time.Second) {
				if until(batch, err) {
					return valuesOf(batch)
				}
			}
			return "ended"
		}
		first := func([]*message, error) bool { return true }
		require.Equal(t, "[0 1 2]", read(first))
		require.Equal(t, "[0 1 2]", read(first), "break left them unprocessed")
		require.Equal(t, "[]", read(func(_ []*message, err error) bool { return err != nil }), "the poison record")
		require.ErrorContains(t, pollError(c), "offset 4", "is unprocessed, the messages before it are not")
		require.Equal(t, "[5]", read(first))
		require.NoError(t, c.Commit(t.Context()))
		require.Equal(t, int64(5), w.committed(0))
		w.close(c)
	})
}

// Messages of a partition that is revoked while a batch is collected are dropped.
func TestBatchesAndRevoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.fill(0, "a")
		w.fill(1, "b")
		b := w.member()
		c := w.wrap(b)
		require.NoError(t, c.Subscribe("t"))
		go func() {
			time.Sleep(time.Second)
			w.Group("g").Assign(b, tp(0))
			w.fill(0, "c")
		}()
		for batch, err := range c.Batches(t.Context(), 10, 2*time.Second) {
			require.NoError(t, err)
			require.Equal(t, "[a c]", valuesOf(batch), "the group is eager: partition 0 is read anew")
			break
		}
		w.close(c)
		require.Equal(t, kafka.OffsetNone, w.committed(1))
	})
}

func TestBatchesToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 5)
		c := w.join(avroconsumer.WithToEnd())
		var got []string
		for batch, err := range c.Batches(t.Context(), 3, time.Second) {
			require.NoError(t, err)
			got = append(got, valuesOf(batch))
		}
		require.Equal(t, []string{"[0 1 2]", "[3 4]"}, got)
		w.close(c)
		require.Equal(t, int64(5), w.committed(0))
	})
}
