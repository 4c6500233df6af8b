package franz

import (
	"context"
	"sync/atomic"
	"time"
)

// clock tells the time to within some milliseconds. Timestamps of records are cut to a
// millisecond, and to read the processor's clock for each record is a tenth of its cost. A clock
// ticks while it is read. The zero value is ready.
type clock struct {
	deadlines *deadlines             // may be nil
	at        atomic.Pointer[moment] // nil: it does not tick
	read      atomic.Bool            // since the last tick
}

// moment is a time, with the context of the records that are produced then.
type moment struct {
	time.Time
	limit context.Context
}

const (
	tick     = time.Millisecond
	maxTicks = 10 // without a reader
)

func (c *clock) now() *moment {
	if !c.read.Load() {
		c.read.Store(true)
	}
	if m := c.at.Load(); m != nil {
		return m
	}
	m := c.moment(time.Now())
	if c.at.CompareAndSwap(nil, m) {
		go c.run()
	}
	return m
}

func (c *clock) moment(now time.Time) *moment { return &moment{now, c.deadlines.from(now)} }

// run ticks until nobody reads.
func (c *clock) run() {
	t := time.NewTicker(tick)
	defer t.Stop()
	for unread := 0; unread < maxTicks; unread++ {
		c.at.Store(c.moment(<-t.C))
		if c.read.Swap(false) {
			unread = 0
		}
	}
	c.at.Store(nil)
}
