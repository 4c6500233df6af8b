package pipeline_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
)

// witness counts the calls, and extends the path in the context.
type witness struct {
	avroconsumer.NopObserver
	avroproducer.Observer
	name string
	mu   sync.Mutex
	seen map[string]int
}

type pathKey struct{}

func newWitness(name string) *witness {
	return &witness{Observer: avroproducer.NopObserver{}, name: name, seen: map[string]int{}}
}

func (w *witness) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[what]++
}

func (w *witness) Handling(ctx context.Context, _ *kafka.Record) context.Context {
	path, _ := ctx.Value(pathKey{}).(string)
	return context.WithValue(ctx, pathKey{}, path+"/"+w.name)
}

func (w *witness) Handled(ctx context.Context, r *kafka.Record, _ time.Duration, _ error) {
	w.note("handled in " + ctx.Value(pathKey{}).(string))
}
func (w *witness) Assigned([]kafka.TopicPartition)                  { w.note("assigned") }
func (w *witness) Committed([]kafka.Offset, time.Duration, error)   { w.note("committed") }
func (w *witness) Sending(ctx context.Context, r *kafka.Record) any { return ctx.Value(pathKey{}) }
func (w *witness) Delivered(token any, _ *kafka.Record, _ time.Duration, _ error) {
	w.note("delivered from " + token.(string))
}

// All observers of both sides are called; their contexts reach the function and the produced
// records.
func TestObserversAddUp(t *testing.T) {
	both(t, func(t *testing.T, exactlyOnce bool) {
		p := newPlant(t, 1)
		p.fillNumbers(0, 3)
		a, b := newWitness("a"), newWitness("b")
		assigned := 0
		count := func(_ context.Context, o []kafka.Offset) ([]kafka.Offset, error) {
			assigned++
			return []kafka.Offset{{TopicPartition: o[0].TopicPartition, Offset: int64(2 - assigned), LeaderEpoch: -1}}, nil
		}
		l := p.line(p.session(exactlyOnce), pipeline.WithToEnd(), pipeline.WithObserver(a), pipeline.WithObserver(b),
			pipeline.WithProducerObserver(a), pipeline.WithProducerObserver(b), pipeline.OnAssigned(count), pipeline.OnAssigned(count))
		require.NoError(t, l.Run(t.Context(), echo))
		p.close(l)
		require.Equal(t, 2, assigned)
		require.Equal(t, 3, len(slices.Compact(p.values("out"))), "from 0, as the last one says")
		require.Equal(t, map[string]int{"handled in /a": 3, "assigned": 1, "committed": 1, "delivered from /a/b": 3}, a.seen)
		require.Equal(t, map[string]int{"handled in /a/b": 3, "assigned": 1, "committed": 1, "delivered from /a/b": 3}, b.seen)
	})
}

// attempts counts the events of a registry that does not answer.
type attempts struct {
	avroconsumer.NopObserver
	mu   sync.Mutex
	seen map[time.Duration]int // since begin
	from time.Time
}

func (a *attempts) PolicyApplied(_ *avroconsumer.RecordError, class avroconsumer.Class, did avroconsumer.Action) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if class == avroconsumer.RegistryUnavailable && did == avroconsumer.WaitingForRegistry {
		a.seen[time.Since(a.from)]++
	}
}

// While the registry does not answer, the observer is notified once for each id and attempt,
// however many partitions need it.
func TestOneEventForEachAttempt(t *testing.T) {
	both(t, func(t *testing.T, exactlyOnce bool) {
		const partitions = 20
		p := newPlant(t, partitions)
		for i := range int32(partitions) {
			p.fill(i, "cold")
		}
		p.down.Store(true)
		time.AfterFunc(time.Minute, func() { p.down.Store(false) })
		a := &attempts{seen: map[time.Duration]int{}, from: time.Now()}
		l := p.line(p.session(exactlyOnce), pipeline.WithToEnd(), pipeline.WithConcurrency(partitions), pipeline.WithObserver(a))
		require.NoError(t, l.Run(t.Context(), echo))
		require.Len(t, p.values("out"), partitions)
		require.Greater(t, len(a.seen), 5)
		for at, n := range a.seen {
			require.Equal(t, 1, n, "after %v", at)
		}
		p.close(l)
	})
}
