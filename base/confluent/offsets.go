//go:build cgo

package confluent

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/base"
)

// Commit makes next the group's offsets.
func (c *consumer) Commit(ctx context.Context, next []base.Offset) error {
	if len(next) == 0 { // librdkafka would commit what it takes for the position
		return ctx.Err()
	}
	list := make([]kafka.TopicPartition, len(next))
	for i, o := range next {
		list[i] = topicPartition(o)
	}
	answer, err := await(ctx, &c.gate, func() ([]kafka.TopicPartition, error) { return c.client.CommitOffsets(list) })
	if err != nil {
		return err
	}
	return firstError(answer)
}

// Pause stops fetching partitions.
func (c *consumer) Pause(partitions ...base.TopicPartition) error {
	return c.setPaused(partitions, true, c.client.Pause)
}

// Resume undoes Pause.
func (c *consumer) Resume(partitions ...base.TopicPartition) error {
	return c.setPaused(partitions, false, c.client.Resume)
}

// setPaused pauses or resumes those partitions that are assigned and are not
// what they shall be: librdkafka would also pause others, and keep that.
func (c *consumer) setPaused(partitions []base.TopicPartition, paused bool, do func([]kafka.TopicPartition) error) error {
	if !c.gate.enter() {
		return base.ErrClosed
	}
	defer c.gate.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []base.TopicPartition
	for _, tp := range partitions {
		p := c.parts[tp]
		if p == nil || p.paused == paused {
			continue
		}
		p.paused = paused
		if p.begun { // else start does it
			list = append(list, tp)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return convert(do(topicPartitions(list)))
}

// Seek moves positions. It waits for a Poll that runs beside it to look up,
// which that does every 50 ms.
func (c *consumer) Seek(ctx context.Context, to ...base.Offset) error {
	for _, o := range to {
		if o.Offset < 0 && o.Offset != base.OffsetStart && o.Offset != base.OffsetEnd {
			return local(kafka.ErrInvalidArg, o.Topic, o.Partition, "cannot seek to offset %d", o.Offset)
		}
	}
	for {
		left, err := await(ctx, &c.gate, func() ([]base.Offset, error) { return c.seek(to) })
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
// seek in a partition from its assignment until it knows where that begins.
func (c *consumer) seek(to []base.Offset) (left []base.Offset, err error) {
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
	for _, tp := range answer {
		if ke, ok := tp.Error.(kafka.Error); ok && ke.Code() == kafka.ErrState {
			left = append(left, offset(tp))
		} else if tp.Error != nil {
			err = cmp.Or(err, convertAt(tp.Error, *tp.Topic, tp.Partition))
		}
	}
	return left, err
}

// seekable is the partitions of to that librdkafka reads; for those that it
// does not read yet it is noted where they shall begin.
func (c *consumer) seekable(to []base.Offset) (list []kafka.TopicPartition, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range to {
		if c.parts[o.TopicPartition] == nil {
			return nil, local(kafka.ErrState, o.Topic, o.Partition, "not assigned")
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

// Assign reads partitions without a group's coordination.
func (c *consumer) Assign(ctx context.Context, at ...base.Offset) error {
	if err := c.takeTurn(ctx); err != nil {
		return err
	}
	defer c.giveTurn()
	if !c.gate.enter() {
		return base.ErrClosed
	}
	defer c.gate.leave()
	if c.mode == subscribed {
		return local(kafka.ErrState, "", -1, "topics were subscribed to")
	}
	c.giveUp(ctx) // undoes pauses, and tells nobody
	list := make([]kafka.TopicPartition, len(at))
	for i, o := range at {
		list[i] = topicPartition(o)
	}
	if err := c.client.Assign(list); err != nil {
		return convert(err)
	}
	c.mode = assigned
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range at {
		c.parts[o.TopicPartition] = &part{begun: true}
	}
	return nil
}

// OffsetsAt asks for the first offsets at or after t.
func (c *consumer) OffsetsAt(ctx context.Context, t time.Time, partitions ...base.TopicPartition) ([]base.Offset, error) {
	if len(partitions) == 0 {
		return nil, ctx.Err()
	}
	list := topicPartitions(distinct(partitions))
	for i := range list {
		list[i].Offset = kafka.Offset(t.UnixMilli())
	}
	answer, err := await(ctx, &c.gate, func() ([]kafka.TopicPartition, error) { return c.client.OffsetsForTimes(list, millis(ctx)) })
	if err == nil {
		err = firstError(answer)
	}
	if err != nil {
		return nil, err
	}
	found := make(map[base.TopicPartition]base.Offset, len(answer))
	for _, tp := range answer {
		o := offset(tp)
		if o.Offset < 0 { // nothing that late
			_, o.Offset, err = c.Watermarks(ctx, o.TopicPartition)
			if err != nil {
				return nil, err
			}
		}
		found[o.TopicPartition] = o
	}
	offsets := make([]base.Offset, len(partitions))
	for i, tp := range partitions {
		offsets[i] = found[tp]
	}
	return offsets, nil
}

// Watermarks asks for the first offset of a partition and its end.
func (c *consumer) Watermarks(ctx context.Context, tp base.TopicPartition) (low, high int64, err error) {
	type marks struct{ low, high int64 }
	m, err := await(ctx, &c.gate, func() (m marks, err error) {
		m.low, m.high, err = c.client.QueryWatermarkOffsets(tp.Topic, tp.Partition, millis(ctx))
		return m, err
	})
	return m.low, m.high, at(err, tp)
}

// Committed asks for the group's offsets.
func (c *consumer) Committed(ctx context.Context, partitions ...base.TopicPartition) ([]base.Offset, error) {
	if len(partitions) == 0 {
		return nil, ctx.Err()
	}
	return await(ctx, &c.gate, func() ([]base.Offset, error) { return c.committed(partitions, millis(ctx)) })
}

// committed asks for the group's offsets, without a context.
func (c *consumer) committed(partitions []base.TopicPartition, ms int) ([]base.Offset, error) {
	answer, err := c.client.Committed(topicPartitions(partitions), ms)
	if err != nil {
		return nil, convert(err)
	}
	if err := firstError(answer); err != nil {
		return nil, err
	}
	offsets := make([]base.Offset, len(answer))
	for i, tp := range answer {
		offsets[i] = offset(tp)
	}
	return offsets, nil
}

// Partitions asks for the partitions of topic.
func (c *consumer) Partitions(ctx context.Context, topic string) ([]int32, error) {
	return partitions(ctx, &c.gate, c.client, topic)
}

// partitions asks client for the partitions of topic.
func partitions(ctx context.Context, g *gate, client interface {
	GetMetadata(topic *string, all bool, ms int) (*kafka.Metadata, error)
}, topic string) ([]int32, error) {
	answer, err := await(ctx, g, func() (*kafka.Metadata, error) { return client.GetMetadata(&topic, false, millis(ctx)) })
	if err != nil {
		return nil, err
	}
	meta, ok := answer.Topics[topic]
	if !ok {
		return nil, local(kafka.ErrUnknownTopicOrPart, topic, -1, "the brokers do not know this topic")
	}
	if meta.Error.Code() != kafka.ErrNoError {
		return nil, convertAt(meta.Error, topic, -1)
	}
	ids := make([]int32, len(meta.Partitions))
	for i, p := range meta.Partitions {
		ids[i] = p.ID
	}
	slices.Sort(ids)
	return ids, nil
}

// offset is librdkafka's offset as ours: the numbers of the special ones agree.
func offset(tp kafka.TopicPartition) base.Offset {
	o := base.Offset{
		TopicPartition: base.TopicPartition{Topic: *tp.Topic, Partition: tp.Partition},
		Offset:         int64(tp.Offset),
		LeaderEpoch:    -1,
	}
	if tp.LeaderEpoch != nil {
		o.LeaderEpoch = *tp.LeaderEpoch
	}
	return o
}

// topicPartition is our offset as librdkafka's.
func topicPartition(o base.Offset) kafka.TopicPartition {
	tp := kafka.TopicPartition{Topic: &o.Topic, Partition: o.Partition, Offset: kafka.Offset(o.Offset)}
	if o.LeaderEpoch >= 0 {
		tp.LeaderEpoch = &o.LeaderEpoch
	}
	return tp
}

// topicPartitions is our partitions as librdkafka's.
func topicPartitions(partitions []base.TopicPartition) []kafka.TopicPartition {
	list := make([]kafka.TopicPartition, len(partitions))
	for i, tp := range partitions {
		list[i] = kafka.TopicPartition{Topic: &tp.Topic, Partition: tp.Partition, Offset: kafka.OffsetInvalid}
	}
	return list
}

// firstError is the first error in an answer that has one per partition.
func firstError(answer []kafka.TopicPartition) error {
	for _, tp := range answer {
		if tp.Error != nil {
			return convertAt(tp.Error, *tp.Topic, tp.Partition)
		}
	}
	return nil
}

// at adds where it happened to an error of Kafka's.
func at(err error, tp base.TopicPartition) error {
	if e, ok := err.(*base.Error); ok {
		e.Topic, e.Partition = tp.Topic, tp.Partition
	}
	return err
}

// distinct is partitions in order, each once.
func distinct(partitions []base.TopicPartition) []base.TopicPartition {
	list := slices.Clone(partitions)
	sortPartitions(list)
	return slices.Compact(list)
}

func sortPartitions(list []base.TopicPartition) {
	slices.SortFunc(list, func(a, b base.TopicPartition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
}
