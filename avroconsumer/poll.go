package avroconsumer

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/kavro/kavro/base"
)

const (
	// maxPoll is how many records one poll may bring.
	maxPoll = 500
	// stale is how long a caller that takes its time with what was polled keeps
	// the base waiting at most: a member that does not poll is thrown out.
	stale = time.Second
)

// Poll returns the next message. Asking for it says that the one before is dealt
// with. It waits within ctx. Its outcomes:
//
//   - a message;
//   - a [*RecordError]: this record could not be decoded. Asking for the next one
//     deals with it, except where the record is not to blame
//     (registry.UnauthorizedError): then it comes again;
//   - an [*EndOfPartition], under enable.partition.eof;
//   - a [*PartitionError] or [*CommitError]: the rest goes on;
//   - ctx's error: nothing came in time;
//   - [ErrEnd], [base.ErrClosed], an error of [OnAssigned], or a *[base.Error]: there
//     is nothing more to read.
//
// While the registry does not answer, the partitions that need it wait, paused
// and in order, and the others go on.
func (c *Consumer[K, V]) Poll(ctx context.Context) (*Message[K, V], error) {
	c.mu.Lock()
	if err := c.claim(); err != nil {
		c.mu.Unlock()
		return nil, err
	}
	seen := c.dealWithOut()
	c.mu.Unlock()
	c.handled(seen)
	m, err := c.pull(ctx)
	c.mu.Lock()
	c.free()
	c.mu.Unlock()
	return m, err
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
				c.takeBack()
				return
			case err != nil && !goesOn(err):
				return
			}
		}
	}
}

// dealWithOut deals with what was handed out, and returns it if the observer
// wants to know. mu is held.
func (c *Consumer[K, V]) dealWithOut() (seen []item) {
	for i := range c.out {
		c.dealtWith(&c.out[i])
	}
	if c.observing {
		seen = slices.Clone(c.out)
	}
	clear(c.out)
	c.out = c.out[:0]
	return seen
}

// handled tells the observer of records that were handed out.
func (c *core) handled(seen []item) {
	for i := range seen {
		it := &seen[i]
		c.observer.Handled(it.ctx, it.rec, time.Since(it.from), it.err)
	}
}

// takeBack returns what was handed out to where it came from.
func (c *Consumer[K, V]) takeBack() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.out) - 1; i >= 0; i-- {
		c.putBack(c.out[i])
	}
	clear(c.out)
	c.out = c.out[:0]
}

// pull hands out the next message. The caller has the claim.
func (c *Consumer[K, V]) pull(ctx context.Context) (*Message[K, V], error) {
	for {
		it, err := c.await(ctx)
		if err != nil {
			return nil, err
		}
		if it.rec == nil {
			return nil, &EndOfPartition{TopicPartition: it.part.TopicPartition, Offset: it.end}
		}
		m, err := c.open(ctx, &it)
		if err != errAgain {
			return m, err
		}
	}
}

// open decodes a record and hands it out. errAgain: it went back to where it came
// from.
func (c *Consumer[K, V]) open(ctx context.Context, it *item) (*Message[K, V], error) {
	if c.observing {
		it.from = time.Now()
		it.ctx = c.observer.Handling(ctx, it.rec)
	}
	m, err := c.decoder.Decode(ctx, it.rec)
	if err != nil && (ctx.Err() != nil || temporary(err) || blameless(err)) {
		it.err = err
		if c.observing {
			c.handled([]item{*it})
		}
		return nil, c.reopenLater(ctx, it)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	c.registryAnswered(it.part.lane(it.lane))
	it.err = err
	c.out = append(c.out, *it)
	if err != nil {
		return nil, err
	}
	m.from = handle{part: it.part, seq: it.seq, offset: m.Offset}
	return m, nil
}

// reopenLater returns a record to where it came from, and says what Poll is to
// make of it.
func (c *core) reopenLater(ctx context.Context, it *item) error {
	err := it.err
	c.mu.Lock()
	defer c.mu.Unlock()
	c.putBack(*it)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.awaitRegistry(it.part.lane(it.lane))
	if temporary(err) {
		return errAgain
	}
	return err
}

// await waits until there is something to hand out, and polls meanwhile.
func (c *core) await(ctx context.Context) (item, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return item{}, err
	}
	if c.ready.len() > 0 && time.Since(c.polled) > stale {
		// One record more at the most, for each that is handed out.
		if err := c.poll(ctx, 1, time.Millisecond, func() bool { return false }); err != nil && err != errAgain {
			return item{}, err
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return item{}, err
		}
		if c.closing {
			return item{}, base.ErrClosed
		}
		if len(c.trouble) > 0 {
			err := c.trouble[0]
			c.trouble = c.trouble[1:]
			return item{}, err
		}
		if l := c.next(); l != nil {
			it := l.items.pop()
			c.offer(l)
			return it, nil
		}
		if c.atEnd() {
			return item{}, ErrEnd
		}
		err := c.poll(ctx, maxPoll, 0, func() bool { return c.ready.len() > 0 || len(c.trouble) > 0 })
		if err != nil && err != errAgain {
			return item{}, err
		}
	}
}
