package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/serde"
)

func both(t *testing.T, f func(t *testing.T, exactlyOnce bool)) {
	for _, exactlyOnce := range []bool{true, false} {
		t.Run(fmt.Sprintf("exactly once %v", exactlyOnce), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, exactlyOnce) })
		})
	}
}

func TestRun(t *testing.T) {
	both(t, func(t *testing.T, exactlyOnce bool) {
		p := newPlant(t, 2)
		p.fill(0, "a", "b")
		p.fill(1, "x")
		p.Append("in", 1, kafka.Record{Key: []byte("k"), Value: nil})
		l := p.line(p.session(exactlyOnce), pipeline.WithToEnd(), pipeline.WithTombstones(avroconsumer.DeliverTombstones))
		require.NoError(t, l.Run(t.Context(), func(_ context.Context, m *message) ([]record, error) {
			if m.Tombstone {
				return []record{{Topic: "out", Key: m.Key, Tombstone: true}}, nil
			}
			if m.Value == "b" {
				return nil, nil // leaves nothing behind
			}
			return []record{{Topic: "out", Value: m.Value + "1"}, {Topic: "out", Value: m.Value + "2"}}, nil
		}))
		require.ElementsMatch(t, []string{"a1", "a2", "x1", "x2", ""}, p.values("out"))
		require.Equal(t, int64(2), p.committed(0))
		require.Equal(t, int64(2), p.committed(1))
		p.close(l)
	})
}

// A batch is bounded by records and by time; its results are not seen until it is committed.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 1)
		p.fillNumbers(0, 7)
		l := p.line(p.session(true), pipeline.WithBatch(3, 10*time.Second))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- l.Run(ctx, echo) }()
		synctest.Wait()
		require.Equal(t, []string{"<0>", "<1>", "<2>", "<3>", "<4>", "<5>"}, p.values("out"))
		time.Sleep(9 * time.Second)
		require.Len(t, p.values("out"), 6, "the third batch waits for more")
		time.Sleep(2 * time.Second)
		require.Len(t, p.values("out"), 7)
		require.ErrorIs(t, l.Run(ctx, echo), pipeline.ErrBusy)
		require.ErrorIs(t, l.Subscribe("in"), pipeline.ErrBusy)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		p.close(l)
		require.Equal(t, int64(7), p.committed(0))
	})
}

// When ctx ends during a batch, the batch is aborted.
func TestRunEndsWithinABatch(t *testing.T) {
	both(t, func(t *testing.T, exactlyOnce bool) {
		p := newPlant(t, 1)
		p.fillNumbers(0, 5)
		l := p.line(p.session(exactlyOnce))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := l.Run(ctx, func(ctx context.Context, m *message) ([]record, error) {
			if m.Value == "3" {
				cancel()
				<-ctx.Done()
			}
			return echo(ctx, m)
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, kafka.OffsetNone, p.committed(0))
		if exactlyOnce {
			require.Empty(t, p.values("out"))
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, l.Run(ctx, echo), context.DeadlineExceeded)
		require.Equal(t, int64(5), p.committed(0))
		if exactlyOnce {
			require.Equal(t, []string{"<0>", "<1>", "<2>", "<3>", "<4>"}, p.values("out"))
		}
		p.close(l)
	})
}

func TestPolicies(t *testing.T) {
	twice := avroconsumer.Retry(2, avroconsumer.Constant(time.Second))
	out := func(v ...string) []string { return v }
	tests := []struct {
		name        string
		class       avroconsumer.Class
		policy      avroconsumer.Policy
		bad         string
		calls       int // of the function, for the bad one
		out         []string
		deadLetters []string
		err         string
		committed   int64
	}{
		{
			name: "stop at what cannot be decoded, all before it committed", bad: "poison",
			out: out("<a>", "<b>"), err: "in [0] offset 2: value (schema 41): 2 of 8 bytes left", committed: 2,
		},
		{
			name: "stop when the function fails", bad: "bad", calls: 1,
			out: out("<a>", "<b>"), err: "in [0] offset 2: handler: the database said no", committed: 2,
		},
		{
			name: "stop when it panics", bad: "panic", calls: 1,
			out: out("<a>", "<b>"), err: "in [0] offset 2: handler: panic: oops", committed: 2,
		},
		{
			name: "stop at a result that does not fit", bad: "half", calls: 1,
			out: out("<a>", "<b>"), err: "in [0] offset 2: handler: out value: does not fit", committed: 2,
		},
		{
			name: "skip", bad: "poison", class: avroconsumer.DecodeErrors, policy: avroconsumer.Skip(),
			out: out("<a>", "<b>", "<c>"), committed: 4,
		},
		{
			name: "skip a record with half its results", bad: "half", class: avroconsumer.HandlerErrors, policy: avroconsumer.Skip(),
			calls: 1, out: out("<a>", "<b>", "<c>"), committed: 4,
		},
		{
			name: "raw", bad: "poison", class: avroconsumer.DecodeErrors, policy: avroconsumer.Raw(),
			calls: 1, out: out("<a>", "<b>", "raw", "<c>"), committed: 4,
		},
		{
			name: "dead letter", bad: "poison", class: avroconsumer.DecodeErrors, policy: pipeline.DeadLetter(),
			out: out("<a>", "<b>", "<c>"), deadLetters: out("poison"), committed: 4,
		},
		{
			name: "dead letter of a record with half its results", bad: "half", class: avroconsumer.HandlerErrors, policy: pipeline.DeadLetter(),
			calls: 1, out: out("<a>", "<b>", "<c>"), deadLetters: out("half"), committed: 4,
		},
		{
			name: "retry, then stop", bad: "bad", class: avroconsumer.HandlerErrors, policy: twice,
			calls: 3, out: out("<a>", "<b>"), err: "in [0] offset 2: handler: the database said no", committed: 2,
		},
		{
			name: "retry, then dead letter", bad: "bad", class: avroconsumer.HandlerErrors, policy: twice.Then(pipeline.DeadLetter()),
			calls: 3, out: out("<a>", "<b>", "<c>"), deadLetters: out("bad"), committed: 4,
		},
		{
			name: "a dead letter that cannot be written stops", bad: "poison", class: avroconsumer.DecodeErrors,
			policy: pipeline.DeadLetter(avroconsumer.WithDeadLetterTopic(func(*avroconsumer.RecordError) string { return "nowhere" })),
			out:    out("<a>", "<b>"), committed: 2,
			err: "in [0] offset 2: value (schema 41): 2 of 8 bytes left; and its dead letter was not written: nowhere: unknown topic or partition (3)",
		},
		{
			name: "the registry refuses the credentials: no policy applies", bad: "secret", class: avroconsumer.DecodeErrors, policy: avroconsumer.Skip(),
			out: out("<a>", "<b>"), err: "in [0] offset 2: value: registry: not authorised (401)", committed: 2,
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			both(t, func(t *testing.T, exactlyOnce bool) {
				p := newPlant(t, 2)
				p.fill(0, "a", "b", tc.bad, "c")
				opts := []pipeline.Option{pipeline.WithToEnd()}
				if tc.policy.Decide(1).Action != avroconsumer.Stopped {
					opts = append(opts, pipeline.WithPolicy(tc.class, tc.policy))
				}
				l := p.line(p.session(exactlyOnce), opts...)
				calls := 0
				f := func(ctx context.Context, m *message) ([]record, error) {
					if string(m.Raw.Value) == tc.bad {
						calls++
					}
					switch {
					case m.Err != nil:
						return []record{{Topic: "out", Value: "raw"}}, nil
					case m.Value == "panic":
						panic("oops")
					case m.Value == "half":
						return []record{{Topic: "out", Value: "half"}, {Topic: "out", Value: "unfit"}}, nil
					}
					return echo(ctx, m)
				}
				err := l.Run(t.Context(), f)
				if tc.err == "" {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, tc.err)
					var bad *avroconsumer.RecordError
					require.ErrorAs(t, err, &bad)
					require.Equal(t, []byte(tc.bad), bad.Raw.Value)
				}
				require.Equal(t, tc.committed, p.committed(0))
				require.Equal(t, tc.calls, calls)
				if exactlyOnce {
					require.Equal(t, tc.out, p.values("out"))
					require.Equal(t, tc.deadLetters, p.values("in-dlt"))
				} else {
					require.Subset(t, p.values("out"), tc.out)
					require.Subset(t, p.values("in-dlt"), tc.deadLetters)
				}
				if tc.err != "" { // another Run meets it again
					require.EqualError(t, l.Run(t.Context(), f), tc.err)
					require.Equal(t, tc.committed, p.committed(0))
				}
				p.close(l)
			})
		})
	}
}

// Partitions are transformed concurrently; the others wait only until the records before the one
// that ends Run are committed.
func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 4)
		for i := range int32(4) {
			p.fillNumbers(i, 10)
		}
		l := p.line(p.session(true), pipeline.WithConcurrency(4), pipeline.WithToEnd())
		begin := time.Now()
		last := make([]int64, 4)
		require.NoError(t, l.Run(t.Context(), func(ctx context.Context, m *message) ([]record, error) {
			require.Equal(t, last[m.Partition], m.Offset, "in order")
			last[m.Partition]++
			time.Sleep(time.Second)
			return echo(ctx, m)
		}))
		require.Less(t, time.Since(begin), 12*time.Second)
		require.Len(t, p.values("out"), 40)
		p.close(l)
	})
}

func TestStopLeavesOthersGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 2)
		p.fillNumbers(0, 50)
		p.fill(0, "bad")
		p.fillNumbers(1, 500)
		s := p.session(true)
		l := p.line(s, pipeline.WithConcurrency(2))
		require.ErrorIs(t, l.Run(t.Context(), echo), errHandler)
		require.Equal(t, int64(50), p.committed(0), "on the record that ended it")
		require.Empty(t, s.(*fakekafka.Session).Paused(), "nothing stays paused")

		// With a function that succeeds, every record is processed.
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := l.Run(ctx, func(_ context.Context, m *message) ([]record, error) {
			return []record{{Topic: "out", Value: m.Value}}, nil
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, p.values("out"), 551)
		require.Equal(t, int64(51), p.committed(0))
		require.Equal(t, int64(500), p.committed(1))
		p.close(l)
	})
}

func TestWaitsForTheRegistry(t *testing.T) {
	both(t, func(t *testing.T, exactlyOnce bool) {
		p := newPlant(t, 1)
		p.down.Store(true)
		p.fill(0, "a", "cold", "b")
		time.AfterFunc(10*time.Minute, func() { p.down.Store(false) })
		l := p.line(p.session(exactlyOnce), pipeline.WithToEnd(), pipeline.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.Skip()))
		require.NoError(t, l.Run(t.Context(), echo))
		if exactlyOnce {
			require.Equal(t, []string{"<a>", "<cold>", "<b>"}, p.values("out"))
		}
		require.Subset(t, p.values("out"), []string{"<cold>"})
		require.Equal(t, int64(3), p.committed(0))
		p.close(l)
	})
}

// Errors of the transaction: transient ones are repeated, permanent ones end Run.
func TestTransactionFaults(t *testing.T) {
	retriable := &kafka.Error{Code: -185, Partition: -1, Retriable: true, Err: errors.New("timed out")}
	abortable := &kafka.Error{Code: 59, Partition: -1, AbortTxn: true, Err: errors.New("abort first")}
	denied := &kafka.Error{Code: 53, Partition: -1, Err: errors.New("not authorised")}
	fenced := &kafka.Error{Code: -144, Partition: -1, Fatal: true, Err: errors.New("fenced")}
	tests := []struct {
		name string
		op   string
		err  error
		run  error
	}{
		{"a commit that fails for the moment", "commit", retriable, nil},
		{"a commit that has to be aborted", "commit", abortable, nil},
		{"a commit that is not allowed", "commit", denied, denied},
		{"a fenced commit", "commit", fenced, fenced},
		{"a beginning that fails for the moment", "begin", retriable, nil},
		{"a fenced beginning", "begin", fenced, fenced},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlant(t, 1)
				p.fillNumbers(0, 10)
				s := p.session(true).(*fakekafka.Session)
				left := 3
				s.Txn().Hook = func(op string) error {
					if op == tc.op && left > 0 {
						left--
						return tc.err
					}
					return nil
				}
				l := p.line(s, pipeline.WithToEnd(), pipeline.WithBatch(4, time.Second))
				err := l.Run(t.Context(), echo)
				if tc.run == nil {
					require.NoError(t, err)
					require.Len(t, p.values("out"), 10)
				} else {
					require.ErrorIs(t, err, tc.run)
					require.Empty(t, p.values("out"))
				}
				_ = l.Close(t.Context())
			})
		})
	}
}

func TestDeliveriesThatFail(t *testing.T) {
	for name, tc := range map[string]struct {
		fail *kafka.Error
		ends bool
	}{
		"for the moment": {&kafka.Error{Code: 7, Topic: "out", Partition: 0, Retriable: true, Err: errors.New("timed out")}, false},
		"permanent":      {&kafka.Error{Code: 10, Topic: "out", Partition: 0, Err: errors.New("too large")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlant(t, 1)
				p.fillNumbers(0, 10)
				left := 2
				s := p.Session("line", fakekafka.ConsumerConfig{Group: "g", FromStart: true}, fakekafka.ProducerConfig{Fail: func(r *kafka.Record) error {
					if string(r.Value) == "<5>" && left > 0 {
						left--
						return tc.fail
					}
					return nil
				}})
				l := p.line(s, pipeline.WithToEnd())
				err := l.Run(t.Context(), echo)
				if tc.ends {
					require.ErrorIs(t, err, tc.fail)
					require.Empty(t, p.values("out"))
				} else {
					require.NoError(t, err)
					require.Len(t, p.values("out"), 10)
				}
				p.close(l)
			})
		})
	}
}

// A newer pipeline with the same transactional id fences the older one: that one
// ends with a fatal error, and each result is seen once.
func TestFencing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 1)
		p.fillNumbers(0, 10)
		old := p.line(p.session(true), pipeline.WithBatch(2, time.Second))
		ended := make(chan error)
		go func() {
			ended <- old.Run(t.Context(), func(ctx context.Context, m *message) ([]record, error) {
				if m.Value == "4" {
					time.Sleep(time.Minute)
				}
				return echo(ctx, m)
			})
		}()
		time.Sleep(10 * time.Second)
		next := p.line(p.session(true), pipeline.WithToEnd())
		got := make(chan error)
		go func() { got <- next.Run(t.Context(), echo) }()
		var fatal *kafka.Error
		require.ErrorAs(t, <-ended, &fatal)
		require.True(t, fatal.Fatal)
		_ = old.Close(t.Context())
		require.NoError(t, <-got)
		require.Equal(t, []string{"<0>", "<1>", "<2>", "<3>", "<4>", "<5>", "<6>", "<7>", "<8>", "<9>"}, p.values("out"))
		p.close(next)
	})
}

// A function that ends its goroutine, as t.FailNow does, ends Run; its record is not committed.
func TestFunctionEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 1)
		p.fillNumbers(0, 3)
		l := p.line(p.session(true))
		err := l.Run(t.Context(), func(ctx context.Context, m *message) ([]record, error) {
			if m.Value == "1" {
				runtime.Goexit()
			}
			return echo(ctx, m)
		})
		require.EqualError(t, err, "pipeline: the function has ended its goroutine")
		require.Empty(t, p.values("out"))
		require.Equal(t, kafka.OffsetNone, p.committed(0))
		p.close(l)
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 1)
		var closed []string
		l := p.line(p.session(true), pipeline.WithCloser(func(context.Context) error { closed = append(closed, "registry"); return nil }))
		ended := make(chan error)
		go func() { ended <- l.Run(t.Context(), echo) }()
		synctest.Wait()
		p.close(l)
		require.ErrorIs(t, <-ended, kafka.ErrClosed)
		p.close(l)
		require.Equal(t, []string{"registry"}, closed)
		require.ErrorIs(t, l.Run(t.Context(), echo), kafka.ErrClosed)
		require.ErrorIs(t, l.Subscribe("in"), kafka.ErrClosed)
	})
}

func TestNewRefuses(t *testing.T) {
	s := newPlant(t, 1).session(true)
	_, err := pipeline.New[string, string, string, string](s, text{}, text{}, text{}, nil)
	require.EqualError(t, err, "pipeline: New needs a session, two deserializers and two serializers")
	_, err = pipeline.New[string, string, string, string](s, text{}, text{}, text{}, text{},
		pipeline.WithBatch(0, -1), pipeline.WithConcurrency(0), pipeline.WithAbortTimeout(0), pipeline.WithObserver(nil), pipeline.OnAssigned(nil), pipeline.WithCloser(nil),
		pipeline.WithPolicy(9, avroconsumer.Skip()), pipeline.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.Retry(1, avroconsumer.Constant(0))))
	require.EqualError(t, err, `pipeline: OnAssigned: the function is nil
pipeline: WithCloser: the function is nil
pipeline: WithPolicy: Class(9) is not a class
pipeline: WithBatch: 0 records, want at least 1
pipeline: WithBatch: -1ns is negative
pipeline: WithConcurrency: 0 workers, want at least 1
pipeline: WithAbortTimeout: 0s is not positive
pipeline: WithObserver: the observer is nil
pipeline: WithPolicy: decode errors: decode errors are never retried: they would fail again`)
	batch, workers, abort := pipeline.WithBatch(1, 0), pipeline.WithConcurrency(1), pipeline.WithAbortTimeout(1)
	tombstones, policy := pipeline.WithTombstones(avroconsumer.SkipTombstones), pipeline.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Skip())
	_, err = pipeline.New[string, string, string, string](s, text{}, text{}, text{}, text{}, batch, batch, workers, workers, abort, abort,
		tombstones, tombstones, policy, policy, pipeline.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.Skip()))
	require.EqualError(t, err, `pipeline: WithBatch: is given twice
pipeline: WithConcurrency: is given twice
pipeline: WithAbortTimeout: is given twice
pipeline: WithTombstones: is given twice
pipeline: WithPolicy for handler errors: is given twice`)
	require.NoError(t, s.Close(t.Context()))
}

var _ serde.Serializer[string] = text{}
var _ avroproducer.Record[string, string]

// A nil function is an error.
func TestNilFunction(t *testing.T) {
	p := newPlant(t, 1)
	p.fill(0, "0")
	l := p.line(p.session(true))
	require.EqualError(t, l.Run(t.Context(), nil), "pipeline: Run: the function is nil")
	p.close(l)
}
