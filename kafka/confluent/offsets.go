//go:build cgo

package confluent

import (
	"cmp"
	"context"
	"slices"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// Commit makes next the group's offsets.
func (c *consumer) Commit(ctx context.Context, next []kafka.Offset) error {
	if err := c.needGroup(); err != nil {
		return err
	}
	if len(next) == 0 { // librdkafka would commit its own positions
		return ctx.Err()
	}
	list := make([]ckafka.TopicPartition, len(next))
	for i, o := range next {
		list[i] = topicPartition(o)
	}
	answer, err := query(ctx, c, func() ([]ckafka.TopicPartition, error) { return c.client.CommitOffsets(list) })
	if fatal := c.events.Fatal(); err != nil && fatal != nil {
		return fatal // it does not belong to a partition
	}
	if err != nil {
		if len(next) == 1 { // else the response does not say which partition it belongs to
			err = at(err, next[0].TopicPartition)
		}
		return err
	}
	return c.events.Explain(firstError(answer))
}

// Pause stops fetching partitions.
func (c *consumer) Pause(partitions ...kafka.TopicPartition) error {
	return c.setPaused(partitions, true, c.client.Pause)
}

// Resume undoes Pause.
func (c *consumer) Resume(partitions ...kafka.TopicPartition) error {
	return c.setPaused(partitions, false, c.client.Resume)
}

// setPaused pauses or resumes partitions that are assigned and in the other state. librdkafka would
// also pause partitions that are not assigned, for later assignments.
func (c *consumer) setPaused(partitions []kafka.TopicPartition, paused bool, do func([]ckafka.TopicPartition) error) error {
	if !c.gate.enter() {
		return kafka.ErrClosed
	}
	defer c.gate.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []kafka.TopicPartition
	for _, tp := range partitions {
		p := c.parts[tp]
		if p == nil || p.paused == paused {
			continue
		}
		p.paused = paused
		if p.begun && !p.lost { // else read does it
			list = append(list, tp)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return convert(do(topicPartitions(list)))
}

// OffsetsAt asks for the first offsets at or after t.
func (c *consumer) OffsetsAt(ctx context.Context, t time.Time, partitions ...kafka.TopicPartition) ([]kafka.Offset, error) {
	if len(partitions) == 0 {
		return nil, ctx.Err()
	}
	list := topicPartitions(distinct(partitions))
	for i := range list {
		list[i].Offset = ckafka.Offset(t.UnixMilli())
	}
	answer, err := query(ctx, c, func() ([]ckafka.TopicPartition, error) { return c.client.OffsetsForTimes(list, millis(ctx)) })
	if err == nil {
		err = firstError(answer)
	}
	if err != nil {
		return nil, err
	}
	found := make(map[kafka.TopicPartition]kafka.Offset, len(answer))
	for _, tp := range answer {
		o := offset(tp)
		if o.Offset < 0 { // no record at or after t
			_, o.Offset, err = c.Watermarks(ctx, o.TopicPartition)
			if err != nil {
				return nil, err
			}
		}
		found[o.TopicPartition] = o
	}
	offsets := make([]kafka.Offset, len(partitions))
	for i, tp := range partitions {
		offsets[i] = found[tp]
	}
	return offsets, nil
}

// Watermarks asks for the first offset of a partition and its end.
func (c *consumer) Watermarks(ctx context.Context, tp kafka.TopicPartition) (low, high int64, err error) {
	type marks struct{ low, high int64 }
	m, err := query(ctx, c, func() (m marks, err error) {
		m.low, m.high, err = c.client.QueryWatermarkOffsets(tp.Topic, tp.Partition, millis(ctx))
		return m, err
	})
	return m.low, m.high, at(err, tp)
}

// Committed asks for the group's offsets.
func (c *consumer) Committed(ctx context.Context, partitions ...kafka.TopicPartition) ([]kafka.Offset, error) {
	if err := c.needGroup(); err != nil {
		return nil, err
	}
	if len(partitions) == 0 {
		return nil, ctx.Err()
	}
	got, err := query(ctx, c, func() (groupOffsets, error) { return c.committed(partitions, millis(ctx)) })
	if err != nil {
		return nil, err
	}
	for _, tp := range partitions {
		if err := got.errs[tp]; err != nil {
			return nil, err
		}
	}
	return got.offsets, nil
}

// groupOffsets is the group's offsets, in the order of the request. The offset of a partition in
// errs is OffsetNone.
type groupOffsets struct {
	offsets []kafka.Offset
	errs    map[kafka.TopicPartition]error
}

// committed asks for the group's offsets. A retriable error of any partition is its error.
func (c *consumer) committed(partitions []kafka.TopicPartition, ms int) (got groupOffsets, err error) {
	list := topicPartitions(partitions)
	answer, err := c.client.Committed(list, ms)
	if ke, ok := err.(ckafka.Error); ok && ke.Code() == ckafka.ErrGroupIDNotFound {
		answer, err = list, nil // a group without any member so far has no offsets
	}
	if err != nil {
		return got, convert(err)
	}
	got.errs = make(map[kafka.TopicPartition]error)
	for _, tp := range answer {
		o := offset(tp)
		if tp.Error != nil {
			err := convertAt(tp.Error, o.Topic, o.Partition)
			if isRetriable(err) {
				return got, err
			}
			got.errs[o.TopicPartition], o.Offset = err, kafka.OffsetNone
		}
		got.offsets = append(got.offsets, o)
	}
	return got, nil
}

// Partitions asks for the partitions of topic.
func (c *consumer) Partitions(ctx context.Context, topic string) ([]int32, error) {
	ids, err := partitions(ctx, &c.gate, c.events.Tracker, c.client, topic)
	if err != nil {
		c.drainEvents()
	}
	return ids, c.events.Explain(err)
}

// partitions asks client for the partitions of topic.
func partitions(ctx context.Context, g *gate, t *clienterr.Tracker, client interface {
	GetMetadata(topic *string, all bool, ms int) (*ckafka.Metadata, error)
}, topic string) ([]int32, error) {
	answer, err := await(ctx, g, t, func() (*ckafka.Metadata, error) { return client.GetMetadata(&topic, false, millis(ctx)) })
	if err != nil {
		return nil, err
	}
	t.OK()
	meta, ok := answer.Topics[topic]
	if !ok {
		return nil, local(ckafka.ErrUnknownTopicOrPart, topic, -1, "the brokers do not know this topic")
	}
	if meta.Error.Code() != ckafka.ErrNoError {
		return nil, convertAt(meta.Error, topic, -1)
	}
	ids := make([]int32, len(meta.Partitions))
	for i, p := range meta.Partitions {
		ids[i] = p.ID
	}
	slices.Sort(ids)
	return ids, nil
}

// creationPauses are the pauses between requests for a topic that a broker may be creating.
var creationPauses = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond, 400 * time.Millisecond}

// CheckTopic implements kafka.TopicChecker. librdkafka's producers request metadata in the way that
// lets brokers create the topic.
func (p *producer) CheckTopic(ctx context.Context, topic string) error {
	for try := 0; ; try++ {
		_, err := p.Partitions(ctx, topic)
		if err == nil {
			p.errs.TopicOK(topic)
			return nil
		}
		e, ok := err.(*kafka.Error)
		making := ok && (e.Is(kafka.ErrUnknownTopic) || ckafka.ErrorCode(e.Code) == ckafka.ErrLeaderNotAvailable)
		if !making || try == len(creationPauses) {
			return err
		}
		if sleepUntil(ctx, time.Now().Add(creationPauses[try]), p.closing) != nil {
			return err
		}
	}
}

// offset converts librdkafka's offset. The special numbers are the same.
func offset(tp ckafka.TopicPartition) kafka.Offset {
	o := kafka.Offset{
		TopicPartition: kafka.TopicPartition{Topic: *tp.Topic, Partition: tp.Partition},
		Offset:         int64(tp.Offset),
		LeaderEpoch:    -1,
	}
	if tp.LeaderEpoch != nil {
		o.LeaderEpoch = *tp.LeaderEpoch
	}
	return o
}

// topicPartition converts an offset to librdkafka's.
func topicPartition(o kafka.Offset) ckafka.TopicPartition {
	tp := ckafka.TopicPartition{Topic: &o.Topic, Partition: o.Partition, Offset: ckafka.Offset(o.Offset)}
	if o.LeaderEpoch >= 0 {
		tp.LeaderEpoch = &o.LeaderEpoch
	}
	return tp
}

// topicPartitions converts partitions to librdkafka's.
func topicPartitions(partitions []kafka.TopicPartition) []ckafka.TopicPartition {
	list := make([]ckafka.TopicPartition, len(partitions))
	for i, tp := range partitions {
		list[i] = ckafka.TopicPartition{Topic: &tp.Topic, Partition: tp.Partition, Offset: ckafka.OffsetInvalid}
	}
	return list
}

// firstError returns the first error in a response that has one per partition.
func firstError(answer []ckafka.TopicPartition) error {
	for _, tp := range answer {
		if tp.Error != nil {
			return convertAt(tp.Error, *tp.Topic, tp.Partition)
		}
	}
	return nil
}

// at returns err with topic and partition, if it is a *kafka.Error.
func at(err error, tp kafka.TopicPartition) error {
	e, ok := err.(*kafka.Error)
	if !ok {
		return err
	}
	located := *e
	located.Topic, located.Partition = tp.Topic, tp.Partition
	return &located
}

// distinct is partitions, sorted, each once.
func distinct(partitions []kafka.TopicPartition) []kafka.TopicPartition {
	list := slices.Clone(partitions)
	sortPartitions(list)
	return slices.Compact(list)
}

func sortPartitions(list []kafka.TopicPartition) { slices.SortFunc(list, comparePartitions) }

func sortOffsets(list []kafka.Offset) {
	slices.SortFunc(list, func(a, b kafka.Offset) int {
		return cmp.Or(comparePartitions(a.TopicPartition, b.TopicPartition), cmp.Compare(a.Offset, b.Offset))
	})
}

func comparePartitions(a, b kafka.TopicPartition) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}
