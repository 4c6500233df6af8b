package avroconsumer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

// stalls is an observer that collects the warnings of rebalances, with a logger.
type stalls struct {
	avroconsumer.NopObserver
	mu   sync.Mutex
	seen []time.Duration
	text bytes.Buffer
}

func (s *stalls) Error(err error) {
	var stalled *avroconsumer.StalledError
	if errors.As(err, &stalled) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, stalled.For)
	}
}

func (s *stalls) options() []avroconsumer.Option {
	return []avroconsumer.Option{avroconsumer.WithObserver(s), avroconsumer.WithLogger(slog.New(slog.NewTextHandler(&s.text, nil)))}
}

func (s *stalls) get() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// runFor runs c until the returned function is called.
func runFor(t *testing.T, c *consumer) (stop func()) {
	r := start(t, c, func(context.Context, *message) error { return nil })
	synctest.Wait()
	return r.end
}

// A member that waits for another one, which does not poll, reports how long it has waited,
// until the group continues. With Run and with Poll.
func TestStalledGroupNamesItself(t *testing.T) {
	for _, polls := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 2)
			idle := w.member() // has everything, and then does not poll
			require.NoError(t, idle.Subscribe([]string{"t"}, nil))
			first, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.Error(t, idle.Poll(first, &kafka.Batch{}, 1))

			s := &stalls{}
			c := w.wrap(w.member(), s.options()...)
			require.Zero(t, c.Group(), "not subscribed yet")
			begin := time.Now()
			require.NoError(t, c.Subscribe("t"))
			require.Equal(t, avroconsumer.GroupStatus{Rebalancing: true, Since: begin}, c.Group())
			if polls {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				_, err := c.Poll(ctx)
				require.ErrorIs(t, err, context.DeadlineExceeded)
			} else {
				defer runFor(t, c)()
				time.Sleep(5 * time.Minute)
			}
			synctest.Wait()
			require.Equal(t, []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute}, s.get())
			require.Contains(t, s.text.String(), `level=WARN msg="kavro: consumer: the group has been in a rebalance for 30s, and this member has no partitions:`+
				` another member neither polls nor leaves, or the coordinator does not answer"`)
			require.Equal(t, begin, c.Group().Since)

			require.NoError(t, idle.Close(t.Context()))
			if polls {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := c.Poll(ctx)
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			synctest.Wait()
			require.Zero(t, c.Group())
			require.Len(t, c.Status(), 2)
			time.Sleep(time.Hour)
			require.Len(t, s.get(), 4)
			if polls {
				w.close(c)
			}
		})
	}
}

// No warning for a member without partitions because there are more members than partitions,
// for one that does not poll itself, and for one that has left.
func TestWhatIsNoStall(t *testing.T) {
	for name, tc := range map[string]func(t *testing.T, w *world, c *consumer, join func() *consumer){
		"more members than partitions": func(t *testing.T, w *world, c *consumer, join func() *consumer) {
			other := join()
			defer w.close(other)
			defer runFor(t, other)()
			defer runFor(t, c)()
			time.Sleep(time.Hour)
			require.Zero(t, c.Group())
		},
		"has lost its partitions to others": func(t *testing.T, w *world, c *consumer, join func() *consumer) {
			defer runFor(t, c)()
			time.Sleep(time.Minute)
			others := []*consumer{join(), join()}
			for _, other := range others {
				defer w.close(other)
				defer runFor(t, other)()
			}
			time.Sleep(time.Hour)
			require.Zero(t, c.Group())
		},
		"does not poll": func(t *testing.T, w *world, c *consumer, _ func() *consumer) {
			time.Sleep(time.Hour)
			require.True(t, c.Group().Rebalancing)
		},
		"unsubscribed": func(t *testing.T, w *world, c *consumer, _ func() *consumer) {
			stop := runFor(t, c)
			require.NoError(t, c.Unsubscribe())
			time.Sleep(time.Hour)
			require.Zero(t, c.Group())
			stop()
		},
		"takes its time with what it gets": func(t *testing.T, w *world, c *consumer, join func() *consumer) {
			w.close(c)
			s := &stalls{}
			slow := w.wrap(w.member(), append(s.options(), avroconsumer.OnAssigned(func(context.Context, []kafka.Offset) ([]kafka.Offset, error) {
				time.Sleep(10 * time.Minute)
				return nil, nil
			}))...)
			require.NoError(t, slow.Subscribe("t"))
			defer w.close(slow)
			defer runFor(t, slow)()
			time.Sleep(time.Hour)
			require.Empty(t, s.get())
		},
		"closed": func(t *testing.T, w *world, c *consumer, _ func() *consumer) {
			w.close(c)
			time.Sleep(time.Hour)
			require.Zero(t, c.Group())
		},
	} {
		for _, cooperative := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, cooperative %v", name, cooperative), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, 1)
					s := &stalls{}
					join := func() *consumer {
						c := w.wrap(w.member(func(f *fakekafka.ConsumerConfig) { f.Cooperative = cooperative }), s.options()...)
						require.NoError(t, c.Subscribe("t"))
						return c
					}
					c := join()
					tc(t, w, c, join)
					w.close(c)
					synctest.Wait()
					require.Empty(t, s.get())
					require.Empty(t, s.text.String())
				})
			})
		}
	}
}

// The warning contains the client's last error.
type explaining struct{ *fakekafka.Consumer }

func (explaining) Explain(err error) error { return fmt.Errorf("%w; connection refused", err) }

func TestStalledGroupSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		require.NoError(t, w.member().Subscribe([]string{"t"}, nil))
		e := avroconsumer.NewStalledError(explaining{w.member()}, time.Now().Add(-time.Minute))
		require.ErrorContains(t, e, "for 1m0s")
		require.ErrorContains(t, e, "connection refused")
	})
}
