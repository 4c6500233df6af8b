package avroproducer

import (
	"context"
	"errors"
	"fmt"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// scratch is what serializing one record needs. It does not leave Produce, so that a few of them,
// which stay in the caches of the processors, serve all records.
type scratch[K, V any] struct {
	generation *generation // in which the record is counted

	key       K
	value     V
	tombstone bool
	settings

	call  *syncCall // of ProduceSync, else nil
	index int       // within call

	keyTo, valueTo serde.Target
	buffer         *buffer // key, then value
	rec            kafka.Record
}

// acquire returns an empty scratch, whose record is counted.
func (p *Producer[K, V]) acquire() (*scratch[K, V], error) {
	g := p.account.add()
	if g == nil {
		return nil, kafka.ErrClosed
	}
	s, ok := p.scratches.Get().(*scratch[K, V])
	if !ok {
		s = &scratch[K, V]{buffer: p.buffers.get(smallest)}
		s.partition = -1
	}
	s.generation = g
	return s, nil
}

// release puts s back. Its record is still counted.
func (p *Producer[K, V]) release(s *scratch[K, V]) {
	clear(s.headers[:cap(s.headers)])                     // serializers and observers append
	s.key, s.value, s.tombstone = *new(K), *new(V), false // must not be kept alive
	s.settings = settings{partition: -1, headers: s.headers[:0]}
	s.call = nil
	if cap(s.buffer.bytes) > p.maxScratch {
		s.buffer = p.buffers.get(smallest)
	}
	p.scratches.Put(s)
}

// apply applies the options of a record, and checks it.
func (s *scratch[K, V]) apply(opts []RecordOption) error {
	if s.rec.Topic == "" {
		return errors.New("avroproducer: the record has no topic")
	}
	for i, o := range opts {
		if o == nil {
			return fmt.Errorf("avroproducer: %s: option %d of %d is nil: leave it out", s.rec.Topic, i+1, len(opts))
		}
		o(&s.settings)
	}
	if s.partition < -1 {
		return fmt.Errorf("avroproducer: %s: no partition has the number %d: -1 lets the partitioner choose", s.rec.Topic, s.partition)
	}
	return nil
}

// fill copies rec into s.
func (s *scratch[K, V]) fill(rec *Record[K, V]) {
	s.rec.Topic, s.key, s.value, s.tombstone = rec.Topic, rec.Key, rec.Value, rec.Tombstone
	if rec.Tombstone {
		s.value = *new(V)
	}
	if rec.Partition != nil {
		s.partition = *rec.Partition
	}
	s.headers = append(s.headers, rec.Headers...)
	s.timestamp, s.onDelivery = rec.Timestamp, rec.OnDelivery
}

// encode serializes key and value into s.rec.
func (p *Producer[K, V]) encode(ctx context.Context, s *scratch[K, V]) error {
	topic := s.rec.Topic
	set(&s.keyTo, topic, serde.Key, s.headers)
	buf, err := p.key.Append(ctx, s.buffer.bytes[:0], &s.keyTo, &s.key)
	if err != nil {
		return encodeError(topic, serde.Key, err)
	}
	split := len(buf)

	set(&s.valueTo, topic, serde.Value, s.keyTo.Headers)
	s.valueTo.Null = s.tombstone
	if !s.tombstone {
		if buf, err = p.value.Append(ctx, buf, &s.valueTo, &s.value); err != nil {
			return encodeError(topic, serde.Value, err)
		}
	}
	s.buffer.bytes = buf

	s.rec.Key, s.rec.Value = nil, nil
	if !s.keyTo.Null {
		s.rec.Key = buf[:split:split]
	}
	if !s.valueTo.Null {
		s.rec.Value = buf[split:len(buf):len(buf)]
	}
	s.rec.Partition, s.rec.Headers, s.rec.Timestamp = s.partition, s.valueTo.Headers, s.timestamp
	s.rec.Offset, s.rec.LeaderEpoch = -1, -1
	return nil
}

// set sets all fields of t, one by one: a struct literal would be copied.
func set(t *serde.Target, topic string, part serde.Part, headers []kafka.Header) {
	t.Topic, t.Part, t.Null, t.Headers, t.Schema = topic, part, false, headers, nil
}

// encodeError adds topic and part to err, unless err has them.
func encodeError(topic string, part serde.Part, err error) error {
	if e := (*serde.EncodeError)(nil); errors.As(err, &e) {
		return err
	}
	return &serde.EncodeError{Topic: topic, Part: part, Err: err}
}
