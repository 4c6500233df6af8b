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

// reset is auto.offset.reset: where a partition without an offset begins.
type reset uint8

const (
	resetUnknown reset = iota // only librdkafka knows
	resetStart
	resetEnd
	resetError
)

// resetPolicy reads a value of auto.offset.reset; librdkafka judges it.
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

// apply gives o a place to begin if it has none, and there is one.
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

// override replaces those of offsets that by names, in a copy; by may name
// others, and OffsetNone changes nothing.
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

// places is what the brokers say of offsets that are positions, OffsetStart and
// OffsetEnd: their numbers, or the error of a partition.
//
// librdkafka is never given such an offset if it can be helped. It would ask
// for the number some time later, so that records in between are missed; and a
// Seek that comes before its answer is undone by it.
type resolved map[kafka.Offset]outcome[int64]

// special is those of offsets that are positions, each once, as keys of places.
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

// ask asks for the numbers of positions. Errors that may pass are its error.
func (c *consumer) askPositions(positions []kafka.Offset, ms int) (resolved, error) {
	found := make(resolved, len(positions))
	// One request cannot ask for both of a partition.
	for _, position := range []int64{kafka.OffsetStart, kafka.OffsetEnd} {
		var list []ckafka.TopicPartition
		for _, o := range positions {
			if o.Offset == position {
				list = append(list, topicPartition(o)) // as a time, it is what ListOffsets means by it
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

// resolve replaces positions by their numbers, in a copy. Those of which there
// is only an error become OffsetNone.
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

// resolveSpecial replaces positions by their numbers, within ctx.
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

// read hands offsets to librdkafka through assign. A partition that nothing
// gives a place to begin is handed over paused, and its error is due, with the
// reason if there is one: a Seek sets it going. librdkafka would report it too,
// but not which one it is.
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
			o.Offset = 0 // any number
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
	return convert(c.client.Pause(paused)) // before Poll takes out the first record
}

// Assign reads partitions without a group's coordination.
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
	c.revokeAll(ctx) // undoes pauses, and tells nobody
	c.stopDraining()
	c.mode, c.pendingErrors = assigned, nil
	c.mu.Lock()
	for _, o := range offsets {
		c.parts[o.TopicPartition] = new(part)
	}
	c.mu.Unlock()
	return c.read(offsets, nil, c.client.Assign)
}

// resolveNone replaces OffsetNone by the group's offset, or by what
// auto.offset.reset says, in a copy.
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

// Seek moves positions. It waits for a Poll that runs beside it to look up,
// which that does every 50 ms.
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

// seek tries once, and returns what cannot be done yet: librdkafka refuses to
// seek in a partition that was assigned a moment ago.
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

// seekable is the partitions of to that librdkafka has; for those that it does
// not have yet it is noted where they shall begin.
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

// found sets going those of partitions that nothing had given a place to begin.
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

// sought is where Seek said that partitions shall begin.
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
