package avroconsumer

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/kafka"
)

const (
	// maxPoll is how many records one poll may bring.
	maxPoll = 500
	// stale is how long a caller that takes its time with what was polled keeps
	// the client waiting at most: a member that does not poll is thrown out.
	pollDeadline = time.Second
)

// Poll returns the next message. Asking for it says that the one before is dealt
// with. It waits within ctx. Its outcomes:
//
//   - a message;
//   - a [*RecordError]: this record could not be decoded. Asking for the next one
//     deals with it, except where the record is not to blame
//     (registry.UnauthorizedError, serde.ReaderSchemaError): then it comes again. Its
//     [RecordError.Class] tells a bad record from schemas that do not match;
//   - an [*EndOfPartition], under enable.partition.eof;
//   - a [*PartitionError] or [*CommitError]: the rest goes on;
//   - ctx's error: nothing came in time; with the last *registry.UnavailableError if
//     records wait for the registry;
//   - [ErrEnd], [kafka.ErrClosed], an error of [OnAssigned], or a *[kafka.Error]: there
//     is nothing more to read.
//
// While the registry does not answer, the partitions that need it wait, paused
// and in order, and the others go on. A warning says so (see [WithLogger]).
func (c *Consumer[K, V]) Poll(ctx context.Context) (*Message[K, V], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.lockReader(); err != nil {
		return nil, err
	}
	defer c.unlockReader()
	c.acknowledge()
	return c.nextMessage(ctx)
}

// Messages yields what Poll returns, until there is nothing more to read: the
// error that says so is yielded last. After break, the last message is not dealt
// with, and will be the next to be handed out.
func (c *Consumer[K, V]) Messages(ctx context.Context) iter.Seq2[*Message[K, V], error] {
	return func(yield func(*Message[K, V], error) bool) {
		for {
			m, err := c.Poll(ctx)
			switch {
			case err == ErrEnd:
				return
			case !yield(m, err):
				c.requeueYielded()
				return
			case err != nil && !isContinuable(err):
				return
			}
		}
	}
}

// handed is a record that was handed out.
type yieldedItem struct {
	item
	ctx  context.Context // the observer's
	from time.Time       // since when
	err  error           // why it could not be decoded
}

// dealWithOut deals with what was handed out. mu is held, and released while the
// observer is told.
func (c *Consumer[K, V]) acknowledge() {
	for i := range c.yielded {
		c.markProcessed(&c.yielded[i].item)
	}
	if c.observing && len(c.yielded) > 0 {
		func(seen []yieldedItem) {
			c.mu.Unlock()
			defer c.mu.Lock()
			c.observeHandled(seen...)
		}(slices.Clone(c.yielded))
	}
	clear(c.yielded)
	c.yielded = c.yielded[:0]
}

// handled tells the observer of records that were handed out.
func (c *core) observeHandled(seen ...yieldedItem) {
	for i := range seen {
		h := &seen[i]
		c.observer.Handled(h.ctx, h.rec, time.Since(h.from), h.err)
	}
}

// takeBack returns what was handed out to where it came from.
func (c *Consumer[K, V]) requeueYielded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requeueYieldedLocked()
}

func (c *Consumer[K, V]) requeueYieldedLocked() {
	for i := len(c.yielded) - 1; i >= 0; i-- {
		c.requeue(c.yielded[i].item)
	}
	clear(c.yielded)
	c.yielded = c.yielded[:0]
}

// pull hands out the next message. The caller has the claim. mu is held, and
// released meanwhile.
func (c *Consumer[K, V]) nextMessage(ctx context.Context) (*Message[K, V], error) {
	for {
		it, err := c.nextItem(ctx)
		if err != nil {
			return nil, err
		}
		if it.end {
			return nil, &EndOfPartition{TopicPartition: it.part.TopicPartition, Offset: it.rec.Offset}
		}
		h := yieldedItem{item: it} // not among out yet: what panics in open has not been dealt with
		m, err := c.decode(ctx, &h)
		if err == nil || !c.requeueUndecoded(ctx, &h) {
			c.registryAnswered(c.queue(it.part, it.queueKey))
			c.yielded = append(c.yielded, h)
			return m, err
		}
		switch {
		case ctx.Err() != nil:
			return nil, c.explain(ctx.Err())
		case !err.(*RecordError).Temporary():
			return nil, err
		}
	}
}

// open decodes a record. mu is held, and released meanwhile.
func (c *Consumer[K, V]) decode(ctx context.Context, h *yieldedItem) (*Message[K, V], error) {
	c.mu.Unlock()
	defer c.mu.Lock()
	if c.observing {
		h.from = time.Now()
		h.ctx = c.observer.Handling(ctx, h.rec)
	}
	m, err := c.decoder.Decode(ctx, h.rec)
	if err == nil {
		m.from = handle{part: h.part, seq: h.seq, offset: m.Offset}
		return m, nil
	}
	h.err = err
	e := err.(*RecordError)
	if waitsForRegistry(ctx, e) && c.noteAttempt(e, &h.item) && (e.Temporary() || ctx.Err() != nil) {
		c.reportWaiting(e)
	}
	if c.observing && (ctx.Err() != nil || e.Temporary() || e.NotRecordFault()) {
		c.observeHandled(*h) // for now
	}
	return nil, err
}

// returns says whether a record that could not be decoded is not to blame, and
// returns it to where it came from. mu is held.
func (c *core) requeueUndecoded(ctx context.Context, h *yieldedItem) bool {
	e := h.err.(*RecordError)
	waits := waitsForRegistry(ctx, e)
	if ctx.Err() == nil && !waits {
		return false
	}
	c.requeue(h.item)
	if waits {
		c.waitForRegistry(c.queue(h.part, h.queueKey), idNeeded(e))
	}
	return true
}

// waits says whether a record that could not be decoded within ctx waits for the
// registry. It does also where ctx has ended, if that was because the registry is away.
func waitsForRegistry(ctx context.Context, e *RecordError) bool {
	if ctx.Err() != nil {
		return e.Stage != StageHandler && regwait.Unavailable(e) != nil
	}
	return e.Temporary() || e.NotRecordFault()
}

// await waits until there is something to hand out, and polls meanwhile. mu is
// held, and released meanwhile.
func (c *core) nextItem(ctx context.Context) (item, error) {
	if c.pollDue && c.ready.len() > 0 && ctx.Err() == nil {
		// One record more at the most, for each that is handed out.
		if err := c.poll(ctx, 1, time.Millisecond, func() bool { return false }); err != nil && err != errAgain {
			return item{}, err
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return item{}, c.explain(err)
		}
		if c.closing {
			return item{}, kafka.ErrClosed
		}
		if len(c.pendingErrs) > 0 {
			err := c.pendingErrs[0]
			c.pendingErrs = c.pendingErrs[1:]
			return item{}, err
		}
		if q := c.nextQueue(); q != nil {
			it := q.items.pop()
			c.schedule(q)
			return it, nil
		}
		if c.atEnd() {
			return item{}, ErrEnd
		}
		err := c.poll(ctx, maxPoll, 0, func() bool { return c.ready.len() > 0 })
		if err != nil && err != errAgain {
			return item{}, err
		}
	}
}
