package avroconsumer_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

// running is a Run in progress.
type running struct {
	*testing.T
	cancel context.CancelFunc
	result chan error
}

// start starts a Run on a goroutine of its own.
func start(t *testing.T, c *consumer, handle func(context.Context, *message) error) *running {
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{T: t, cancel: cancel, result: make(chan error, 1)}
	go func() { r.result <- c.Run(ctx, handle) }()
	return r
}

// end cancels and waits.
func (r *running) end() {
	r.cancel()
	require.ErrorIs(r, <-r.result, context.Canceled)
}

// log collects what handlers did, in order.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *log) get() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// spy is a handler that takes a second, and checks the guarantee of an Ordering.
type spy struct {
	mu      sync.Mutex
	running map[string]int
	most    int
	last    map[string]int64
	total   int
}

func (s *spy) handle(unit string) func(context.Context, *message) error {
	return func(_ context.Context, m *message) error {
		u := ""
		switch unit {
		case "partition":
			u = fmt.Sprint(m.Partition)
		case "key":
			u = fmt.Sprint(m.Partition, m.Key)
		default:
			u = fmt.Sprint(m.Partition, m.Offset)
		}
		s.mu.Lock()
		s.running[u]++
		if s.running[u] > 1 {
			panic("two at once of " + u)
		}
		if last, ok := s.last[u]; ok && last >= m.Offset {
			panic("out of order: " + u)
		}
		s.last[u] = m.Offset
		s.most = max(s.most, len(s.running))
		s.total++
		s.mu.Unlock()

		time.Sleep(time.Second)

		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, u)
		return nil
	}
}

func TestOrdering(t *testing.T) {
	tests := []struct {
		name     string
		workers  int
		ordering avroconsumer.Ordering
		unit     string
		most     int // handlers at once
		takes    time.Duration
	}{
		{name: "one at a time", workers: 1, ordering: avroconsumer.Partition, unit: "partition", most: 1, takes: 60 * time.Second},
		{name: "by partition", workers: 10, ordering: avroconsumer.Partition, unit: "partition", most: 3, takes: 20 * time.Second},
		{name: "by partition, two workers", workers: 2, ordering: avroconsumer.Partition, unit: "partition", most: 2, takes: 30 * time.Second},
		{name: "by key", workers: 100, ordering: avroconsumer.Key, unit: "key", most: 15, takes: 4 * time.Second},
		{name: "by key, one worker", workers: 1, ordering: avroconsumer.Key, unit: "key", most: 1, takes: 60 * time.Second},
		{name: "none", workers: 100, ordering: avroconsumer.None, unit: "record", most: 60, takes: time.Second},
		{name: "none, seven workers", workers: 7, ordering: avroconsumer.None, unit: "record", most: 7, takes: 9 * time.Second},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 3)
				for i := range 60 { // 20 for each partition, 4 for each of its 5 keys
					w.Append("t", int32(i%3), kafka.Record{Key: fmt.Append(nil, i/3%5), Value: []byte("v")})
				}
				c := w.join(avroconsumer.WithConcurrency(tc.workers, tc.ordering), avroconsumer.WithToEnd())
				s := &spy{running: map[string]int{}, last: map[string]int64{}}
				begin := time.Now()
				require.NoError(t, c.Run(t.Context(), s.handle(tc.unit)))
				require.Equal(t, 60, s.total)
				require.Equal(t, tc.most, s.most)
				took := time.Since(begin) // of the test's own clock; the order of goroutines may cost some seconds at the end
				require.GreaterOrEqual(t, took, tc.takes)
				require.LessOrEqual(t, took, tc.takes*5/4)
				for p := range int32(3) {
					require.Equal(t, int64(20), w.committed(p))
				}
				w.close(c)
			})
		})
	}
}

// Records without a key have no order among themselves.
func TestKeyOrderingWithoutKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		for range 10 {
			w.Append("t", 0, kafka.Record{Value: []byte("v")})
		}
		c := w.join(avroconsumer.WithConcurrency(10, avroconsumer.Key), avroconsumer.WithToEnd())
		begin := time.Now()
		require.NoError(t, c.Run(t.Context(), func(context.Context, *message) error { time.Sleep(time.Second); return nil }))
		require.Equal(t, time.Second, time.Since(begin))
		w.close(c)
	})
}

// Records processed after one that is still being handled are not committed.
func TestPrefixOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 10)
		c := w.join(avroconsumer.WithConcurrency(3, avroconsumer.None), avroconsumer.WithAutoCommit(time.Second))
		release := make(chan struct{})
		r := start(t, c, func(_ context.Context, m *message) error {
			if m.Value == "4" {
				<-release
			}
			return nil
		})
		time.Sleep(time.Minute)
		require.Equal(t, int64(4), w.committed(0))
		require.Equal(t, 1, c.Status()[0].InFlight, "all but one are through")
		close(release)
		time.Sleep(2 * time.Second)
		require.Equal(t, int64(10), w.committed(0))
		r.end()
		w.close(c)
	})
}

// A partition over its high-water mark is paused, and resumed below its low-water mark; polling
// continues.
func TestHighAndLowMarks(t *testing.T) {
	for _, limit := range []struct{ records, bytes, poll int }{{100, 1 << 30, 500}, {1 << 30, 400, 1000}} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 2)
				for range 1000 { // 4 bytes each
					w.fill(0, "12")
				}
				b := w.member()
				c := w.wrap(b, avroconsumer.WithInFlight(limit.records, limit.bytes))
				require.NoError(t, c.Subscribe("t"))
				most := 0
				var pausedAt []int
				paused := false
				r := start(t, c, func(_ context.Context, m *message) error {
					time.Sleep(time.Second)
					s := c.Status()[0]
					most = max(most, s.InFlight)
					if now := len(b.Paused()) > 0; now != paused {
						paused = now
						pausedAt = append(pausedAt, s.InFlight)
					}
					return nil
				})
				time.Sleep(10 * time.Minute)
				w.fill(1, "x") // another partition is not held up
				time.Sleep(15 * time.Minute)
				require.Equal(t, int64(1000), w.committed(0))
				require.Equal(t, int64(1), w.committed(1))
				require.LessOrEqual(t, most, limit.poll+limit.records, "no more than one poll beyond")
				require.Equal(t, limit.poll, pausedAt[0], "paused by the first poll")
				require.LessOrEqual(t, pausedAt[1], 50, "resumed at half of the limit")
				r.end()
				w.close(c)
			})
		})
	}
}

// pauseTimes is a client that records the time from the last poll to each pause.
type pauseTimes struct {
	*fakekafka.Consumer
	polled time.Time
	after  []time.Duration
}

func (p *pauseTimes) Poll(ctx context.Context, b *kafka.Batch, limit int) error {
	defer func() { p.polled = time.Now() }()
	return p.Consumer.Poll(ctx, b, limit)
}

func (p *pauseTimes) Pause(tps ...kafka.TopicPartition) error {
	p.after = append(p.after, time.Since(p.polled))
	return p.Consumer.Pause(tps...)
}

// A partition that is soon below its low-water mark is not paused, which would make the client
// fetch again: polling stops meanwhile. One that was slow before is paused immediately, until
// it is fast again.
func TestOnlySlowPartitionsArePaused(t *testing.T) {
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		b := &pauseTimes{Consumer: w.member()}
		c := w.wrap(b, avroconsumer.WithInFlight(100, 1<<20))
		require.NoError(t, c.Subscribe("t"))
		var takes time.Duration
		r := start(t, c, func(context.Context, *message) error {
			time.Sleep(takes)
			return nil
		})
		// Each poll brings 500 records, of which 450 have to be handled before the next.
		for _, phase := range []struct {
			takes  time.Duration
			paused []time.Duration
		}{
			{takes: ms / 2, paused: nil},
			{takes: 10 * ms, paused: []time.Duration{500 * ms, 0}}, // only waiting shows that it is slow
			{takes: ms / 2, paused: []time.Duration{0}},            // and only handling that it no longer is
		} {
			takes, b.after = phase.takes, nil
			w.Append("t", 0, slices.Repeat([]kafka.Record{{Value: []byte("x")}}, 1000)...)
			time.Sleep(time.Minute)
			synctest.Wait()
			require.Equal(t, phase.paused, b.after, "%v a record", takes)
			require.Zero(t, c.Status()[0].InFlight)
		}
		r.end()
		require.Equal(t, int64(3000), w.committed(0))
		w.close(c)
	})
}

// When ctx ends, running handlers finish, no handler starts, and polled records are returned
// next.
func TestRunEndsInGoodOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 5)
		c := w.join()
		type key struct{}
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
		defer cancel()
		var l log
		err := c.Run(ctx, func(ctx context.Context, m *message) error {
			require.Equal(t, "kept", ctx.Value(key{}))
			if m.Value == "2" {
				cancel()
				time.Sleep(10 * time.Second)
			}
			l.add("%s %v", m.Value, ctx.Err())
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, []string{"0 <nil>", "1 <nil>", "2 <nil>"}, l.get())
		require.Equal(t, int64(3), w.committed(0), "committed before Run returns")
		require.Equal(t, "3", w.poll(c))
		w.close(c)
	})
}

func TestDrainTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 5)
		c := w.join(avroconsumer.WithDrainTimeout(time.Minute))
		var cause error
		finished := make(chan struct{})
		r := start(t, c, func(ctx context.Context, m *message) error {
			if m.Value == "2" {
				<-ctx.Done()
				cause = context.Cause(ctx)
				time.Sleep(time.Hour) // deaf
				close(finished)
			}
			return nil
		})
		synctest.Wait()
		begin := time.Now()
		r.cancel()
		err := <-r.result
		require.Equal(t, time.Minute, time.Since(begin))
		require.EqualError(t, err, "context canceled; 1 handler did not return in time")
		var drain *avroconsumer.DrainError
		require.ErrorAs(t, err, &drain)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, int64(2), w.committed(0))

		require.Equal(t, "2", w.poll(c), "unprocessed, so it is returned again")
		<-finished
		synctest.Wait()
		require.ErrorIs(t, cause, avroconsumer.ErrStopped)
		require.NoError(t, c.Commit(t.Context()))
		require.Equal(t, int64(2), w.committed(0), "what a handler says too late counts for nothing")
		require.Equal(t, []string{"3", "4"}, w.pollAll(c))
		w.close(c)
	})
}

func TestRevokeDuringRun(t *testing.T) {
	tests := []struct {
		name      string
		takes     time.Duration // for each record
		handled   string        // the context's cause that the handler of partition 1 saw
		waits     time.Duration // until the partition is given up
		committed int64
	}{
		{name: "handlers finish", takes: 10 * time.Second, handled: "<nil>", waits: 5 * time.Second, committed: 1},
		{name: "handlers that do not are cancelled", takes: 10 * time.Minute, handled: "avroconsumer: partition revoked", waits: time.Minute, committed: kafka.OffsetNone},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 2)
				w.fillNumbers(0, 500)
				w.fillNumbers(1, 500)
				b := w.member(func(c *fakekafka.ConsumerConfig) { c.Cooperative = true })
				revoked := make(chan time.Time, 9)
				c := w.wrap(b, avroconsumer.WithConcurrency(2, avroconsumer.Partition), avroconsumer.WithDrainTimeout(time.Minute),
					avroconsumer.OnRevoked(func(context.Context, []kafka.TopicPartition) {
						revoked <- time.Now()
					}))
				require.NoError(t, c.Subscribe("t"))
				var l log
				r := start(t, c, func(ctx context.Context, m *message) error {
					if m.Partition == 0 {
						time.Sleep(10 * time.Second)
						return nil
					}
					select {
					case <-time.After(tc.takes):
					case <-ctx.Done():
					}
					l.add("%s: %v", m.Value, context.Cause(ctx))
					return ctx.Err()
				})
				time.Sleep(5 * time.Second)
				w.Group("g").Assign(b, tp(0))
				begin := time.Now()
				time.Sleep(2 * time.Minute)
				require.Equal(t, tc.waits, (<-revoked).Sub(begin))
				require.Equal(t, []string{"0: " + tc.handled}, l.get(), "nothing new of it is begun")
				require.Equal(t, tc.committed, w.committed(1))
				require.GreaterOrEqual(t, w.committed(0), int64(11), "the other partition goes on meanwhile")
				r.end()
				w.close(c)
			})
		})
	}
}

func TestLostDuringRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 3)
		b := w.member()
		c := w.wrap(b)
		require.NoError(t, c.Subscribe("t"))
		var l log
		first := true
		r := start(t, c, func(ctx context.Context, m *message) error {
			if first {
				first = false
				<-ctx.Done()
				l.add("%s: %v", m.Value, context.Cause(ctx))
				return nil // too late: it counts for nothing
			}
			l.add("%s again", m.Value)
			return nil
		})
		synctest.Wait()
		w.Group("g").Expel(b)
		synctest.Wait()
		time.Sleep(time.Minute)
		require.Equal(t, []string{"0: avroconsumer: partition lost", "0 again", "1 again", "2 again"}, l.get())
		require.Equal(t, int64(3), w.committed(0))
		r.end()
		w.close(c)
	})
}

// Permanent errors end Run.
func TestWhatEndsRun(t *testing.T) {
	ignore := func(context.Context, *message) error { return nil }
	denied := &kafka.Error{Code: 29, Topic: "t", Partition: 0, Err: errors.New("not authorised")}
	tests := []struct {
		name string
		do   func(w *world, b *fakekafka.Consumer, c *consumer)
		err  string
	}{
		{name: "a fatal error", err: "fatal: broken (-150)", do: func(_ *world, b *fakekafka.Consumer, _ *consumer) {
			b.Fail(&kafka.Error{Code: -150, Fatal: true, Partition: -1, Err: errors.New("broken")})
		}},
		{name: "a topic that may not be read", err: "t [0]: not authorised (29)", do: func(_ *world, b *fakekafka.Consumer, _ *consumer) {
			b.FailPartition("t", 0, &kafka.Error{Code: 3, Topic: "t", Retriable: true, Err: errors.New("this passes")})
			time.Sleep(time.Second)
			b.FailPartition("t", 0, denied)
		}},
		{name: "Close", err: "the client is closed", do: func(w *world, _ *fakekafka.Consumer, c *consumer) { w.close(c) }},
		{name: "a record for which the registry refuses the credentials", err: "t [0] offset 1: key: registry: not authorised (401)", do: func(w *world, _ *fakekafka.Consumer, _ *consumer) { w.fill(0, "secret") }},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.fill(0, "0")
				b := w.member()
				c := w.wrap(b, avroconsumer.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.Skip()))
				require.NoError(t, c.Subscribe("t"))
				r := start(t, c, ignore)
				time.Sleep(time.Second)
				tc.do(w, b, c)
				require.EqualError(t, <-r.result, tc.err)
				require.Equal(t, int64(1), w.committed(0))
				w.close(c)
			})
		})
	}
}

func TestHopelessCommitEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "0")
		denied := &kafka.Error{Code: 30, Partition: -1, Err: errors.New("not authorised")}
		c := w.wrap(w.member(func(c *fakekafka.ConsumerConfig) {
			c.OnCommit = func(context.Context, []kafka.Offset) error { return denied }
		}))
		require.NoError(t, c.Subscribe("t"))
		err := c.Run(t.Context(), func(context.Context, *message) error { return nil })
		var commit *avroconsumer.CommitError
		require.ErrorAs(t, err, &commit)
		require.ErrorIs(t, err, denied)
		require.ErrorIs(t, c.Close(t.Context()), denied)
	})
}

// A handler may close its own consumer. Since Close waits for that handler, Run waits until the
// drain timeout.
func TestCloseWithinAHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 3)
		c := w.join(avroconsumer.WithDrainTimeout(time.Second))
		closed := make(chan error, 1)
		err := c.Run(t.Context(), func(ctx context.Context, m *message) error {
			closed <- c.Close(context.Background())
			return nil
		})
		require.ErrorIs(t, err, kafka.ErrClosed)
		require.NoError(t, <-closed)
		synctest.Wait()
		require.Equal(t, kafka.OffsetNone, w.committed(0))
	})
}

// The context of Close bounds the drain: the record of a later handler is unprocessed, and
// Close still commits and leaves.
func TestCloseThatMayNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 3)
		c := w.join()
		var cause error
		r := start(t, c, func(ctx context.Context, m *message) error {
			if m.Value == "1" {
				time.Sleep(10 * time.Second)
				cause = context.Cause(ctx)
			}
			return nil
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err := c.Close(ctx)
		require.Equal(t, time.Second, time.Since(begin))
		require.EqualError(t, err, "context deadline exceeded; 1 handler did not return in time")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, <-r.result, kafka.ErrClosed)
		w.close(c)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.ErrorIs(t, cause, avroconsumer.ErrStopped)
		require.Equal(t, int64(1), w.committed(0), "the first one, not the second")
	})
}

// Handlers may call Commit, Pause, Resume and Seek.
func TestCallsWithinAHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.fillNumbers(0, 5)
		c := w.join(avroconsumer.WithManualCommit(), avroconsumer.WithConcurrency(4, avroconsumer.Partition))
		var l log
		sought := false
		r := start(t, c, func(ctx context.Context, m *message) error {
			l.add("%s", m.Value)
			switch {
			case m.Value == "1":
				require.NoError(t, c.Commit(ctx, m))
				require.Equal(t, int64(2), w.committed(0))
			case m.Value == "2":
				require.NoError(t, c.Pause(tp(0)))
				time.AfterFunc(time.Minute, func() {
					l.add("resumed")
					require.NoError(t, c.Resume(tp(0)))
				})
			case m.Value == "4" && !sought:
				sought = true
				require.NoError(t, c.Seek(ctx, at(0, 3)))
				time.Sleep(time.Second)
				l.add("sought") // nothing of the partition is begun before this handler returns
			}
			return nil
		})
		time.Sleep(time.Hour)
		require.Equal(t, []string{"0", "1", "2", "resumed", "3", "4", "sought", "3", "4"}, l.get())
		require.NoError(t, c.Commit(t.Context()))
		require.Equal(t, int64(5), w.committed(0))
		r.end()
		w.close(c)
	})
}

// A record that Commit has processed is not handled again, whatever its handler returns.
func TestCommitBeforeAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 2)
		c := w.join(avroconsumer.WithToEnd(),
			avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(3, avroconsumer.Constant(time.Second))))
		var l log
		require.NoError(t, c.Run(t.Context(), func(ctx context.Context, m *message) error {
			l.add("%s", m.Value)
			require.NoError(t, c.Commit(ctx, m))
			return errHandler
		}))
		require.Equal(t, []string{"0", "1"}, l.get())
		require.Equal(t, int64(2), w.committed(0))
		require.Zero(t, c.Status()[0].InFlight)
		w.close(c)
	})
}

// A handler that ends its goroutine, as t.FailNow does, ends Run.
func TestHandlerEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 3)
		c := w.join()
		err := c.Run(t.Context(), func(_ context.Context, m *message) error {
			if m.Value == "1" {
				runtime.Goexit()
			}
			return nil
		})
		require.EqualError(t, err, "avroconsumer: a handler has ended its goroutine")
		require.Equal(t, int64(1), w.committed(0))
		require.Equal(t, "1", w.poll(c))
		w.close(c)
	})
}

func TestRunAfterPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 20)
		c := w.join(avroconsumer.WithConcurrency(4, avroconsumer.None), avroconsumer.WithToEnd())
		require.Equal(t, "0", w.poll(c))
		require.Equal(t, "1", w.poll(c))
		var n atomic.Int64
		require.NoError(t, c.Run(t.Context(), func(context.Context, *message) error {
			time.Sleep(time.Second)
			n.Add(1)
			return nil
		}))
		require.Equal(t, int64(18), n.Load(), "what was polled before is handled")
		require.Equal(t, int64(20), w.committed(0))
		w.close(c)
	})
}

// slowPause is a client whose Pause is slow: events meanwhile fall between the reader's look at
// the state and the next poll.
type slowPause struct{ *fakekafka.Consumer }

func (b slowPause) Pause(p ...kafka.TopicPartition) error {
	time.Sleep(time.Second)
	return b.Consumer.Pause(p...)
}

// The last record may be processed while Run is about to poll.
func TestEndOnTheWayToPoll(t *testing.T) {
	for name, commit := range map[string]bool{"by its handler": false, "by Commit": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.fillNumbers(0, 3)
				c := w.wrap(slowPause{w.member()}, avroconsumer.WithToEnd())
				require.NoError(t, c.Subscribe("t"))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				require.NoError(t, c.Run(ctx, func(ctx context.Context, m *message) error {
					if commit {
						require.NoError(t, c.Commit(ctx, m))
					}
					time.Sleep(100 * time.Millisecond)
					return nil
				}))
				require.Equal(t, int64(3), w.committed(0))
				w.close(c)
			})
		})
	}
}

// A nil handler is an error before anything is polled, and the consumer stays usable. In a
// dispatcher nil removes a handler.
func TestNilHandler(t *testing.T) {
	w := newWorld(t, 1)
	w.fill(0, "0")
	c := w.join()
	require.EqualError(t, c.Run(t.Context(), nil), "avroconsumer: Run: the handler is nil")
	require.EqualError(t, c.RunBatch(t.Context(), 10, time.Second, nil), "avroconsumer: RunBatch: the handler is nil")
	require.Equal(t, "0", w.poll(c), "nothing was lost")
	w.close(c)

	d := avroconsumer.NewDispatcher[string, any]()
	avroconsumer.On[string](d, nil)
	d.OnSchema("a.B", nil)
	d.OnTombstone(nil)
	require.ErrorIs(t, d.Handle(t.Context(), &avroconsumer.Message[string, any]{Value: "x"}), avroconsumer.ErrNoHandler)
	require.ErrorIs(t, d.Handle(t.Context(), &avroconsumer.Message[string, any]{Tombstone: true}), avroconsumer.ErrTombstone)
}
