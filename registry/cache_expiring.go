package registry

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kavro/kavro/internal/cache"
	"github.com/kavro/kavro/registry/transport"
)

// expiring keeps answers that change, by keys of one kind. An answer is new for
// ttl; for maxStale more it is given all the same, while one request behind the
// caller's back replaces it. If that fails, the answer stays, and the next
// request is made after a quarter of ttl.
type expiring[K comparable, V any] struct {
	client *Client
	name   string                                                                // in events
	show   func(K) string                                                        // for people
	ask    func(context.Context, transport.Call, K) (v V, at time.Time, _ error) // at: when v was the registry's answer

	ttl, maxStale time.Duration // negative ttl: for ever; 0: nothing is kept
	missingTTL    time.Duration
	found         *cache.Map[K, *dated[V]]
	missing       *cache.Map[K, absence]
	sharedCalls   sharedCalls[K, V]

	writes sync.Mutex // held while found, missing or epoch change
	epoch  uint64
}

// dated is an answer and when it was given.
type dated[V any] struct {
	value V
	at    time.Time
	next  atomic.Int64 // no refresh before this time, in Unix nanoseconds
}

func newExpiring[K comparable, V any](c *Client, name string, missingTTL time.Duration, show func(K) string, ask func(context.Context, transport.Call, K) (V, time.Time, error)) *expiring[K, V] {
	return &expiring[K, V]{
		ask:        ask,
		client:     c,
		name:       name,
		show:       show,
		ttl:        c.settings.latestTTL,
		maxStale:   c.settings.latestMaxStale,
		missingTTL: missingTTL,
		found:      cache.New[K, *dated[V]](c.settings.latestSize),
		missing:    cache.New[K, absence](min(c.settings.latestSize, c.settings.missingSize)),
	}
}

// get returns the answer for key, asking if it is not known or too old.
func (x *expiring[K, V]) get(ctx context.Context, key K) (V, error) {
	if d, ok := x.found.Get(key); ok {
		switch age := time.Since(d.at); {
		case x.fresh(age):
			x.tell(EventHit, key, age, nil)
			return d.value, nil
		case x.usable(age):
			x.tell(EventStale, key, age, nil)
			x.refresh(ctx, key, d)
			return d.value, nil
		}
	}
	var none V
	if a, ok := x.missing.Get(key); ok && time.Now().Before(a.until) {
		x.tell(EventUnknown, key, 0, a.err)
		return none, a.err
	}
	x.tell(EventMiss, key, 0, nil)
	if err := x.client.ready(ctx); err != nil {
		return none, err
	}
	return x.fetch(ctx, key)
}

// fresh reports whether an answer of this age counts as new.
func (x *expiring[K, V]) fresh(age time.Duration) bool { return x.ttl < 0 || age < x.ttl }

// usable reports whether an answer of this age may still be given.
func (x *expiring[K, V]) usable(age time.Duration) bool {
	return x.fresh(age) || age-x.ttl < x.maxStale // their sum may be too great
}

// fetch asks, or waits for whoever is asking already.
func (x *expiring[K, V]) fetch(ctx context.Context, key K) (V, error) {
	return x.sharedCalls.do(ctx, transport.Call{}, x.client.group, key, func(ctx context.Context, call transport.Call) (V, error) {
		if d, ok := x.found.Get(key); ok && x.fresh(time.Since(d.at)) {
			return d.value, nil // another sharedCall landed between the caller's look and this one
		}
		ctx, cancel := x.client.transport.WithDeadline(ctx)
		defer cancel()
		epoch := x.now()
		v, at, err := x.ask(ctx, call, key)
		switch {
		case err == nil:
			x.keep(key, v, at, epoch)
		case permanentFailure(err):
			x.tell(EventUnknown, key, 0, err)
			x.miss(key, err, epoch)
		}
		return v, err
	})
}

// refresh replaces d, unless that is being done or was tried a moment ago.
func (x *expiring[K, V]) refresh(ctx context.Context, key K, d *dated[V]) {
	now := time.Now()
	next := d.next.Load()
	if now.UnixNano() < next || !d.next.CompareAndSwap(next, now.Add(x.client.settings.transport.CallTimeout).UnixNano()) {
		return
	}
	values := context.WithoutCancel(ctx)
	x.client.group.spawn(func(closing context.Context) {
		ctx, cancel := context.WithCancel(values)
		defer cancel()
		defer context.AfterFunc(closing, cancel)()
		if _, err := x.fetch(ctx, key); err != nil && closing.Err() == nil {
			d.next.Store(time.Now().Add(max(x.ttl/4, time.Second)).UnixNano())
			x.client.settings.logger.Warn("schema registry: the old answer stays in use",
				"what", x.show(key), "age", time.Since(d.at), "err", err)
		}
	})
}

func (x *expiring[K, V]) now() uint64 {
	x.writes.Lock()
	defer x.writes.Unlock()
	return x.epoch
}

// keep remembers an answer of time at, unless something was forgotten since.
func (x *expiring[K, V]) keep(key K, v V, at time.Time, epoch uint64) {
	x.writes.Lock()
	defer x.writes.Unlock()
	if x.ttl != 0 && x.epoch == epoch {
		x.found.Put(key, &dated[V]{value: v, at: at})
	}
}

// miss remembers that there is no answer, and forgets the one there was.
func (x *expiring[K, V]) miss(key K, err error, epoch uint64) {
	x.writes.Lock()
	defer x.writes.Unlock()
	if x.epoch != epoch {
		return
	}
	x.found.Remove(func(k K, _ *dated[V]) bool { return k == key })
	if x.missingTTL > 0 {
		x.missing.Put(key, absence{err, time.Now().Add(x.missingTTL)})
	}
}

// forget drops what match says, and lets nothing be kept that was asked for
// before.
func (x *expiring[K, V]) drop(match func(K) bool) {
	x.writes.Lock()
	defer x.writes.Unlock()
	x.epoch++
	x.sharedCalls.drop()
	x.found.Remove(func(key K, _ *dated[V]) bool { return match(key) })
	x.missing.Remove(func(key K, _ absence) bool { return match(key) })
}

func (x *expiring[K, V]) tell(kind EventKind, key K, age time.Duration, err error) {
	if x.client.settings.observer != nil {
		x.client.observe(kind, x.name, func() string { return x.show(key) }, age, err)
	}
}
