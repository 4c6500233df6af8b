// Package stall detects rebalances that do not end, because another member neither polls nor
// leaves, or the coordinator does not answer.
package stall

import (
	"sync"
	"time"
)

// WarnAfter is the duration of a rebalance before the first warning; further ones follow after
// twice that, and so on. It is longer than a drain (15 seconds), and than a killed member
// delays the others with the usual session.timeout.ms of 10 to 45 seconds in most cases.
const WarnAfter = 30 * time.Second

// Watch measures the rebalances of one member. The zero value is outside a rebalance. It is
// safe for concurrent use.
type Watch struct {
	mu    sync.Mutex
	since time.Time // zero: no rebalance
	next  time.Duration
	timer *time.Timer
	ended bool
}

// Begin starts the time of a rebalance, unless one is in progress. warn is called on a
// goroutine of its own for each warning.
func (w *Watch) Begin(warn func(since time.Time)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.since.IsZero() || w.ended {
		return
	}
	since := time.Now()
	w.since, w.next = since, WarnAfter
	w.timer = time.AfterFunc(w.next, func() { w.fire(since, warn) })
}

func (w *Watch) fire(since time.Time, warn func(time.Time)) {
	w.mu.Lock()
	if w.since != since {
		w.mu.Unlock()
		return
	}
	w.next *= 2
	w.timer = time.AfterFunc(time.Until(since.Add(w.next)), func() { w.fire(since, warn) })
	w.mu.Unlock()
	warn(since)
}

// End ends the rebalance: the member has its assignment.
func (w *Watch) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end()
}

func (w *Watch) end() {
	if w.timer != nil {
		w.timer.Stop()
	}
	w.since = time.Time{}
}

// Close ends the watch: Begin has no effect from now on.
func (w *Watch) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.end()
}

// Since returns when the rebalance in progress began; zero if there is none.
func (w *Watch) Since() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.since
}
