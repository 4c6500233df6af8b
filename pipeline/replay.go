package pipeline

import (
	"context"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// ReplayConfig says which dead letters [Replay] sends, and where. The zero value
// sends all of them back to where they came from.
type ReplayConfig struct {
	// Filter says which ones are sent. Nil: all. Those that it refuses count as
	// dealt with: give another group.id to look at them again.
	Filter func(DeadLetterRecord) bool
	// Topic says where to. Nil: the topic, and the partition, that the record was
	// in. With another topic, the partitioner chooses.
	Topic func(DeadLetterRecord) string
	// DryRun sends nothing, and commits nothing.
	DryRun bool
	// Progress is called after each dead letter. It must not block.
	Progress func(Replayed)
}

// DeadLetterRecord is a dead letter and what its headers say.
type DeadLetterRecord struct {
	avroconsumer.DeadLetterInfo
	Raw     *kafka.Record  // as it is in the dead-letter topic
	Headers []kafka.Header // the record's own, without those that say what happened
}

// Replayed counts dead letters.
type Replayed struct {
	Read int64 // in all
	Sent int64 // sent back; under DryRun: what would have been
}

// Replay sends dead letters back: key, value, timestamp and the record's own
// headers, byte for byte. It reads topics to the end that they have now, and
// commits as it goes: one that was stopped midway goes on where it was. Over a
// transactional session each dead letter is sent exactly once, over [AtLeastOnce]
// at least once.
//
// A record that is no dead letter falls under the policy for
// avroconsumer.DecodeErrors: Stop unless [WithPolicy] says otherwise. The other
// errors are those of [Pipeline.Run].
func Replay(ctx context.Context, s kafka.Session, topics []string, c ReplayConfig, opts ...Option) (Replayed, error) {
	if c.DryRun {
		s = AtLeastOnce(dryRun{s}, s.Producer())
	}
	// A tombstone that is a dead letter is sent back as what it is.
	opts = append([]Option{WithTombstones(avroconsumer.DeliverTombstones)}, opts...)
	p, err := New(s, raw{}, deadLetterDecoder{}, raw{}, raw{}, append(opts, WithToEnd())...)
	if err != nil {
		return Replayed{}, err
	}
	decode := p.decode
	p.decode = func(ctx context.Context, r *kafka.Record) (*avroconsumer.Message[[]byte, DeadLetterRecord], error) {
		m, err := decode(ctx, r)
		if err == nil && m.Tombstone { // nulls are not decoded, but this one has headers to be read
			if err := (deadLetterDecoder{}).Decode(ctx, nil, &serde.Target{Headers: r.Headers}, &m.Value); err != nil {
				return nil, &avroconsumer.RecordError{Raw: r, Stage: avroconsumer.StageValue, Err: err}
			}
		}
		return m, err
	}
	if err := p.Subscribe(topics...); err != nil {
		return Replayed{}, err
	}
	tally := tally{report: c.Progress, seen: map[kafka.TopicPartition]int64{}}
	err = p.Run(ctx, func(_ context.Context, m *avroconsumer.Message[[]byte, DeadLetterRecord]) ([]avroproducer.Record[[]byte, []byte], error) {
		letter := m.Value
		letter.Raw = m.Raw
		send := c.Filter == nil || c.Filter(letter)
		tally.add(m.Raw, send)
		if !send || c.DryRun {
			return nil, nil
		}
		out := avroproducer.Record[[]byte, []byte]{
			Topic:     letter.Topic,
			Key:       m.Key,
			Value:     m.Raw.Value,
			Headers:   letter.Headers,
			Timestamp: m.Timestamp,
		}
		if c.Topic == nil {
			out.Partition = &letter.Partition
		} else {
			out.Topic = c.Topic(letter)
		}
		return []avroproducer.Record[[]byte, []byte]{out}, nil
	})
	return tally.total(), err
}
