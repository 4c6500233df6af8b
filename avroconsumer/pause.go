package avroconsumer

import (
	"errors"

	"github.com/kavro/kavro/kafka"
)

// settle tells the client which partitions to fetch, where that changed.
func (c *core) applyPauses() {
	c.mu.Lock()
	unsettled := c.pausesChanged
	c.mu.Unlock()
	if !unsettled {
		return
	}
	// The token is held from looking to telling: two who settle at the same time
	// must not tell the client in the wrong order.
	c.pauseLock <- struct{}{}
	defer func() { <-c.pauseLock }()
	c.mu.Lock()
	c.pausesChanged = false
	var halt, resume []kafka.TopicPartition
	for tp, p := range c.assigned {
		switch want := p.wantPaused(); {
		case want == p.clientPaused:
		case want:
			halt = append(halt, tp)
		default:
			resume = append(resume, tp)
		}
		p.clientPaused = p.wantPaused()
	}
	c.mu.Unlock()
	// A partition that was taken away meanwhile is ignored, and a client that was
	// closed needs no telling.
	for _, err := range []error{c.callIfAny(c.client.Pause, halt), c.callIfAny(c.client.Resume, resume)} {
		if err != nil && !errors.Is(err, kafka.ErrClosed) {
			c.observer.Error(err)
		}
	}
}

func (c *core) callIfAny(call func(...kafka.TopicPartition) error, p []kafka.TopicPartition) error {
	if len(p) == 0 {
		return nil
	}
	return call(p...)
}
