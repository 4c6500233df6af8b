package franz

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// deadlines implements message.timeout.ms by contexts. kgo's own timeout counts from the
// record's timestamp, which may be years ago. kgo checks the context of the first record of a
// batch alone, so the records of a sixteenth of the timeout share one context.
type deadlines struct {
	timeout time.Duration
	parent  context.Context
	free    context.CancelFunc
	mu      sync.Mutex
	current atomic.Pointer[deadline]
}

// deadline is the context of records produced before until.
type deadline struct {
	context.Context
	until time.Time
}

// newDeadlines returns nil for 0: no deadline.
func newDeadlines(timeout time.Duration) *deadlines {
	if timeout == 0 {
		return nil
	}
	d := &deadlines{timeout: timeout}
	d.parent, d.free = context.WithCancel(context.Background())
	return d
}

// from returns the context of a record produced now.
func (d *deadlines) from(now time.Time) context.Context {
	if d == nil {
		return context.Background()
	}
	if c := d.current.Load(); c != nil && now.Before(c.until) {
		return c.Context
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.current.Load(); c != nil && now.Before(c.until) {
		return c.Context
	}
	until := now.Add(d.timeout / 16)
	ctx, cancel := context.WithDeadline(d.parent, until.Add(d.timeout))
	context.AfterFunc(ctx, cancel) // nothing to release earlier: the timer ends by itself or with parent
	d.current.Store(&deadline{ctx, until})
	return ctx
}

// stop releases the timers. No record may be in flight any more.
func (d *deadlines) stop() {
	if d != nil {
		d.free()
	}
}
