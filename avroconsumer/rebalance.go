package avroconsumer

import (
	"cmp"
	"context"
	"slices"

	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/kafka"
)

// rebalancer implements kafka.Rebalance. Its methods run within the client's Poll, Subscribe
// and Close, whose caller holds the poll lock.
type rebalancer struct{ *core }

// Assigned adds partitions to the assignment, and returns the offsets to start at.
func (c rebalancer) Assigned(ctx context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
	c.stall.End() // the functions below may take long, without a stall of the group
	ctx = c.callerContext(ctx)
	c.mu.Lock()
	for _, o := range committed {
		c.drop(c.assigned[o.TopicPartition], ErrLost) // in case a client assigns it twice
		c.assigned[o.TopicPartition] = newPartition(o.TopicPartition, o.Offset, o.Offset)
	}
	c.mu.Unlock()

	start, err := c.begin(ctx, committed)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		for _, o := range committed {
			c.drop(c.assigned[o.TopicPartition], ErrRevoked)
		}
		return nil, err
	}
	for _, o := range committed {
		c.everAssigned[o.TopicPartition] = true
	}
	c.wakeAtEnd()
	return start, nil
}

// begin determines the start offsets, from the options and the functions of OnAssigned.
func (c *core) begin(ctx context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
	start, err := c.start.offsets(ctx, c.client, committed, func(tp kafka.TopicPartition) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
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
	c.mu.Lock()
	for _, o := range start {
		if p := c.assigned[o.TopicPartition]; p != nil {
			// Commit from the start offset on, also if it is before the group's.
			p.position, p.committed = o.Offset, kafka.OffsetNone
		}
	}
	c.mu.Unlock()
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
		c.mu.Lock()
		if p := c.assigned[tp]; p != nil {
			p.end = high
			p.finished = low >= high || p.position >= high || p.position == kafka.OffsetEnd
			c.pausesChanged = true
		}
		c.mu.Unlock()
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.callerCtx != nil {
		return c.callerCtx
	}
	return ctx
}

// revokeContext is callerContext without its end, since a revoke must drain and commit
// although the context of Run has ended. During Close it is ctx.
func (c *core) revokeContext(ctx context.Context) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
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

	c.mu.Lock()
	var parts []*partition
	for _, tp := range tps {
		if p := c.assigned[tp]; p != nil {
			p.revoking = true
			for _, q := range p.queues {
				q.drop()
			}
			parts = append(parts, p)
		}
	}
	closed := c.closed
	c.mu.Unlock()

	if !closed { // else Close has drained, and ctx is bounded
		c.drain(ctx, parts)
		// The commit gets time of its own, also after a drain that timed out.
		var cancel context.CancelFunc
		ctx, cancel = ending.Context(ctx, ending.Close)
		defer cancel()
	}
	for _, f := range c.onRevoked {
		f(ctx, tps)
	}
	if !c.manual {
		_, _ = c.commit(ctx, func() []kafka.Offset { // commit notifies the observer of an error
			var out []kafka.Offset
			for _, p := range parts {
				if o, ok := c.due(p); ok {
					out = append(out, o)
				}
			}
			return sortOffsets(out)
		})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range parts {
		c.drop(p, ErrRevoked)
	}
}

// drain waits until no handler of parts is running. When ctx ends, it cancels the contexts of
// those that are.
func (c *core) drain(ctx context.Context, parts []*partition) {
	for _, p := range parts {
		c.mu.Lock()
		idle := p.whenIdle()
		c.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
			c.mu.Lock()
			p.cancelHandlers(ErrRevoked)
			c.mu.Unlock()
		}
	}
}

// Lost drops partitions that belong to another member: their handlers are cancelled and
// nothing is committed.
func (c rebalancer) Lost(tps []kafka.TopicPartition) {
	c.mu.Lock()
	for _, tp := range tps {
		c.drop(c.assigned[tp], ErrLost)
	}
	c.mu.Unlock()
	c.beginStallWatch()
	c.observer.Lost(tps)
	for _, f := range c.onLost {
		f(tps)
	}
}

// drop removes p from the assignment and cancels its handlers. mu is held; p may be nil.
func (c *core) drop(p *partition, cause error) {
	if p == nil || p.stale {
		return
	}
	p.stale = true
	p.cancelHandlers(cause)
	for _, q := range p.queues {
		q.drop()
	}
	if c.assigned[p.TopicPartition] == p {
		delete(c.assigned, p.TopicPartition)
	}
	c.wakeAtEnd()
}

// wakeAtEnd wakes the reader if everything was read to its end. mu is held.
func (c *core) wakeAtEnd() {
	if c.atEnd() {
		c.wake()
	}
}

// cancelHandlers cancels the context of p's handlers. core.mu is held.
func (p *partition) cancelHandlers(cause error) {
	if p.cancel != nil {
		p.cancel(cause)
		p.ctx, p.cancel = nil, nil
	}
}

// reposition replaces p by a new assignment of its partition, so that tasks in progress on p
// change nothing. mu is held.
func (c *core) reposition(p *partition, to int64) {
	next := newPartition(p.TopicPartition, to, kafka.OffsetNone)
	next.userPaused, next.clientPaused, next.end = p.userPaused, p.clientPaused, p.end
	if p.running > 0 {
		next.previous, p.previous = p, nil
	} else {
		next.previous = p.previous
	}
	p.stale = true
	for _, q := range p.queues {
		q.drop()
	}
	c.assigned[p.TopicPartition] = next
	c.pausesChanged = true
}

func comparePartitions(a, b kafka.TopicPartition) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}
