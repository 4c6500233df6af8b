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
	"github.com/kavro/kavro/kafka"
)

// watcher records the calls of an observer.
type watcher struct{ log }

type spanKey struct{}

func (w *watcher) Received(records []*kafka.Record) { w.add("received %d", len(records)) }

func (w *watcher) Handling(ctx context.Context, r *kafka.Record) context.Context {
	return context.WithValue(ctx, spanKey{}, "span of "+string(r.Value))
}

func (w *watcher) Handled(ctx context.Context, r *kafka.Record, took time.Duration, err error) {
	w.add("%s: %v, %v", ctx.Value(spanKey{}), took, err)
}

func (w *watcher) PolicyApplied(e *avroconsumer.RecordError, class avroconsumer.Class, did avroconsumer.Action) {
	w.add("offset %d: %v error, %v", e.Raw.Offset, class, did)
}

func (w *watcher) Committed(next []kafka.Offset, took time.Duration, err error) {
	w.add("committed %d", next[0].Offset)
}
func (w *watcher) Assigned(p []kafka.TopicPartition) { w.add("assigned %v", p) }
func (w *watcher) Revoked(p []kafka.TopicPartition)  { w.add("revoked %v", p) }
func (w *watcher) Lost(p []kafka.TopicPartition)     { w.add("lost %v", p) }
func (w *watcher) Error(err error)                   { w.add("error: %v", err) }

var _ avroconsumer.Observer = avroconsumer.NopObserver{}

// stumbler is an observer that panics at one value, once.
type stumbler struct {
	avroconsumer.NopObserver
	at string
}

func (s *stumbler) Handling(ctx context.Context, r *kafka.Record) context.Context {
	if at := s.at; string(r.Value) == at {
		s.at = ""
		panic(at)
	}
	return ctx
}

// A record that was not returned, because the observer panicked, is returned by the next Poll.
func TestObserverPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "a", "b", "c")
		c := w.join(avroconsumer.WithObserver(&stumbler{at: "b"}))
		require.Equal(t, "a", w.poll(c))
		require.PanicsWithValue(t, "b", func() { w.poll(c) })
		require.Equal(t, "b", w.poll(c))
		require.Equal(t, "c", w.poll(c))
		require.Equal(t, "nothing", w.poll(c))
		w.close(c)
		require.Equal(t, int64(3), w.committed(0))
	})
}

func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "a", "poison", "bad", "cold")
		w.outage.down.Store(true)
		watch := &watcher{}
		b := w.member()
		c := w.wrap(b, avroconsumer.WithObserver(watch), avroconsumer.WithAutoCommit(time.Hour),
			avroconsumer.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.Skip()),
			avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(1, avroconsumer.Constant(time.Second)).Then(avroconsumer.Skip())))
		require.NoError(t, c.Subscribe("t"))
		r := start(t, c, func(ctx context.Context, m *message) error {
			require.Equal(t, "span of "+m.Value, ctx.Value(spanKey{}))
			time.Sleep(time.Second)
			if m.Value == "bad" {
				return errHandler
			}
			return nil
		})
		time.Sleep(4500 * time.Millisecond)
		b.FailPartition("t", 0, errors.New("passes"))
		synctest.Wait()
		r.end()
		require.Equal(t, []string{
			"assigned [t [0]]", "received 4",
			"span of a: 1s, <nil>",
			"offset 1: decode error, skipped",
			"span of poison: 0s, t [0] offset 1: key (schema 41): 2 of 8 bytes left",
			"offset 2: handler error, retried", "span of bad: 1s, the database said no",
			"offset 2: handler error, skipped", "span of bad: 1s, the database said no",
			"offset 3: registry unavailable error, waiting for registry",
		}, watch.get()[:10])
		others := fmt.Sprint(watch.get()[10:])
		require.Contains(t, others, "error: t [0]: passes")
		require.Contains(t, others, "committed 3")

		w.outage.down.Store(false)
		watch.lines = nil
		require.Equal(t, "cold", w.poll(c))
		time.Sleep(time.Second)
		require.Equal(t, "nothing", w.poll(c))
		w.Group("g").Expel(b)
		w.poll(c)
		w.close(c)
		require.Equal(t, []string{
			"span of cold: 1s, <nil>", "lost [t [0]]", "assigned [t [0]]", "received 1", "revoked [t [0]]",
		}, watch.get())
	})
}
