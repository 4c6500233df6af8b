package avroconsumer

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/kavro/kavro/internal/sched"
	"github.com/kavro/kavro/kafka"
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
			bad := len(c.yielded) // the record of err, if it has one, comes after the messages
			if bad > 0 && c.yielded[bad-1].err != nil {
				bad--
			}
			switch {
			case len(batch) > 0 && !yield(batch, nil):
				c.requeueYielded(0)
				return
			case err == ErrEnd:
				return
			case err == nil:
			case !yield(nil, err):
				c.requeueYielded(bad)
				return
			case !isContinuable(err):
				return
			}
		}
	}
}

// collect acknowledges the previous batch and returns the next one. An error comes after the messages
// of the batch.
func (c *Consumer[K, V]) collect(ctx context.Context, max int, wait time.Duration) ([]*Message[K, V], error) {
	if err := c.beginReading(); err != nil {
		return nil, err
	}
	defer c.endReading()
	c.lock()
	defer c.unlock()
	if c.closing {
		return nil, kafka.ErrClosed
	}
	c.acknowledge()

	var batch []*Message[K, V]
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	for {
		m, err := c.awaitMessage(limited, max-len(batch), true)
		switch {
		case err == nil:
			batch = append(batch, m)
			if len(batch) == 1 {
				defer time.AfterFunc(wait, cancel).Stop()
			}
			if len(batch) < max && (c.tasks[len(c.tasks)-1].Left() > 0 || c.machine.Reader() == sched.TakeTask || !c.machine.Backpressure()) {
				continue
			}
		case ctx.Err() != nil:
			// The caller wants to end: it gets no new messages.
			for _, y := range c.yielded {
				y.Unprocessed = true
			}
			c.yielded = c.yielded[:0]
			c.finishTasks()
			return nil, c.explain(ctx.Err())
		case limited.Err() != nil && ended(err):
			err = nil
		}
		// Without messages whose partitions were revoked while the batch was collected.
		return slices.DeleteFunc(batch, func(m *Message[K, V]) bool { return m.from.Stale() }), err
	}
}
