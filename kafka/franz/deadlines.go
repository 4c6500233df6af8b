package franz

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// deadlines makes message.timeout.ms of contexts. kgo has a timeout of its own,
// but counts it from the record's timestamp, which may be years ago. It looks
// at the context of a batch's first record, so records that are produced
// within a sixteenth of the timeout share one.
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

// newDeadlines returns nil, which gives records no deadline, for 0.
func newDeadlines(timeout time.Duration) *deadlines {
	if timeout == 0 {
		return nil
	}
	d := &deadlines{timeout: timeout}
	d.parent, d.free = context.WithCancel(context.Background())
	return d
}

// from is the context of a record produced now.
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
	context.AfterFunc(ctx, cancel) // nothing to free sooner: the timer ends by itself or with the parent
	d.current.Store(&deadline{ctx, until})
	return ctx
}

// stop frees the timers, when nothing is in flight any more.
func (d *deadlines) stop() {
	if d != nil {
		d.free()
	}
}
