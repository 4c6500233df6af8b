package avroconsumer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

// deadLetters is a DeadLetterWriter in memory.
type deadLetters struct {
	log
	refuse error
}

func (l *deadLetters) WriteDeadLetter(_ context.Context, e *avroconsumer.RecordError) error {
	if l.refuse != nil {
		return l.refuse
	}
	l.add("%s after %d", e.Raw.Value, e.Attempts)
	return nil
}

// badly returns an error for values that begin with "bad".
func badly(l *log) func(context.Context, *message) error {
	return func(_ context.Context, m *message) error {
		switch {
		case m.Err != nil:
			l.add("raw %s: %v", m.Raw.Value, m.Err.Err)
		case len(m.Value) > 2 && m.Value[:3] == "bad":
			l.add("%s fails", m.Value)
			return errHandler
		case m.Value == "panics":
			panic("oops")
		default:
			l.add("%s", m.Value)
		}
		return nil
	}
}

func TestPolicies(t *testing.T) {
	twice := avroconsumer.Retry(2, avroconsumer.Constant(time.Second))
	tests := []struct {
		name        string
		class       avroconsumer.Class
		policy      func(l *deadLetters) avroconsumer.Policy
		bad         string
		lines       []string // of the handler, for "a", the bad one, "b"
		deadLetters []string
		err         string
		committed   int64
	}{
		{
			name: "stop at what cannot be decoded", bad: "poison",
			lines: []string{"a"}, err: "t [0] offset 1: key (schema 41): 2 of 8 bytes left", committed: 1,
		},
		{
			name: "stop at an unknown schema", bad: "unknown",
			lines: []string{"a"}, err: "t [0] offset 1: key: registry: schema id 7 does not exist", committed: 1,
		},
		{
			name: "stop when the handler fails", bad: "bad",
			lines: []string{"a", "bad fails"}, err: "t [0] offset 1: handler: the database said no", committed: 1,
		},
		{
			name: "stop when the handler panics", bad: "panics",
			lines: []string{"a"}, err: "t [0] offset 1: handler: panic: oops", committed: 1,
		},
		{
			name: "skip", bad: "poison", class: avroconsumer.DecodeErrors,
			policy: func(*deadLetters) avroconsumer.Policy { return avroconsumer.Skip() },
			lines:  []string{"a", "b"}, committed: 3,
		},
		{
			name: "a policy is for its class only", bad: "unknown", class: avroconsumer.DecodeErrors,
			policy: func(*deadLetters) avroconsumer.Policy { return avroconsumer.Skip() },
			lines:  []string{"a"}, err: "t [0] offset 1: key: registry: schema id 7 does not exist", committed: 1,
		},
		{
			name: "raw", bad: "poison", class: avroconsumer.DecodeErrors,
			policy: func(*deadLetters) avroconsumer.Policy { return avroconsumer.Raw() },
			lines:  []string{"a", "raw poison: t key (schema 41): 2 of 8 bytes left", "b"}, committed: 3,
		},
		{
			name: "dead letter", bad: "poison", class: avroconsumer.DecodeErrors,
			policy: func(l *deadLetters) avroconsumer.Policy { return avroconsumer.DeadLetter(l) },
			lines:  []string{"a", "b"}, deadLetters: []string{"poison after 1"}, committed: 3,
		},
		{
			name: "a dead letter that cannot be written stops", bad: "poison", class: avroconsumer.DecodeErrors,
			policy: func(l *deadLetters) avroconsumer.Policy {
				l.refuse = errors.New("disk full")
				return avroconsumer.DeadLetter(l)
			},
			lines: []string{"a"}, committed: 1,
			err: "t [0] offset 1: key (schema 41): 2 of 8 bytes left; and its dead letter was not written: disk full",
		},
		{
			name: "retry, then stop", bad: "bad", class: avroconsumer.HandlerErrors,
			policy: func(*deadLetters) avroconsumer.Policy { return twice },
			lines:  []string{"a", "bad fails", "bad fails", "bad fails"}, committed: 1,
			err: "t [0] offset 1: handler: the database said no",
		},
		{
			name: "retry, then dead letter", bad: "bad", class: avroconsumer.HandlerErrors,
			policy:      func(l *deadLetters) avroconsumer.Policy { return twice.Then(avroconsumer.DeadLetter(l)) },
			lines:       []string{"a", "bad fails", "bad fails", "bad fails", "b"},
			deadLetters: []string{"bad after 3"}, committed: 3,
		},
		{
			name: "retry, then skip, an unknown schema", bad: "unknown", class: avroconsumer.UnknownSchemas,
			policy: func(l *deadLetters) avroconsumer.Policy { return twice.Then(avroconsumer.DeadLetter(l)) },
			lines:  []string{"a", "b"}, deadLetters: []string{"unknown after 3"}, committed: 3,
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.Append("t", 0, kafka.Record{Value: []byte("a")}, kafka.Record{Key: []byte(tc.bad), Value: []byte(tc.bad)}, kafka.Record{Value: []byte("b")})
				dead := &deadLetters{}
				opts := []avroconsumer.Option{avroconsumer.WithToEnd()}
				if tc.policy != nil {
					opts = append(opts, avroconsumer.WithPolicy(tc.class, tc.policy(dead)))
				}
				c := w.join(opts...)
				var l log
				err := c.Run(t.Context(), badly(&l))
				if tc.err == "" {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, tc.err)
					var record *avroconsumer.RecordError
					require.ErrorAs(t, err, &record)
					require.Equal(t, []byte(tc.bad), record.Raw.Value)
				}
				require.Equal(t, tc.lines, l.get())
				require.Equal(t, tc.deadLetters, dead.get())
				require.Equal(t, tc.committed, w.committed(0))
				if tc.err != "" { // the next reader gets it again
					w.poll(c)
					require.Equal(t, tc.committed, c.Position()[0].Offset)
				}
				w.close(c)
			})
		})
	}
}

// A record that waits for its retry delays only those that must be processed after it; no
// worker waits.
func TestRetryHoldsUpItsOwn(t *testing.T) {
	tests := []struct {
		ordering avroconsumer.Ordering
		want     []string
	}{
		{avroconsumer.Partition, []string{"bad fails", "x", "y", "bad fails", "bad fails", "k2", "k3"}},
		{avroconsumer.Key, []string{"bad fails", "x", "y", "k2", "bad fails", "bad fails", "k3"}},
		{avroconsumer.None, []string{"bad fails", "x", "y", "k2", "k3", "bad fails", "bad fails"}},
	}
	for _, tc := range tests {
		t.Run(fmt.Sprint(tc.ordering), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 2)
				w.Append("t", 0,
					kafka.Record{Key: []byte("1"), Value: []byte("bad")},
					kafka.Record{Key: []byte("2"), Value: []byte("k2")},
					kafka.Record{Key: []byte("1"), Value: []byte("k3")})
				w.Append("t", 1, kafka.Record{Key: []byte("1"), Value: []byte("x")}, kafka.Record{Key: []byte("1"), Value: []byte("y")})
				c := w.join(avroconsumer.WithConcurrency(1, tc.ordering), avroconsumer.WithToEnd(), avroconsumer.WithPolicy(avroconsumer.HandlerErrors,
					avroconsumer.Retry(2, avroconsumer.Exponential(time.Second, 10*time.Second)).Then(avroconsumer.Skip())))
				var l log
				begin := time.Now()
				require.NoError(t, c.Run(t.Context(), badly(&l)))
				require.Equal(t, 3*time.Second, time.Since(begin), "one second, then two")
				require.ElementsMatch(t, tc.want, l.get())
				after := func(a, b string) { // the last a before the last b
					t.Helper()
					ia, ib := -1, -1
					for i, s := range l.get() {
						if s == a {
							ia = i
						}
						if s == b {
							ib = i
						}
					}
					require.Less(t, ia, ib, "%s before %s", a, b)
				}
				after("x", "y")
				switch tc.ordering {
				case avroconsumer.Partition:
					after("bad fails", "k2")
					after("k2", "k3")
				case avroconsumer.Key:
					after("k2", "bad fails")
					after("bad fails", "k3")
				case avroconsumer.None:
					after("k3", "bad fails")
				}
				w.close(c)
			})
		})
	}
}

func TestRunWaitsForTheRegistry(t *testing.T) {
	for _, ordering := range []avroconsumer.Ordering{avroconsumer.Partition, avroconsumer.Key, avroconsumer.None} {
		t.Run(fmt.Sprint(ordering), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 2)
				w.outage.down.Store(true)
				w.fill(0, "0", "cold 1", "2")
				w.fill(1, "a", "b")
				b := w.member()
				dead := &deadLetters{}
				c := w.wrap(b, avroconsumer.WithConcurrency(1, ordering),
					avroconsumer.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.DeadLetter(dead)))
				require.NoError(t, c.Subscribe("t"))
				var l log
				r := start(t, c, badly(&l))
				time.Sleep(time.Minute)
				if ordering == avroconsumer.Partition {
					require.ElementsMatch(t, []string{"0", "a", "b"}, l.get())
				} else {
					require.ElementsMatch(t, []string{"0", "a", "b", "2"}, l.get())
				}
				require.Equal(t, []kafka.TopicPartition{tp(0)}, b.Paused())
				require.Equal(t, int64(1), w.committed(0))
				require.Equal(t, int64(2), w.committed(1))
				w.fill(0, "3")
				w.outage.down.Store(false)
				time.Sleep(time.Minute)
				require.ElementsMatch(t, []string{"0", "a", "b", "2", "cold 1", "3"}, l.get())
				require.Empty(t, b.Paused())
				require.Empty(t, dead.get())
				require.Equal(t, int64(4), w.committed(0))
				r.end()
				w.close(c)
			})
		})
	}
}

func TestDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		at := time.UnixMilli(1_700_000_000_123)
		own := []kafka.Header{{Key: "trace", Value: []byte("7")}, {Key: "null"}}
		w.Append("t", 0,
			kafka.Record{Key: []byte("k"), Value: []byte("poison \x00\xff"), Headers: own, Timestamp: at},
			kafka.Record{Value: []byte("bad"), Headers: own})
		p := w.Producer(fakekafka.ProducerConfig{Delay: time.Second})
		dead := avroconsumer.DeadLetter(avroconsumer.NewDeadLetters(p, avroconsumer.WithDeadLetterGroup("g")))
		c := w.join(avroconsumer.WithToEnd(),
			avroconsumer.WithPolicy(avroconsumer.DecodeErrors, dead),
			avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(1, avroconsumer.Constant(time.Second)).Then(dead)))
		var l log
		require.NoError(t, c.Run(t.Context(), badly(&l)))
		got := w.Records("t-dlt")
		require.Len(t, got, 2)
		require.Equal(t, []byte("k"), got[0].Key)
		require.Equal(t, []byte("poison \x00\xff"), got[0].Value)
		require.True(t, got[0].Timestamp.Equal(at))
		require.Equal(t, own, got[0].Headers[:2])
		require.Equal(t, []string{
			"__dlq.errors.topic=t", "__dlq.errors.partition=0", "__dlq.errors.offset=0", "__dlq.errors.group=g",
			"__dlq.errors.delivery.count=1", "__dlq.errors.message=t [0] offset 0: value (schema 41): 2 of 8 bytes left",
			"__dlq.errors.exception=*errors.errorString", "__dlq.errors.stage=value", "__dlq.errors.schema.id=41",
		}, headers(got[0].Headers[2:]))
		require.Nil(t, got[1].Key)
		require.Equal(t, []string{
			"__dlq.errors.topic=t", "__dlq.errors.partition=0", "__dlq.errors.offset=1", "__dlq.errors.group=g",
			"__dlq.errors.delivery.count=2", "__dlq.errors.message=t [0] offset 1: handler: the database said no",
			"__dlq.errors.exception=*errors.errorString", "__dlq.errors.stage=handler",
		}, headers(got[1].Headers[2:]))
		w.close(c)
		require.NoError(t, p.Close(t.Context()))
	})
}

func headers(h []kafka.Header) (out []string) {
	for _, x := range h {
		out = append(out, x.Key+"="+string(x.Value))
	}
	return out
}

// A record is processed when its dead letter is acknowledged; otherwise it stays unprocessed.
func TestDeadLettersAreAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "poison", "b")
		p := w.Producer(fakekafka.ProducerConfig{})
		p.Hold()
		c := w.join(avroconsumer.WithAutoCommit(time.Second), avroconsumer.WithDrainTimeout(time.Second),
			avroconsumer.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.DeadLetter(avroconsumer.NewDeadLetters(p))))
		var l log
		r := start(t, c, badly(&l))
		time.Sleep(time.Hour)
		require.Equal(t, kafka.OffsetNone, w.committed(0))
		p.Release()
		time.Sleep(2 * time.Second)
		require.Equal(t, int64(2), w.committed(0))

		p.Hold()
		w.fill(0, "poison")
		synctest.Wait()
		r.cancel() // what waits for an acknowledgement is given up after the drain timeout
		require.ErrorIs(t, <-r.result, context.Canceled)
		require.Equal(t, int64(2), w.committed(0))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Error(t, p.Close(ctx))
		r = start(t, c, badly(&l))
		err := <-r.result
		require.ErrorIs(t, err, kafka.ErrClosed)
		require.ErrorIs(t, err, errPoison)
		w.close(c)
	})
}

// Other headers, other topics: here those of Kafka Connect.
func TestDeadLetterHeadersOfOnesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "poison")
		p := w.Producer(fakekafka.ProducerConfig{})
		dead := avroconsumer.NewDeadLetters(p,
			avroconsumer.WithDeadLetterTopic(func(e *avroconsumer.RecordError) string { return "t-dlt" }),
			avroconsumer.WithDeadLetterHeaders(func(e *avroconsumer.RecordError) []kafka.Header {
				return []kafka.Header{{Key: "__connect.errors.exception.message", Value: []byte(e.Err.Error())}}
			}))
		c := w.join(avroconsumer.WithToEnd(), avroconsumer.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.DeadLetter(dead)))
		require.NoError(t, c.Run(t.Context(), badly(&log{})))
		require.Equal(t, []string{"__connect.errors.exception.message=t key (schema 41): 2 of 8 bytes left"}, headers(w.Records("t-dlt")[0].Headers))
		w.close(c)
		require.NoError(t, p.Close(t.Context()))
	})
}

// twice is an option given twice.
func twice(o avroconsumer.Option) avroconsumer.Option { return avroconsumer.Defaults(o, o) }

func TestNewRefuses(t *testing.T) {
	retry := avroconsumer.Retry(1, avroconsumer.Constant(0))
	tests := []struct {
		name string
		opt  avroconsumer.Option
		err  string
	}{
		{"an interval twice", twice(avroconsumer.WithAutoCommit(time.Second)), "avroconsumer: WithAutoCommit: is given twice"},
		{"an interval, and none", avroconsumer.Defaults(avroconsumer.WithAutoCommit(time.Second), avroconsumer.WithManualCommit()), "avroconsumer: WithManualCommit: excludes WithAutoCommit"},
		{"concurrency twice", twice(avroconsumer.WithConcurrency(1, avroconsumer.Key)), "avroconsumer: WithConcurrency: is given twice"},
		{"bounds twice", twice(avroconsumer.WithInFlight(1, 1)), "avroconsumer: WithInFlight: is given twice"},
		{"a drain twice", twice(avroconsumer.WithDrainTimeout(time.Second)), "avroconsumer: WithDrainTimeout: is given twice"},
		{"a start twice", twice(avroconsumer.WithStart(avroconsumer.FromOffset(1))), "avroconsumer: WithStart: is given twice"},
		{"tombstones twice", twice(avroconsumer.WithTombstones(avroconsumer.SkipTombstones)), "avroconsumer: WithTombstones: is given twice"},
		{"a policy twice", twice(avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Skip())), "avroconsumer: WithPolicy for handler errors: is given twice"},
		{"interval", avroconsumer.WithAutoCommit(0), "avroconsumer: WithAutoCommit: 0s is not positive"},
		{"workers", avroconsumer.WithConcurrency(0, avroconsumer.Key), "avroconsumer: WithConcurrency: 0 workers, want at least 1"},
		{"too many workers", avroconsumer.WithConcurrency(1_000_001, avroconsumer.Key), "avroconsumer: WithConcurrency: 1000001 workers, want at most 1000000"},
		{"nothing on assigned", avroconsumer.OnAssigned(nil), "avroconsumer: OnAssigned: the function is nil"},
		{"nothing on revoked", avroconsumer.OnRevoked(nil), "avroconsumer: OnRevoked: the function is nil"},
		{"nothing on lost", avroconsumer.OnLost(nil), "avroconsumer: OnLost: the function is nil"},
		{"closer", avroconsumer.WithCloser(nil), "avroconsumer: WithCloser: the function is nil"},
		{"ordering", avroconsumer.WithConcurrency(1, 7), "avroconsumer: WithConcurrency: ordering 7 is not Partition, Key or None"},
		{"in flight", avroconsumer.WithInFlight(0, 1), "avroconsumer: WithInFlight: 0 records and 1 byte, want at least 1"},
		{"drain", avroconsumer.WithDrainTimeout(-1), "avroconsumer: WithDrainTimeout: -1ns is not positive"},
		{"observer", avroconsumer.WithObserver(nil), "avroconsumer: WithObserver: the observer is nil"},
		{"class", avroconsumer.WithPolicy(9, retry), "avroconsumer: WithPolicy: Class(9) is not a class"},
		{"a class without a policy", avroconsumer.WithPolicy(avroconsumer.TombstoneErrors, avroconsumer.Skip()), "avroconsumer: WithPolicy: no policy can be given for tombstone errors: the record is not the cause"},
		{"tombstones", avroconsumer.WithTombstones(3), "avroconsumer: WithTombstones: 3 is neither SkipTombstones nor DeliverTombstones"},
		{"retrying decode errors", avroconsumer.WithPolicy(avroconsumer.DecodeErrors, retry), "avroconsumer: WithPolicy: decode errors: decode errors are never retried: they would fail again"},
		{"no retries", avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(0, nil)), "avroconsumer: WithPolicy: handler errors: Retry: 0 retries, want at least 1"},
		{"no backoff", avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(1, nil)), "avroconsumer: WithPolicy: handler errors: Retry: the backoff is nil"},
		{"raw for the handler", avroconsumer.WithPolicy(avroconsumer.HandlerErrors, retry.Then(avroconsumer.Raw())), "avroconsumer: WithPolicy: handler errors: Raw: the handler has already been called"},
		{"nowhere to write", avroconsumer.WithPolicy(avroconsumer.UnknownSchemas, avroconsumer.DeadLetter(nil)), "avroconsumer: WithPolicy: unknown schema errors: DeadLetter: the writer is nil"},
		{"then nothing", avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Skip().Then(avroconsumer.Stop())), "avroconsumer: WithPolicy: handler errors: Then: only Retry can be followed by a policy"},
		{"retry then retry", avroconsumer.WithPolicy(avroconsumer.HandlerErrors, retry.Then(retry)), "avroconsumer: WithPolicy: handler errors: Then: Retry cannot follow Retry"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := avroconsumer.New(kafka.Consumer(&fakekafka.Consumer{}), text{}, text{}, tc.opt)
			require.EqualError(t, err, tc.err)
		})
	}
	_, err := avroconsumer.New[string, string](nil, text{}, text{})
	require.EqualError(t, err, "avroconsumer: New needs a client, a key deserializer and a value deserializer")
}

func TestExponential(t *testing.T) {
	b := avroconsumer.Exponential(100*time.Millisecond, time.Second)
	var got []time.Duration
	for n := range 6 {
		got = append(got, b(n+1)/time.Millisecond)
	}
	require.Equal(t, []time.Duration{100, 200, 400, 800, 1000, 1000}, got)
	require.Equal(t, time.Second, b(1<<30), "no overflow")
}
