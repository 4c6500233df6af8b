package avroconsumer_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
)

func TestRunBatch(t *testing.T) {
	once := avroconsumer.Retry(1, avroconsumer.Constant(time.Second))
	tests := []struct {
		name      string
		values    []string
		policies  map[avroconsumer.Class]avroconsumer.Policy
		handle    func(batch []*message) []error // nil: badly
		batches   []string
		err       string
		committed int64
	}{
		{
			name: "full ones, and a smaller one", values: []string{"0", "1", "2", "3", "4"},
			batches: []string{"[0 1]", "[2 3]", "[4]"}, committed: 5,
		},
		{
			name: "a result for each: stop at the first that failed", values: []string{"0", "bad 1", "bad 2", "3"},
			batches: []string{"[0 bad 1]"}, committed: 1, err: "t [0] offset 1: handler: the database said no",
		},
		{
			name: "a result for each: those that failed come again", values: []string{"bad 0", "1", "2"},
			policies: map[avroconsumer.Class]avroconsumer.Policy{avroconsumer.HandlerErrors: once.Then(avroconsumer.Skip())},
			batches:  []string{"[bad 0 1]", "[bad 0 2]"}, committed: 3,
		},
		{
			name: "a bad record cuts a batch in two", values: []string{"0", "poison", "2", "3"},
			policies: map[avroconsumer.Class]avroconsumer.Policy{avroconsumer.DecodeErrors: avroconsumer.Skip()},
			batches:  []string{"[0]", "[2 3]"}, committed: 4,
		},
		{
			name: "a bad record stops behind what came before it", values: []string{"0", "poison", "2", "3"},
			batches: []string{"[0]"}, committed: 1, err: "t [0] offset 1: key (schema 41): 2 of 8 bytes left",
		},
		{
			name: "raw ones are in the batch", values: []string{"0", "poison", "2"},
			policies: map[avroconsumer.Class]avroconsumer.Policy{avroconsumer.DecodeErrors: avroconsumer.Raw()},
			batches:  []string{"[0 raw]", "[2]"}, committed: 3,
		},
		{
			name: "a panic fails all", values: []string{"0", "1", "2"},
			handle:  func([]*message) []error { panic("oops") },
			batches: []string{"[0 1]"}, err: "t [0] offset 0: handler: panic: oops", committed: kafka.OffsetNone,
		},
		{
			name: "a wrong number of results fails all", values: []string{"0", "1", "2"},
			handle:  func([]*message) []error { return make([]error, 3) },
			batches: []string{"[0 1]"}, committed: kafka.OffsetNone,
			err: "t [0] offset 0: handler: RunBatch: the handler returned 3 results for 2 messages",
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.fill(0, tc.values...)
				opts := []avroconsumer.Option{avroconsumer.WithToEnd()}
				for class, p := range tc.policies {
					opts = append(opts, avroconsumer.WithPolicy(class, p))
				}
				c := w.join(opts...)
				var l log
				err := c.RunBatch(t.Context(), 2, time.Second, func(_ context.Context, batch []*message) []error {
					var names []string
					errs := make([]error, len(batch))
					for i, m := range batch {
						name := m.Value
						if m.Err != nil {
							name = "raw"
						}
						names = append(names, name)
						if len(name) > 3 && name[:3] == "bad" {
							errs[i] = errHandler
						}
					}
					l.add("%v", names)
					if tc.handle != nil {
						return tc.handle(batch)
					}
					if errors.Join(errs...) == nil {
						return nil
					}
					return errs
				})
				if tc.err == "" {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, tc.err)
				}
				require.Equal(t, tc.batches, l.get())
				require.Equal(t, tc.committed, w.committed(0))
				w.close(c)
			})
		})
	}
}

// A batch that is not full is processed when its partition's linger timer ends; records polled
// meanwhile are in it.
func TestRunBatchLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		c := w.join(avroconsumer.WithConcurrency(4, avroconsumer.Key))
		var l log
		begin := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- c.RunBatch(ctx, 3, 10*time.Second, func(_ context.Context, batch []*message) []error {
				l.add("%s at %v", valuesOf(batch), time.Since(begin))
				return nil
			})
		}()
		w.fill(0, "a")
		time.Sleep(4 * time.Second)
		w.fill(0, "b")
		w.fill(1, "x", "y", "z", "later")
		time.Sleep(20 * time.Second)
		require.Equal(t, []string{"[x y z] at 4s", "[a b] at 10s", "[later] at 14s"}, l.get())
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.Equal(t, int64(2), w.committed(0))
		w.close(c)
		require.Error(t, c.RunBatch(t.Context(), 0, 0, func(context.Context, []*message) []error { return nil }))
	})
}

// A batch is processed when its partition is over the high-water mark.
func TestBatchesBeyondInFlight(t *testing.T) {
	for name, read := range map[string]func(*testing.T, *consumer, func(int)){
		"RunBatch": func(t *testing.T, c *consumer, took func(int)) {
			require.NoError(t, c.RunBatch(t.Context(), 10_000, time.Hour, func(_ context.Context, batch []*message) []error {
				took(len(batch))
				return nil
			}))
		},
		"Batches": func(t *testing.T, c *consumer, took func(int)) {
			for batch, err := range c.Batches(t.Context(), 10_000, time.Hour) {
				require.NoError(t, err)
				took(len(batch))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 2)
				w.fillNumbers(0, 1500) // in polls of 500
				w.fillNumbers(1, 1500)
				c := w.join(avroconsumer.WithInFlight(800, 1<<20), avroconsumer.WithToEnd())
				begin, n := time.Now(), 0
				read(t, c, func(records int) { n += records })
				require.Equal(t, 3000, n)
				require.Less(t, time.Since(begin), time.Hour+time.Minute, "waited for the last batch at most")
				w.close(c)
			})
		})
	}
}

// Under None several batches of one partition are handled at the same time.
func TestRunBatchNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 40)
		c := w.join(avroconsumer.WithConcurrency(4, avroconsumer.None), avroconsumer.WithToEnd())
		begin := time.Now()
		var n atomic.Int64
		require.NoError(t, c.RunBatch(t.Context(), 10, time.Minute, func(_ context.Context, batch []*message) []error {
			n.Add(int64(len(batch)))
			time.Sleep(time.Second)
			return nil
		}))
		require.Equal(t, int64(40), n.Load())
		require.Equal(t, time.Second, time.Since(begin))
		require.Equal(t, int64(40), w.committed(0))
		w.close(c)
	})
}

// Records that wait for the registry come after those that did not need it.
func TestRunBatchWaitsForTheRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.outage.down.Store(true)
		w.fill(0, "0", "cold 1", "2")
		c := w.join(avroconsumer.WithToEnd())
		time.AfterFunc(time.Minute, func() { w.outage.down.Store(false) })
		var l log
		require.NoError(t, c.RunBatch(t.Context(), 3, 0, func(_ context.Context, batch []*message) []error {
			l.add("%s", valuesOf(batch))
			return nil
		}))
		require.Equal(t, "[[0] [cold 1 2]]", fmt.Sprint(l.get()))
		w.close(c)
	})
}
