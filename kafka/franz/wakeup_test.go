package franz

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

// What has to go on although nothing else happens.

// A record that is on its way into the client when Close begins does not linger there until
// linger.ms is over, a minute here.
func TestCloseBesideProduce(t *testing.T) {
	_, conf := misbehaving(t)
	b, err := NewProducer(kafka.Config{"bootstrap.servers": conf["bootstrap.servers"], "linger.ms": 60_000}, kafka.Hooks{})
	require.NoError(t, err)
	p := b.(*producer)

	require.NoError(t, p.quota.acquire(t.Context(), 0)) // as Produce does
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- p.Close(ctx) }()
	require.Eventually(t, p.quota.closed.Load, time.Minute, time.Millisecond)
	time.Sleep(20 * time.Millisecond) // kgo sees an empty queue meanwhile; if it does not, the test shows nothing
	p.cl.Produce(context.Background(), &kgo.Record{Topic: "topic"}, func(*kgo.Record, error) { p.quota.release(0) })
	go p.cl.Flush(context.Background())
	require.NoError(t, <-closed)
}

// told is a Rebalance that sends revoked partitions to a channel.
type told struct{ revoked chan []kafka.TopicPartition }

func (told) Assigned(context.Context, []kafka.Offset) ([]kafka.Offset, error) { return nil, nil }
func (r told) Revoked(_ context.Context, p []kafka.TopicPartition)            { r.revoked <- p }
func (told) Lost([]kafka.TopicPartition)                                      {}

// sleeping is a reader of a session, with a client that has no partitions.
func sleeping(t *testing.T, r kafka.Rebalance) *reader {
	cl, err := kgo.NewClient(kgo.SeedBrokers("127.0.0.1:1"))
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	s, err := parse(kafka.Config{"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "transactional.id": "x"}, producing|consuming)
	require.NoError(t, err)
	c := newConsumer(s, kafka.Hooks{})
	c.session = &session{consumer: c}
	reader := newReader(c, r)
	reader.cl, reader.group, reader.stop = cl, true, func() {}
	return reader
}

// A session's partition that was revoked without notice is given up while Poll
// waits, for records that may never come.
func TestSuspectWhilePolling(t *testing.T) {
	tp := kafka.TopicPartition{Topic: "topic"}
	rebalance := told{make(chan []kafka.TopicPartition, 1)}
	r := sleeping(t, rebalance)
	p := newPart(kafka.Offset{TopicPartition: tp})
	p.installed, p.seen = true, true
	r.parts[tp] = p

	ctx, stop := context.WithCancel(t.Context())
	polled := make(chan error, 1)
	go func() { polled <- r.poll(ctx, &kafka.Batch{}, 1) }()
	asleep := func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.interrupt != nil
	}
	require.Eventually(t, asleep, time.Minute, time.Millisecond)
	r.onAssigned(ctx, nil, nil) // a rebalance that brought nothing
	require.Equal(t, []kafka.TopicPartition{tp}, <-rebalance.revoked)
	stop()
	require.ErrorIs(t, <-polled, context.Canceled)
}

// Who seeks in a partition that has not begun does not wait for a rebalance that
// waits for Poll: Poll may wait for whoever seeks.
func TestSeekDuringRebalance(t *testing.T) {
	tp := kafka.TopicPartition{Topic: "topic"}
	r := sleeping(t, told{})
	p := newPart(kafka.Offset{TopicPartition: tp})
	p.installed = true // kgo has the offset to start at, and has not started
	r.parts[tp] = p
	r.enqueue(&event{kind: revoked, ctx: t.Context(), parts: []kafka.TopicPartition{tp}})

	err := r.seek(t.Context(), []kafka.Offset{{TopicPartition: tp, Offset: 7}})
	var e *kafka.Error
	require.ErrorAs(t, err, &e)
	require.True(t, e.Retriable)
	require.EqualError(t, err, "topic [0]: Seek: the group is rebalancing (-172)")
}

// panics is a Rebalance that fails at first.
type panics struct {
	kafka.Rebalance
	calls int
}

func (p *panics) Assigned(context.Context, []kafka.Offset) ([]kafka.Offset, error) {
	if p.calls++; p.calls == 1 {
		panic("Assigned")
	}
	return nil, nil
}
func (*panics) Lost([]kafka.TopicPartition)                     {}
func (*panics) Revoked(context.Context, []kafka.TopicPartition) {}

// A Poll that ended in a panic is over. The next one calls Assigned again; who
// does not call it leaves the group.
func TestPanicInAssigned(t *testing.T) {
	_, conf := misbehaving(t, kfake.GroupMinSessionTimeout(time.Millisecond))
	conf["session.timeout.ms"], conf["max.poll.interval.ms"] = 1000, 1000
	c, err := NewConsumer(conf, kafka.Hooks{})
	require.NoError(t, err)
	r := &panics{}
	require.NoError(t, c.Subscribe([]string{"topic"}, r))
	require.PanicsWithValue(t, "Assigned", func() { _ = c.Poll(t.Context(), &kafka.Batch{}, 1) })
	for r.calls < 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		require.ErrorIs(t, c.Poll(ctx, &kafka.Batch{}, 1), context.DeadlineExceeded)
		cancel()
	}
	require.Eventually(t, c.(*consumer).reader.watch.expired, time.Minute, time.Millisecond)
	require.NoError(t, c.Close(t.Context()))
}

// counting is a kgo.Logger of every level that counts lines.
type counting struct{ lines atomic.Int64 }

func (c *counting) Level() kgo.LogLevel { return kgo.LogLevelDebug }

func (c *counting) Log(_ kgo.LogLevel, msg string, _ ...any) {
	if strings.Contains(msg, "flush") {
		c.lines.Add(1)
	}
}

// Flush calls kgo.Flush once, however long it waits.
func TestFlushOnce(t *testing.T) {
	k, conf := misbehaving(t)
	var block sync.WaitGroup // until the broker may answer
	block.Add(1)
	k.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		block.Wait()
		return nil, nil, false
	})
	lines := &counting{}
	cl, err := kgo.NewClient(kgo.SeedBrokers(conf["bootstrap.servers"].(string)), kgo.WithLogger(lines))
	require.NoError(t, err)
	defer cl.Close()
	p, err := WrapProducer(cl)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: -1}, nil))
	}
	time.AfterFunc(300*time.Millisecond, block.Done)
	require.NoError(t, p.Flush(t.Context()))
	require.LessOrEqual(t, lines.lines.Load(), int64(2), "begun and ended")
	require.NoError(t, p.Close(t.Context()))
}

// A report whose receiver takes its time is not waited for in turns either.
func TestFlushBesideSlowReport(t *testing.T) {
	_, conf := misbehaving(t)
	lines := &counting{}
	cl, err := kgo.NewClient(kgo.SeedBrokers(conf["bootstrap.servers"].(string)), kgo.WithLogger(lines))
	require.NoError(t, err)
	defer cl.Close()
	p, err := WrapProducer(cl)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: -1}, func(*kafka.Record, error) { time.Sleep(100 * time.Millisecond) }))
	}
	require.NoError(t, p.Flush(t.Context()))
	require.LessOrEqual(t, lines.lines.Load(), int64(2))
	require.NoError(t, p.Close(t.Context()))
}

// At log_level 6, the default, a client that works has nothing to say, as librdkafka has
// not: kgo's Info is debugging. Warnings stay what they are.
func TestLogLevels(t *testing.T) {
	tests := []struct {
		conf    kafka.Config
		highest kgo.LogLevel
	}{
		{kafka.Config{}, kgo.LogLevelWarn},
		{kafka.Config{"log_level": 0}, kgo.LogLevelNone},
		{kafka.Config{"log_level": 3}, kgo.LogLevelError},
		{kafka.Config{"log_level": 4}, kgo.LogLevelWarn},
		{kafka.Config{"log_level": 7}, kgo.LogLevelDebug},
		{kafka.Config{"debug": "all"}, kgo.LogLevelDebug},
	}
	everything := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, tt := range tests {
		tt.conf["bootstrap.servers"] = "127.0.0.1:1"
		s, err := parse(tt.conf, producing)
		require.NoError(t, err)
		require.Equal(t, tt.highest, s.logger(everything).Level(), "%v", tt.conf)
	}
	for level, want := range map[kgo.LogLevel]slog.Level{
		kgo.LogLevelError: slog.LevelError, kgo.LogLevelWarn: slog.LevelWarn, kgo.LogLevelInfo: slog.LevelDebug, kgo.LogLevelDebug: slog.LevelDebug,
	} {
		require.Equal(t, want, slogLevel(level))
	}

	_, conf := misbehaving(t)
	var out bytes.Buffer
	p, err := NewProducer(kafka.Config{"bootstrap.servers": conf["bootstrap.servers"]}, kafka.Hooks{Logger: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: -1}, nil))
		require.NoError(t, p.Flush(t.Context()))
	}
	require.NoError(t, p.Close(t.Context()))
	require.Empty(t, out.String())
}
