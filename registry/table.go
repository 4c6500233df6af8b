package registry

import (
	"hash/maphash"
	"maps"
	"sync"
	"sync/atomic"
)

// A table is a map bounded by count whose reads take no lock. It is made of
// shards; each is an immutable map that a write copies and replaces, which
// suits a cache that is read far more often than written. A full shard gives up
// an entry that was not read lately (the clock algorithm).
type table[K comparable, V any] struct {
	seed   maphash.Seed
	shards []shard[K, V]
}

type shard[K comparable, V any] struct {
	entries atomic.Pointer[map[K]*cell[K, V]]

	mu   sync.Mutex // held by writers
	max  int
	ring []*cell[K, V] // what is in entries
	hand int           // of the clock
}

type cell[K comparable, V any] struct {
	key      K
	value    V
	read     atomic.Bool // since the hand last passed
	position int         // in the ring
}

// A shard is small enough to copy, and a small table is one shard, so that its
// bound is exact.
const shardSize = 256

// newTable makes a table of about max entries, at least 1.
func newTable[K comparable, V any](max int) *table[K, V] {
	n := 1
	for n*shardSize < max {
		n *= 2
	}
	t := &table[K, V]{seed: maphash.MakeSeed(), shards: make([]shard[K, V], n)}
	for i := range t.shards {
		t.shards[i].max = (max + n - 1) / n
		t.shards[i].entries.Store(new(map[K]*cell[K, V]))
	}
	return t
}

func (t *table[K, V]) shard(key K) *shard[K, V] {
	if len(t.shards) == 1 {
		return &t.shards[0]
	}
	return &t.shards[maphash.Comparable(t.seed, key)&uint64(len(t.shards)-1)]
}

// get returns the value of key. It takes no lock.
func (t *table[K, V]) get(key K) (value V, ok bool) {
	e, ok := (*t.shard(key).entries.Load())[key]
	if !ok {
		return value, false
	}
	if !e.read.Load() { // a store would take the cache line from other readers
		e.read.Store(true)
	}
	return e.value, true
}

// put sets the value of key.
func (t *table[K, V]) put(key K, value V) {
	s := t.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := maps.Clone(*s.entries.Load())
	if entries == nil {
		entries = make(map[K]*cell[K, V])
	}
	e := &cell[K, V]{key: key, value: value}
	switch old, ok := entries[key]; {
	case ok:
		e.position = old.position
		s.ring[e.position] = e
	case len(s.ring) < s.max:
		e.position = len(s.ring)
		s.ring = append(s.ring, e)
	default:
		e.position = s.pass()
		delete(entries, s.ring[e.position].key)
		s.ring[e.position] = e
	}
	entries[key] = e
	s.entries.Store(&entries)
}

// pass moves the hand on to the first entry that was not read since it last
// came by, and one further.
func (s *shard[K, V]) pass() (position int) {
	for s.ring[s.hand].read.Swap(false) {
		s.hand = (s.hand + 1) % len(s.ring)
	}
	position = s.hand
	s.hand = (s.hand + 1) % len(s.ring)
	return position
}

// remove takes out every entry that match says. It looks at all of them.
func (t *table[K, V]) remove(match func(K, V) bool) {
	for i := range t.shards {
		t.shards[i].remove(match)
	}
}

func (s *shard[K, V]) remove(match func(K, V) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make([]*cell[K, V], 0, len(s.ring))
	entries := make(map[K]*cell[K, V], len(s.ring))
	for _, e := range s.ring {
		if match(e.key, e.value) {
			continue
		}
		e.position = len(kept) // only writers read it
		kept = append(kept, e)
		entries[e.key] = e
	}
	if len(kept) == len(s.ring) {
		return
	}
	s.ring, s.hand = kept, 0
	s.entries.Store(&entries)
}

// all calls f with every entry, in no order.
func (t *table[K, V]) all(f func(K, V)) {
	for i := range t.shards {
		for key, e := range *t.shards[i].entries.Load() {
			f(key, e.value)
		}
	}
}

// len counts the entries.
func (t *table[K, V]) len() (n int) {
	for i := range t.shards {
		n += len(*t.shards[i].entries.Load())
	}
	return n
}
