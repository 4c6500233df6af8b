package avroconsumer

import (
	"errors"

	"github.com/kavro/kavro/kafka"
)

// applyPauses tells the client which partitions to pause and to resume, if that changed.
func (c *core) applyPauses() {
	c.mu.Lock()
	changed := c.pausesChanged
	c.mu.Unlock()
	if !changed {
		return
	}
	// Hold the lock until the client is told, so that two calls cannot tell it in the wrong
	// order.
	c.pauseLock <- struct{}{}
	defer func() { <-c.pauseLock }()
	c.mu.Lock()
	c.pausesChanged = false
	var pause, resume []kafka.TopicPartition
	for tp, p := range c.assigned {
		switch want := p.wantPaused(); {
		case want == p.clientPaused:
		case want:
			pause = append(pause, tp)
		default:
			resume = append(resume, tp)
		}
		p.clientPaused = p.wantPaused()
	}
	c.mu.Unlock()
	// The clients ignore partitions that are no longer assigned.
	for _, err := range []error{c.callIfAny(c.client.Pause, pause), c.callIfAny(c.client.Resume, resume)} {
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
