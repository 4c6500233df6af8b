package avroconsumer

import (
	"context"
	"iter"
	"slices"
	"time"
)

// Batches yields up to max messages at a time, in the order of their offsets
// within each partition. A batch is not full if wait has passed since its first
// message, or if one partition has as much in memory as [WithInFlight] allows. The
// messages of a batch are dealt with when the loop comes back; after break they
// will be handed out again.
//
// Everything else that Poll returns is yielded with a nil batch, in its place: a
// bad record after the messages before it. The error that ends reading is yielded
// last. A max below 1 counts as 1.
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

// collect deals with what was handed out before, and hands out one batch. If err
// is not nil it comes after the batch.
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
			// Nothing new is begun for somebody who wants to end.
			c.requeueYieldedLocked()
			return nil, c.explain(ctx.Err())
		case limited.Err() != nil && ended(err):
			err = nil
		}
		return c.dropStale(batch), err
	}
}

// dealWithGood deals with the messages that were handed out, and leaves the bad
// record that may have come after them.
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

// stillOurs drops messages whose partitions went away while more were collected.
// mu is held.
func (c *Consumer[K, V]) dropStale(batch []*Message[K, V]) []*Message[K, V] {
	return slices.DeleteFunc(batch, func(m *Message[K, V]) bool { return m.from.part.stale })
}
