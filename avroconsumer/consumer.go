package avroconsumer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// Consumer reads records with keys of type K and values of type V.
//
// Poll, Messages, Batches, Run and RunBatch exclude each other: one goroutine at a
// time reads. All other methods are safe for concurrent use.
type Consumer[K, V any] struct {
	*core
	decoder *Decoder[K, V]
	yielded []yieldedItem // what was handed out last, and is not dealt with. Guarded by core.mu
}

// New reads from b, with these deserializers for keys and values. It does not
// take ownership: closing b is up to you (see [WithOwnedClient]). It does not touch
// the network.
func New[K, V any](b kafka.Consumer, key serde.Deserializer[K], value serde.Deserializer[V], opts ...Option) (*Consumer[K, V], error) {
	conf := defaults()
	for _, o := range opts {
		o(&conf)
	}
	err := conf.check()
	if b == nil || key == nil || value == nil {
		err = errors.Join(err, errors.New("avroconsumer: New needs a client, a key deserializer and a value deserializer"))
	}
	if err != nil {
		return nil, err
	}
	conf.observer = Observers(conf.observers...)
	return &Consumer[K, V]{core: newCore(b, conf), decoder: NewDecoder(key, value)}, nil
}

// Client returns what New was given: the way to the client underneath.
func (c *Consumer[K, V]) Client() kafka.Consumer { return c.core.client }

// Subscribe joins the group for these topics, in place of those of an earlier
// call; a topic beginning with ^ is a regular expression. It does not wait for
// partitions: they come while the consumer is read from.
func (c *Consumer[K, V]) Subscribe(topics ...string) error {
	if len(topics) == 0 {
		return errors.New("avroconsumer: Subscribe: no topics")
	}
	return c.subscribe(topics, true)
}

// Unsubscribe leaves the group's partitions to others, as Close does. The
// consumer stays a member without topics, and may subscribe again.
func (c *Consumer[K, V]) Unsubscribe() error {
	return c.subscribe([]string{"^$"}, false) // no topic has an empty name
}

func (c *core) subscribe(topics []string, wanted bool) error {
	// Taking the turn ends at once the poll that may be under way, so there is
	// nothing to bound.
	return c.withPollLock(context.Background(), func() error {
		c.mu.Lock()
		c.unsubscribed, c.joined = !wanted, true
		c.mu.Unlock()
		if wanted {
			c.stall.Begin(c.warnStalled)
		}
		err := c.client.Subscribe(slices.Clone(topics), rebalancer{c})
		if err == nil {
			c.beginCommits()
		}
		if err != nil || !wanted {
			c.stall.End()
		}
		return err
	})
}

// Assign reads exactly these partitions, from these offsets (kafka.OffsetNone: what
// the group committed, or auto.offset.reset), without the coordination of a
// group. It excludes Subscribe. Partitions that were assigned before are given up
// as if they were revoked.
func (c *Consumer[K, V]) Assign(ctx context.Context, at ...kafka.Offset) error {
	assigner, ok := c.core.client.(kafka.Assigner)
	if !ok {
		return fmt.Errorf("avroconsumer: Assign: %w", kafka.ErrUnsupported)
	}
	return c.withPollLock(ctx, func() error {
		c.revoke(ctx, c.Assignment())
		at := slices.Clone(at)
		// Ready to take records before the first one can come.
		start, err := rebalancer{c.core}.Assigned(ctx, at)
		if err != nil {
			return err
		}
		if err := assigner.Assign(ctx, override(at, start)...); err != nil {
			rebalancer{c.core}.Lost(partitionsOf(at))
			return err
		}
		c.beginCommits()
		return nil
	})
}

// Assignment returns the partitions that this consumer has now, sorted.
func (c *Consumer[K, V]) Assignment() []kafka.TopicPartition {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]kafka.TopicPartition, 0, len(c.assigned))
	for tp := range c.assigned {
		out = append(out, tp)
	}
	slices.SortFunc(out, comparePartitions)
	return out
}

// Committed asks the broker what the group committed for these partitions, or
// for all that are assigned if none is given. kafka.OffsetNone: nothing.
func (c *Consumer[K, V]) Committed(ctx context.Context, p ...kafka.TopicPartition) ([]kafka.Offset, error) {
	broker, err := c.offsets("Committed")
	if err != nil {
		return nil, err
	}
	if len(p) == 0 {
		p = c.Assignment()
	}
	return broker.Committed(ctx, p...)
}

// OffsetsAt asks the broker for the first offset of each partition whose
// timestamp is at or after t; the end of the partition if there is none.
func (c *Consumer[K, V]) OffsetsAt(ctx context.Context, t time.Time, p ...kafka.TopicPartition) ([]kafka.Offset, error) {
	broker, err := c.offsets("OffsetsAt")
	if err != nil {
		return nil, err
	}
	return broker.OffsetsAt(ctx, t, p...)
}

func (c *core) offsets(call string) (kafka.Offsets, error) {
	broker, ok := c.client.(kafka.Offsets)
	if !ok {
		return nil, fmt.Errorf("avroconsumer: %s: %w", call, kafka.ErrUnsupported)
	}
	return broker, nil
}

// Position returns where these partitions, or all that are assigned if none is
// given, go on: the offset of the first record that is not dealt with, or that
// comes next. Before the first record it is where reading began, which may be
// kafka.OffsetStart, kafka.OffsetEnd or kafka.OffsetNone (auto.offset.reset).
// Partitions that are not assigned are left out.
func (c *Consumer[K, V]) Position(p ...kafka.TopicPartition) []kafka.Offset {
	if len(p) == 0 {
		p = c.Assignment()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []kafka.Offset
	for _, tp := range p {
		if part := c.assigned[tp]; part != nil {
			out = append(out, kafka.Offset{TopicPartition: tp, Offset: part.firstUnprocessed(), LeaderEpoch: -1})
		}
	}
	return out
}

// Seek moves the positions of assigned partitions; kafka.OffsetStart and
// kafka.OffsetEnd are positions too. What was polled of them and not handed out is
// dropped, and what is still being handled no longer counts. The group's offset
// follows when a record from the new position on is dealt with. In the middle of
// a rebalance it may fail with a retriable *[kafka.Error].
//
// Under Run it may be called from a handler, except while that handler's
// partition is being revoked: then it waits until the drain timeout.
func (c *Consumer[K, V]) Seek(ctx context.Context, to ...kafka.Offset) error {
	return c.withPollLock(ctx, func() error {
		if err := c.core.client.Seek(ctx, to...); err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, o := range to {
			if p := c.assigned[o.TopicPartition]; p != nil {
				c.reposition(p, o.Offset)
			}
		}
		return nil
	})
}

// Pause stops handing out records of partitions, those that were polled already
// included, until Resume. Handlers at work go on. A pause ends when its partition
// is revoked.
func (c *Consumer[K, V]) Pause(p ...kafka.TopicPartition) error { return c.setPaused(p, true) }

// Resume undoes Pause.
func (c *Consumer[K, V]) Resume(p ...kafka.TopicPartition) error { return c.setPaused(p, false) }

func (c *core) setPaused(tps []kafka.TopicPartition, paused bool) error {
	c.mu.Lock()
	if c.closing {
		c.mu.Unlock()
		return kafka.ErrClosed
	}
	for _, tp := range tps {
		p := c.assigned[tp]
		if p == nil || p.userPaused == paused {
			continue
		}
		p.userPaused, c.pausesChanged = paused, true
		c.scheduleAll(p)
	}
	c.mu.Unlock()
	c.applyPauses()
	return nil
}

// Commit makes what these messages say the group's offsets, and waits for the
// broker's answer. The messages count as dealt with. Only the contiguous prefix of
// what was dealt with is committed, and nothing behind the last of the messages;
// if an earlier record of the partition is still being handled, its offset stays
// the group's. Offsets never move backwards; see Seek.
//
// Without messages it commits all that was dealt with so far: not the message
// that Poll returned last.
//
// The error is [ErrNotAssigned] if the partition of a message was taken away
// since; the others are committed.
func (c *Consumer[K, V]) Commit(ctx context.Context, msgs ...*Message[K, V]) error {
	request := commitRequest{handles: handlesOf(msgs)}
	var stale error
	_, err := c.commit(ctx, func() (next []kafka.Offset) {
		next, stale = c.dueFor([]commitRequest{request})
		return next
	})
	if err == nil {
		err = stale
	}
	return err
}

// CommitAsync is Commit without waiting. done, which may be nil, is called with
// what was committed, nothing if all of it was already, on a goroutine of the
// consumer's; it must not call Close. Calls that come while a commit is under way
// are served together.
func (c *Consumer[K, V]) CommitAsync(done func(next []kafka.Offset, err error), msgs ...*Message[K, V]) error {
	return c.commitAsync(commitRequest{handles: handlesOf(msgs), done: done})
}

func handlesOf[K, V any](msgs []*Message[K, V]) []handle {
	out := make([]handle, len(msgs))
	for i, m := range msgs {
		out[i] = m.from
	}
	return out
}

// Close ends Run, if it is under way, commits what was processed unless commits are
// manual, gives up all partitions and leaves the group. It closes what the consumer
// owns. It is idempotent, and may be called beside everything else.
//
// ctx bounds the drain: when it ends, also if it has ended already, the contexts of
// handlers that are still at work end, and their records are unprocessed. Committing
// and leaving then still get 5 seconds, so that "defer consumer.Close(ctx)" commits
// whatever has become of ctx. The error is a [*DrainError] if handlers did not return,
// joined with what failed after that. If the reader of this consumer does not return
// within those 5 seconds either, it is ctx's error, and Close may be called again.
func (c *Consumer[K, V]) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closing = true
	c.wake()
	run := c.run
	if run != nil {
		run.stop(kafka.ErrClosed)
	}
	c.mu.Unlock()
	if err := c.awaitReader(ctx, run); err != nil {
		return err
	}
	late := run.lateHandlers(ctx)

	asked := ctx
	ctx, cancel := ending.Context(ctx, ending.Close)
	defer cancel()
	if err := c.lockPoll(ctx); err != nil {
		return err
	}
	defer c.unlockPoll()
	c.mu.Lock()
	closed := c.closed
	c.closed = true
	c.stall.Close()
	if c.pollTimer != nil {
		c.pollTimer.Stop()
	}
	c.mu.Unlock()
	if closed {
		return nil
	}

	errs := []error{late}
	if asked.Err() == nil {
		c.endCommits(asked) // whoever called CommitAsync is told whatever comes of it
	} else {
		c.endCommits(ctx)
	}
	if !c.manual {
		_, err := c.commit(ctx, c.allDue)
		errs = append(errs, err)
	}
	if c.ownsClient {
		err := c.core.client.Close(ctx)            // calls Revoked
		if !errors.Is(errors.Join(errs...), err) { // else the commit has said so: a client that has ended
			errs = append(errs, err)
		}
	}
	c.dropAll()
	for _, f := range c.closers {
		errs = append(errs, f(ctx))
	}
	return errors.Join(errs...)
}

// awaitReader waits until nobody reads any more. When ctx has ended it cuts run's drain
// short, if there is one, and waits a little longer.
func (c *core) awaitReader(ctx context.Context, run *runner) error {
	if c.awaitReaderLock(ctx) {
		return nil
	}
	run.cutDrain()
	patience, cancel := ending.Context(ctx, ending.Close)
	defer cancel()
	if c.awaitReaderLock(patience) {
		return nil
	}
	return ctx.Err()
}

// awaitFree waits within ctx until the claim is free, and reports whether it is.
func (c *core) awaitReaderLock(ctx context.Context) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.reading {
		if c.readerDone == nil {
			c.readerDone = make(chan struct{})
		}
		freed := c.readerDone
		c.mu.Unlock()
		select {
		case <-freed:
			c.mu.Lock()
		case <-ctx.Done():
			c.mu.Lock()
			return !c.reading
		}
	}
	return true
}

// abandon forgets what is still assigned: a client that is not ours keeps it, and
// may tell of rebalances later, to nobody.
func (c *core) dropAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.assigned {
		c.drop(p, kafka.ErrClosed)
	}
}
