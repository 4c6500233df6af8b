package avroconsumer

import (
	"context"
	"slices"

	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/internal/sched"
	"github.com/kavro/kavro/kafka"
)

// rebalancer implements kafka.Rebalance. Its methods run within the client's Poll, Subscribe
// and Close, whose caller holds the poll lock.
type rebalancer struct{ *core }

// Assigned adds partitions to the assignment, and returns the offsets to start at.
func (c rebalancer) Assigned(ctx context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
	c.stall.End() // the functions below may take long, without a stall of the group
	ctx = c.callerContext(ctx)
	c.lock()
	c.drop(partitionsOf(committed), ErrLost) // in case a client assigns one twice
	c.machine.Assigned(committed)
	c.unlock()

	start, err := c.begin(ctx, committed)
	c.lock()
	defer c.unlock()
	if err != nil {
		c.drop(partitionsOf(committed), ErrRevoked)
		return nil, err
	}
	for _, o := range committed {
		c.everAssigned[o.TopicPartition] = true
	}
	return start, nil
}

// begin determines the start offsets, from the options and the functions of OnAssigned.
func (c *core) begin(ctx context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
	start, err := c.start.offsets(ctx, c.client, committed, func(tp kafka.TopicPartition) bool {
		c.lock()
		defer c.unlock()
		return c.everAssigned[tp]
	})
	if err != nil {
		return nil, err
	}
	c.observer.Assigned(partitionsOf(committed))
	for _, f := range c.onAssigned {
		chosen, err := f(ctx, slices.Clone(committed))
		if err != nil {
			return nil, err
		}
		start = override(start, chosen)
	}
	c.lock()
	for _, o := range start {
		c.machine.StartAt(o)
	}
	c.unlock()
	return start, c.findEnds(ctx, partitionsOf(committed))
}

// findEnds reads the ends that WithToEnd reads to.
func (c *core) findEnds(ctx context.Context, tps []kafka.TopicPartition) error {
	broker, ok := c.client.(kafka.Offsets)
	if !c.toEnd || !ok {
		return nil
	}
	for _, tp := range tps {
		low, high, err := broker.Watermarks(ctx, tp)
		if err != nil {
			return err
		}
		c.lock()
		c.machine.EndAt(tp, low, high)
		c.unlock()
	}
	return nil
}

// Revoked drains, commits and drops partitions.
func (c rebalancer) Revoked(ctx context.Context, tps []kafka.TopicPartition) {
	c.observer.Revoked(tps)
	c.revoke(c.revokeContext(ctx), tps)
	c.beginStallWatch()
}

// callerContext returns the context of the caller of the poll in progress. The context that
// the client passes to callbacks is derived from the poll's, which ends when the poll is
// interrupted.
func (c *core) callerContext(ctx context.Context) context.Context {
	c.lock()
	defer c.unlock()
	if c.callerCtx != nil {
		return c.callerCtx
	}
	return ctx
}

// revokeContext is callerContext without its end, since a revoke must drain and commit
// although the context of Run has ended. During Close it is ctx.
func (c *core) revokeContext(ctx context.Context) context.Context {
	c.lock()
	defer c.unlock()
	if c.callerCtx != nil {
		return context.WithoutCancel(c.callerCtx)
	}
	return ctx
}

// revoke starts no more tasks of these partitions, waits for their handlers within the drain
// timeout, calls the functions of OnRevoked, commits, and drops the partitions.
func (c *core) revoke(ctx context.Context, tps []kafka.TopicPartition) {
	ctx, cancel := context.WithTimeout(ctx, c.drainTimeout)
	defer cancel()

	c.lock()
	revoked := c.machine.Revoke(tps)
	if !c.closed { // else Close has drained, and ctx is bounded
		if !c.await(ctx, func() bool { return !slices.ContainsFunc(revoked, running) }) {
			for _, g := range revoked {
				c.cancelHandlers(g, ErrRevoked)
			}
		}
		// The commit gets time of its own, also after a drain that timed out.
		var cancel context.CancelFunc
		ctx, cancel = ending.Context(ctx, ending.Close)
		defer cancel()
	}
	c.unlock()
	for _, f := range c.onRevoked {
		f(ctx, tps)
	}
	if !c.manual {
		_, _ = c.commit(ctx, func() (out []kafka.Offset) { // commit notifies the observer of an error
			for _, g := range revoked {
				if o, ok := c.machine.Due(g); ok {
					out = append(out, o)
				}
			}
			return out
		})
	}
	c.lock()
	defer c.unlock()
	c.drop(tps, ErrRevoked)
}

// running reports whether handlers of g are running.
func running(g *sched.Generation) bool { return !g.Idle() }

// Lost drops partitions that belong to another member: their handlers are cancelled and
// nothing is committed.
func (c rebalancer) Lost(tps []kafka.TopicPartition) {
	c.lock()
	c.drop(tps, ErrLost)
	c.unlock()
	c.beginStallWatch()
	c.observer.Lost(tps)
	for _, f := range c.onLost {
		f(tps)
	}
}

// drop ends the assignment of partitions and cancels their handlers. mu is held.
func (c *core) drop(tps []kafka.TopicPartition, cause error) {
	for _, tp := range tps {
		if g := c.machine.Drop(tp); g != nil {
			c.cancelHandlers(g, cause)
		}
	}
}
