package avroproducer

import (
	"slices"
	"time"

	"github.com/kavro/kavro/kafka"
)

// envelope is the state of a record from Produce until its report, for a record that needs more
// than to be counted: OnDelivery, ProduceSync, an observer, or bytes of its own. Envelopes are
// pooled.
type envelope[K, V any] struct {
	producer   *Producer[K, V]
	done       func(*kafka.Record, error) // e.report, bound once
	generation *generation

	key        K
	value      V
	onDelivery func(Delivery)
	delivery   Delivery // its argument, once the record is reported

	call  *syncCall // of ProduceSync, else nil
	index int       // within call

	token any // the observer's
	sent  time.Time

	buffer  *buffer // of rec; nil if the client has copied the record
	headers []kafka.Header
	rec     kafka.Record // owned by the client until the report
}

// seal returns an envelope for the record of s.
func (p *Producer[K, V]) seal(s *scratch[K, V]) *envelope[K, V] {
	e, ok := p.envelopes.Get().(*envelope[K, V])
	if !ok {
		e = &envelope[K, V]{producer: p}
		e.done = e.report
	}
	e.generation, e.call, e.index = s.generation, s.call, s.index
	if e.onDelivery = s.onDelivery; e.onDelivery != nil {
		e.key, e.value = s.key, s.value
	}
	return e
}

// own gives e the record of s, and its buffer. If that is far too large, s keeps it, and e has a
// copy of the bytes.
func (e *envelope[K, V]) own(s *scratch[K, V]) *kafka.Record {
	e.rec = s.rec
	size, capacity := len(s.buffer.bytes), cap(s.buffer.bytes)
	if capacity > max(4*size, smallest) {
		e.buffer = e.producer.buffers.get(size)
		e.buffer.bytes = append(e.buffer.bytes, s.buffer.bytes...)
		if n := len(s.rec.Key); s.rec.Key != nil {
			e.rec.Key = e.buffer.bytes[:n:n]
		}
		if n := size - len(s.rec.Value); s.rec.Value != nil {
			e.rec.Value = e.buffer.bytes[n:size:size]
		}
	} else {
		if capacity > e.producer.maxScratch {
			capacity = smallest // a larger one would not be kept
		}
		e.buffer, s.buffer = s.buffer, e.producer.buffers.get(capacity)
	}
	e.headers = append(e.headers, s.rec.Headers...)
	e.rec.Headers = e.headers
	return &e.rec
}

// report is called by a client that copies, on its own thread, one record at a time.
func (p *Producer[K, V]) report(r *kafka.Record, err error) {
	switch a := r.Attach.(type) {
	case *generation:
		if err != nil {
			p.txn.noteFailure(err)
			p.failures.add(r, err)
		}
		a.remove()
	case *envelope[K, V]:
		a.report(r, err)
	}
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
		g := e.generation
		p.discard(e)
		g.remove()
		return
	}
	e.delivery = Delivery{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp,
		Tombstone: r.Value == nil, Headers: slices.Clone(r.Headers), Err: err,
	}
	p.deliveries.push(e)
}

// deliver calls the OnDelivery function, on the goroutine of deliveries.
func (e *envelope[K, V]) deliver() {
	g := e.generation
	defer g.remove()
	defer e.producer.discard(e)
	e.delivery.Key, e.delivery.Value = e.key, e.value
	e.onDelivery(e.delivery)
}

// discard puts e back. Its record is still counted.
func (p *Producer[K, V]) discard(e *envelope[K, V]) {
	if e.buffer != nil {
		p.buffers.put(e.buffer)
	}
	clear(e.headers)
	*e = envelope[K, V]{producer: p, done: e.done, headers: e.headers[:0]}
	p.envelopes.Put(e)
}
