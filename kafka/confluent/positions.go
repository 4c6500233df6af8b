//go:build cgo

package confluent

import (
	"cmp"
	"context"
	"slices"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/kafka"
)

// reset is auto.offset.reset: where a partition without an offset starts.
type reset uint8

const (
	resetUnknown reset = iota // of a wrapped client: not known
	resetStart
	resetEnd
	resetError
)

// resetPolicy reads a value of auto.offset.reset. librdkafka reports unknown values.
func resetPolicy(value string) reset {
	switch value {
	case "smallest", "earliest", "beginning":
		return resetStart
	case "largest", "latest", "end":
		return resetEnd
	case "error":
		return resetError
	}
	return resetUnknown
}

// apply replaces OffsetNone by OffsetStart or OffsetEnd, unless auto.offset.reset is error.
func (r reset) apply(o kafka.Offset) kafka.Offset {
	if o.Offset == kafka.OffsetNone {
		switch r {
		case resetStart:
			o.Offset = kafka.OffsetStart
		case resetEnd:
			o.Offset = kafka.OffsetEnd
		}
	}
	return o
}

// override is offsets with those of by in place of the same partitions'. by may have other
// partitions too; its OffsetNones are ignored.
func override(offsets, by []kafka.Offset) []kafka.Offset {
	named := make(map[kafka.TopicPartition]kafka.Offset, len(by))
	for _, o := range by {
		named[o.TopicPartition] = o
	}
	out := slices.Clone(offsets)
	for i := range out {
		if o, ok := named[out[i].TopicPartition]; ok && o.Offset != kafka.OffsetNone {
			out[i] = o
		}
	}
	return out
}

// resolved has the numbers of the symbolic offsets OffsetStart and OffsetEnd, or the errors of
// their partitions.
//
// librdkafka is given numbers wherever possible. It would ask a broker for a symbolic offset some
// time later, so that records before that are missed, and its response would undo a Seek that was
// called meanwhile.
type resolved map[kafka.Offset]outcome[int64]

// symbolic is the symbolic offsets in offsets, each once, as keys of resolved.
func symbolic(offsets []kafka.Offset) []kafka.Offset {
	var list []kafka.Offset
	for _, o := range offsets {
		if o.Offset == kafka.OffsetStart || o.Offset == kafka.OffsetEnd {
			list = append(list, kafka.Offset{TopicPartition: o.TopicPartition, Offset: o.Offset, LeaderEpoch: -1})
		}
	}
	sortOffsets(list)
	return slices.Compact(list)
}

// askPositions asks for the numbers of symbolic offsets. A retriable error is its error.
func (c *consumer) askPositions(positions []kafka.Offset, ms int) (resolved, error) {
	found := make(resolved, len(positions))
	// One request cannot ask for start and end of a partition.
	for _, position := range []int64{kafka.OffsetStart, kafka.OffsetEnd} {
		var list []ckafka.TopicPartition
		for _, o := range positions {
			if o.Offset == position {
				list = append(list, topicPartition(o)) // ListOffsets has the same numbers as times
			}
		}
		if len(list) == 0 {
			continue
		}
		answer, err := c.client.OffsetsForTimes(list, ms)
		if err != nil {
			return nil, convert(err)
		}
		for _, tp := range answer {
			o := offset(tp)
			err := convertAt(tp.Error, o.Topic, o.Partition)
			if isRetriable(err) {
				return nil, err
			}
			key := kafka.Offset{TopicPartition: o.TopicPartition, Offset: position, LeaderEpoch: -1}
			found[key] = outcome[int64]{o.Offset, err}
		}
	}
	return found, nil
}

// apply is offsets with numbers for symbolic offsets. Those with an error become OffsetNone.
func (found resolved) apply(offsets []kafka.Offset) []kafka.Offset {
	out := slices.Clone(offsets)
	for i, o := range out {
		got, ok := found[kafka.Offset{TopicPartition: o.TopicPartition, Offset: o.Offset, LeaderEpoch: -1}]
		switch {
		case !ok:
		case got.err != nil || got.v < 0:
			out[i].Offset = kafka.OffsetNone
		default:
			out[i].Offset, out[i].LeaderEpoch = got.v, -1
		}
	}
	return out
}

// errs is the errors in found, by partition.
func (found resolved) errs() map[kafka.TopicPartition]error {
	errs := make(map[kafka.TopicPartition]error)
	for key, o := range found {
		if o.err != nil {
			errs[key.TopicPartition] = o.err
		}
	}
	return errs
}

// resolveSymbolic is offsets with numbers for symbolic offsets.
func (c *consumer) resolveSymbolic(ctx context.Context, offsets []kafka.Offset) ([]kafka.Offset, error) {
	named := symbolic(offsets)
	if len(named) == 0 {
		return offsets, nil
	}
	found, err := query(ctx, c, func() (resolved, error) { return c.askPositions(named, millis(ctx)) })
	if err != nil {
		return nil, err
	}
	for _, err := range found.errs() {
		return nil, err
	}
	return found.apply(offsets), nil
}

// read passes offsets to librdkafka through assign. A partition without an offset is paused, and
// the next Poll returns its error, with the one in reasons if there is one. A Seek resumes it.
// librdkafka would report the error too, without the partition.
func (c *consumer) read(offsets []kafka.Offset, reasons map[kafka.TopicPartition]error, assign func([]ckafka.TopicPartition) error) error {
	if !c.gate.enter() {
		return kafka.ErrClosed
	}
	defer c.gate.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	var list, paused []ckafka.TopicPartition
	for _, o := range offsets {
		p := c.parts[o.TopicPartition]
		p.lost = o.Offset == kafka.OffsetNone && c.kind.reset != resetUnknown
		if p.lost {
			o.Offset = 0 // any number: it is paused
		}
		tp := topicPartition(o)
		list = append(list, tp)
		if p.lost || p.paused {
			paused = append(paused, tp)
		}
	}
	if err := assign(list); err != nil {
		return convert(err)
	}
	for _, o := range offsets {
		p := c.parts[o.TopicPartition]
		p.begun, p.seek = true, nil
		if p.lost {
			err := reasons[o.TopicPartition]
			if err == nil {
				err = local(ckafka.ErrAutoOffsetReset, o.Topic, o.Partition, "no offset to begin at (auto.offset.reset)")
			}
			c.pendingErrors = append(c.pendingErrors, kafka.PartitionError{TopicPartition: o.TopicPartition, Err: err})
		}
	}
	if len(paused) == 0 {
		return nil
	}
	return convert(c.client.Pause(paused)) // before Poll receives the first record
}

// Assign implements kafka.Assigner.
func (c *consumer) Assign(ctx context.Context, at ...kafka.Offset) error {
	if err := c.lockPoll(ctx); err != nil {
		return err
	}
	defer c.unlockPoll()
	if c.mode == subscribed {
		return local(ckafka.ErrState, "", -1, "topics were subscribed to")
	}
	offsets, err := c.resolveNone(ctx, at)
	if err == nil {
		offsets, err = c.resolveSymbolic(ctx, offsets)
	}
	if err != nil {
		return err
	}
	c.revokeAll(ctx) // resumes paused partitions; there is no Rebalance
	c.stopDraining()
	c.mode, c.pendingErrors = assigned, nil
	c.mu.Lock()
	for _, o := range offsets {
		c.parts[o.TopicPartition] = new(part)
	}
	c.mu.Unlock()
	return c.read(offsets, nil, c.client.Assign)
}

// resolveNone is offsets with the group's offset in place of OffsetNone, or what auto.offset.reset
// says where there is none.
func (c *consumer) resolveNone(ctx context.Context, offsets []kafka.Offset) ([]kafka.Offset, error) {
	var unknown []kafka.TopicPartition
	for _, o := range offsets {
		if o.Offset == kafka.OffsetNone {
			unknown = append(unknown, o.TopicPartition)
		}
	}
	if len(unknown) == 0 {
		return offsets, nil
	}
	if c.kind.grouped {
		group, err := c.Committed(ctx, distinct(unknown)...)
		if err != nil {
			return nil, err
		}
		offsets = override(offsets, group)
	}
	offsets = slices.Clone(offsets)
	for i, o := range offsets {
		offsets[i] = c.kind.reset.apply(o)
	}
	return offsets, nil
}

// Seek implements kafka.Consumer. It waits for the lock of a concurrent Poll, which that releases
// every 50 ms.
func (c *consumer) Seek(ctx context.Context, to ...kafka.Offset) error {
	for _, o := range to {
		if o.Offset < 0 && o.Offset != kafka.OffsetStart && o.Offset != kafka.OffsetEnd {
			return local(ckafka.ErrInvalidArg, o.Topic, o.Partition, "cannot seek to offset %d", o.Offset)
		}
	}
	to, err := c.resolveSymbolic(ctx, to)
	if err != nil {
		return err
	}
	for {
		left, err := await(ctx, &c.gate, c.events.Tracker, func() ([]kafka.Offset, error) { return c.seek(to) })
		if err != nil || len(left) == 0 {
			return err
		}
		to = left
		if err := sleepUntil(ctx, time.Now().Add(seekRetry), c.closing); err != nil {
			return err
		}
	}
}

// seekRetry is the pause before a seek is tried again.
const seekRetry = 10 * time.Millisecond

// seek tries once, and returns the offsets to try again: librdkafka refuses to seek in a partition
// that was assigned a moment ago.
func (c *consumer) seek(to []kafka.Offset) (left []kafka.Offset, err error) {
	c.positions.Lock()
	defer c.positions.Unlock()
	list, err := c.seekable(to)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	answer, err := c.client.SeekPartitions(list)
	if err != nil {
		return nil, err
	}
	var done []kafka.TopicPartition
	for _, tp := range answer {
		o := offset(tp)
		switch ke, ok := tp.Error.(ckafka.Error); {
		case ok && (ke.Code() == ckafka.ErrState || ke.Code() == ckafka.ErrPrevInProgress):
			left = append(left, o)
		case tp.Error != nil:
			err = cmp.Or(err, convertAt(tp.Error, o.Topic, o.Partition))
		default:
			done = append(done, o.TopicPartition)
		}
	}
	return left, cmp.Or(err, c.resumeFound(done))
}

// seekable returns the offsets of partitions that librdkafka reads. For those that it does not
// read yet, it records the offset to start at.
func (c *consumer) seekable(to []kafka.Offset) (list []ckafka.TopicPartition, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range to {
		if c.parts[o.TopicPartition] == nil {
			return nil, local(ckafka.ErrState, o.Topic, o.Partition, "not assigned")
		}
	}
	for _, o := range to {
		if p := c.parts[o.TopicPartition]; p.begun {
			list = append(list, topicPartition(o))
		} else {
			p.seek = &o
		}
	}
	return list, nil
}

// resumeFound resumes those of partitions that had no offset to start at.
func (c *consumer) resumeFound(partitions []kafka.TopicPartition) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []kafka.TopicPartition
	for _, tp := range partitions {
		if p := c.parts[tp]; p != nil && p.lost {
			p.lost = false
			if !p.paused {
				list = append(list, tp)
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return convert(c.client.Resume(topicPartitions(list)))
}

// seekTargets are the offsets of Seek for partitions that librdkafka does not read yet.
func (c *consumer) seekTargets(partitions []kafka.TopicPartition) (offsets []kafka.Offset) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, tp := range partitions {
		if p := c.parts[tp]; p.seek != nil {
			offsets = append(offsets, *p.seek)
		}
	}
	return offsets
}
