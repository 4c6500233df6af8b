package avroconsumer

import (
	"errors"
	"time"

	"github.com/kavro/kavro/base"
)

// awaitRegistry parks a lane because the registry does not answer, longer each
// time. mu is held.
func (c *core) awaitRegistry(l *lane) {
	if l.part.gone || l.part.stopping {
		return
	}
	if l.waits == 0 {
		l.part.waiting++
		c.unsettled = true
	}
	l.waits++
	c.park(l, registryBackoff(l.waits))
}

// registryBackoff bounds how often a registry that is down is asked, and how
// late it is noticed that it is back.
func registryBackoff(n int) time.Duration {
	return Exponential(100*time.Millisecond, 10*time.Second)(n)
}

// registryAnswered undoes awaitRegistry. mu is held.
func (c *core) registryAnswered(l *lane) {
	if l.waits > 0 {
		l.waits = 0
		l.part.waiting--
		c.unsettled = true
	}
}

// settle tells the base which partitions to fetch, where that changed.
func (c *core) settle() {
	c.mu.Lock()
	unsettled := c.unsettled
	c.mu.Unlock()
	if !unsettled {
		return
	}
	// The token is held from looking to telling: two who settle at the same time
	// must not tell the base in the wrong order.
	c.pauses <- struct{}{}
	defer func() { <-c.pauses }()
	c.mu.Lock()
	c.unsettled = false
	var halt, resume []base.TopicPartition
	for tp, p := range c.assigned {
		switch want := p.halt(); {
		case want == p.halted:
		case want:
			halt = append(halt, tp)
		default:
			resume = append(resume, tp)
		}
		p.halted = p.halt()
	}
	c.mu.Unlock()
	// A partition that was taken away meanwhile is ignored, and a base that was
	// closed needs no telling.
	for _, err := range []error{c.tell(c.base.Pause, halt), c.tell(c.base.Resume, resume)} {
		if err != nil && !errors.Is(err, base.ErrClosed) {
			c.observer.Error(err)
		}
	}
}

func (c *core) tell(call func(...base.TopicPartition) error, p []base.TopicPartition) error {
	if len(p) == 0 {
		return nil
	}
	return call(p...)
}
