package avroconsumer

import (
	"context"
	"time"
)

// A partition that is over its high-water mark is handled in one of two ways. Usually Run
// stops polling altogether until the partition is below its low-water mark, because pausing it
// is expensive: the clients discard the records that they have fetched of it, and after it is
// resumed their next fetch may wait for fetch.wait.max.ms. A partition that needs longer than
// maxBackpressure is paused instead, so that the others continue; half of the high-water mark
// is then enough to bridge the time until it is fetched again.
const maxBackpressure = 500 * time.Millisecond

// overHighMark begins backpressure on p. mu is held.
func (c *core) overHighMark(p *partition) {
	p.overHighMark, p.overSince = true, time.Now()
	if c.run == nil {
		p.drainsSlowly = true // Poll returns nothing while the client polls, so pause it
	}
	c.pausesChanged = c.pausesChanged || p.drainsSlowly
}

// belowLowMark ends backpressure on p, which holds half of the high-water mark or less. mu is
// held.
func (c *core) belowLowMark(p *partition) {
	p.overHighMark = false
	if p.drainsSlowly {
		c.pausesChanged = true
	} else {
		c.wake() // Run may be in awaitBackpressure
	}
	p.drainsSlowly = time.Since(p.overSince) > maxBackpressure
}

// awaitBackpressure waits, instead of polling, while a partition is over its high-water mark
// and was not slow before. It returns when that partition is below its low-water mark, or
// after maxBackpressure, and the client is then told to pause it. The result is false if there
// was no such partition. mu is held, and released meanwhile.
func (c *core) awaitBackpressure(ctx context.Context) bool {
	now, left := time.Now(), maxBackpressure
	resting := false
	for _, p := range c.assigned {
		if !p.overHighMark || p.wantPaused() {
			continue
		}
		d := maxBackpressure - now.Sub(p.overSince)
		if d <= 0 {
			p.drainsSlowly, c.pausesChanged = true, true
			continue
		}
		resting, left = true, min(left, d)
	}
	if !resting {
		return false
	}
	ctx, c.interrupt = context.WithTimeout(ctx, left)
	c.mu.Unlock()
	<-ctx.Done()
	c.mu.Lock()
	c.interrupt()
	c.interrupt = nil
	return true
}

// underBackpressure reports whether some partition is not polled until its handed-out records
// are processed. mu is held.
func (c *core) underBackpressure() bool {
	for _, p := range c.assigned {
		if p.overHighMark && !p.userPaused && p.waitingQueues == 0 {
			return true
		}
	}
	return false
}
