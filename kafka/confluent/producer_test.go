//go:build cgo

package confluent_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
)

func TestRecordRoundTrip(t *testing.T) {
	when := time.UnixMilli(1_700_000_000_123)
	tests := []struct {
		name string
		rec  kafka.Record
	}{
		{name: "plain", rec: kafka.Record{Key: []byte("k"), Value: []byte("v")}},
		{name: "null key", rec: kafka.Record{Value: []byte("v")}},
		{name: "empty key", rec: kafka.Record{Key: []byte{}, Value: []byte("v")}},
		{name: "tombstone", rec: kafka.Record{Key: []byte("k")}},
		{name: "empty value", rec: kafka.Record{Key: []byte("k"), Value: []byte{}}},
		{name: "nothing at all", rec: kafka.Record{}},
		{name: "timestamp", rec: kafka.Record{Timestamp: when}},
		{name: "headers", rec: kafka.Record{Headers: []kafka.Header{
			{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte("2")}, {Key: "null"}, {Key: "empty", Value: []byte{}}, {Value: []byte("no name")},
			{Key: "binary", Value: []byte{0, 1, 0xff}},
		}}},
		{name: "chosen partition", rec: kafka.Record{Partition: 1, Value: []byte("v")}},
	}
	e := newEnv(t, 2, "t")
	p, c := e.producer(), e.consumer("g")
	require.NoError(t, c.Assign(e.ctx(), at("t", 0, 0), at("t", 1, 0)))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			given := tt.rec
			given.Topic, given.Attach = "t", tt.name
			headers := append([]kafka.Header(nil), given.Headers...)
			var report kafka.Record
			require.NoError(t, p.Produce(e.ctx(), &given, func(r *kafka.Record, err error) {
				require.NoError(t, err)
				require.Same(t, &given, r)
				report = *r
			}))
			require.NoError(t, p.Flush(e.ctx()))
			require.Equal(t, headers, append([]kafka.Header(nil), given.Headers...))

			var b kafka.Batch
			require.NoError(t, c.Poll(e.ctx(), &b, 1))
			require.Len(t, b.Records, 1)
			got := b.Records[0]
			require.Equal(t, tt.rec.Key, got.Key)
			require.Equal(t, tt.rec.Value, got.Value)
			require.Equal(t, tt.rec.Headers, got.Headers)
			require.Equal(t, tt.rec.Partition, got.Partition)
			require.Equal(t, kafka.TimestampCreate, got.TimestampType)
			if !tt.rec.Timestamp.IsZero() {
				require.True(t, tt.rec.Timestamp.Equal(got.Timestamp))
			}
			require.Equal(t, got.Partition, report.Partition)
			require.Equal(t, got.Offset, report.Offset)
			require.True(t, got.Timestamp.Equal(report.Timestamp), "%v, %v", got.Timestamp, report.Timestamp)
			require.Equal(t, tt.name, report.Attach)
		})
	}
}

func TestProduceRefuses(t *testing.T) {
	e := newEnv(t, 1, "t")
	p := e.producer()
	tests := []struct {
		name string
		rec  kafka.Record
		code int16
	}{
		{name: "no topic", rec: kafka.Record{}, code: 17},
		{name: "topic too long", rec: kafka.Record{Topic: strings.Repeat("x", 600)}, code: 17},
		{name: "topic with a zero byte", rec: kafka.Record{Topic: "t\x00u"}, code: 17},
		{name: "header with a zero byte", rec: kafka.Record{Topic: "t", Headers: []kafka.Header{{Key: "a\x00b"}}}, code: -186},
		{name: "timestamp that means now", rec: kafka.Record{Topic: "t", Timestamp: time.UnixMilli(0)}, code: 32},
		{name: "timestamp out of range", rec: kafka.Record{Topic: "t", Timestamp: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, code: 32},
		{name: "too large", rec: kafka.Record{Topic: "t", Value: make([]byte, 2_000_000)}, code: 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := p.Produce(e.ctx(), &tt.rec, func(*kafka.Record, error) { t.Error("done was called") })
			var be *kafka.Error
			require.ErrorAs(t, err, &be)
			require.Equal(t, tt.code, be.Code, err)
			require.Equal(t, tt.rec.Topic, be.Topic)
		})
	}
	require.NoError(t, p.Flush(e.ctx()))
}

func TestDeliveryErrors(t *testing.T) {
	e := newEnv(t, 1, "t")
	p := e.producer(kafka.Config{"topic.metadata.propagation.max.ms": 100})
	for _, rec := range []*kafka.Record{
		{Topic: "missing", Partition: -1},
		{Topic: "t", Partition: 9},
	} {
		var got error
		err := p.Produce(e.ctx(), rec, func(_ *kafka.Record, err error) { got = err })
		if err == nil {
			require.NoError(t, p.Flush(e.ctx()))
			err = got
		}
		var be *kafka.Error
		require.ErrorAs(t, err, &be)
		require.Equal(t, rec.Topic, be.Topic)
		require.False(t, be.Fatal)
		require.Contains(t, []int16{3, -190}, be.Code, err)
	}
}

// stall makes the broker hang at the first produce request until the returned function is called.
func (e *env) stall() (release func()) { return e.hold(kmsg.Produce) }

func TestFullQueue(t *testing.T) {
	e := newEnv(t, 1, "t")
	release := e.stall()
	defer release()
	const limit = 10
	p := e.producer(kafka.Config{"queue.buffering.max.messages": limit})
	var reported atomic.Int32
	produce := func(ctx context.Context) error {
		return p.Produce(ctx, &kafka.Record{Topic: "t", Partition: -1, Value: []byte("v")}, func(_ *kafka.Record, err error) {
			if err == nil {
				reported.Add(1)
			}
		})
	}
	for range limit {
		require.NoError(t, produce(e.ctx()))
	}
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, produce(short), context.DeadlineExceeded)

	// Many wait; room for one is room for all, in turn.
	var waiting sync.WaitGroup
	for range 100 {
		waiting.Go(func() {
			if err := produce(e.ctx()); err != nil {
				t.Error(err)
			}
		})
	}
	release()
	waiting.Wait()
	require.NoError(t, p.Flush(e.ctx()))
	require.EqualValues(t, limit+100, reported.Load())
}

func TestFlush(t *testing.T) {
	t.Run("ends with its context", func(t *testing.T) {
		e := newEnv(t, 1, "t")
		release := e.stall()
		defer release()
		p := e.producer()
		require.NoError(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t"}, nil))
		short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, p.Flush(short), context.DeadlineExceeded)
		release()
		require.NoError(t, p.Flush(e.ctx()))
	})
	t.Run("does not wait for linger.ms", func(t *testing.T) {
		e := newEnv(t, 1, "t")
		p := e.producer(kafka.Config{"linger.ms": 60_000, "message.timeout.ms": 120_000})
		e.produce(p, "t", -1, "a") // within a minute
	})
}

func TestCloseProducer(t *testing.T) {
	count := func(n *atomic.Int32) func(*kafka.Record, error) {
		return func(_ *kafka.Record, err error) {
			if errors.Is(err, kafka.ErrClosed) {
				n.Add(1)
			}
		}
	}
	t.Run("sends what is queued", func(t *testing.T) {
		e := newEnv(t, 1, "t")
		p, err := confluent.NewProducer(e.conf(kafka.Config{"linger.ms": 10_000}), kafka.Hooks{})
		require.NoError(t, err)
		var sent atomic.Int32
		for range 100 {
			require.NoError(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t", Partition: -1}, func(_ *kafka.Record, err error) {
				if err == nil {
					sent.Add(1)
				}
			}))
		}
		require.NoError(t, p.Close(e.ctx()))
		require.EqualValues(t, 100, sent.Load())

		require.NoError(t, p.Close(e.ctx()), "a second time")
		require.ErrorIs(t, p.Flush(e.ctx()), kafka.ErrClosed)
		require.ErrorIs(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t"}, nil), kafka.ErrClosed)
		_, err = p.(kafka.Metadata).Partitions(e.ctx(), "t")
		require.ErrorIs(t, err, kafka.ErrClosed)
	})
	t.Run("fails what no broker takes", func(t *testing.T) {
		p, err := confluent.NewProducer(kafka.Config{"bootstrap.servers": "127.0.0.1:1"}, kafka.Hooks{})
		require.NoError(t, err)
		var failed atomic.Int32
		for range 100 {
			require.NoError(t, p.Produce(context.Background(), &kafka.Record{Topic: "t", Partition: -1}, count(&failed)))
		}
		short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, p.Close(short), context.DeadlineExceeded)
		require.EqualValues(t, 100, failed.Load())
	})
	t.Run("fails what is on its way, and wakes who waits for room", func(t *testing.T) {
		e := newEnv(t, 1, "t")
		release := e.stall()
		defer release()
		p, err := confluent.NewProducer(e.conf(kafka.Config{"queue.buffering.max.messages": 10, "linger.ms": 0}), kafka.Hooks{})
		require.NoError(t, err)
		var failed atomic.Int32
		for range 10 {
			require.NoError(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t", Partition: -1}, count(&failed)))
		}
		waiter := make(chan error)
		go func() { waiter <- p.Produce(e.ctx(), &kafka.Record{Topic: "t", Partition: -1}, nil) }()
		closed, cancel := context.WithCancel(context.Background())
		cancel()
		require.ErrorIs(t, p.Close(closed), context.Canceled)
		require.EqualValues(t, 10, failed.Load())
		require.ErrorIs(t, <-waiter, kafka.ErrClosed)
	})
	t.Run("while others produce", func(t *testing.T) {
		e := newEnv(t, 1, "t")
		p, err := confluent.NewProducer(e.conf(), kafka.Hooks{})
		require.NoError(t, err)
		var taken, reported atomic.Int32
		var others sync.WaitGroup
		ctx := e.ctx()
		for range 4 {
			others.Go(func() {
				for {
					err := p.Produce(ctx, &kafka.Record{Topic: "t", Partition: -1}, func(*kafka.Record, error) { reported.Add(1) })
					if err != nil {
						if !errors.Is(err, kafka.ErrClosed) {
							t.Error(err)
						}
						return
					}
					taken.Add(1)
				}
			})
		}
		first := make(chan error, 1)
		require.NoError(t, p.Produce(ctx, &kafka.Record{Topic: "t", Partition: -1}, func(_ *kafka.Record, err error) { first <- err }))
		require.NoError(t, <-first)
		require.NoError(t, p.Close(e.ctx()))
		others.Wait()
		require.Equal(t, taken.Load(), reported.Load())
	})
}

func TestProduceCancelled(t *testing.T) {
	e := newEnv(t, 1, "t")
	p := e.producer()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, p.Produce(ctx, &kafka.Record{Topic: "t"}, func(*kafka.Record, error) { t.Error("done was called") }), context.Canceled)
	require.NoError(t, p.Flush(e.ctx()))
}

func TestFatalProducerError(t *testing.T) {
	e := newEnv(t, 1, "t")
	raised := make(chan error, 10)
	p, err := confluent.NewProducer(e.conf(), kafka.Hooks{Error: func(err error) { raised <- err }})
	require.NoError(t, err)
	defer p.Close(e.ctx())
	e.client(p).TestFatalError(47, "made up")

	var be *kafka.Error
	require.ErrorAs(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t"}, nil), &be)
	require.True(t, be.Fatal)
	require.False(t, be.Retriable)
	require.EqualValues(t, 47, be.Code)
	require.ErrorAs(t, <-raised, &be)
	require.True(t, be.Fatal)
}

func TestPartitions(t *testing.T) {
	e := newEnv(t, 3, "t")
	for _, m := range []kafka.Metadata{e.producer().(kafka.Metadata), e.consumer("g")} {
		ids, err := m.Partitions(e.ctx(), "t")
		require.NoError(t, err)
		require.Equal(t, []int32{0, 1, 2}, ids)

		_, err = m.Partitions(e.ctx(), "missing")
		var be *kafka.Error
		require.ErrorAs(t, err, &be)
		require.EqualValues(t, 3, be.Code)
		require.Equal(t, "missing", be.Topic)

		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = m.Partitions(ctx, "t")
		require.ErrorIs(t, err, context.Canceled)
	}
}
