package pipeline

import (
	"context"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// CopyConfig configures [Copy]. The zero value copies to topics of the same name, with
// unchanged schema ids.
type CopyConfig struct {
	// Schemas translates the schema ids of values. Nil leaves them unchanged: for one registry,
	// or one that mirrors the other.
	Schemas *Translator
	// AvroKeys translates the schema ids of keys too. It is false by default because the bytes
	// of a plain key may look like a frame.
	AvroKeys bool
	// Topic returns the topic to write to. Nil is the same topic.
	Topic func(topic string) string
	// SamePartition writes to the partition with the same number. False lets the partitioner
	// choose.
	SamePartition bool
	// Progress is called after every record, with the number of records so far. It must not
	// block. Records of aborted batches count again.
	Progress func(records int64)
}

// Copy copies topics until ctx ends, or to their end under [WithToEnd]: keys, values, headers
// and timestamps byte for byte, except for schema ids if c.Schemas is set. s is usually
// [AtLeastOnce] over a consumer of one cluster and a producer of another; within one cluster,
// a transactional session copies exactly once.
//
// The errors are those of [Pipeline.Run], and [kafka.ErrUnknownTopic] where a topic that is read to its
// end does not exist. The policy for avroconsumer.UnknownSchemas applies
// to ids that the first registry does not know, that for DecodeErrors to malformed frames;
// values without a frame are copied unchanged.
func Copy(ctx context.Context, s kafka.Session, topics []string, c CopyConfig, opts ...Option) error {
	name := c.Topic
	if name == nil {
		name = func(topic string) string { return topic }
	}
	keys := raw{name: name}
	if c.AvroKeys {
		keys.schemas = c.Schemas
	}
	p, err := New(s, keys, raw{name: name, schemas: c.Schemas}, raw{}, raw{}, opts...)
	if err != nil {
		return err
	}
	if err := p.Subscribe(topics...); err != nil {
		return err
	}
	if p.toEnd {
		if err := requireTopics(ctx, s, topics); err != nil {
			return err
		}
	}
	counter := counter{report: c.Progress}
	return p.Run(ctx, func(ctx context.Context, m *avroconsumer.Message[[]byte, []byte]) ([]avroproducer.Record[[]byte, []byte], error) {
		topic := name(m.Topic)
		headers := m.Headers
		if c.Schemas != nil {
			parts := []serde.Part{serde.Value}
			if c.AvroKeys {
				parts = append(parts, serde.Key)
			}
			var err error
			if headers, err = c.Schemas.headers(ctx, topic, headers, parts...); err != nil {
				return nil, err
			}
		}
		out := copyOf(m, topic, headers)
		if c.SamePartition {
			out.Partition = &m.Partition
		}
		counter.add()
		return []avroproducer.Record[[]byte, []byte]{out}, nil
	})
}

func copyOf(m *avroconsumer.Message[[]byte, []byte], topic string, headers []kafka.Header) avroproducer.Record[[]byte, []byte] {
	return avroproducer.Record[[]byte, []byte]{
		Topic:     topic,
		Key:       m.Key,
		Value:     m.Value,
		Headers:   headers,
		Timestamp: m.Timestamp,
	}
}
