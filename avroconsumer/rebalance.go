package avroconsumer

import (
	"cmp"
	"context"
	"slices"

	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/kafka"
)

// rebalancer is what the client tells of rebalances. Its methods run inside the
// client's Poll, Subscribe and Close: whoever has the turn waits for them.
type rebalancer struct{ *core }

// Assigned takes partitions over, and says where to begin.
func (c rebalancer) Assigned(ctx context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
	c.stall.End() // what follows is this program's own time
	ctx = c.callerContext(ctx)
	c.mu.Lock()
	for _, o := range committed {
		c.drop(c.assigned[o.TopicPartition], ErrLost) // a client that says it twice
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

// begin finds out where to begin, by the user's options and functions.
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
			// The group's offset will follow, also backwards.
			p.position, p.committed = o.Offset, kafka.OffsetNone
		}
	}
	c.mu.Unlock()
	return start, c.findEnds(ctx, partitionsOf(committed))
}

// findEnds notes the ends that WithToEnd reads to.
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

// Revoked gives partitions up in good order.
func (c rebalancer) Revoked(ctx context.Context, tps []kafka.TopicPartition) {
	c.observer.Revoked(tps)
	c.revoke(c.revokeContext(ctx), tps)
	c.beginStallWatch()
}

// asking returns the context of whoever asked for a poll. The one that the client
// got, and passes on, ends for reasons of ours: an interruption, a poll that is
// to be short.
func (c *core) callerContext(ctx context.Context) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.callerCtx != nil {
		return c.callerCtx
	}
	return ctx
}

// patient is asking for what has to be done in good order although Run's context
// has ended; only Close's context means what it says.
func (c *core) revokeContext(ctx context.Context) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.callerCtx != nil {
		return context.WithoutCancel(c.callerCtx)
	}
	return ctx
}

// surrender hands out nothing more of these partitions, waits for their handlers
// within the drain timeout, asks the user's function, commits, and forgets them.
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

	if !closed { // else late handlers have had their drain, and ctx has its time
		c.drain(ctx, parts)
		// Handlers that took all the time must not cost the offsets of the others.
		var cancel context.CancelFunc
		ctx, cancel = ending.Context(ctx, ending.Close)
		defer cancel()
	}
	for _, f := range c.onRevoked {
		f(ctx, tps)
	}
	if !c.manual {
		_, _ = c.commit(ctx, func() []kafka.Offset { // the observer is told of an error
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

// drain waits until no handler is at work on parts, then cancels those that
// still are.
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

// Lost forgets partitions that belong to somebody else: their handlers are
// cancelled, nothing is committed.
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

// forget makes p a partition of the past, and cancels what its handlers still
// do. mu is held; p may be nil.
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

// noteEnd lets whoever polls know if there is nothing left to wait for. mu is
// held.
func (c *core) wakeAtEnd() {
	if c.atEnd() {
		c.wake()
	}
}

// cancelHandlers ends the context of p's handlers. core.mu is held.
func (p *partition) cancelHandlers(cause error) {
	if p.cancel != nil {
		p.cancel(cause)
		p.ctx, p.cancel = nil, nil
	}
}

// reposition puts a new partition in the place of p, so that whatever of p is
// still under way counts for nothing. mu is held.
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
