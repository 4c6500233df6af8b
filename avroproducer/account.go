package avroproducer

import (
	"sync"
	"sync/atomic"
)

// account counts the records in flight, those between Produce and the end of their report, by
// flush generation. A flush seals the current generation and waits for it and for those before
// it: for each record that was added before the call, and for none that is added later.
type account struct {
	current atomic.Pointer[generation] // after close: the last one, which is sealed
	closed  atomic.Bool

	mu          sync.Mutex
	generations []*generation // those that are not done, oldest first
}

// generation counts the records between two flushes. Records are added by many goroutines, and
// removed mostly by the client's: each number has a cache line of its own.
type generation struct {
	account *account
	added   atomic.Int64 // twice the number of records ever added, plus 1 once it is sealed
	_       [56]byte
	removed atomic.Int64 // number of records ever removed
	_       [56]byte
	total   atomic.Int64  // -1; once it is sealed, the number of records ever added
	done    chan struct{} // closed when this generation and all before it are sealed and empty
}

// start makes a new generation the current one. The caller holds mu, or is the only user.
func (a *account) start() {
	g := &generation{account: a, done: make(chan struct{})}
	g.total.Store(-1)
	a.generations = append(a.generations, g)
	a.current.Store(g)
}

// add counts one record, or returns nil after close.
func (a *account) add() *generation {
	for {
		g := a.current.Load()
		switch {
		case g.added.Add(2)&1 == 0:
			return g
		case a.closed.Load():
			return nil
		}
		// A flush has sealed g, and this record does not count: there is a next generation.
	}
}

// remove ends the count of one record of g.
func (g *generation) remove() {
	if g.removed.Add(1) == g.total.Load() {
		g.account.finish()
	}
}

// sealed reports whether a flush waits for g.
func (g *generation) sealed() bool { return g.total.Load() >= 0 }

// seal ends the current generation and returns it.
func (a *account) seal() *generation {
	a.mu.Lock()
	g := a.current.Load()
	if !g.sealed() {
		if !a.closed.Load() {
			a.start()
		}
		g.total.Store(g.added.Or(1) / 2)
	}
	a.mu.Unlock()
	a.finish()
	return g
}

// close is seal, and makes add return nil from now on.
func (a *account) close() *generation {
	a.closed.Store(true)
	return a.seal()
}

// finish closes done of the oldest generations, as far as they are sealed and empty.
func (a *account) finish() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.generations) > 0 && a.generations[0].removed.Load() == a.generations[0].total.Load() {
		close(a.generations[0].done)
		a.generations = a.generations[1:]
	}
}

// len returns the number of records in flight.
func (a *account) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := int64(0)
	for _, g := range a.generations {
		n -= g.removed.Load() // first: else a record that is added meanwhile would count as removed alone
		if total := g.total.Load(); total >= 0 {
			n += total
		} else {
			n += g.added.Load() / 2
		}
	}
	return int(n)
}
