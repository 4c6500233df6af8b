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
	// maxPoll is the largest number of records of one poll.
	maxPoll = 500
	// pollDeadline bounds the time between two polls while the caller processes records that
	// were polled: a member that does not poll is removed from its group.
	pollDeadline = time.Second
)

// Poll returns the next message, and acknowledges the one before: that one is now processed.
// It waits within ctx. Its outcomes:
//
//   - a message;
//   - a [*RecordError]: this record could not be decoded. The next call of Poll acknowledges
//     it, unless the record is not the cause (registry.UnauthorizedError,
//     serde.ReaderSchemaError): then the record is returned again. [RecordError.Class] tells a
//     bad record from a schema that does not match;
//   - an [*EndOfPartition], under enable.partition.eof;
//   - a [*PartitionError] or [*CommitError]: reading continues;
//   - ctx's error: nothing was read in time; with the last *registry.UnavailableError if
//     records wait for the registry;
//   - [ErrEnd], [kafka.ErrClosed], an error of [OnAssigned], or a *[kafka.Error]: reading has
//     ended.
//
// While the registry does not answer, the partitions that need it are paused, their records
// wait in order, and other partitions continue. A warning is logged (see [WithLogger]).
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

// Messages yields the results of Poll until reading ends; the error that ends it is yielded
// last, except ErrEnd. After break, the last message is unprocessed, and is the next to be
// returned.
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

// yieldedItem is a record that was returned to the caller and is not acknowledged yet.
type yieldedItem struct {
	item
	ctx  context.Context // returned by the observer
	from time.Time       // when decoding began
	err  error           // of decoding
}

// acknowledge marks the yielded records as processed. mu is held, and released while the
// observer is notified.
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

// observeHandled notifies the observer of yielded records.
func (c *core) observeHandled(seen ...yieldedItem) {
	for i := range seen {
		h := &seen[i]
		c.observer.Handled(h.ctx, h.rec, time.Since(h.from), h.err)
	}
}

// requeueYielded returns the yielded records to their queues.
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

// nextMessage waits for a record and decodes it. The caller holds the reader lock. mu is held,
// and released meanwhile.
func (c *Consumer[K, V]) nextMessage(ctx context.Context) (*Message[K, V], error) {
	for {
		it, err := c.nextItem(ctx)
		if err != nil {
			return nil, err
		}
		if it.end {
			return nil, &EndOfPartition{TopicPartition: it.part.TopicPartition, Offset: it.rec.Offset}
		}
		h := yieldedItem{item: it} // not in yielded yet: after a panic of decode it is unprocessed
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

// decode decodes a record. mu is held, and released meanwhile.
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
		c.observeHandled(*h) // this attempt
	}
	return nil, err
}

// requeueUndecoded returns a record to its queue if decoding failed and the record is not the
// cause. It reports whether it did. mu is held.
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

// waitsForRegistry reports whether a record that could not be decoded within ctx is to be
// decoded again. If ctx has ended, it is only if the registry did not answer until then.
func waitsForRegistry(ctx context.Context, e *RecordError) bool {
	if ctx.Err() != nil {
		return e.Stage != StageHandler && regwait.Unavailable(e) != nil
	}
	return e.Temporary() || e.NotRecordFault()
}

// nextItem waits for a record, and polls meanwhile. mu is held, and released meanwhile.
func (c *core) nextItem(ctx context.Context) (item, error) {
	if c.pollDue && c.ready.len() > 0 && ctx.Err() == nil {
		// Poll one record at most, so that memory grows by one for each that is returned.
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
