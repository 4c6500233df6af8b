package serde

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kavro/kavro/internal/cache"
	"github.com/kavro/kavro/registry"
)

// A onceMap computes each value once, and then returns it without a lock and without an allocation. Its
// size is bounded, see [cache.Map].
type onceMap[K comparable, V any] struct {
	stale  func(V) bool                // says that a value is to be computed again; nil: never
	newest atomic.Pointer[entry[K, V]] // what was computed last
	values *cache.Map[K, V]
	mu     sync.Mutex // guards calls; never held while computing
	calls  map[K]*call[V]
}

func newOnceMap[K comparable, V any]() onceMap[K, V] {
	return onceMap[K, V]{values: cache.New[K, V](maxValues)}
}

// entry is the value of one key. Most programs use one schema at a time: comparing
// is cheaper than hashing.
type entry[K comparable, V any] struct {
	key   K
	value V
}

// A call is a computation in progress, or one that failed recently.
type call[V any] struct {
	done  chan struct{}
	v     V
	err   error
	until time.Time // a failure is repeated until then
}

const (
	// maxValues bounds the values, one for each schema or topic in use.
	maxValues = 16_000
	// maxCalls bounds the failures that are remembered.
	maxCalls = 1_000
	// failurePeriod is how long a failure that asking again will not mend (an
	// incompatible schema, a missing subject) is repeated without asking. A
	// registry that is down is not such a failure.
	failurePeriod = time.Second
)

// get returns the value of k if it was computed and is not stale.
func (m *onceMap[K, V]) get(k K) (v V, ok bool) {
	v, ok = m.last(k)
	return v, ok && (m.stale == nil || !m.stale(v))
}

// last returns the value of k, stale or not.
func (m *onceMap[K, V]) last(k K) (v V, ok bool) {
	newest := m.newest.Load()
	switch {
	case newest == nil:
		return v, false
	case newest.key == k:
		return newest.value, true
	}
	return m.values.Get(k)
}

// compute returns the value of k. It calls f unless another goroutine computes k already: then it
// waits for that one, within ctx. If the context of the computing caller ends, another caller calls
// f.
func (m *onceMap[K, V]) compute(ctx context.Context, k K, f func(context.Context) (V, error)) (V, error) {
	for {
		if v, ok := m.get(k); ok {
			return v, nil
		}
		c, first := m.join(k)
		if first {
			m.run(ctx, k, c, f)
			return c.v, c.err
		}
		select {
		case <-c.done:
		case <-ctx.Done():
			var zero V
			return zero, ctx.Err()
		}
		if c.err == nil || !isContext(c.err) || ctx.Err() != nil {
			return c.v, c.err
		}
	}
}

// errPanicked is the result for callers that waited for an f that panicked.
var errPanicked = errors.New("serde: deciding the schema panicked")

// run calls f for c. Whoever waits for c is let go also when f, which calls code
// of the user's, panics.
func (m *onceMap[K, V]) run(ctx context.Context, k K, c *call[V], f func(context.Context) (V, error)) {
	defer m.finish(k, c)
	c.err = errPanicked
	c.v, c.err = f(ctx)
	if old, ok := m.last(k); ok && isTemporary(c.err) {
		c.v, c.err = old, nil
	}
}

func (m *onceMap[K, V]) join(k K) (c *call[V], first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c = m.calls[k]; c != nil && (c.until.IsZero() || time.Now().Before(c.until)) {
		return c, false
	}
	c = &call[V]{done: make(chan struct{})}
	if m.calls == nil {
		m.calls = make(map[K]*call[V])
	}
	if len(m.calls) >= maxCalls { // those under way stay: they are as many as there are goroutines
		maps.DeleteFunc(m.calls, func(_ K, c *call[V]) bool { return !c.until.IsZero() })
	}
	m.calls[k] = c
	return c, true
}

func (m *onceMap[K, V]) finish(k K, c *call[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer close(c.done)
	switch {
	case c.err == nil:
		m.values.Put(k, c.v)
		m.newest.Store(&entry[K, V]{k, c.v})
		delete(m.calls, k)
	case isContext(c.err) || isTemporary(c.err):
		delete(m.calls, k)
	default:
		c.until = time.Now().Add(failurePeriod)
	}
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func isTemporary(err error) bool {
	var unavailable *registry.UnavailableError
	return errors.As(err, &unavailable)
}
