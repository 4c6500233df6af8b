package avroconsumer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Start is the offset at which reading of a partition starts: see [WithStart]. The zero value
// is the group's committed offset, or else auto.offset.reset.
type Start struct {
	set    bool
	time   time.Time
	offset int64
	always bool
}

// FromTime starts at the first record whose timestamp is at or after t, in partitions without
// a committed offset. A time before 1970, such as the zero time, is the start of the
// partition.
func FromTime(t time.Time) Start {
	if t.UnixMilli() < 0 { // negative timestamps have other meanings in Kafka's protocol
		return FromOffset(kafka.OffsetStart)
	}
	return Start{set: true, time: t}
}

// FromOffset starts at an offset, which may be [kafka.OffsetStart] or [kafka.OffsetEnd], in
// partitions without a committed offset.
func FromOffset(offset int64) Start { return Start{set: true, offset: offset} }

// Always makes s apply to partitions with a committed offset too, the first time that this
// consumer is assigned each. It is for a consumer that is the only member of its group:
// another member would start there again when it gets the partition.
func (s Start) Always() Start {
	s.always = true
	return s
}

// check refuses negative offsets without a meaning.
func (s Start) check() error {
	if s.offset < 0 && s.offset != kafka.OffsetStart && s.offset != kafka.OffsetEnd {
		return fmt.Errorf("offset %d is neither a number nor kafka.OffsetStart nor kafka.OffsetEnd", s.offset)
	}
	return nil
}

// offsets returns the start offsets of the partitions in committed that s applies to. For a
// time, it asks the broker. seen reports whether this consumer had a partition before.
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

// override returns start with the offsets of wins in place of those of the same partitions.
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
