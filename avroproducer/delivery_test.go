package avroproducer_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

func TestOnDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := newCluster(fakekafka.ProducerConfig{Delay: time.Second, Fail: failing})
		p := newText(t, b)
		var got []avroproducer.Delivery // appended to by one callback at a time: -race would tell
		collect := avroproducer.OnDelivery(func(d avroproducer.Delivery) { got = append(got, d) })
		h := kafka.Header{Key: "h"}
		require.NoError(t, p.Produce(t.Context(), "t", "k", "v", collect, avroproducer.WithHeaders(h)))
		require.NoError(t, p.Produce(t.Context(), "t", "k", "fail", collect))
		require.NoError(t, p.Delete(t.Context(), "t", "deleted", collect))
		require.NoError(t, p.Flush(t.Context()), "a failure that OnDelivery was told of is told once")

		require.Len(t, got, 3)
		require.Equal(t, avroproducer.Delivery{
			Topic: "t", Partition: 0, Offset: 0, Timestamp: got[0].Timestamp,
			Key: "k", Value: "v", Headers: []kafka.Header{h},
		}, got[0])
		require.True(t, got[0].Timestamp.Equal(time.Now()))
		require.EqualError(t, got[1].Err, "t [0]: timed out (-192)")
		require.Equal(t, int64(-1), got[1].Offset)
		require.Equal(t, "fail", got[1].Value)
		require.True(t, got[2].Tombstone)
		require.Equal(t, int64(1), got[2].Offset)
	})
}

// A callback may produce while the client's queue is full: callbacks do not run on the
// client's thread, whose reports empty that queue.
func TestOnDeliveryMayProduce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{Limit: 1})
		p := newText(t, b, avroproducer.WithMaxReports(1))
		const n = 100
		var next func(d avroproducer.Delivery)
		count := 0
		next = func(d avroproducer.Delivery) {
			if count++; count < n {
				require.NoError(t, p.Produce(t.Context(), "t", "", fmt.Sprint(count), avroproducer.OnDelivery(next)))
			}
		}
		require.NoError(t, p.Produce(t.Context(), "t", "", "0", avroproducer.OnDelivery(next)))
		synctest.Wait()
		require.Len(t, values(c, "t"), n)
		require.NoError(t, p.Close(t.Context()))
	})
}

// When callbacks are slower than the brokers, Produce waits for them: reports do
// not pile up without bound.
func TestOnDeliverySlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{})
		p := newText(t, b, avroproducer.WithMaxReports(3))
		slow := avroproducer.OnDelivery(func(avroproducer.Delivery) { time.Sleep(time.Second) })
		for range 4 { // one is running, three are queued
			require.NoError(t, p.Produce(t.Context(), "t", "", "v", slow))
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.EqualError(t, p.Produce(ctx, "t", "", "v", slow), "t: too many queued calls of OnDelivery: context deadline exceeded")
		require.NoError(t, p.Produce(t.Context(), "t", "", "v"), "a record without a callback adds no report")
		require.NoError(t, p.Produce(t.Context(), "t", "", "v", slow))
		require.NoError(t, p.Close(t.Context()))
		require.Len(t, values(c, "t"), 6)
	})
}

// A callback that ends its goroutine, as t.FailNow does, takes nobody else's
// report with it.
func TestOnDeliveryEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := newCluster(fakekafka.ProducerConfig{Delay: time.Second})
		p := newText(t, b)
		told := false
		require.NoError(t, p.Produce(t.Context(), "t", "", "1", avroproducer.OnDelivery(func(avroproducer.Delivery) { runtime.Goexit() })))
		require.NoError(t, p.Produce(t.Context(), "t", "", "2", avroproducer.OnDelivery(func(avroproducer.Delivery) { told = true })))
		require.NoError(t, p.Close(t.Context()))
		require.True(t, told)
	})
}

// A callback that calls Flush or Close waits for itself, as documented, until its context
// ends. The error names the cause, and everything else works afterwards.
func TestFlushAndCloseWithinACallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := newCluster(fakekafka.ProducerConfig{})
		p := newText(t, b)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var flushed, closed error
		require.NoError(t, p.Produce(t.Context(), "t", "", "v", avroproducer.OnDelivery(func(avroproducer.Delivery) {
			flushed, closed = p.Flush(ctx), p.Close(ctx)
		})))
		require.NoError(t, p.Flush(t.Context()))
		for _, err := range []error{flushed, closed} {
			require.ErrorIs(t, err, avroproducer.ErrCallbackRunning)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		require.EqualError(t, flushed, "1 record not reported; an OnDelivery function has not returned"+
			" (it must not call Flush or Close): context deadline exceeded")
		require.NoError(t, p.Close(t.Context()))
		require.Zero(t, p.Len())
	})
}

// Another goroutine that flushes or closes while a callback runs waits for that callback.
func TestFlushAndCloseOnAnotherGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := newCluster(fakekafka.ProducerConfig{})
		p := newText(t, b)
		closed := make(chan error)
		require.NoError(t, p.Produce(t.Context(), "t", "", "v", avroproducer.OnDelivery(func(avroproducer.Delivery) {
			go func() { closed <- errors.Join(p.Flush(t.Context()), p.Close(t.Context())) }()
		})))
		require.NoError(t, <-closed)
	})
}

func TestProduceSync(t *testing.T) {
	type record = avroproducer.Record[string, string]
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{Delay: time.Second, Fail: failing})
		p := newText(t, b)
		require.NoError(t, p.ProduceSync(t.Context()), "nothing to produce")

		told := 0
		err := p.ProduceSync(t.Context(),
			record{Topic: "t", Value: "a", OnDelivery: func(avroproducer.Delivery) { told++ }},
			record{Topic: "t", Value: "fail"},
			record{Value: "no topic"},
			record{Topic: "t", Value: "b"},
		)
		var failed *avroproducer.ProduceError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, []int{1, 2}, failed.Failed)
		require.Equal(t, 4, failed.Total)
		require.EqualError(t, err, "2 of 4 records failed; record 1: t [0]: timed out (-192); record 2: avroproducer: the record has no topic")
		var kafkaErr *kafka.Error
		require.ErrorAs(t, err, &kafkaErr)
		require.Equal(t, int16(-192), kafkaErr.Code)
		require.NoError(t, p.Flush(t.Context()), "told already")
		require.Equal(t, 1, told)
		require.Equal(t, []string{"a", "b"}, values(c, "t"))

		b.Hold()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err = p.ProduceSync(ctx, record{Topic: "t", Value: "c"})
		require.ErrorIs(t, err, avroproducer.ErrNotReported)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		b.Release() // the report comes when nobody waits any more
		require.NoError(t, p.Close(t.Context()))
		require.Equal(t, []string{"a", "b", "c"}, values(c, "t"))

		err = p.ProduceSync(t.Context(), record{Topic: "t"}, record{Topic: "t"}, record{Topic: "t"}, record{Topic: "t"}, record{Topic: "t"})
		require.ErrorIs(t, err, kafka.ErrClosed)
		require.EqualError(t, err, "5 of 5 records failed; record 0: the client is closed; record 1: the client is closed; record 2: the client is closed; and 2 more")
	})
}

func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := newCluster(fakekafka.ProducerConfig{Fail: failing})
		p := newText(t, b, avroproducer.WithMaxFailures(2))
		for i := range 5 {
			require.NoError(t, p.Produce(t.Context(), "t", fmt.Sprint("key", i), "fail"))
		}
		err := p.Flush(t.Context())
		var flush *avroproducer.FlushError
		require.ErrorAs(t, err, &flush)
		require.Equal(t, 5, flush.Failed, "all are counted")
		require.Len(t, flush.Errs, 2, "the first are kept")
		require.Zero(t, flush.Remaining)
		require.NoError(t, flush.Err)
		var delivery *avroproducer.DeliveryError
		require.ErrorAs(t, err, &delivery)
		require.Equal(t, "key0", string(delivery.Key))
		require.EqualError(t, err, "5 records failed; t [0]: timed out (-192); t [0]: timed out (-192)")
		require.NoError(t, p.Flush(t.Context()), "told once")

		b.Hold()
		require.NoError(t, p.Produce(t.Context(), "t", "", "v"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = p.Flush(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "1 record not reported; context deadline exceeded")
		b.Release()
		require.NoError(t, p.Flush(t.Context()))
	})
}

// Flush waits for callbacks as well, those of records produced before it.
func TestFlushWaitsForCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := newCluster(fakekafka.ProducerConfig{})
		p := newText(t, b)
		start := time.Now()
		require.NoError(t, p.Produce(t.Context(), "t", "", "v", avroproducer.OnDelivery(func(avroproducer.Delivery) { time.Sleep(time.Minute) })))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var flush *avroproducer.FlushError
		require.ErrorAs(t, p.Flush(ctx), &flush)
		require.Equal(t, 1, flush.Remaining)
		require.NoError(t, p.Flush(t.Context()))
		require.Equal(t, time.Minute, time.Since(start))
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{Fail: failing})
		var closed []string
		closer := func(name string) avroproducer.Option {
			return avroproducer.WithCloser(func(context.Context) error { closed = append(closed, name); return nil })
		}
		p := newText(t, b, avroproducer.WithOwnedClient(), closer("registry"), closer("file"))
		require.NoError(t, p.Produce(t.Context(), "t", "", "written"))
		require.NoError(t, p.Produce(t.Context(), "t", "", "fail"))
		synctest.Wait()
		b.Hold()
		told := error(nil)
		require.NoError(t, p.Produce(t.Context(), "t", "", "stuck", avroproducer.OnDelivery(func(d avroproducer.Delivery) { told = d.Err })))
		require.NoError(t, p.Produce(t.Context(), "t", "k", "stuck too"))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := p.Close(ctx)
		var flush *avroproducer.FlushError
		require.ErrorAs(t, err, &flush)
		require.Equal(t, 2, flush.Remaining)
		require.Equal(t, 1, flush.Failed)
		require.Len(t, flush.Errs, 2, "the failure of before, and what was lost without a callback")
		require.ErrorIs(t, flush.Errs[1], kafka.ErrClosed)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		require.ErrorIs(t, told, kafka.ErrClosed)
		require.Equal(t, []string{"registry", "file"}, closed)
		require.Equal(t, []string{"written"}, values(c, "t"))

		require.NoError(t, p.Close(t.Context()), "idempotent")
		require.Equal(t, []string{"registry", "file"}, closed)
		require.ErrorIs(t, p.Produce(t.Context(), "t", "", "v"), kafka.ErrClosed)
		require.ErrorIs(t, p.Delete(t.Context(), "t", ""), kafka.ErrClosed)
		require.ErrorIs(t, p.ProduceRecord(t.Context(), avroproducer.Record[string, string]{Topic: "t"}), kafka.ErrClosed)
		require.ErrorIs(t, b.Produce(t.Context(), &kafka.Record{}, nil), kafka.ErrClosed, "the client was owned")
	})
}

// A client that is shared stays open, and what a producer could not flush in time
// is still its own.
func TestCloseOfASharedBase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{})
		p, other := newText(t, b), newText(t, b)
		b.Hold()
		require.NoError(t, p.Produce(t.Context(), "t", "", "late"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.EqualError(t, p.Close(ctx), "1 record not reported; context deadline exceeded")
		b.Release()
		require.NoError(t, other.ProduceSync(t.Context(), avroproducer.Record[string, string]{Topic: "t", Value: "other"}))
		require.Equal(t, []string{"late", "other"}, values(c, "t"))
		require.NoError(t, b.Close(t.Context()))
		require.NoError(t, other.Close(t.Context()), "what was flushed is not missed")
	})
}

func TestClosedByTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := newCluster(fakekafka.ProducerConfig{Delay: time.Second})
		p := newText(t, b, avroproducer.WithOwnedClient())
		require.NoError(t, p.Produce(t.Context(), "t", "", "v"))
		second := make(chan error)
		go func() { second <- p.Close(t.Context()) }()
		require.NoError(t, p.Close(t.Context()))
		require.NoError(t, <-second)
		require.Zero(t, b.Queued(), "both return when all is through")
	})
}
