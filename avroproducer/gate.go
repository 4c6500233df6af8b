package avroproducer

import (
	"sync"
	"sync/atomic"
)

// gate counts the records between Produce and their report, and turns new ones
// away once it is closed.
type gate struct {
	pending atomic.Int64
	closed  atomic.Bool
	once    sync.Once
	idle    chan struct{} // closed when the gate is closed and nothing is pending
}

// enter counts one more, unless the gate is closed.
func (g *gate) enter() bool {
	// Counted first, then checked: either this sees that the gate is closed, or
	// close sees the count.
	g.pending.Add(1)
	if g.closed.Load() {
		g.leave()
		return false
	}
	return true
}

func (g *gate) leave() {
	if g.pending.Add(-1) == 0 && g.closed.Load() {
		g.once.Do(func() { close(g.idle) })
	}
}

// close lets nobody in any more. Once idle is closed, all have left.
func (g *gate) close() {
	g.pending.Add(1)
	g.closed.Store(true)
	g.leave()
}

func (g *gate) len() int { return int(g.pending.Load()) }
