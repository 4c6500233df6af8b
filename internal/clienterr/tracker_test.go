package clienterr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func kafkaError(code int16, topic, text string) *kafka.Error {
	return &kafka.Error{Code: code, Topic: topic, Partition: -1, Retriable: true, Err: errors.New(text)}
}

// The cause is added to what says nothing, and to nothing else.
func TestExplain(t *testing.T) {
	refused := kafkaError(-195, "", "connection refused")
	password := kafkaError(-169, "", "wrong password")
	missing := kafkaError(3, "orders", "no such topic")
	brokersDown := kafkaError(-187, "", "1/1 brokers are down")
	bare := kafkaError(-195, "", "Local: Broker transport failure")
	other := kafkaError(29, "orders", "TOPIC_AUTHORIZATION_FAILED")
	fatal := &kafka.Error{Code: 82, Partition: -1, Fatal: true, Err: errors.New("fenced")}
	tests := []struct {
		name string
		said []error
		ok   bool // a broker answers after that
		err  error
		want string
		is   []error
	}{
		{name: "nothing is wrong", err: context.DeadlineExceeded, want: "context deadline exceeded"},
		{name: "no error", said: []error{refused}, err: nil},
		{name: "a context's", said: []error{refused}, err: context.Canceled,
			want: "context canceled: connection refused (-195)", is: []error{context.Canceled, kafka.ErrUnreachable}},
		{name: "closed", said: []error{refused}, err: kafka.ErrClosed,
			want: "the client is closed: connection refused (-195)", is: []error{kafka.ErrClosed, kafka.ErrUnreachable}},
		{name: "a time-out of the client's own", said: []error{password}, err: kafkaError(-192, "orders", "timed out"),
			want: "orders: timed out: wrong password (-169) (-192)", is: []error{kafka.ErrAuthentication}},
		{name: "a commit that found no coordinator", said: []error{password}, err: kafkaError(-180, "orders", "waiting"),
			want: "orders: waiting: wrong password (-169) (-180)", is: []error{kafka.ErrAuthentication}},
		{name: "a coordinator that is awaited, nothing else is wrong", err: kafkaError(-180, "orders", "waiting"), want: "orders: waiting (-180)"},
		{name: "a connection without a reason", said: []error{password}, err: bare,
			want: "Local: Broker transport failure: wrong password (-169) (-195)", is: []error{kafka.ErrAuthentication}},
		{name: "an error that says why", said: []error{refused}, err: other, want: other.Error()},
		{name: "the last error counts", said: []error{refused, kafkaError(-195, "", "reset")}, err: context.Canceled,
			want: "context canceled: reset (-195)"},
		{name: "a refusal counts for more than the hanging up after it", said: []error{password, refused}, err: context.Canceled,
			want: "context canceled: wrong password (-169)"},
		{name: "the first broker's error counts for more than that all are down", said: []error{refused, brokersDown}, err: context.Canceled,
			want: "context canceled: connection refused (-195)"},
		{name: "a topic beside a connection", said: []error{missing, refused}, err: context.Canceled,
			want: "context canceled: connection refused (-195); orders: no such topic (3)", is: []error{kafka.ErrUnreachable, kafka.ErrUnknownTopic}},
		{name: "a topic stays missing when brokers answer", said: []error{missing, refused}, ok: true, err: context.Canceled,
			want: "context canceled: orders: no such topic (3)"},
		{name: "all is well again", said: []error{refused}, ok: true, err: context.Canceled, want: "context canceled"},
		{name: "what has ended the client counts for all", said: []error{fatal, refused}, err: context.Canceled,
			want: "context canceled: fatal: fenced (82)"},
		{name: "a context's error is no cause", said: []error{context.Canceled, kafka.ErrClosed}, err: context.DeadlineExceeded,
			want: "context deadline exceeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tracker := New(kafka.Hooks{Logger: slog.New(slog.DiscardHandler)})
			for _, err := range tt.said {
				if e, ok := err.(*kafka.Error); ok && e.Fatal {
					tracker.SetFatal(e)
				}
				tracker.Report(err)
			}
			if tt.ok {
				tracker.OK()
			}
			got := tracker.Explain(tt.err)
			if tt.err == nil {
				require.NoError(t, got)
				return
			}
			require.EqualError(t, got, tt.want)
			if e, ok := tt.err.(*kafka.Error); ok {
				require.Equal(t, e.Code, got.(*kafka.Error).Code)
				require.ErrorIs(t, got, e.Err)
			} else {
				require.ErrorIs(t, got, tt.err)
			}
			for _, is := range tt.is {
				require.ErrorIs(t, got, is)
			}
			require.EqualError(t, tracker.Explain(got), tt.want, "once")
		})
	}
}

func TestExplainForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracker := New(kafka.Hooks{Logger: slog.New(slog.DiscardHandler)})
		tracker.Report(kafkaError(-195, "", "connection refused"))
		time.Sleep(maxAge + time.Second)
		require.Equal(t, context.Canceled, tracker.Explain(context.Canceled))
	})
}

// A host that never answers gives no error for half a minute.
func TestNoAnswerYet(t *testing.T) {
	tracker := New(kafka.Hooks{})
	tracker.ExpectAnswer("kafka:9092")
	err := tracker.Explain(context.DeadlineExceeded)
	require.EqualError(t, err, "context deadline exceeded: no broker has answered yet at bootstrap.servers=kafka:9092: is the port Kafka's, is security.protocol right, is SASL missing? (-195)")
	require.ErrorIs(t, err, kafka.ErrUnreachable)
	tracker.OK()
	require.Equal(t, context.Canceled, tracker.Explain(context.Canceled))
}

// A wait that began before anything was known says what is known since.
func TestCauseAfterNoAnswer(t *testing.T) {
	tracker := New(kafka.Hooks{Logger: slog.New(slog.DiscardHandler)})
	tracker.ExpectAnswer("kafka:9092")
	err := tracker.Explain(context.DeadlineExceeded)
	tracker.Report(kafkaError(-195, "", "refused"))
	require.EqualError(t, tracker.Explain(err), "context deadline exceeded: refused (-195)")
}

// An error of a connection takes the words of its cause, and has one code.
func TestCauseOfTheSameCode(t *testing.T) {
	tracker := New(kafka.Hooks{Logger: slog.New(slog.DiscardHandler)})
	tracker.Report(&kafka.Error{Code: -195, Partition: -1, Err: &refusedErr{}})
	in := &kafka.Error{Code: -195, Topic: "orders", Partition: 2, Retriable: true, Err: errors.New("i/o timeout")}
	err := tracker.Explain(in)
	require.EqualError(t, err, "orders [2]: hung up (-195)")
	require.ErrorIs(t, err, kafka.ErrAuthentication)
	require.ErrorIs(t, err, kafka.ErrUnreachable)
	require.ErrorIs(t, err, in.Err)
	require.True(t, err.(*kafka.Error).Retriable)
}

type refusedErr struct{}

func (*refusedErr) Error() string        { return "hung up" }
func (*refusedErr) Is(target error) bool { return target == kafka.ErrAuthentication }

// Silence is warned of once, unless something was said or answered, or the client is closed.
func TestSilence(t *testing.T) {
	for name, tc := range map[string]struct {
		do    func(*Tracker)
		warns int
	}{
		"silence":  {func(*Tracker) {}, 1},
		"answered": {(*Tracker).OK, 0},
		"closed":   {(*Tracker).Close, 0},
		"an error": {func(t *Tracker) { t.Report(kafkaError(-195, "", "refused")) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				tracker := New(kafka.Hooks{Logger: slog.New(slog.NewTextHandler(&out, nil))})
				tracker.ExpectAnswer("kafka:9092")
				time.Sleep(time.Hour)
				require.Empty(t, out.String(), "it does not connect yet")
				tracker.Connecting()
				tracker.Connecting()
				tc.do(tracker)
				time.Sleep(time.Hour)
				synctest.Wait()
				require.Equal(t, tc.warns, strings.Count(out.String(), "\n"), out.String())
			})
		})
	}
}

// Each cause is said at once, and again after a while, with how often it came.
func TestWarnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var heard int
		tracker := New(kafka.Hooks{Logger: slog.New(slog.NewTextHandler(&out, nil)), Error: func(error) { heard++ }})
		lines := func() int { return strings.Count(out.String(), "\n") }

		for i := range 50 { // as librdkafka repeats it, of several brokers
			tracker.Report(kafkaError(-195, "", fmt.Sprintf("b%d:9092/%d: Connect failed: Connection refused (after %dms in state CONNECT, %d identical error(s) suppressed)", i%3, i%3, i, i)))
		}
		require.Equal(t, 1, lines())
		require.Contains(t, out.String(), "level=WARN")
		tracker.Report(kafkaError(-187, "", "3/3 brokers are down"))
		require.Equal(t, 1, lines(), "it follows")
		tracker.Report(kafkaError(-169, "", "wrong password"))
		tracker.Report(kafkaError(3, "orders", "missing"))
		tracker.Report(kafkaError(3, "orders", "missing, in other words"))
		tracker.Report(kafkaError(3, "payments", "missing"))
		require.Equal(t, 4, lines())

		time.Sleep(warnEvery + time.Second)
		tracker.Report(kafkaError(3, "orders", "missing"))
		require.Equal(t, 5, lines())
		require.Contains(t, out.String(), "repeated=1")
		require.Equal(t, 56, heard, "the hook hears all")

		tracker.Close()
		tracker.Report(kafkaError(-170, "", "while being closed"))
		require.Equal(t, 5, lines())
	})
}

// Topics that come and go do not fill the memory.
func TestWarningsAreBounded(t *testing.T) {
	tracker := New(kafka.Hooks{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	for i := range 10 * maxWarnings {
		tracker.Report(kafkaError(3, strings.Repeat("t", i+1), "missing"))
	}
	require.LessOrEqual(t, len(tracker.warnings.written), maxWarnings)
	require.LessOrEqual(t, len(tracker.topics), maxTopics)
}

// A topic is checked once, a moment after its first record, and again while it is
// missing; not if nothing waits for it.
func TestTopics(t *testing.T) {
	tests := []struct {
		name    string
		waiting bool
		missing int // how often the topic is
		looks   int // within a minute
	}{
		{name: "delivered", looks: 0},
		{name: "there", waiting: true, looks: 1},
		{name: "made later", waiting: true, missing: 2, looks: 3},
		{name: "missing", waiting: true, missing: 1000, looks: 7}, // after 1/4 s, and twice the time again and again
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tracker := New(kafka.Hooks{Logger: slog.New(slog.DiscardHandler)})
				looks := 0
				w := NewTopics(tracker, func(_ context.Context, topic string) error {
					if looks++; looks <= tt.missing {
						return kafkaError(3, topic, "missing")
					}
					return nil
				}, func() bool { return tt.waiting })
				for range 100 {
					w.Produced("orders")
				}
				time.Sleep(firstCheck + time.Millisecond)
				synctest.Wait()
				require.Equal(t, tt.missing > 0, tracker.Last() != nil)
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Equal(t, tt.looks, looks)
				require.Equal(t, tt.missing > looks, errors.Is(tracker.Last(), kafka.ErrUnknownTopic))
				w.Close()
				time.Sleep(time.Hour)
				require.Equal(t, tt.looks, looks)
			})
		})
	}
}

// What every record and every report passes costs no memory.
func TestAllocations(t *testing.T) {
	tracker := New(kafka.Hooks{})
	w := NewTopics(tracker, func(context.Context, string) error { return nil }, func() bool { return false })
	defer w.Close()
	w.Produced("a")
	w.Produced("b")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		w.Produced("a")
		w.Produced("b")
		tracker.OK()
		_ = tracker.Explain(context.Canceled)
	}))
}

// A new topic costs the same however many there are, and their number is bounded.
func TestManyTopics(t *testing.T) {
	w := NewTopics(New(kafka.Hooks{}), func(context.Context, string) error { return nil }, func() bool { return false })
	defer w.Close()
	topic := 0
	bytes := func(upTo int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		from := topic
		for ; topic < upTo; topic++ {
			w.Produced(strconv.Itoa(topic))
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / uint64(upTo-from)
	}
	bytes(maxSeen - 1_000)
	require.Less(t, bytes(maxSeen), uint64(3_000), "bytes for each of the last topics")
	bytes(maxSeen + 1_000)
	require.Equal(t, maxSeen, w.topics)
}
