package avroconsumer_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// ids is a deserializer of framed strings whose registry does not answer for some ids.
type ids struct {
	mu       sync.Mutex
	away     map[int]bool
	cached   map[int]bool
	requests map[int]int
}

func newIDs(away ...int) *ids {
	d := &ids{away: map[int]bool{}, cached: map[int]bool{}, requests: map[int]int{}}
	for _, id := range away {
		d.away[id] = true
	}
	return d
}

func (d *ids) back(ids ...int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		delete(d.away, id)
	}
}

func (d *ids) Decode(_ context.Context, payload []byte, from *serde.Target, v *string) error {
	frame, datum, err := serde.SplitRecord(payload, from.Part, from.Headers)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.cached[frame.ID] {
		d.requests[frame.ID]++
		if d.away[frame.ID] {
			return &serde.DecodeError{Topic: from.Topic, Part: from.Part, SchemaID: frame.ID, Err: &registry.UnavailableError{Response: registry.Response{Status: 503}}}
		}
		d.cached[frame.ID] = true
	}
	*v = string(datum)
	return nil
}

// outages is an observer that records the attempts at the registry, by id.
type outages struct {
	avroconsumer.NopObserver
	mu    sync.Mutex
	begin time.Time
	seen  map[int][]string
}

func (o *outages) PolicyApplied(e *avroconsumer.RecordError, class avroconsumer.Class, did avroconsumer.Action) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen[e.SchemaID] = append(o.seen[e.SchemaID], fmt.Sprintf("%v: %v, %v, attempt %d", time.Since(o.begin), class, did, e.Attempts))
}

// attempts returns those of the backoff within d, after a first one at the start.
func attempts(from, to time.Duration) (out []string) {
	wait, n := 100*time.Millisecond, 1
	for at := from; at <= to; n++ {
		out = append(out, fmt.Sprintf("%v: registry unavailable, waiting for registry, attempt %d", at, n))
		at += wait
		wait = min(2*wait, 10*time.Second)
	}
	return out
}

// framed appends n values with an id to each partition, each with its own key.
func (w *world) framed(partitions, n, id int) {
	for p := range partitions {
		for i := range n {
			w.Append("t", int32(p), kafka.Record{Key: fmt.Append(nil, "key ", i), Value: append(serde.AppendFrame(nil, id), fmt.Sprint(p, " ", i)...)})
		}
	}
}

// While a registry does not answer, the observer is notified once for each id and attempt,
// however many partitions, keys and handlers wait; nothing is skipped, passed to a policy, or
// reordered.
func TestOneEventForEachIDAndAttempt(t *testing.T) {
	const partitions, each = 50, 4
	for name, tc := range map[string]struct {
		ordering avroconsumer.Ordering
		read     func(ctx context.Context, c *consumer, handle func(*message)) error
	}{
		"partition": {avroconsumer.Partition, runs},
		"key":       {avroconsumer.Key, runs},
		"none":      {avroconsumer.None, runs},
		"batches": {avroconsumer.Partition, func(ctx context.Context, c *consumer, handle func(*message)) error {
			return c.RunBatch(ctx, 3, 0, func(_ context.Context, batch []*message) []error {
				for _, m := range batch {
					handle(m)
				}
				return nil
			})
		}},
		"poll": {avroconsumer.Partition, func(ctx context.Context, c *consumer, handle func(*message)) error {
			for m, err := range c.Messages(ctx) {
				if err != nil {
					return err
				}
				handle(m)
			}
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, partitions)
				w.framed(partitions, each, 7)
				registry := newIDs(7)
				o := &outages{begin: time.Now(), seen: map[int][]string{}}
				dead := &deadLetters{}
				opts := append(everyPolicy(dead), avroconsumer.WithOwnedClient(), avroconsumer.WithToEnd(), avroconsumer.WithObserver(o),
					avroconsumer.WithConcurrency(partitions, tc.ordering))
				c, err := avroconsumer.New(w.member(), text{}, registry, opts...)
				require.NoError(t, err)
				require.NoError(t, c.Subscribe("t"))
				time.AfterFunc(2*time.Minute, func() { registry.back(7) })
				var mu sync.Mutex
				got := map[int32][]int64{}
				require.NoError(t, tc.read(t.Context(), c, func(m *message) {
					mu.Lock()
					defer mu.Unlock()
					got[m.Partition] = append(got[m.Partition], m.Offset)
				}))
				require.Equal(t, map[int][]string{7: attempts(0, 2*time.Minute)}, o.seen)
				require.Less(t, time.Since(o.begin), 2*time.Minute+11*time.Second, "all go on when it is back")
				require.Empty(t, dead.get())
				for p := range int32(partitions) {
					if tc.ordering == avroconsumer.Partition {
						require.True(t, slices.IsSorted(got[p]))
					}
					require.Len(t, got[p], each)
				}
				require.NoError(t, c.Close(t.Context()))
				for p := range int32(partitions) {
					require.Equal(t, int64(each), w.committed(p))
				}
			})
		})
	}
}

func runs(ctx context.Context, c *consumer, handle func(*message)) error {
	return c.Run(ctx, func(_ context.Context, m *message) error {
		handle(m)
		return nil
	})
}

// Each id is an outage of its own: records that wait for one id do not delay those with the
// other, and one record at a time asks the registry for each.
func TestOutagesOfTwoIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 10)
		w.framed(5, 3, 7)
		for p := range int32(5) {
			w.Append("t", 5+p, kafka.Record{Value: serde.AppendFrame(nil, 8)})
		}
		registry := newIDs(7, 8)
		o := &outages{begin: time.Now(), seen: map[int][]string{}}
		c, err := avroconsumer.New(w.member(), text{}, registry, avroconsumer.WithOwnedClient(), avroconsumer.WithToEnd(),
			avroconsumer.WithObserver(o), avroconsumer.WithConcurrency(10, avroconsumer.Partition))
		require.NoError(t, err)
		require.NoError(t, c.Subscribe("t"))
		time.AfterFunc(time.Second, func() { registry.back(8) })
		time.AfterFunc(time.Minute, func() { registry.back(7) })
		done := map[int32]time.Duration{}
		var mu sync.Mutex
		require.NoError(t, runs(t.Context(), c, func(m *message) {
			mu.Lock()
			defer mu.Unlock()
			done[m.Partition] = time.Since(o.begin)
		}))
		require.Equal(t, attempts(0, time.Second), o.seen[8])
		require.Equal(t, attempts(0, time.Minute), o.seen[7])
		for p := range int32(5) {
			require.Less(t, done[5+p], 3*time.Second)
			require.Greater(t, done[p], time.Minute)
		}
		require.Equal(t, 5+len(o.seen[8]), registry.requests[8], "each record once, then one an attempt, and once in the end")
		require.NoError(t, c.Close(t.Context()))
	})
}

// If the record of the next attempt is paused or revoked, another record makes the attempt.
func TestOutageOutlivesItsProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4)
		w.framed(4, 1, 7)
		registry := newIDs(7)
		o := &outages{begin: time.Now(), seen: map[int][]string{}}
		b := w.member()
		c, err := avroconsumer.New(b, text{}, registry, avroconsumer.WithOwnedClient(), avroconsumer.WithObserver(o),
			avroconsumer.WithConcurrency(4, avroconsumer.Partition))
		require.NoError(t, err)
		require.NoError(t, c.Subscribe("t"))
		ctx, cancel := context.WithCancel(t.Context())
		var l log
		ended := make(chan error, 1)
		go func() { ended <- runs(ctx, c, func(m *message) { l.add("%s", m.Value) }) }()
		synctest.Wait()
		for p := range int32(3) { // one after the other, whichever is to try next
			require.NoError(t, c.Pause(tp(p)))
			time.Sleep(30 * time.Second)
		}
		synctest.Wait()
		before := len(o.seen[7])
		require.Greater(t, before, 9)
		registry.back(7)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"3 0"}, l.get())
		require.NoError(t, c.Resume(tp(0), tp(1), tp(2)))
		time.Sleep(time.Second)
		synctest.Wait()
		require.Len(t, l.get(), 4)
		require.Len(t, o.seen[7], before)

		registry.mu.Lock()
		registry.away[9] = true
		registry.mu.Unlock()
		w.framed(4, 1, 9)
		time.Sleep(30 * time.Second)
		w.Group("g").Expel(b) // all of them are lost, and come back
		time.Sleep(30 * time.Second)
		registry.back(9)
		time.Sleep(30 * time.Second)
		require.Len(t, l.get(), 8)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.NoError(t, c.Close(t.Context()))
	})
}
