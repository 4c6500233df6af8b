package avroconsumer

import (
	"context"
	"iter"
	"slices"
	"time"
)

// Batches yields up to max messages at a time, in the order of their offsets within each
// partition. A batch is smaller if wait has passed since its first message, or if a partition
// has reached the bound of [WithInFlight]. The messages of a batch are processed when the loop
// asks for the next one; after break they are unprocessed, and returned again.
//
// Other results of [Consumer.Poll] are yielded in order with a nil batch: a bad record after
// the messages before it. The error that ends reading is yielded last, except ErrEnd. A max
// below 1 counts as 1.
func (c *Consumer[K, V]) Batches(ctx context.Context, max int, wait time.Duration) iter.Seq2[[]*Message[K, V], error] {
	return func(yield func([]*Message[K, V], error) bool) {
		for {
			batch, err := c.collect(ctx, max, wait)
			if len(batch) > 0 {
				if !yield(batch, nil) {
					c.requeueYielded()
					return
				}
				c.acknowledgeGood()
			}
			switch {
			case err == ErrEnd:
				return
			case err == nil:
			case !yield(nil, err):
				c.requeueYielded()
				return
			case !isContinuable(err):
				return
			}
		}
	}
}

// collect acknowledges the previous batch and returns the next one. An error comes after the
// messages of the batch.
func (c *Consumer[K, V]) collect(ctx context.Context, max int, wait time.Duration) ([]*Message[K, V], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.lockReader(); err != nil {
		return nil, err
	}
	defer c.unlockReader()
	c.acknowledge()

	var batch []*Message[K, V]
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	for {
		m, err := c.nextMessage(limited)
		switch {
		case err == nil:
			batch = append(batch, m)
			if len(batch) == 1 {
				defer time.AfterFunc(wait, cancel).Stop()
			}
			if len(batch) < max && (c.ready.len() > 0 || !c.underBackpressure()) {
				continue
			}
		case ctx.Err() != nil:
			// The caller wants to end: it gets no new messages.
			c.requeueYieldedLocked()
			return nil, c.explain(ctx.Err())
		case limited.Err() != nil && ended(err):
			err = nil
		}
		return c.dropStale(batch), err
	}
}

// acknowledgeGood acknowledges the yielded messages, but not the bad record that may follow
// them.
func (c *Consumer[K, V]) acknowledgeGood() {
	c.mu.Lock()
	defer c.mu.Unlock()
	good := len(c.yielded)
	if good > 0 && c.yielded[good-1].err != nil {
		good--
	}
	bad := slices.Clone(c.yielded[good:])
	c.yielded = c.yielded[:good]
	c.acknowledge()
	c.yielded = append(c.yielded, bad...)
}

// dropStale removes messages whose partitions were revoked while the batch was collected. mu
// is held.
func (c *Consumer[K, V]) dropStale(batch []*Message[K, V]) []*Message[K, V] {
	return slices.DeleteFunc(batch, func(m *Message[K, V]) bool { return m.from.part.stale })
}
