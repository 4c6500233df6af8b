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

// marker is an observer that writes its name into the record's headers, and down what
// it is told.
type marker struct {
	name  string
	mu    *sync.Mutex
	lines *[]string
}

func (m marker) add(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*m.lines = append(*m.lines, m.name+" "+fmt.Sprintf(format, args...))
}

func (m marker) Refused(_ context.Context, topic string, part serde.Part, err error) {
	m.add("refused %s %v: %v", topic, part, err)
}

func (m marker) Sending(_ context.Context, r *kafka.Record) any {
	r.Headers = append(r.Headers, kafka.Header{Key: m.name})
	m.add("sending")
	return "token of " + m.name
}

func (m marker) Delivered(token any, r *kafka.Record, _ time.Duration, err error) {
	m.add("delivered with %d headers, %v: %v", len(r.Headers), token, err != nil)
}

// Observers add up: each is told of everything, in the order given, and gets the token
// that it gave.
func TestObserversAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{Fail: failing})
		var mu sync.Mutex
		var lines []string
		p, err := avroproducer.New(b, noKey{}, framed{}, avroproducer.WithOwnedClient(),
			avroproducer.WithObserver(marker{"a", &mu, &lines}), avroproducer.WithObserver(marker{"b", &mu, &lines}))
		require.NoError(t, err)
		require.ErrorIs(t, p.Produce(t.Context(), "t", serde.NoKey{}, new("unfit")), errUnfit)
		require.NoError(t, p.ProduceSync(t.Context(), avroproducer.Record[serde.NoKey, *string]{Topic: "t", Value: new("v")}))
		require.Error(t, p.ProduceSync(t.Context(), avroproducer.Record[serde.NoKey, *string]{Topic: "t", Value: new("fail")}))
		require.NoError(t, p.Close(t.Context()))
		require.Equal(t, []string{
			"a refused t value: t value: does not fit", "b refused t value: t value: does not fit",
			"a sending", "b sending", "a delivered with 3 headers, token of a: false", "b delivered with 3 headers, token of b: false",
			"a sending", "b sending", "a delivered with 3 headers, token of a: true", "b delivered with 3 headers, token of b: true",
		}, lines)
		require.Len(t, c.Records("t")[0].Headers, 3, "the frame, and one of each observer")
	})
	_, b := newCluster(fakekafka.ProducerConfig{})
	_, err := avroproducer.New(b, text{}, text{}, avroproducer.WithObserver(nil))
	require.EqualError(t, err, "avroproducer: WithObserver: the observer is nil")
	_, err = avroproducer.New(b, text{}, text{}, avroproducer.WithCloser(nil))
	require.EqualError(t, err, "avroproducer: WithCloser: the function is nil")
}

// A value that is written as null is a tombstone, by whatever way it came to be.
func TestDeliveryOfNulls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b := newCluster(fakekafka.ProducerConfig{})
		p, err := avroproducer.New(b, framed{}, framed{}, avroproducer.WithOwnedClient())
		require.NoError(t, err)
		var got []bool
		report := avroproducer.OnDelivery(func(d avroproducer.Delivery) { got = append(got, d.Tombstone) })
		require.NoError(t, p.Produce(t.Context(), "t", new("k"), nil, report))
		require.NoError(t, p.Produce(t.Context(), "t", nil, new("v"), report))
		require.NoError(t, p.Delete(t.Context(), "t", new("k"), report))
		require.NoError(t, p.Close(t.Context()))
		require.Equal(t, []bool{true, false, true}, got)
	})
}
