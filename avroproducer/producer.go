package avroproducer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// Producer produces records with keys of type K and values of type V. It is
// safe for concurrent use.
type Producer[K, V any] struct {
	client kafka.Producer
	key    serde.Serializer[K]
	value  serde.Serializer[V]
	config

	envelopes  sync.Pool // of *envelope[K, V], released when their record is reported
	gate       gate
	deliveries deliveries
	failures   failures
	txn        transactions
	closing    closing
}

// New produces through b, with these serializers for keys and values. It does
// not take ownership: closing b is up to you (see [WithOwnedClient]). It does not
// touch the network.
func New[K, V any](b kafka.Producer, key serde.Serializer[K], value serde.Serializer[V], opts ...Option) (*Producer[K, V], error) {
	c := defaults()
	for _, o := range opts {
		o(&c)
	}
	err := c.check()
	if b == nil || key == nil || value == nil {
		err = errors.Join(err, errors.New("avroproducer: New needs a client, a key serializer and a value serializer"))
	}
	if err != nil {
		return nil, err
	}
	c.observer = combine(c.observers)
	p := &Producer[K, V]{client: b, key: key, value: value, config: c}
	p.envelopes.New = func() any { return newEnvelope(p) }
	p.gate.idle = make(chan struct{})
	p.closing.done = make(chan struct{})
	p.deliveries.limit = c.maxReports
	p.failures.limit = c.maxFailures
	return p, nil
}

// Produce serializes a record and queues it. It waits for room in the queue
// within ctx; once it has returned nil, ctx no longer matters. It may ask the
// registry, for the first record of a topic.
//
// The error is a [*serde.EncodeError] if key or value could not be serialized,
// ctx's if the queue stayed full, [kafka.ErrClosed], or the client's own. A
// record that was queued and failed later is reported: see [OnDelivery].
func (p *Producer[K, V]) Produce(ctx context.Context, topic string, key K, value V, opts ...RecordOption) error {
	e, err := p.acquire()
	if err != nil {
		return err
	}
	e.rec.Topic, e.key, e.value = topic, key, value
	for _, o := range opts {
		o(&e.settings)
	}
	return p.send(ctx, e)
}

// Delete is Produce with a null value, a tombstone: a compacted topic forgets
// the key.
func (p *Producer[K, V]) Delete(ctx context.Context, topic string, key K, opts ...RecordOption) error {
	e, err := p.acquire()
	if err != nil {
		return err
	}
	e.rec.Topic, e.key, e.tombstone = topic, key, true
	for _, o := range opts {
		o(&e.settings)
	}
	return p.send(ctx, e)
}

// ProduceRecord is Produce with the record as data.
func (p *Producer[K, V]) ProduceRecord(ctx context.Context, rec Record[K, V]) error {
	e, err := p.acquire()
	if err != nil {
		return err
	}
	e.fill(&rec)
	return p.send(ctx, e)
}

// Warmup lets the serializers decide the schemas of topics now, so that a
// missing or incompatible one is found before the first record, and looks whether
// the topics exist, as [kafka.TopicChecker] says: the error of one that does not
// matches [kafka.ErrUnknownTopic]. It asks the registry and the brokers. Serializers
// that have nothing to decide are passed over, as are clients that cannot look.
func (p *Producer[K, V]) Warmup(ctx context.Context, topics ...string) error {
	type warmer interface {
		Warmup(ctx context.Context, part serde.Part, topics ...string) error
	}
	var errs []error
	if w, ok := p.key.(warmer); ok {
		errs = append(errs, w.Warmup(ctx, serde.Key, topics...))
	}
	if w, ok := p.value.(warmer); ok {
		errs = append(errs, w.Warmup(ctx, serde.Value, topics...))
	}
	if c, ok := p.client.(kafka.TopicChecker); ok {
		for _, topic := range topics {
			err := c.CheckTopic(ctx, topic)
			if errors.Is(err, kafka.ErrUnknownTopic) {
				err = fmt.Errorf("%w; create it, or let the brokers do so (auto.create.topics.enable)", err)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Len returns how many records were taken and not reported yet, those whose
// OnDelivery has not returned among them.
func (p *Producer[K, V]) Len() int { return p.gate.len() }

// Client returns what New was given: the way to the client underneath.
func (p *Producer[K, V]) Client() kafka.Producer { return p.client }

// fill copies rec into e.
func (e *envelope[K, V]) fill(rec *Record[K, V]) {
	e.rec.Topic, e.key, e.value, e.tombstone = rec.Topic, rec.Key, rec.Value, rec.Tombstone
	if rec.Tombstone {
		e.value = *new(V)
	}
	if rec.Partition != nil {
		e.partition = *rec.Partition
	}
	e.headers = append(e.headers, rec.Headers...)
	e.timestamp, e.onDelivery = rec.Timestamp, rec.OnDelivery
}

// take gets an empty envelope, and counts it until it is released.
func (p *Producer[K, V]) acquire() (*envelope[K, V], error) {
	if !p.gate.enter() {
		return nil, kafka.ErrClosed
	}
	return p.envelopes.Get().(*envelope[K, V]), nil
}

// release ends the life of e's record.
func (p *Producer[K, V]) release(e *envelope[K, V]) {
	e.reset(p.maxScratch)
	p.envelopes.Put(e)
	p.gate.leave()
}

// send serializes e and gives it to the client, which owns it from then on.
func (p *Producer[K, V]) send(ctx context.Context, e *envelope[K, V]) (err error) {
	sent := false
	defer func() { // also when a serializer panics
		if !sent {
			p.release(e)
		}
	}()
	if e.rec.Topic == "" {
		return errors.New("avroproducer: the record has no topic")
	}
	if err := e.encode(ctx); err != nil {
		if p.observer != nil {
			part := serde.Value
			if enc := (*serde.EncodeError)(nil); errors.As(err, &enc) {
				part = enc.Part
			}
			p.observer.Refused(ctx, e.rec.Topic, part, err)
		}
		return err
	}
	if e.onDelivery != nil {
		if err := p.deliveries.waitForCapacity(ctx); err != nil {
			return fmt.Errorf("%s: waiting for OnDelivery to catch up: %w", e.rec.Topic, err)
		}
	}
	if p.observer != nil {
		e.token, e.sent = p.observer.Sending(ctx, &e.rec), time.Now()
	}
	if err := p.client.Produce(ctx, &e.rec, e.done); err != nil {
		if p.observer != nil {
			p.observer.Delivered(e.token, &e.rec, time.Since(e.sent), err)
		}
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return fmt.Errorf("%s: waiting for room in the queue: %w", e.rec.Topic, err)
		}
		return err
	}
	sent = true
	return nil
}
