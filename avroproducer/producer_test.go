package avroproducer_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

func TestRecords(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_123)
	one, word, empty := int32(1), "word", ""
	trace := kafka.Header{Key: "trace", Value: []byte("7")}
	frame := func(part string) kafka.Header { return kafka.Header{Key: "__" + part + "_schema_id", Value: []byte{1}} }
	tests := []struct {
		name string
		give avroproducer.Record[*string, *string]
		want kafka.Record
	}{
		{
			name: "key and value, each with its frame",
			give: avroproducer.Record[*string, *string]{Key: &word, Value: &word},
			want: kafka.Record{Key: []byte("word"), Value: []byte("word"), Headers: []kafka.Header{frame("key"), frame("value")}},
		},
		{
			name: "nil is null",
			give: avroproducer.Record[*string, *string]{},
			want: kafka.Record{},
		},
		{
			name: "empty is not null",
			give: avroproducer.Record[*string, *string]{Key: &empty, Value: &empty},
			want: kafka.Record{Key: []byte{}, Value: []byte{}, Headers: []kafka.Header{frame("key"), frame("value")}},
		},
		{
			name: "a tombstone, whatever the value",
			give: avroproducer.Record[*string, *string]{Key: &word, Value: &word, Tombstone: true},
			want: kafka.Record{Key: []byte("word"), Headers: []kafka.Header{frame("key")}},
		},
		{
			name: "the caller's headers come first",
			give: avroproducer.Record[*string, *string]{Key: &word, Headers: []kafka.Header{trace}},
			want: kafka.Record{Key: []byte("word"), Headers: []kafka.Header{trace, frame("key")}},
		},
		{
			name: "a partition and a time of its own",
			give: avroproducer.Record[*string, *string]{Partition: &one, Timestamp: at},
			want: kafka.Record{Partition: 1, Timestamp: at},
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := fakekafka.New(map[string]int{"t": 2})
				p, err := avroproducer.New(c.Producer(fakekafka.ProducerConfig{}), framed{}, framed{})
				require.NoError(t, err)
				rec := tc.give
				rec.Topic = "t"
				require.NoError(t, p.ProduceSync(t.Context(), rec))

				got := c.Records("t")
				require.Len(t, got, 1)
				require.Equal(t, tc.want.Key, got[0].Key)
				require.Equal(t, tc.want.Value, got[0].Value)
				require.Equal(t, tc.want.Headers, got[0].Headers)
				if tc.give.Partition != nil {
					require.Equal(t, tc.want.Partition, got[0].Partition)
				}
				if !tc.give.Timestamp.IsZero() {
					require.True(t, got[0].Timestamp.Equal(tc.want.Timestamp))
				} else {
					require.True(t, got[0].Timestamp.Equal(time.Now()))
				}
			})
		})
	}
}

// The four ways to produce lead to the same record.
func TestWaysToProduce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakekafka.New(map[string]int{"t": 2})
		p := newText(t, c.Producer(fakekafka.ProducerConfig{}))
		one, at, h := int32(1), time.UnixMilli(42), kafka.Header{Key: "h", Value: []byte("1")}
		ctx := t.Context()
		require.NoError(t, p.Produce(ctx, "t", "k", "v", avroproducer.WithPartition(1), avroproducer.WithTimestamp(at), avroproducer.WithHeaders(h)))
		require.NoError(t, p.ProduceRecord(ctx, avroproducer.Record[string, string]{Topic: "t", Key: "k", Value: "v", Partition: &one, Timestamp: at, Headers: []kafka.Header{h}}))
		require.NoError(t, p.ProduceSync(ctx, avroproducer.Record[string, string]{Topic: "t", Key: "k", Value: "v", Partition: &one, Timestamp: at, Headers: []kafka.Header{h}}))
		require.NoError(t, p.Delete(ctx, "t", "k", avroproducer.WithPartition(1), avroproducer.WithTimestamp(at), avroproducer.WithHeaders(h)))
		require.NoError(t, p.Flush(ctx))

		got := c.Records("t")
		require.Len(t, got, 4)
		require.Nil(t, got[3].Value, "a tombstone")
		got[3].Value = []byte("v")
		for i, r := range got {
			want := *got[0]
			want.Offset = int64(i)
			require.Equal(t, want, *r)
		}
	})
}

// Producing one slice of headers twice gives each record one schema header, and
// leaves the slice as it was, spare capacity included.
func TestHeadersAreTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{})
		p, err := avroproducer.New(b, noKey{}, framed{})
		require.NoError(t, err)
		backing := []kafka.Header{{Key: "a"}, {Key: "spare"}}
		headers := backing[:1]
		v := "v"
		rec := avroproducer.Record[serde.NoKey, *string]{Topic: "t", Value: &v, Headers: headers}
		require.NoError(t, p.ProduceSync(t.Context(), rec, rec))
		require.NoError(t, p.Produce(t.Context(), "t", serde.NoKey{}, &v, avroproducer.WithHeaders(headers...)))
		require.NoError(t, p.Flush(t.Context()))

		require.Equal(t, []kafka.Header{{Key: "a"}, {Key: "spare"}}, backing)
		for _, r := range c.Records("t") {
			require.Equal(t, []kafka.Header{{Key: "a"}, {Key: "__value_schema_id", Value: []byte{1}}}, r.Headers)
		}
	})
}

func TestSerializationErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{})
		p, err := avroproducer.New(b, framed{}, framed{})
		require.NoError(t, err)
		unfit, fine, panics := "unfit", "fine", "panic"

		var enc *serde.EncodeError
		err = p.Produce(t.Context(), "t", &unfit, &fine)
		require.EqualError(t, err, "t key: does not fit")
		require.ErrorIs(t, err, errUnfit)
		require.ErrorAs(t, err, &enc)
		require.Equal(t, serde.Key, enc.Part)
		require.EqualError(t, p.Produce(t.Context(), "t", &fine, &unfit), "t value: does not fit")
		require.EqualError(t, p.Produce(t.Context(), "", &fine, &fine), "avroproducer: the record has no topic")
		require.Panics(t, func() { _ = p.Produce(t.Context(), "t", &fine, &panics) })

		require.Zero(t, p.Len(), "a record that was refused is not waited for")
		require.NoError(t, p.ProduceSync(t.Context(), avroproducer.Record[*string, *string]{Topic: "t", Value: &fine}))
		require.Equal(t, []string{"fine"}, values(c, "t"))
		require.NoError(t, p.Close(t.Context()))
	})
}

func TestFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{Limit: 2})
		p := newText(t, b)
		b.Hold()
		require.NoError(t, p.Produce(t.Context(), "t", "", "1"))
		require.NoError(t, p.Produce(t.Context(), "t", "", "2"))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := p.Produce(ctx, "t", "", "never")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "t: the producer's queue is full: context deadline exceeded")
		require.Equal(t, 2, p.Len())

		waited := make(chan error)
		go func() { waited <- p.Produce(t.Context(), "t", "", "3") }()
		synctest.Wait()
		b.Release()
		require.NoError(t, <-waited)
		require.NoError(t, p.Close(t.Context()))
		require.Equal(t, []string{"1", "2", "3"}, values(c, "t"))
	})
}

func TestNewRefuses(t *testing.T) {
	_, b := newCluster(fakekafka.ProducerConfig{})
	_, err := avroproducer.New[string, string](b, text{}, nil)
	require.EqualError(t, err, "avroproducer: New needs a client, a key serializer and a value serializer")
	_, err = avroproducer.New(b, text{}, text{}, avroproducer.WithMaxScratch(-1), avroproducer.WithMaxFailures(-2),
		avroproducer.WithMaxReports(0), avroproducer.WithAbortTimeout(0))
	require.EqualError(t, err, `avroproducer: WithMaxScratch: -1 is negative
avroproducer: WithMaxFailures: -2 is negative
avroproducer: WithMaxReports: 0 is less than 1
avroproducer: WithAbortTimeout: 0s is not positive`)
	_, err = avroproducer.New(b, text{}, text{}, avroproducer.WithMaxScratch(1), avroproducer.WithMaxScratch(2), avroproducer.WithMaxFailures(1),
		avroproducer.WithMaxFailures(1), avroproducer.WithMaxReports(1), avroproducer.WithMaxReports(1), avroproducer.WithAbortTimeout(1), avroproducer.WithAbortTimeout(1))
	require.EqualError(t, err, `avroproducer: WithMaxScratch: is given twice
avroproducer: WithMaxFailures: is given twice
avroproducer: WithMaxReports: is given twice
avroproducer: WithAbortTimeout: is given twice`)
}

func TestWarmup(t *testing.T) {
	_, b := newCluster(fakekafka.ProducerConfig{})
	var warmed []string
	p, err := avroproducer.New(b, text{}, framed{&warmed})
	require.NoError(t, err)
	require.NoError(t, p.Warmup(t.Context(), "orders", "refunds"))
	require.Equal(t, []string{"value orders", "value refunds"}, warmed)
	require.ErrorIs(t, p.Warmup(t.Context(), "forbidden"), errUnfit)
}

// watcher writes down what an observer is told.
type watcher struct {
	avroproducer.NopObserver
	mu    sync.Mutex
	lines []string
}

func (w *watcher) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

func (w *watcher) Refused(_ context.Context, topic string, part serde.Part, err error) {
	w.note("refused %s %s", topic, part)
}

func (w *watcher) Sending(_ context.Context, r *kafka.Record) any {
	r.Headers = append(r.Headers, kafka.Header{Key: "traceparent", Value: r.Value})
	return "token of " + string(r.Value)
}

func (w *watcher) Delivered(token any, r *kafka.Record, took time.Duration, err error) {
	w.note("%s: %s after %v: %v", token, r.Topic, took, err)
}

func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{Delay: time.Second, Limit: 1})
		w := &watcher{}
		p, err := avroproducer.New(b, noKey{}, framed{}, avroproducer.WithObserver(w))
		require.NoError(t, err)
		unfit, a, late := "unfit", "a", "late"
		require.Error(t, p.Produce(t.Context(), "t", serde.NoKey{}, &unfit))
		require.NoError(t, p.Produce(t.Context(), "t", serde.NoKey{}, &a))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.Error(t, p.Produce(ctx, "t", serde.NoKey{}, &late))
		require.NoError(t, p.Close(t.Context()))
		require.Equal(t, []string{
			"refused t value",
			"token of late: t after 1ms: context deadline exceeded",
			"token of a: t after 1s: <nil>",
		}, w.lines)
		require.Equal(t, "traceparent", c.Records("t")[0].Headers[1].Key)
	})
}

// Many goroutines produce while others flush and close: every record that was
// taken is in the topic, none twice.
func TestConcurrentUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{Limit: 50, Delay: time.Millisecond})
		p := newText(t, b, avroproducer.WithMaxReports(10))
		var mu sync.Mutex
		taken, delivered := map[string]bool{}, 0
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := 0; ; i++ {
					v := fmt.Sprint(g, "-", i)
					err := p.Produce(t.Context(), "t", "", v, avroproducer.OnDelivery(func(d avroproducer.Delivery) {
						mu.Lock()
						defer mu.Unlock()
						delivered++
					}))
					if err != nil {
						require.ErrorIs(t, err, kafka.ErrClosed)
						return
					}
					mu.Lock()
					taken[v] = true
					mu.Unlock()
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
		require.NoError(t, p.Flush(t.Context()))
		require.NoError(t, p.Close(t.Context()))
		wg.Wait()
		require.NotEmpty(t, taken)
		require.Equal(t, len(taken), delivered)
		got := values(c, "t")
		require.Len(t, got, len(taken))
		for _, v := range got {
			require.True(t, taken[v])
		}
	})
}
