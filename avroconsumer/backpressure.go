package avroconsumer

import (
	"context"
	"time"
)

// patience is how long Run stops polling at most for a partition that has too
// much in memory. Most partitions come down sooner, and pausing one is dear: the
// clients throw away what they have fetched of it, and when it is resumed their
// fetch may be waiting for the other partitions, for fetch.wait.max.ms. At half of
// the high mark a partition that is slower than this has enough left to bridge that.
const maxBackpressure = 500 * time.Millisecond

// reached notes that p has too much in memory. mu is held.
func (c *core) overHighMark(p *partition) {
	p.overHighMark, p.overSince = true, time.Now()
	if c.run == nil {
		p.drainsSlowly = true // nobody brings it down while it is polled
	}
	c.pausesChanged = c.pausesChanged || p.drainsSlowly
}

// cameDown notes that p has half of that or less. mu is held.
func (c *core) belowLowMark(p *partition) {
	p.overHighMark = false
	if p.drainsSlowly {
		c.pausesChanged = true
	} else {
		c.wake() // Run may be at rest
	}
	p.drainsSlowly = time.Since(p.overSince) > maxBackpressure
}

// rest waits for partitions that have too much in memory and are not known to be
// slow, until one of them comes down or turns out to be slow: the client is then told
// to pause it. It reports whether there was one. mu is held, and released meanwhile.
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

// brimful says whether nothing more is polled of some partition until what was
// handed out of it is dealt with. mu is held.
func (c *core) underBackpressure() bool {
	for _, p := range c.assigned {
		if p.overHighMark && !p.userPaused && p.waitingQueues == 0 {
			return true
		}
	}
	return false
}
