package franz

import (
	"sync"
	"time"
)

// watchdog detects that Poll was not called for max.poll.interval.ms, as librdkafka does: a
// consumer that hangs must not keep its partitions. The zero value detects nothing.
type watchdog struct {
	mu      sync.Mutex
	limit   time.Duration
	timer   *time.Timer
	polling bool
	last    time.Time // when Poll last returned
	fired   bool
	stopped bool
}

// start starts the timer. onExpiry runs at most once, on a goroutine of its own.
func (w *watchdog) start(limit time.Duration, onExpiry func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limit, w.last = limit, time.Now()
	w.timer = time.AfterFunc(limit, func() {
		if w.check() {
			onExpiry()
		}
	})
}

// check reports whether the interval has passed; if not, it sets the timer again.
func (w *watchdog) check() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	idle := time.Since(w.last)
	switch {
	case w.stopped:
		return false
	case w.polling:
		w.timer.Reset(w.limit)
		return false
	case idle < w.limit:
		w.timer.Reset(w.limit - idle)
		return false
	}
	w.fired = true
	return true
}

// enter is called as Poll begins. It returns false if the interval has passed before.
func (w *watchdog) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.polling = !w.fired
	return w.polling
}

// leave is called as Poll ends.
func (w *watchdog) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.polling, w.last = false, time.Now()
}

func (w *watchdog) expired() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fired
}

// stop stops the timer. It does not wait for an onExpiry that runs already.
func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	if w.timer != nil {
		w.timer.Stop()
	}
}
