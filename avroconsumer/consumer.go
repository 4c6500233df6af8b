package avroconsumer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/internal/sched"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// Consumer reads records with keys of type K and values of type V.
//
// Poll, Messages, Batches, Run and RunBatch exclude each other: one goroutine at a time reads.
// All other methods are safe for concurrent use.
type Consumer[K, V any] struct {
	*core
	decoder *Decoder[K, V]
	reader
}

// New returns a consumer that reads from b and decodes with key and value. The caller closes
// b, unless [WithOwnedClient] is given. New does not touch the network.
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

// Client returns the client that New was given.
func (c *Consumer[K, V]) Client() kafka.Consumer { return c.core.client }

// Subscribe joins the group for these topics, and replaces those of an earlier call; a topic
// that begins with ^ is a regular expression. It does not wait for partitions: they are
// assigned while the consumer reads.
func (c *Consumer[K, V]) Subscribe(topics ...string) error {
	if len(topics) == 0 {
		return errors.New("avroconsumer: Subscribe: no topics")
	}
	return c.subscribe(topics, true)
}

// Unsubscribe revokes all partitions. The consumer stays a member without topics, and may
// subscribe again.
func (c *Consumer[K, V]) Unsubscribe() error {
	return c.subscribe([]string{"^$"}, false) // no topic has an empty name
}

func (c *core) subscribe(topics []string, wanted bool) error {
	// No bound is needed: withClient interrupts a poll in progress.
	return c.withClient(context.Background(), func() error {
		c.lock()
		c.unsubscribed, c.joined = !wanted, true
		c.unlock()
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

// Assign reads exactly these partitions, from these offsets, without the coordination of a
// group. The offset kafka.OffsetNone is the group's committed offset, or else
// auto.offset.reset. Partitions that were assigned before are revoked. Assign excludes
// Subscribe.
func (c *Consumer[K, V]) Assign(ctx context.Context, at ...kafka.Offset) error {
	assigner, ok := c.core.client.(kafka.Assigner)
	if !ok {
		return fmt.Errorf("avroconsumer: Assign: %w", kafka.ErrUnsupported)
	}
	return c.withClient(ctx, func() error {
		c.revoke(ctx, c.Assignment())
		at := slices.Clone(at)
		// Add the partitions before the client can return their records.
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

// Assignment returns the assigned partitions, sorted.
func (c *Consumer[K, V]) Assignment() []kafka.TopicPartition {
	c.lock()
	defer c.unlock()
	generations := c.machine.Assignment()
	out := make([]kafka.TopicPartition, len(generations))
	for i, g := range generations {
		out[i] = g.TopicPartition
	}
	return out
}

// Committed asks the broker for the group's committed offsets of these partitions, or of all
// assigned ones if none is given. The offset is kafka.OffsetNone if there is none.
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

// OffsetsAt asks the broker for the first offset of each partition whose timestamp is at or
// after t; the end of the partition if there is none.
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

// Position returns the position of these partitions, or of all assigned ones if none is given:
// the offset of the first unprocessed record, or of the next one to be polled. Before the
// first record it is the start offset, which may be kafka.OffsetStart, kafka.OffsetEnd or
// kafka.OffsetNone (auto.offset.reset). Partitions that are not assigned are left out.
func (c *Consumer[K, V]) Position(p ...kafka.TopicPartition) []kafka.Offset {
	if len(p) == 0 {
		p = c.Assignment()
	}
	c.lock()
	defer c.unlock()
	var out []kafka.Offset
	for _, tp := range p {
		if g := c.machine.Of(tp); g != nil {
			out = append(out, kafka.Offset{TopicPartition: tp, Offset: c.machine.Position(g), LeaderEpoch: -1})
		}
	}
	return out
}

// Seek moves the positions of assigned partitions; kafka.OffsetStart and kafka.OffsetEnd are
// valid. Records that were polled before are dropped, and the results of running handlers are
// ignored. The group's offset changes with the next commit of a record from the new position
// on. During a rebalance Seek may fail with a retriable *[kafka.Error].
//
// A handler of Run may call it; if that handler's partition is being revoked, Seek waits for
// the drain timeout.
func (c *Consumer[K, V]) Seek(ctx context.Context, to ...kafka.Offset) error {
	return c.withClient(ctx, func() error {
		if err := c.core.client.Seek(ctx, to...); err != nil {
			return err
		}
		c.lock()
		defer c.unlock()
		for _, o := range to {
			c.machine.Seek(o)
		}
		return nil
	})
}

// Pause stops returning records of partitions, including those polled already, until Resume.
// Running handlers continue. The pause ends when the partition is revoked.
func (c *Consumer[K, V]) Pause(p ...kafka.TopicPartition) error { return c.setPaused(p, true) }

// Resume undoes Pause.
func (c *Consumer[K, V]) Resume(p ...kafka.TopicPartition) error { return c.setPaused(p, false) }

func (c *core) setPaused(tps []kafka.TopicPartition, paused bool) error {
	c.lock()
	defer c.unlock()
	if c.closing {
		return kafka.ErrClosed
	}
	for _, tp := range tps {
		c.machine.SetPaused(tp, paused)
	}
	c.applyPauses()
	return nil
}

// Commit commits these messages, which are then processed, and waits for the broker. It
// commits the contiguous prefix of processed records, up to the last of the messages: if an
// earlier record of the partition is unprocessed, that one stays the group's offset. Offsets
// never move backwards, except after [Consumer.Seek].
//
// Without arguments it commits everything that is processed: not the message that Poll
// returned last.
//
// The error is [ErrNotAssigned] if the partition of a message is no longer assigned; the
// others are committed.
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

// CommitAsync is Commit without waiting. done, which may be nil, is called with the committed
// offsets, none if all were committed before, on a goroutine of the consumer; it must not call
// Close. Calls that come while a commit is in progress are served together.
func (c *Consumer[K, V]) CommitAsync(done func(next []kafka.Offset, err error), msgs ...*Message[K, V]) error {
	return c.commitAsync(commitRequest{handles: handlesOf(msgs), done: done})
}

func handlesOf[K, V any](msgs []*Message[K, V]) []sched.Handle {
	out := make([]sched.Handle, len(msgs))
	for i, m := range msgs {
		out[i] = m.from
	}
	return out
}

// Close ends Run if it is running, commits what is processed unless [WithManualCommit] is
// given, revokes all partitions and leaves the group. It closes what the consumer owns. It is
// idempotent, and may be called at any time.
//
// ctx bounds the wait for running handlers: when it ends, or if it has ended already, their
// contexts end and their records are unprocessed. The commit and leaving the group then still
// get 5 seconds, so that "defer consumer.Close(ctx)" commits although ctx has ended. The error
// is a [*DrainError] if handlers did not return, joined with further errors. If the goroutine
// that reads does not return within those 5 seconds either, it is ctx's error, and Close may
// be called again.
func (c *Consumer[K, V]) Close(ctx context.Context) error {
	c.lock()
	c.closing = true
	c.machine.Close(kafka.ErrClosed)
	run := c.run
	c.unlock()
	if err := c.awaitReader(ctx, run); err != nil {
		return err
	}
	late := run.lateHandlers(ctx)

	callerCtx := ctx
	ctx, cancel := ending.Context(ctx, ending.Close)
	defer cancel()
	if err := c.acquireClient(ctx); err != nil {
		return err
	}
	defer c.releaseClient()
	c.lock()
	closed := c.closed
	c.closed = true
	c.stall.Close()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.unlock()
	if closed {
		return nil
	}

	errs := []error{late}
	if callerCtx.Err() == nil {
		c.endCommits(callerCtx) // let the commits of CommitAsync finish
	} else {
		c.endCommits(ctx)
	}
	if !c.manual {
		_, err := c.commit(ctx, c.machine.AllDue)
		errs = append(errs, err)
	}
	if c.ownsClient {
		err := c.core.client.Close(ctx)            // calls Revoked
		if !errors.Is(errors.Join(errs...), err) { // else the commit has returned it: a client that cannot be used
			errs = append(errs, err)
		}
	}
	c.dropAll()
	for _, f := range c.closers {
		errs = append(errs, f(ctx))
	}
	return errors.Join(errs...)
}

// awaitReader waits until nobody reads. When ctx has ended, it ends run's drain, if there is one, and
// waits for up to 5 seconds more.
func (c *core) awaitReader(ctx context.Context, run *runner) error {
	c.lock()
	defer c.unlock()
	idle := func() bool { return !c.reading.Load() }
	if c.await(ctx, idle) {
		return nil
	}
	if run != nil {
		run.drainCut = true
	}
	extended, cancel := ending.Context(ctx, ending.Close)
	defer cancel()
	if c.await(extended, idle) {
		return nil
	}
	return ctx.Err()
}

// dropAll drops all partitions: a client that the consumer does not own keeps its assignment and may
// call the rebalancer later.
func (c *core) dropAll() {
	c.lock()
	defer c.unlock()
	for _, g := range c.machine.Assignment() {
		c.drop([]kafka.TopicPartition{g.TopicPartition}, kafka.ErrClosed)
	}
}
