package franz

import (
	"sync"
	"time"
)

// watchdog notices that Poll was not called for max.poll.interval.ms, as
// librdkafka does: a consumer that hangs must not keep its partitions. The zero
// value watches nothing.
type watchdog struct {
	mu      sync.Mutex
	limit   time.Duration
	timer   *time.Timer
	polling bool
	last    time.Time // when Poll last returned
	fired   bool
	stopped bool
}

// start begins to watch. bark runs at most once, in a goroutine of its own.
func (w *watchdog) start(limit time.Duration, bark func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limit, w.last = limit, time.Now()
	w.timer = time.AfterFunc(limit, func() {
		if w.check() {
			bark()
		}
	})
}

// check reports whether it is time to bark, and otherwise sets the timer for
// when it may be.
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

// enter says that Poll begins. It returns false if that is too late.
func (w *watchdog) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.polling = !w.fired
	return w.polling
}

// leave says that Poll ends.
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

// stop ends the watch. A bark that has begun goes on.
func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	if w.timer != nil {
		w.timer.Stop()
	}
}
