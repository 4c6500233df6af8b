package registry

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kavro/kavro/internal/cache"
	"github.com/kavro/kavro/registry/transport"
	"github.com/kavro/kavro/schemas"
)

// permanent keeps answers that do not change, by keys of one kind: in memory,
// for which it is bounded, and in files, if there are any. For a while it also
// keeps that there is no answer.
type permanent[K comparable, V any] struct {
	client *Client
	kind[K, V]

	found       *cache.Map[K, V]
	missing     *cache.Map[K, absence]
	sharedCalls sharedCalls[K, V]

	writes sync.Mutex // held while found, missing or epoch change
	epoch  uint64     // counts forgets; an answer older than the last is not kept
}

// kind says what the keys and answers of a permanent are.
type kind[K comparable, V any] struct {
	name     string            // in events, and in files
	ttl      time.Duration     // of what is missing; 0: not kept
	show     func(K) string    // for people
	full     func(K) string    // all of the key, for files
	expected func(K) *expected // what an answer has to be

	pack   func(V) *schemaAnswer
	unpack func(ctx context.Context, call transport.Call, e *expected, a *schemaAnswer) (V, error)
}

// absence says that there is nothing under a key, up to a time.
type absence struct {
	err   error
	until time.Time
}

func newPermanent[K comparable, V any](c *Client, k kind[K, V]) *permanent[K, V] {
	return &permanent[K, V]{
		client:  c,
		kind:    k,
		found:   cache.New[K, V](c.settings.cacheSize),
		missing: cache.New[K, absence](c.settings.missingSize),
	}
}

// awaited is what the answer for key has to be.
func (p *permanent[K, V]) awaited(key K) *expected {
	e := p.expected(key)
	e.home = p.client.home
	return e
}

// hit returns what is known about key without asking anybody. ok is false if
// nothing is; err may be that there is no such thing.
func (p *permanent[K, V]) hit(key K) (v V, ok bool, err error) {
	v, ok, err = p.peek(key)
	switch {
	case err != nil:
		p.tell(EventUnknown, key, err)
	case ok:
		p.tell(EventHit, key, nil)
	}
	return v, ok, err
}

// peek is hit without telling anybody.
func (p *permanent[K, V]) peek(key K) (v V, ok bool, err error) {
	if v, ok = p.found.Get(key); ok {
		return v, true, nil
	}
	if a, missing := p.missing.Get(key); missing && time.Now().Before(a.until) {
		return v, true, a.err
	}
	return v, false, nil
}

// get returns the answer for key, asking with fetch if it is not known. If the
// registry is unavailable, an answer from a file will do.
func (p *permanent[K, V]) get(ctx context.Context, call transport.Call, key K, fetch func(context.Context, transport.Call) (V, error)) (V, error) {
	p.tell(EventMiss, key, nil)
	if err := p.client.ready(ctx); err != nil {
		var none V
		return none, err
	}
	return p.sharedCalls.do(ctx, call, p.client.group, key, func(ctx context.Context, call transport.Call) (V, error) {
		if v, ok, err := p.peek(key); ok {
			return v, err // another sharedCall landed between the caller's look and this one
		}
		ctx, cancel := p.client.transport.WithDeadline(ctx)
		defer cancel()
		epoch := p.now()
		stored := p.load(key)
		if stored != nil {
			call.Once = true
		}
		v, err := fetch(ctx, call)
		switch {
		case err == nil:
			p.keep(key, v, epoch)
			p.save(key, v)
		case stored != nil && unavailable(err):
			return p.fallBack(ctx, call, key, stored, epoch, err)
		case permanentFailure(err):
			p.tell(EventUnknown, key, err)
			p.miss(key, err, epoch)
		}
		return v, err
	})
}

// save writes an answer to its file.
func (p *permanent[K, V]) save(key K, v V) { p.client.write(p.stored(key, v)) }

// stored is an answer as it is kept.
func (p *permanent[K, V]) stored(key K, v V) *storedAnswer {
	return p.awaited(key).stored(p.name, p.full(key), p.pack(v))
}

// load returns what was kept for key, nil if there is nothing.
func (p *permanent[K, V]) load(key K) *storedAnswer {
	return p.client.files.load(p.name, p.full(key), p.awaited(key).acceptStored)
}

// fallBack answers from a file, because of cause.
func (p *permanent[K, V]) fallBack(ctx context.Context, call transport.Call, key K, stored *storedAnswer, epoch uint64, cause error) (V, error) {
	v, err := p.unpack(ctx, call, p.awaited(key), &stored.Answer)
	if err != nil {
		return v, cause
	}
	p.tell(EventFallback, key, cause)
	p.client.settings.logger.Warn("schema registry: unavailable, answered from a file", "what", p.show(key), "err", cause)
	p.keep(key, v, epoch)
	return v, nil
}

// permanentFailure reports whether err would come again at once: there is no
// such thing, or it cannot be read.
func permanentFailure(err error) bool {
	var notFound *NotFoundError
	var unreadable *schemas.ParseError
	return errors.As(err, &notFound) || errors.As(err, &unreadable)
}

// now is the moment to give to keep and miss.
func (p *permanent[K, V]) now() uint64 {
	p.writes.Lock()
	defer p.writes.Unlock()
	return p.epoch
}

// keep remembers an answer, unless something was forgotten since epoch: the
// answer may be from before that.
func (p *permanent[K, V]) keep(key K, v V, epoch uint64) {
	p.writes.Lock()
	defer p.writes.Unlock()
	if p.epoch == epoch {
		p.found.Put(key, v)
	}
}

// miss remembers that there is no answer.
func (p *permanent[K, V]) miss(key K, err error, epoch uint64) {
	p.writes.Lock()
	defer p.writes.Unlock()
	if p.ttl > 0 && p.epoch == epoch {
		p.missing.Put(key, absence{err, time.Now().Add(p.ttl)})
	}
}

// forget drops what match says, and lets nothing be kept that was asked for
// before.
func (p *permanent[K, V]) drop(match func(K) bool) {
	p.writes.Lock()
	defer p.writes.Unlock()
	p.epoch++
	p.sharedCalls.drop()
	p.found.Remove(func(key K, _ V) bool { return match(key) })
	p.missing.Remove(func(key K, _ absence) bool { return match(key) })
}

// dropMissing drops what was missing: it may be there now.
func (p *permanent[K, V]) dropMissing(match func(K) bool) {
	p.writes.Lock()
	defer p.writes.Unlock()
	p.epoch++
	p.sharedCalls.drop()
	p.missing.Remove(func(key K, _ absence) bool { return match(key) })
}

func (p *permanent[K, V]) tell(kind EventKind, key K, err error) {
	if p.client.settings.observer != nil {
		p.client.observe(kind, p.name, func() string { return p.show(key) }, 0, err)
	}
}
