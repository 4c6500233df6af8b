//go:build cgo

package confluent

import (
	"context"
	"errors"
	"maps"
	"slices"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/kafka"
)

// Rebalances. librdkafka calls onRebalance inside its poll, and goes on only after an assign or
// unassign there.
//
//	assigned   onRebalance assigns nothing. The partitions are kept in joining. Poll starts
//	           them when it has the group's offsets and Rebalance.Assigned has returned, both
//	           within the contexts of Poll. Until then nothing is read from them.
//	revoked    onRebalance calls Rebalance.Revoked or Lost before it unassigns, for the
//	           partitions that Rebalance.Assigned was called with.
//
// If the callback neither assigns nor unassigns, confluent-kafka-go does, and blocks for ever if
// that fails. So every path here does one of them.

// joining is partitions that were assigned and not yet started.
type joining struct {
	partitions  []kafka.TopicPartition
	cooperative bool
	start       []kafka.Offset // the result of Rebalance.Assigned
	group       pendingQuery[groupOffsets]
	resolved    pendingQuery[resolved] // numbers of symbolic offsets, as far as needed
}

// onRebalance is the callback for librdkafka's rebalances.
func (c *consumer) onRebalance(client *ckafka.Consumer, ev ckafka.Event) error {
	c.rebalances++
	cooperative := client.GetRebalanceProtocol() == "COOPERATIVE"
	defer func() { c.pollExceeded = false }()
	switch ev := ev.(type) {
	case ckafka.AssignedPartitions:
		c.onAssigned(ev.Partitions, cooperative)
	case ckafka.RevokedPartitions:
		c.onRevoked(ev.Partitions, cooperative)
	}
	return nil // confluent-kafka-go ignores it
}

func (c *consumer) onAssigned(given []ckafka.TopicPartition, cooperative bool) {
	var err error
	if cooperative {
		err = c.client.IncrementalAssign(nil)
	} else {
		err = c.client.Assign(nil)
	}
	if err != nil {
		c.events.Report(convert(err))
	}
	if c.pollCtx == nil {
		return // the consumer is being closed
	}
	c.rebalanced()
	if len(given) == 0 {
		return // nothing new
	}

	j := &joining{cooperative: cooperative}
	if c.joining != nil {
		j.partitions, j.start = c.joining.partitions, c.joining.start
	}
	c.mu.Lock()
	for _, tp := range given {
		p := kafka.TopicPartition{Topic: *tp.Topic, Partition: tp.Partition}
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

// begin starts reading the partitions in joining, if there are any: at the offset of Seek, else of
// Rebalance.Assigned, else of the group, else of auto.offset.reset. Poll returns its error; the
// next call goes on where this one stopped.
func (c *consumer) begin(ctx context.Context) error {
	j := c.joining
	if j == nil {
		return nil
	}
	group, err := j.group.wait(ctx, c, func(ms int) (groupOffsets, error) { return c.committed(j.partitions, ms) })
	if err != nil {
		return c.pendingError(err)
	}
	if news := c.untold(group.offsets); c.rebalance != nil && len(news) > 0 {
		start, err := c.rebalance.Assigned(ctx, news)
		if err != nil {
			return err
		}
		j.start = append(j.start, start...)
		c.setTold(j.partitions)
	}
	at := override(group.offsets, j.start)
	at = override(at, c.seekTargets(j.partitions))
	for i, o := range at {
		if group.errs[o.TopicPartition] == nil { // else the group's offset is not known
			at[i] = c.kind.reset.apply(o)
		}
	}
	reasons := group.errs
	if named := symbolic(at); len(named) > 0 {
		found, err := j.resolved.wait(ctx, c, func(ms int) (resolved, error) { return c.askPositions(named, ms) })
		if err != nil {
			return c.pendingError(err)
		}
		at = found.apply(at)
		reasons = maps.Clone(reasons)
		maps.Copy(reasons, found.errs())
	}
	assign := c.client.Assign
	if j.cooperative {
		assign = c.client.IncrementalAssign
	}
	if err := c.read(at, reasons, assign); err != nil {
		return err
	}
	c.joining = nil
	for _, tp := range j.partitions {
		c.events.TopicOK(tp.Topic)
	}
	return nil
}

// pendingError handles the error of a failed query. The next Poll returns an error of a broker as
// one of no partition, and tries again. Another error, of a context or of Close, ends Poll.
func (c *consumer) pendingError(err error) error {
	if _, ok := errors.AsType[*kafka.Error](err); !ok {
		return err
	}
	c.pendingErrors = append(c.pendingErrors, kafka.PartitionError{TopicPartition: kafka.TopicPartition{Partition: -1}, Err: err})
	return nil
}

func (c *consumer) onRevoked(taken []ckafka.TopicPartition, cooperative bool) {
	partitions := make([]kafka.TopicPartition, len(taken))
	for i, tp := range taken {
		partitions[i] = kafka.TopicPartition{Topic: *tp.Topic, Partition: tp.Partition}
	}
	told, begun := c.removePending(partitions)
	if c.pollCtx != nil && len(told) > 0 {
		c.positions.Unlock() // Rebalance may seek
		c.notifyRemoved(c.pollCtx, told)
		c.positions.Lock()
		if c.kind.incremental {
			c.rebalanced()
		}
	}
	c.drop(partitions)

	var err error
	switch {
	case !cooperative:
		err = c.client.Unassign()
	default:
		err = c.client.IncrementalUnassign(topicPartitions(begun))
	}
	if err != nil {
		c.events.Report(convert(err))
	}
}

// rebalanced tells Rebalance that a rebalance is over, if it is a kafka.Rebalanced.
func (c *consumer) rebalanced() {
	if r, ok := c.rebalance.(kafka.Rebalanced); ok {
		r.Rebalanced()
	}
}

// removePending removes partitions from the running batch and from joining. It returns those that
// Rebalance was told of, and those that librdkafka reads.
func (c *consumer) removePending(partitions []kafka.TopicPartition) (told, begun []kafka.TopicPartition) {
	removed := make(map[kafka.TopicPartition]bool, len(partitions))
	for _, tp := range partitions {
		removed[tp] = true
	}
	if b := c.batch; b != nil {
		b.Records = slices.DeleteFunc(b.Records, func(r *kafka.Record) bool {
			return removed[kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}]
		})
		b.Ends = slices.DeleteFunc(b.Ends, func(o kafka.Offset) bool { return removed[o.TopicPartition] })
	}
	if j := c.joining; j != nil {
		left := slices.DeleteFunc(slices.Clone(j.partitions), func(tp kafka.TopicPartition) bool { return removed[tp] })
		c.joining = nil
		if len(left) > 0 {
			c.joining = &joining{partitions: left, cooperative: j.cooperative, start: j.start}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, tp := range partitions {
		p := c.parts[tp]
		if p != nil && p.told {
			told = append(told, tp)
		}
		if p != nil && p.begun {
			begun = append(begun, tp)
		}
	}
	return told, begun
}

// untold is the offsets of partitions that Rebalance was not told of.
func (c *consumer) untold(offsets []kafka.Offset) (news []kafka.Offset) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range offsets {
		if !c.parts[o.TopicPartition].told {
			news = append(news, o)
		}
	}
	return news
}

func (c *consumer) setTold(partitions []kafka.TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, tp := range partitions {
		c.parts[tp].told = true
	}
}

// has reports whether tp is assigned.
func (c *consumer) has(tp kafka.TopicPartition) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.parts[tp] != nil
}

// notifyRemoved tells Rebalance that partitions are revoked or lost.
func (c *consumer) notifyRemoved(ctx context.Context, partitions []kafka.TopicPartition) {
	switch {
	case c.rebalance == nil:
	case c.client.AssignmentLost() || c.pollExceeded || c.events.Fatal() != nil: // AssignmentLost alone was seen to be false by now on a busy machine
		c.rebalance.Lost(partitions)
	default:
		c.rebalance.Revoked(ctx, partitions)
	}
}

// drop removes the state of partitions. librdkafka keeps a pause across assignments, so it resumes
// them.
func (c *consumer) drop(partitions []kafka.TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var paused []kafka.TopicPartition
	for _, tp := range partitions {
		if p := c.parts[tp]; p != nil && p.begun && (p.paused || p.lost) {
			paused = append(paused, tp)
		}
		delete(c.parts, tp)
	}
	if len(paused) > 0 {
		if err := c.client.Resume(topicPartitions(paused)); err != nil {
			c.events.Report(convert(err))
		}
	}
}

// revokeAll tells Rebalance that all partitions are revoked or lost and stops reading them, without
// waiting for the group. The caller holds the poll lock.
func (c *consumer) revokeAll(ctx context.Context) {
	c.mu.Lock()
	all := make([]kafka.TopicPartition, 0, len(c.parts))
	for tp := range c.parts {
		all = append(all, tp)
	}
	c.mu.Unlock()
	sortPartitions(all)
	told, begun := c.removePending(all)
	if len(told) > 0 {
		c.notifyRemoved(ctx, told)
	}
	c.drop(all)
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
		c.events.Report(convert(err))
	}
}

// unsubscribe ends the subscription, and serves the rebalances in progress without Rebalance. It
// runs before the client is closed: librdkafka 2.15 does not reply to an assign while it closes
// the group, and the callback would hang. It also keeps a rebalance of one subscription from being
// served in the next.
func (c *consumer) unsubscribe() error {
	if c.mode != subscribed {
		return nil
	}
	if err := c.client.Unsubscribe(); err != nil {
		return convert(err)
	}
	for {
		before := c.rebalances
		ev := c.client.Poll(0)
		if ev == nil && c.rebalances == before {
			return nil
		}
		c.events.handle(ev)
	}
}
