package avroproducer

import (
	"sync"
	"sync/atomic"
)

// gate counts the records between Produce and the end of their report. Once closed, it
// refuses new ones.
type gate struct {
	pending atomic.Int64
	closed  atomic.Bool
	once    sync.Once
	idle    chan struct{} // closed when the gate is closed and nothing is pending
}

// enter counts one record and returns true, unless the gate is closed.
func (g *gate) enter() bool {
	// Count first, then check: either enter sees the closed gate, or close sees the count.
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

// close makes enter return false from now on.
func (g *gate) close() {
	g.pending.Add(1)
	g.closed.Store(true)
	g.leave()
}

func (g *gate) len() int { return int(g.pending.Load()) }
