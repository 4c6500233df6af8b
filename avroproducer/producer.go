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
	account    account
	deliveries deliveries
	failures   failures
	txn        transactions
	closing    closing
}

// New returns a producer that serializes with key and value and produces through b. The
// caller closes b, unless [WithOwnedClient] is given. New does not touch the network.
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
	p.account.start()
	p.closing.done = make(chan struct{})
	p.deliveries.limit = c.maxReports
	p.failures.limit = c.maxFailures
	return p, nil
}

// Produce serializes a record and queues it. While the client's queue is full it waits
// within ctx; after it has returned nil, ctx has no effect on the record. For the first
// record of a topic it may ask the registry.
//
// The error is a [*serde.EncodeError] if key or value could not be serialized, ctx's if
// the queue stayed full, [kafka.ErrClosed], or the client's own. The failure of a queued
// record is reported later: see [OnDelivery].
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

// Delete is Produce with a null value, a tombstone: compaction removes the key from the
// topic.
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

// ProduceRecord is Produce with a [Record] in place of arguments and options.
func (p *Producer[K, V]) ProduceRecord(ctx context.Context, rec Record[K, V]) error {
	e, err := p.acquire()
	if err != nil {
		return err
	}
	e.fill(&rec)
	return p.send(ctx, e)
}

// Warmup finds or registers the schemas of topics and checks that the topics exist, so
// that errors appear before the first record. It asks the registry and the brokers. The
// error of a topic that does not exist matches [kafka.ErrUnknownTopic]. Serializers without
// schemas are skipped; topics are checked if the client is a [kafka.TopicChecker].
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

// Len returns the number of records that were accepted and are not reported yet, including
// those whose OnDelivery function has not returned.
func (p *Producer[K, V]) Len() int { return p.account.len() }

// Client returns the client that New was given.
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

// acquire returns an empty envelope, which is counted until it is released.
func (p *Producer[K, V]) acquire() (*envelope[K, V], error) {
	g := p.account.add()
	if g == nil {
		return nil, kafka.ErrClosed
	}
	e := p.envelopes.Get().(*envelope[K, V])
	e.generation = g
	return e, nil
}

// release returns e to the pool.
func (p *Producer[K, V]) release(e *envelope[K, V]) {
	g := e.generation
	e.reset(p.maxScratch)
	p.envelopes.Put(e)
	g.remove()
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
			return fmt.Errorf("%s: too many queued calls of OnDelivery: %w", e.rec.Topic, err)
		}
	}
	if p.observer != nil {
		e.token, e.sent = p.observer.Sending(ctx, &e.rec), time.Now()
	}
	g := e.generation // e may be reported, and used again, before Produce returns
	if err := p.client.Produce(ctx, &e.rec, e.done); err != nil {
		if p.observer != nil {
			p.observer.Delivered(e.token, &e.rec, time.Since(e.sent), err)
		}
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return fmt.Errorf("%s: the producer's queue is full: %w", e.rec.Topic, err)
		}
		return err
	}
	sent = true
	if g.sealed() { // meanwhile: the flush may have called the client before, and e would linger
		go func() { _ = p.await(context.Background(), g) }()
	}
	return nil
}
