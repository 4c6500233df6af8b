package avroproducer_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

// copying is a client that copies records, and whose reports end with the call of done.
type copying struct {
	*fakekafka.Producer
	copied atomic.Int64
}

func (c *copying) ProduceCopy(ctx context.Context, r *kafka.Record, done func(*kafka.Record, error)) error {
	own := *r
	own.Key, own.Value, own.Headers = bytes.Clone(r.Key), bytes.Clone(r.Value), slices.Clone(r.Headers)
	c.copied.Add(1)
	return c.Produce(ctx, &own, func(r *kafka.Record, err error) {
		report := *r
		report.Key, report.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
		done(&report, err)
		for _, b := range [][]byte{report.Key, report.Value} {
			for i := range b {
				b[i] = '?'
			}
		}
		clear(report.Headers)
		report = kafka.Record{}
	})
}

// tracing appends a header to each record, and keeps what was delivered.
type tracing struct {
	avroproducer.NopObserver
	delivered []string
}

func (o *tracing) Sending(_ context.Context, r *kafka.Record) any {
	r.Headers = append(r.Headers, kafka.Header{Key: "trace", Value: []byte("7")})
	return string(r.Value)
}

func (o *tracing) Delivered(token any, r *kafka.Record, _ time.Duration, err error) {
	o.delivered = append(o.delivered, fmt.Sprintf("%v=%s %v", token, r.Value, err))
}

func newCopying(config fakekafka.ProducerConfig) (*fakekafka.Cluster, *copying) {
	c, p := newCluster(config)
	return c, &copying{Producer: p}
}

// Records are copied up to a kilobyte. Larger ones keep their buffer until the report.
func TestCopiedAndKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCopying(fakekafka.ProducerConfig{})
		p := newText(t, b)
		b.Hold()
		var want []string
		for i := range 40 {
			value := strings.Repeat(string(rune('a'+i%26)), 1+i*i*i)
			want = append(want, value)
			require.NoError(t, p.Produce(t.Context(), "t", "k", value))
		}
		require.Equal(t, int64(11), b.copied.Load(), "those with up to 1024 bytes")
		require.Equal(t, 40, p.Len())
		b.Release()
		require.NoError(t, p.Flush(t.Context()))
		require.Zero(t, p.Len())
		require.Equal(t, want, values(c, "t"))
	})
}

// What is reported for a copied record is all that is reported for another.
func TestReportsOfCopiedRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCopying(fakekafka.ProducerConfig{Fail: failing})
		o := &tracing{}
		p, err := avroproducer.New(b, text{}, framed{}, avroproducer.WithObserver(o))
		require.NoError(t, err)
		fine, fail := "fine", "fail"
		var told []avroproducer.Delivery
		tell := avroproducer.OnDelivery(func(d avroproducer.Delivery) { told = append(told, d) })
		header := avroproducer.WithHeaders(kafka.Header{Key: "h"})
		require.NoError(t, p.Produce(t.Context(), "t", "k1", &fine, tell, header))
		require.NoError(t, p.Produce(t.Context(), "t", "k2", &fail, tell))
		require.NoError(t, p.Delete(t.Context(), "t", "k3", tell))
		require.NoError(t, p.Produce(t.Context(), "t", "k4", &fail))
		err = p.ProduceSync(t.Context(), avroproducer.Record[string, *string]{Topic: "t", Value: &fine}, avroproducer.Record[string, *string]{Topic: "t", Value: &fail})
		require.ErrorContains(t, err, "1 of 2 records failed; record 1: t [0]: timed out")

		err = p.Flush(t.Context())
		require.EqualError(t, err, "1 record failed; t [0]: timed out (-192)")
		var lost *avroproducer.DeliveryError
		require.ErrorAs(t, err, &lost)
		require.Equal(t, "k4", string(lost.Key))

		frame, trace := kafka.Header{Key: "__value_schema_id", Value: []byte{1}}, kafka.Header{Key: "trace", Value: []byte("7")}
		require.Len(t, told, 3)
		require.NoError(t, told[0].Err)
		require.Equal(t, "k1", told[0].Key)
		require.Equal(t, &fine, told[0].Value)
		require.Equal(t, []kafka.Header{{Key: "h"}, frame, trace}, told[0].Headers)
		require.ErrorContains(t, told[1].Err, "timed out")
		require.Equal(t, int64(-1), told[1].Offset)
		require.True(t, told[2].Tombstone)
		require.Equal(t, (*string)(nil), told[2].Value)
		require.Equal(t, int64(1), told[2].Offset)

		require.Len(t, o.delivered, 6)
		require.Equal(t, "fine=fine <nil>", o.delivered[0])
		require.Equal(t, "fail=fail t [0]: timed out (-192)", o.delivered[1])
		require.Equal(t, []string{"fine", "", "fine"}, values(c, "t"))
		require.NoError(t, p.Close(t.Context()))
	})
}

// A client that copies and is full holds Produce back, and a record that it has refused is not
// waited for.
func TestFullQueueOfCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := newCopying(fakekafka.ProducerConfig{Limit: 1})
		p := newText(t, b)
		b.Hold()
		require.NoError(t, p.Produce(t.Context(), "t", "", "1"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		told := false
		for _, opts := range [][]avroproducer.RecordOption{nil, {avroproducer.OnDelivery(func(avroproducer.Delivery) { told = true })}} {
			require.EqualError(t, p.Produce(ctx, "t", "", "never", opts...), "t: the producer's queue is full: context deadline exceeded")
		}
		require.Equal(t, 1, p.Len())
		b.Release()
		require.NoError(t, p.Close(t.Context()))
		require.False(t, told)
	})
}

// copySink reports at once, and keeps nothing.
type copySink struct{ sink }

func (s *copySink) ProduceCopy(ctx context.Context, r *kafka.Record, done func(*kafka.Record, error)) error {
	return s.Produce(ctx, r, done)
}

// Nothing is allocated for a record, whatever its size and whatever is told of it, but what the
// function of OnDelivery is given.
func TestCopiesAllocateNothing(t *testing.T) {
	ctx, headers := t.Context(), []kafka.Header{{Key: "a"}, {Key: "b"}}
	for name, client := range map[string]kafka.Producer{"copied": &copySink{}, "kept": &sink{}} {
		for _, size := range []int{30, 2000, 5000, 100_000, 1 << 20} {
			plain := newText(t, client)
			observed := newText(t, client, avroproducer.WithObserver(avroproducer.NopObserver{}))
			value := string(make([]byte, size-3))
			for kind, produce := range map[string]func() error{
				"plain": func() error { return plain.Produce(ctx, "t", "key", value) },
				"headers": func() error {
					return plain.ProduceRecord(ctx, avroproducer.Record[string, string]{Topic: "t", Key: "key", Value: value, Headers: headers})
				},
				"observed": func() error { return observed.Produce(ctx, "t", "key", value) },
			} {
				allocs := testing.AllocsPerRun(100, func() {
					if err := produce(); err != nil {
						t.Fatal(err)
					}
				})
				if !raceEnabled { // the detector makes sync.Pool drop things at random
					require.Zero(t, allocs, "%s, %s, %d bytes", name, kind, size)
				}
			}
		}
	}
}

// Large records and small ones do not take each other's buffers.
func TestSizesMixed(t *testing.T) {
	s := &sink{}
	p := newText(t, s)
	values := []string{string(make([]byte, 30)), string(make([]byte, 300_000)), string(make([]byte, 9000))}
	i := 0
	allocs := testing.AllocsPerRun(300, func() {
		if err := p.Produce(t.Context(), "t", "", values[i%len(values)]); err != nil {
			t.Fatal(err)
		}
		i++
	})
	if !raceEnabled {
		require.Zero(t, allocs)
	}
}
