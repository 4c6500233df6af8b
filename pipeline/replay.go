package pipeline

import (
	"context"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// ReplayConfig selects the dead letters that [Replay] sends, and their topics. The zero value
// sends all of them to the topics they came from.
type ReplayConfig struct {
	// Filter selects the dead letters to send. Nil sends all. Those that it excludes are
	// committed too: use another group.id to read them again.
	Filter func(DeadLetterRecord) bool
	// Topic returns the topic to send to, where the partitioner chooses the partition. Nil sends
	// to the topic and partition that the record came from.
	Topic func(DeadLetterRecord) string
	// DryRun neither sends nor commits.
	DryRun bool
	// Progress is called after each dead letter. It must not block.
	Progress func(Replayed)
}

// DeadLetterRecord is a dead letter with its parsed headers.
type DeadLetterRecord struct {
	avroconsumer.DeadLetterInfo
	Raw     *kafka.Record  // the record in the dead-letter topic
	Headers []kafka.Header // the record's own, without those that describe the failure
}

// Replayed counts dead letters.
type Replayed struct {
	Read int64 // number read
	Sent int64 // number sent; with DryRun, the number that would be sent
}

// Replay sends dead letters back: key, value, timestamp and the record's own headers, byte for
// byte. It reads topics to their current end and commits in batches: after an interruption it
// continues from there. Over a transactional session each dead letter is sent exactly once,
// over [AtLeastOnce] at least once.
//
// The policy for avroconsumer.DecodeErrors, Stop by default (see [WithPolicy]), applies to a
// record that is not a dead letter. A topic that does not exist is [kafka.ErrUnknownTopic]. The other
// errors are those of [Pipeline.Run].
func Replay(ctx context.Context, s kafka.Session, topics []string, c ReplayConfig, opts ...Option) (Replayed, error) {
	if c.DryRun {
		s = AtLeastOnce(dryRun{s}, s.Producer())
	}
	// A dead letter with a null value is sent as a tombstone.
	opts = append([]Option{WithTombstones(avroconsumer.DeliverTombstones)}, opts...)
	p, err := New(s, raw{}, deadLetterDecoder{}, raw{}, raw{}, append(opts, WithToEnd())...)
	if err != nil {
		return Replayed{}, err
	}
	decode := p.decode
	p.decode = func(ctx context.Context, r *kafka.Record) (*avroconsumer.Message[[]byte, DeadLetterRecord], error) {
		m, err := decode(ctx, r)
		if err == nil && m.Tombstone { // nulls are not decoded, but the headers of a dead letter are
			if err := (deadLetterDecoder{}).Decode(ctx, nil, &serde.Target{Headers: r.Headers}, &m.Value); err != nil {
				return nil, &avroconsumer.RecordError{Raw: r, Stage: avroconsumer.StageValue, Err: err}
			}
		}
		return m, err
	}
	if err := p.Subscribe(topics...); err != nil {
		return Replayed{}, err
	}
	if err := requireTopics(ctx, s, topics); err != nil {
		return Replayed{}, err
	}
	tally := tally{report: c.Progress, seen: map[kafka.TopicPartition]int64{}}
	err = p.Run(ctx, func(_ context.Context, m *avroconsumer.Message[[]byte, DeadLetterRecord]) ([]avroproducer.Record[[]byte, []byte], error) {
		deadLetter := m.Value
		deadLetter.Raw = m.Raw
		send := c.Filter == nil || c.Filter(deadLetter)
		tally.add(m.Raw, send)
		if !send || c.DryRun {
			return nil, nil
		}
		out := avroproducer.Record[[]byte, []byte]{
			Topic:     deadLetter.Topic,
			Key:       m.Key,
			Value:     m.Raw.Value,
			Headers:   deadLetter.Headers,
			Timestamp: m.Timestamp,
		}
		if c.Topic == nil {
			out.Partition = &deadLetter.Partition
		} else {
			out.Topic = c.Topic(deadLetter)
		}
		return []avroproducer.Record[[]byte, []byte]{out}, nil
	})
	return tally.total(), err
}
