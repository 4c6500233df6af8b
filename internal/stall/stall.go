// Package stall notices that a member of a group waits for the end of a rebalance that
// does not come, because another member neither polls nor leaves, or the coordinator
// does not answer.
package stall

import (
	"sync"
	"time"
)

// Patience is how long a rebalance lasts before it is warned of; then twice that, and so
// on. It is longer than members take to drain (15 seconds) and than a member that was
// killed keeps the others waiting, on the common session.timeout.ms of 10 to 45 seconds
// about.
const WarnAfter = 30 * time.Second

// Watch is one member's view of its group. The zero value is outside of a rebalance. It is
// safe for concurrent use.
type Watch struct {
	mu    sync.Mutex
	since time.Time // zero: no rebalance
	next  time.Duration
	timer *time.Timer
	ended bool
}

// Begin says that the member waits for partitions from now on. warn is called, on a
// goroutine of its own, each time that it has waited for too long.
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

// End says that the group has told the member what it has.
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

// Close ends the watch: nothing begins any more.
func (w *Watch) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.end()
}

// Since returns when the rebalance under way began; zero if none is.
func (w *Watch) Since() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.since
}
