package avroconsumer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Start is where reading of a partition begins. The zero value is what the group
// committed, or else what auto.offset.reset says.
type Start struct {
	set    bool
	time   time.Time
	offset int64
	always bool
}

// FromTime begins with the first record whose timestamp is at or after t, in
// partitions for which the group has committed nothing. A time before 1970, the zero
// time for instance, is the start of the partition.
func FromTime(t time.Time) Start {
	if t.UnixMilli() < 0 { // has other meanings in Kafka's protocol
		return FromOffset(kafka.OffsetStart)
	}
	return Start{set: true, time: t}
}

// FromOffset begins at an offset, which may be [kafka.OffsetStart] or
// [kafka.OffsetEnd], in partitions for which the group has committed nothing.
func FromOffset(offset int64) Start { return Start{set: true, offset: offset} }

// Always begins there also where the group has committed an offset, the first
// time that this consumer gets a partition. It is for readers that have a group
// to themselves: another member would begin there again when it gets the
// partition.
func (s Start) Always() Start {
	s.always = true
	return s
}

// check refuses an offset that is none.
func (s Start) check() error {
	if s.offset < 0 && s.offset != kafka.OffsetStart && s.offset != kafka.OffsetEnd {
		return fmt.Errorf("offset %d is neither a number nor kafka.OffsetStart nor kafka.OffsetEnd", s.offset)
	}
	return nil
}

// offsets says where to begin reading the partitions of committed that s is for.
// It asks the broker, for a time. seen tells which partitions this consumer had
// before.
func (s Start) offsets(ctx context.Context, b kafka.Consumer, committed []kafka.Offset, seen func(kafka.TopicPartition) bool) ([]kafka.Offset, error) {
	if !s.set {
		return nil, nil
	}
	var out []kafka.Offset
	for _, o := range committed {
		if o.Offset == kafka.OffsetNone || s.always && !seen(o.TopicPartition) {
			out = append(out, kafka.Offset{TopicPartition: o.TopicPartition, Offset: s.offset, LeaderEpoch: -1})
		}
	}
	if s.time.IsZero() || len(out) == 0 {
		return out, nil
	}
	broker, ok := b.(kafka.Offsets)
	if !ok {
		return nil, fmt.Errorf("avroconsumer: FromTime: %w: it cannot look offsets up by time", kafka.ErrUnsupported)
	}
	return broker.OffsetsAt(ctx, s.time, partitionsOf(out)...)
}

func partitionsOf(o []kafka.Offset) []kafka.TopicPartition {
	out := make([]kafka.TopicPartition, len(o))
	for i := range o {
		out[i] = o[i].TopicPartition
	}
	return out
}

// override replaces in start what wins says for the same partitions, and adds the
// rest of wins.
func override(start, wins []kafka.Offset) []kafka.Offset {
	out := slices.Clone(start)
	for _, w := range wins {
		same := func(o kafka.Offset) bool { return o.TopicPartition == w.TopicPartition }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i] = w
		} else {
			out = append(out, w)
		}
	}
	return out
}
