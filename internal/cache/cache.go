// Package cache has a bounded map for values that are read far more often than written.
package cache

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// A Map holds at most a given number of entries. Get takes no lock and allocates nothing; Put copies
// no entries. A new key evicts one entry of a full Map, mostly one that was not read lately. Keys
// that take turns beyond the bound are found in part. All methods are safe for concurrent use.
type Map[K comparable, V any] struct {
	entries sync.Map // K -> *entry[K, V]

	mu   sync.Mutex // held by writers
	max  int
	ring []*entry[K, V] // what is in entries, in no order
}

type entry[K comparable, V any] struct {
	key      any // a K, as it is in entries
	value    V
	read     atomic.Bool // since it was last a candidate for eviction
	position int         // in the ring
}

// New makes a Map of at most max entries, at least 1.
func New[K comparable, V any](max int) *Map[K, V] { return &Map[K, V]{max: max} }

// Get returns the value of key.
func (m *Map[K, V]) Get(key K) (value V, ok bool) {
	found, ok := m.entries.Load(key)
	if !ok {
		return value, false
	}
	e := found.(*entry[K, V])
	if !e.read.Load() { // a store would take the cache line from other readers
		e.read.Store(true)
	}
	return e.value, true
}

// Put sets the value of key.
func (m *Map[K, V]) Put(key K, value V) {
	e := &entry[K, V]{key: key, value: value}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, known := m.entries.Load(e.key)
	switch {
	case known:
		e.position = old.(*entry[K, V]).position
		m.ring[e.position] = e
	case len(m.ring) < m.max:
		e.position = len(m.ring)
		m.ring = append(m.ring, e)
	default:
		e.position = m.candidate()
		m.entries.Delete(m.ring[e.position].key)
		m.ring[e.position] = e
	}
	m.entries.Store(e.key, e)
}

// candidates is how many entries are looked at for one that was not read.
const candidates = 16

// candidate returns the position of the entry to evict. The search starts anywhere: keys that are
// read in turn would otherwise be evicted in the order in which they are wanted next, each just
// before its turn.
func (m *Map[K, V]) candidate() (position int) {
	position = rand.IntN(len(m.ring))
	for range candidates {
		if !m.ring[position].read.Swap(false) {
			break
		}
		position = (position + 1) % len(m.ring)
	}
	return position
}

// Remove removes every entry that match reports. It looks at all of them.
func (m *Map[K, V]) Remove(match func(K, V) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.ring[:0]
	for _, e := range m.ring {
		if match(e.key.(K), e.value) {
			m.entries.Delete(e.key)
			continue
		}
		e.position = len(kept) // only writers read it
		kept = append(kept, e)
	}
	clear(m.ring[len(kept):])
	m.ring = kept
}

// All calls f with every entry, in no order.
func (m *Map[K, V]) All(f func(K, V)) {
	m.entries.Range(func(key, found any) bool {
		f(key.(K), found.(*entry[K, V]).value)
		return true
	})
}

// Len returns the number of entries.
func (m *Map[K, V]) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.ring)
}
