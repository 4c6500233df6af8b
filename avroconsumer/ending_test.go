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

// readThree reads "0", "1" and "2" in every way, and cancels when it has processed them.
var readThree = map[string]func(ctx context.Context, cancel func(), c *consumer) error{
	"Poll": func(ctx context.Context, cancel func(), c *consumer) error {
		for {
			m, err := c.Poll(ctx)
			if err != nil {
				return err
			}
			if m.Value == "2" {
				cancel()
			}
		}
	},
	"Messages": func(ctx context.Context, cancel func(), c *consumer) error {
		for m, err := range c.Messages(ctx) {
			if err != nil {
				return err
			}
			if m.Value == "2" {
				cancel()
			}
		}
		return nil
	},
	"Batches": func(ctx context.Context, cancel func(), c *consumer) error {
		for _, err := range c.Batches(ctx, 3, time.Hour) {
			if err != nil {
				return err
			}
			cancel()
		}
		return nil
	},
	"Run": func(ctx context.Context, cancel func(), c *consumer) error {
		return c.Run(ctx, func(_ context.Context, m *message) error {
			if m.Value == "2" {
				cancel()
			}
			return nil
		})
	},
	"RunBatch": func(ctx context.Context, cancel func(), c *consumer) error {
		return c.RunBatch(ctx, 3, time.Hour, func(context.Context, []*message) []error {
			cancel()
			return nil
		})
	},
}

// "defer consumer.Close(ctx)" commits what was processed and leaves the group although ctx has
// ended by then, also if the broker is slow.
func TestCloseWithAContextThatHasEnded(t *testing.T) {
	for name, read := range readThree {
		for _, manual := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, 1)
					w.fillNumbers(0, 3)
					b := w.member(func(f *fakekafka.ConsumerConfig) {
						f.OnCommit = func(ctx context.Context, _ []kafka.Offset) error {
							select {
							case <-time.After(3 * time.Second):
								return nil
							case <-ctx.Done():
								return ctx.Err()
							}
						}
					})
					commits := avroconsumer.WithAutoCommit(time.Hour)
					if manual {
						commits = avroconsumer.WithManualCommit()
					}
					c := w.wrap(b, commits)
					require.NoError(t, c.Subscribe("t"))
					ctx, cancel := context.WithCancel(t.Context())
					require.ErrorIs(t, read(ctx, cancel, c), context.Canceled)
					require.ErrorIs(t, ctx.Err(), context.Canceled)
					require.NoError(t, c.Close(ctx))
					if manual {
						require.Equal(t, kafka.OffsetNone, w.committed(0))
					} else {
						require.Equal(t, int64(3), w.committed(0))
					}
					require.ErrorIs(t, b.Poll(t.Context(), &kafka.Batch{}, 1), kafka.ErrClosed)
					w.fill(0, "3")
					next := w.join()
					m, err := next.Poll(t.Context())
					require.NoError(t, err, "the partition is free")
					if !manual {
						require.Equal(t, "3", m.Value)
					}
					w.close(next)
				})
			})
		}
	}
}

// After Run's context has ended no handler starts, not even for a record that is next.
func TestNoTaskStartsAfterTheEnd(t *testing.T) {
	for _, batch := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			w.fillNumbers(0, 5)
			c := w.join()
			ctx, cancel := context.WithCancel(t.Context())
			var l log
			var err error
			if batch {
				err = c.RunBatch(ctx, 1, 0, func(_ context.Context, batch []*message) []error {
					l.add("%s", batch[0].Value)
					cancel()
					return nil
				})
			} else {
				err = c.Run(ctx, func(_ context.Context, m *message) error {
					l.add("%s", m.Value)
					cancel()
					return nil
				})
			}
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, []string{"0"}, l.get())
			require.Equal(t, int64(1), w.committed(0))
			w.close(c)
		})
	}
}

// Close ends Run, also if its context leaves no time for a drain: what was processed is
// committed; what handlers return later is neither committed nor passed to a policy.
func TestCloseCutsTheDrain(t *testing.T) {
	for _, fails := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 2)
			w.fill(0, "a", "slow")
			w.fill(1, "b", "c")
			dead := &deadLetters{}
			c := w.join(avroconsumer.WithConcurrency(2, avroconsumer.Partition), avroconsumer.WithAutoCommit(time.Hour),
				avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.DeadLetter(dead)))
			r := start(t, c, func(ctx context.Context, m *message) error {
				if m.Value == "slow" {
					time.Sleep(time.Minute) // and does not look at ctx
					require.ErrorIs(t, context.Cause(ctx), avroconsumer.ErrStopped)
					if fails {
						return errHandler
					}
				}
				return nil
			})
			synctest.Wait()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			begin := time.Now()
			var drain *avroconsumer.DrainError
			require.ErrorAs(t, c.Close(ctx), &drain)
			require.Equal(t, 1, drain.Handlers)
			require.ErrorIs(t, drain, context.Canceled)
			require.Zero(t, time.Since(begin))
			require.ErrorIs(t, <-r.result, kafka.ErrClosed)
			time.Sleep(2 * time.Minute)
			require.Equal(t, int64(1), w.committed(0))
			require.Equal(t, int64(2), w.committed(1))
			require.Empty(t, dead.get())
			require.NoError(t, c.Close(ctx), "idempotent")
		})
	}
}

// hanging is a client whose commits return only when their context ends.
func hanging(f *fakekafka.ConsumerConfig) {
	f.OnCommit = func(ctx context.Context, _ []kafka.Offset) error {
		<-ctx.Done()
		return ctx.Err()
	}
}

// Even if everything hangs, a program that is told to end ends before it would be killed.
func TestEndingTakesLessThan25Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.fillNumbers(0, 2)
		w.fill(1, "for ever")
		c := w.wrap(w.member(hanging), avroconsumer.WithConcurrency(2, avroconsumer.Partition))
		require.NoError(t, c.Subscribe("t"))
		release := make(chan struct{})
		r := start(t, c, func(_ context.Context, m *message) error {
			if m.Value == "for ever" {
				<-release
			}
			return nil
		})
		time.Sleep(time.Minute)
		begin := time.Now()
		r.cancel()
		var drain *avroconsumer.DrainError
		require.ErrorAs(t, <-r.result, &drain)
		require.GreaterOrEqual(t, time.Since(begin), 15*time.Second, "the drain")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.Error(t, c.Close(ctx))
		require.Less(t, time.Since(begin), 22*time.Second, "and a producer's 3 seconds")
		close(release)
	})
}

// After handlers that take the whole drain of a revoked partition, OnRevoked can still commit,
// and the offsets of other partitions are committed.
func TestCommitAfterALongDrain(t *testing.T) {
	for _, manual := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 2)
			w.fill(0, "a", "b")
			w.fill(1, "for ever")
			var c *consumer
			var kept *message
			revoked := 0
			commits := avroconsumer.WithAutoCommit(time.Hour)
			if manual {
				commits = avroconsumer.WithManualCommit()
			}
			opts := []avroconsumer.Option{avroconsumer.WithConcurrency(2, avroconsumer.Partition), commits,
				avroconsumer.OnRevoked(func(ctx context.Context, p []kafka.TopicPartition) {
					if revoked++; revoked == 1 {
						require.NoError(t, ctx.Err())
						require.NoError(t, c.Commit(ctx, kept))
					}
				})}
			c = w.join(opts...)
			release := make(chan struct{})
			r := start(t, c, func(_ context.Context, m *message) error {
				if m.Value == "a" {
					kept = m
				}
				if m.Value == "for ever" {
					<-release
				}
				return nil
			})
			synctest.Wait()
			other := w.join()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, _ = other.Poll(ctx)
			require.Equal(t, 1, revoked)
			want := int64(2)
			if manual {
				want = 1
			}
			require.Equal(t, want, w.committed(0))
			close(release)
			r.end()
			w.close(other)
			w.close(c)
		})
	}
}

// The error of Close counts the handlers that did not return in time, and Close may be called
// again.
func TestCloseBesideAReaderThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "a")
		release := make(chan struct{})
		c := w.join(avroconsumer.OnAssigned(func(context.Context, []kafka.Offset) ([]kafka.Offset, error) {
			<-release
			return nil, nil
		}))
		polled := make(chan error, 1)
		go func() {
			_, err := c.Poll(t.Context())
			polled <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begin := time.Now()
		require.ErrorIs(t, c.Close(ctx), context.Canceled)
		require.Equal(t, 5*time.Second, time.Since(begin))
		close(release)
		require.True(t, errors.Is(<-polled, kafka.ErrClosed))
		require.NoError(t, c.Close(ctx))
	})
}
