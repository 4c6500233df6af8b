package avroproducer

import (
	"context"
	"errors"
	"time"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// envelope holds one record and its state, from Produce until its report. Envelopes are
// pooled; nothing else is allocated for a record.
type envelope[K, V any] struct {
	producer *Producer[K, V]
	done     func(*kafka.Record, error) // e.report, bound once

	generation *generation

	key       K
	value     V
	tombstone bool
	settings

	keyTo, valueTo serde.Target
	bytes          []byte // key, then value; owned by the client until done
	rec            kafka.Record

	call  *syncCall // of ProduceSync, else nil
	index int       // within call

	token any // the observer's
	sent  time.Time
	err   error // the report's, for deliver
}

func newEnvelope[K, V any](p *Producer[K, V]) *envelope[K, V] {
	// With capacity: an empty key that is not null must be an empty slice, not nil.
	e := &envelope[K, V]{producer: p, bytes: make([]byte, 0, 256)}
	e.done = e.report
	e.partition = -1
	return e
}

// encode serializes key and value into e.rec.
func (e *envelope[K, V]) encode(ctx context.Context) error {
	p, topic := e.producer, e.rec.Topic

	// Clip the capacity, so that a serializer that appends to the headers copies them.
	e.keyTo = serde.Target{Topic: topic, Part: serde.Key, Headers: e.headers[:len(e.headers):len(e.headers)]}
	buf, err := p.key.Append(ctx, e.bytes[:0], &e.keyTo, &e.key)
	if err != nil {
		return encodeError(topic, serde.Key, err)
	}
	split := len(buf)

	e.valueTo = serde.Target{Topic: topic, Part: serde.Value, Headers: e.keyTo.Headers, Null: true}
	if !e.tombstone {
		e.valueTo.Null = false
		if buf, err = p.value.Append(ctx, buf, &e.valueTo, &e.value); err != nil {
			return encodeError(topic, serde.Value, err)
		}
	}
	e.bytes = buf

	e.rec.Key, e.rec.Value = nil, nil
	if !e.keyTo.Null {
		e.rec.Key = buf[:split:split]
	}
	if !e.valueTo.Null {
		e.rec.Value = buf[split:len(buf):len(buf)]
	}
	e.rec.Partition = e.partition
	e.rec.Headers = e.valueTo.Headers
	e.rec.Timestamp = e.timestamp
	e.rec.Offset, e.rec.LeaderEpoch = -1, -1
	return nil
}

// encodeError adds topic and part to err, unless err has them.
func encodeError(topic string, part serde.Part, err error) error {
	if e := (*serde.EncodeError)(nil); errors.As(err, &e) {
		return err
	}
	return &serde.EncodeError{Topic: topic, Part: part, Err: err}
}

// report is called by the client, on its own thread, one record at a time.
func (e *envelope[K, V]) report(r *kafka.Record, err error) {
	p := e.producer
	if p.observer != nil {
		p.observer.Delivered(e.token, r, time.Since(e.sent), err)
	}
	if err != nil {
		p.txn.noteFailure(err)
		if e.onDelivery == nil && e.call == nil {
			p.failures.add(r, err)
		}
	}
	if e.call != nil {
		e.call.report(e.index, err)
	}
	if e.onDelivery == nil {
		p.release(e)
		return
	}
	e.err = err
	p.deliveries.push(e)
}

// deliver calls the OnDelivery function, on the goroutine of deliveries.
func (e *envelope[K, V]) deliver() {
	defer e.producer.release(e)
	e.onDelivery(Delivery{
		Topic:     e.rec.Topic,
		Partition: e.rec.Partition,
		Offset:    e.rec.Offset,
		Timestamp: e.rec.Timestamp,
		Key:       e.key,
		Value:     e.value,
		Tombstone: e.valueTo.Null,
		Headers:   append([]kafka.Header(nil), e.rec.Headers...),
		Err:       e.err,
	})
}

// reset clears e except for its slices, which are reused.
func (e *envelope[K, V]) reset(maxScratch int) {
	clear(e.headers)
	bytes, headers := e.bytes[:0], e.headers[:0]
	if cap(bytes) > maxScratch {
		bytes = make([]byte, 0, 256)
	}
	*e = envelope[K, V]{producer: e.producer, done: e.done, bytes: bytes}
	e.partition, e.headers = -1, headers
}
