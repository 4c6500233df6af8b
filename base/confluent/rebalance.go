//go:build cgo

package confluent

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/base"
)

// How a rebalance goes. librdkafka calls onRebalance from within its poll, and
// goes on only after an assign or unassign there.
//
//	assigned   answered at once with "nothing": the partitions are kept in
//	           joining, and begin when the group's offsets are known and
//	           Rebalance.Assigned has answered, both within the contexts of
//	           Poll. Until then nothing of them is read.
//	revoked    Rebalance is told before the answer. Partitions that have not
//	           begun are dropped in silence: nobody was told that they came.
//
// The binding answers by itself if the callback does not, and then blocks for
// ever if that fails; so every path here answers.

// joining is partitions that were assigned and not yet begun.
type joining struct {
	partitions  []base.TopicPartition
	cooperative bool
	offsets     <-chan committed // nil until they were asked for
	retryAt     time.Time        // the last request failed: not before
}

// committed is the group's offsets, or why they could not be had.
type committed struct {
	offsets []base.Offset
	err     error
}

// onRebalance is the callback for librdkafka's rebalances.
func (c *consumer) onRebalance(client *kafka.Consumer, ev kafka.Event) error {
	cooperative := client.GetRebalanceProtocol() == "COOPERATIVE"
	switch ev := ev.(type) {
	case kafka.AssignedPartitions:
		c.onAssigned(ev.Partitions, cooperative)
	case kafka.RevokedPartitions:
		c.onRevoked(ev.Partitions, cooperative)
	}
	return nil // the binding ignores it
}

func (c *consumer) onAssigned(given []kafka.TopicPartition, cooperative bool) {
	var err error
	if cooperative {
		err = c.client.IncrementalAssign(nil)
	} else {
		err = c.client.Assign(nil)
	}
	if err != nil {
		c.events.report(convert(err))
	}
	if c.pollCtx == nil || len(given) == 0 {
		return // being closed, or nothing new
	}

	j := &joining{cooperative: cooperative}
	if c.joining != nil {
		j.partitions = c.joining.partitions
	}
	c.mu.Lock()
	for _, tp := range given {
		p := base.TopicPartition{Topic: *tp.Topic, Partition: tp.Partition}
		if c.parts[p] == nil {
			c.parts[p] = new(part)
			j.partitions = append(j.partitions, p)
		}
	}
	c.mu.Unlock()
	if len(j.partitions) > 0 {
		c.joining = j
	}
}

// begin starts reading what was assigned, if that is due. An error is for Poll
// to return; the partitions stay as they are, for the next Poll to try again.
func (c *consumer) begin(ctx context.Context) error {
	j := c.joining
	if j == nil {
		return nil
	}
	if c.rebalance == nil {
		return c.start(j, nil, nil)
	}
	offsets, err := c.groupOffsets(ctx, j)
	if err != nil {
		return err
	}
	start, err := c.rebalance.Assigned(ctx, slices.Clone(offsets))
	if err != nil {
		return err
	}
	return c.start(j, offsets, start)
}

// offsetsRetry is the pause after a request for the group's offsets has failed.
const offsetsRetry = 100 * time.Millisecond

// groupOffsets waits for the group's offsets of j within ctx. The request goes
// on when ctx ends, and is found by the next Poll.
func (c *consumer) groupOffsets(ctx context.Context, j *joining) ([]base.Offset, error) {
	for {
		if j.offsets == nil {
			if err := sleepUntil(ctx, j.retryAt, c.closing); err != nil {
				return nil, err
			}
			answer := make(chan committed, 1)
			if !c.gate.enter() {
				return nil, base.ErrClosed
			}
			partitions := slices.Clone(j.partitions)
			go func() {
				defer c.gate.leave()
				offsets, err := c.committed(partitions, int(patience/time.Millisecond))
				answer <- committed{offsets, err}
			}()
			j.offsets = answer
		}
		select {
		case got := <-j.offsets:
			if got.err == nil {
				j.offsets = reply(got) // Assigned may have to be asked again
				return got.offsets, nil
			}
			j.offsets, j.retryAt = nil, time.Now().Add(offsetsRetry)
			var e *base.Error
			if !errors.As(got.err, &e) || !e.Retriable {
				return nil, got.err
			}
			c.events.report(got.err)
		case <-c.closing:
			return nil, base.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// reply is a channel that holds got.
func reply(got committed) <-chan committed {
	ch := make(chan committed, 1)
	ch <- got
	return ch
}

// sleepUntil waits until t, ctx or stop.
func sleepUntil(ctx context.Context, t time.Time, stop <-chan struct{}) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-stop:
		return base.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// start lets librdkafka read j: at start, where given, else where the group is,
// else (for partitions without an offset) where auto.offset.reset says.
func (c *consumer) start(j *joining, group, start []base.Offset) error {
	if !c.gate.enter() {
		return base.ErrClosed
	}
	defer c.gate.leave()
	at := make(map[base.TopicPartition]base.Offset, len(j.partitions))
	for _, tp := range j.partitions {
		at[tp] = base.Offset{TopicPartition: tp, Offset: base.OffsetNone, LeaderEpoch: -1}
	}
	for _, list := range [][]base.Offset{group, start} {
		for _, o := range list {
			if _, ok := at[o.TopicPartition]; ok {
				at[o.TopicPartition] = o
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]kafka.TopicPartition, 0, len(at))
	var paused []kafka.TopicPartition
	for _, tp := range j.partitions {
		p, o := c.parts[tp], at[tp]
		if p.seek != nil {
			o, p.seek = *p.seek, nil
		}
		list = append(list, topicPartition(o))
		if p.paused {
			paused = append(paused, topicPartition(o))
		}
	}
	var err error
	if j.cooperative {
		err = c.client.IncrementalAssign(list)
	} else {
		err = c.client.Assign(list)
	}
	if err != nil {
		return convert(err)
	}
	c.joining = nil
	for _, tp := range j.partitions {
		c.parts[tp].begun = true
	}
	if len(paused) > 0 { // before Poll takes out the first record
		return convert(c.client.Pause(paused))
	}
	return nil
}

func (c *consumer) onRevoked(taken []kafka.TopicPartition, cooperative bool) {
	partitions := make([]base.TopicPartition, len(taken))
	for i, tp := range taken {
		partitions[i] = base.TopicPartition{Topic: *tp.Topic, Partition: tp.Partition}
	}
	begun := c.drop(partitions)
	if c.pollCtx != nil && len(begun) > 0 {
		c.positions.Unlock() // Rebalance may seek
		c.tell(c.pollCtx, begun)
		c.positions.Lock()
	}
	c.forget(partitions)

	var err error
	switch {
	case !cooperative:
		err = c.client.Unassign()
	default:
		err = c.client.IncrementalUnassign(topicPartitions(begun))
	}
	if err != nil {
		c.events.report(convert(err))
	}
}

// drop takes partitions out of the running batch and of joining, and returns
// those that have begun.
func (c *consumer) drop(partitions []base.TopicPartition) (begun []base.TopicPartition) {
	gone := make(map[base.TopicPartition]bool, len(partitions))
	for _, tp := range partitions {
		gone[tp] = true
	}
	if b := c.batch; b != nil {
		b.Records = slices.DeleteFunc(b.Records, func(r *base.Record) bool {
			return gone[base.TopicPartition{Topic: r.Topic, Partition: r.Partition}]
		})
		b.Ends = slices.DeleteFunc(b.Ends, func(o base.Offset) bool { return gone[o.TopicPartition] })
	}
	if j := c.joining; j != nil {
		left := slices.DeleteFunc(slices.Clone(j.partitions), func(tp base.TopicPartition) bool { return gone[tp] })
		c.joining = nil
		if len(left) > 0 {
			c.joining = &joining{partitions: left, cooperative: j.cooperative}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, tp := range partitions {
		if p := c.parts[tp]; p != nil && p.begun {
			begun = append(begun, tp)
		}
	}
	return begun
}

// has reports whether tp is assigned.
func (c *consumer) has(tp base.TopicPartition) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.parts[tp] != nil
}

// tell says that partitions go.
func (c *consumer) tell(ctx context.Context, partitions []base.TopicPartition) {
	switch {
	case c.rebalance == nil:
	case c.client.AssignmentLost():
		c.rebalance.Lost(partitions)
	default:
		c.rebalance.Revoked(ctx, partitions)
	}
}

// forget ends what was kept about partitions. librdkafka keeps a pause across
// assignments: it is undone.
func (c *consumer) forget(partitions []base.TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var paused []base.TopicPartition
	for _, tp := range partitions {
		if p := c.parts[tp]; p != nil && p.paused && p.begun {
			paused = append(paused, tp)
		}
		delete(c.parts, tp)
	}
	if len(paused) > 0 {
		if err := c.client.Resume(topicPartitions(paused)); err != nil {
			c.events.report(convert(err))
		}
	}
}

// giveUp tells that everything goes and stops reading it, without waiting for
// the group. Who calls it has the turn.
func (c *consumer) giveUp(ctx context.Context) {
	c.mu.Lock()
	all := make([]base.TopicPartition, 0, len(c.parts))
	for tp := range c.parts {
		all = append(all, tp)
	}
	c.mu.Unlock()
	sortPartitions(all)
	begun := c.drop(all)
	if c.mode == subscribed && len(begun) > 0 {
		c.tell(ctx, begun)
	}
	c.forget(all)
	if len(begun) == 0 {
		return
	}
	var err error
	if c.mode == subscribed && c.client.GetRebalanceProtocol() == "COOPERATIVE" {
		err = c.client.IncrementalUnassign(topicPartitions(begun))
	} else {
		err = c.client.Unassign()
	}
	if err != nil {
		c.events.report(convert(err))
	}
}

// detach leaves a wrapped client as it was: without a subscription. The group
// hears of it when the client's owner polls or closes it.
func (c *consumer) detach() {
	if c.mode == subscribed {
		_ = c.client.Unsubscribe()
	}
}
