package avroconsumer_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

// The tests of this file are about events that must wake a waiting reader by themselves.

// A partition that was paused over its high-water mark continues, also if its last records were
// processed by Commit and not by a handler.
func TestCommitResumesPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "a")
		c := w.join(avroconsumer.WithInFlight(1, 1<<20), avroconsumer.WithPolicy(avroconsumer.HandlerErrors,
			avroconsumer.Retry(3, avroconsumer.Constant(time.Second))))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		failed := make(chan *message, 1)
		go func() {
			require.NoError(t, c.Commit(ctx, <-failed))
			w.fill(0, "b")
		}()
		var got []string
		err := c.Run(ctx, func(ctx context.Context, m *message) error {
			got = append(got, m.Value)
			if m.Value == "a" {
				failed <- m
				return errHandler
			}
			cancel()
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, []string{"a", "b"}, got)
		w.close(c)
	})
}

// During an eager rebalance no member has partitions, which is not the end for WithToEnd:
// together, the members read everything.
func TestToEndInARebalance(t *testing.T) {
	for name, cooperative := range map[string]bool{"eager": false, "cooperative": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 2)
				w.fillNumbers(0, 5)
				w.fillNumbers(1, 5)
				seen := make(chan string, 100)
				run := func() error {
					c := w.wrap(w.member(func(f *fakekafka.ConsumerConfig) { f.Cooperative = cooperative }), avroconsumer.WithToEnd())
					require.NoError(t, c.Subscribe("t"))
					err := c.Run(t.Context(), func(_ context.Context, m *message) error {
						time.Sleep(time.Second)
						seen <- m.Value
						return nil
					})
					return errors.Join(err, c.Close(t.Context()))
				}
				first := make(chan error)
				go func() { first <- run() }()
				time.Sleep(1500 * time.Millisecond) // within the second record
				require.NoError(t, run())
				require.NoError(t, <-first)
				require.Equal(t, []int64{5, 5}, []int64{w.committed(0), w.committed(1)})
				require.Len(t, seen, 10, "each once")
			})
		})
	}
}

// The last partition that is not at its end may be revoked while the member polls.
func TestEndByRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.fillNumbers(0, 3)
		w.Skip("t", 1, 3) // its end is never seen: there are no records, and enable.partition.eof is off
		m := w.member(func(f *fakekafka.ConsumerConfig) { f.Cooperative = true })
		other := w.Consumer(fakekafka.ConsumerConfig{Group: "g", Cooperative: true})
		c := w.wrap(m, avroconsumer.WithToEnd())
		require.NoError(t, c.Subscribe("t"))
		time.AfterFunc(10*time.Second, func() { w.Group("g").Assign(other, tp(1)) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, c.Run(ctx, func(context.Context, *message) error { return nil }))
		require.Equal(t, int64(3), w.committed(0))
		w.close(c)
	})
}

// subscribing is a client during whose Subscribe another goroutine closes the consumer.
type subscribing struct {
	*fakekafka.Consumer
	meanwhile func()
}

func (b subscribing) Subscribe(topics []string, r kafka.Rebalance) error {
	go b.meanwhile()
	return b.Consumer.Subscribe(topics, r)
}

// Close during Subscribe leaves no goroutine: otherwise the synctest bubble would not end.
func TestCloseBesideSubscribe(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			b := &subscribing{Consumer: w.member()}
			c := w.wrap(b)
			closed := make(chan error, 1)
			b.meanwhile = func() { closed <- c.Close(t.Context()) }
			_ = c.Subscribe("t") // ErrClosed or not
			require.NoError(t, <-closed)
		})
	}
}

// Close waits for asynchronous commits within its bound.
func TestCloseDuringCommitAsync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "a", "b")
		c := w.wrap(w.member(func(f *fakekafka.ConsumerConfig) {
			f.OnCommit = func(ctx context.Context, _ []kafka.Offset) error { // a broker that hangs
				<-ctx.Done()
				return ctx.Err()
			}
		}), avroconsumer.WithManualCommit())
		require.NoError(t, c.Subscribe("t"))
		m, err := c.Poll(t.Context())
		require.NoError(t, err)
		reported := make(chan error, 1)
		require.NoError(t, c.CommitAsync(func(_ []kafka.Offset, err error) { reported <- err }, m))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_ = c.Close(ctx)
		require.Equal(t, time.Second, time.Since(start), "on a clock that stands still while anybody works")
		require.ErrorIs(t, <-reported, context.Canceled)
	})
}
