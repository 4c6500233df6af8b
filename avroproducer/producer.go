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
	copier kafka.Copier // the client, if it is one
	key    serde.Serializer[K]
	value  serde.Serializer[V]
	config

	done      func(*kafka.Record, error) // report, bound once
	scratches sync.Pool                  // of *scratch[K, V], used by one call of Produce at a time
	envelopes sync.Pool                  // of *envelope[K, V], used until their record is reported
	buffers   buffers

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
	p.copier, _ = b.(kafka.Copier)
	p.done = p.report
	p.buffers.most = c.maxScratch
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
	s, err := p.acquire()
	if err != nil {
		return err
	}
	s.rec.Topic, s.key, s.value = topic, key, value
	return p.send(ctx, s, opts...)
}

// Delete is Produce with a null value, a tombstone: compaction removes the key from the
// topic.
func (p *Producer[K, V]) Delete(ctx context.Context, topic string, key K, opts ...RecordOption) error {
	s, err := p.acquire()
	if err != nil {
		return err
	}
	s.rec.Topic, s.key, s.tombstone = topic, key, true
	return p.send(ctx, s, opts...)
}

// ProduceRecord is Produce with a [Record] in place of arguments and options.
func (p *Producer[K, V]) ProduceRecord(ctx context.Context, rec Record[K, V]) error {
	s, err := p.acquire()
	if err != nil {
		return err
	}
	s.fill(&rec)
	return p.send(ctx, s)
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

// send applies the options of a record, serializes it, gives it to the client, and releases s.
func (p *Producer[K, V]) send(ctx context.Context, s *scratch[K, V], opts ...RecordOption) (err error) {
	g, sent := s.generation, false
	defer func() { // also when a serializer panics
		p.release(s)
		if !sent {
			g.remove()
		}
	}()
	if err := s.apply(opts); err != nil {
		return err
	}
	if err := p.encode(ctx, s); err != nil {
		if p.observer != nil {
			part := serde.Value
			if enc := (*serde.EncodeError)(nil); errors.As(err, &enc) {
				part = enc.Part
			}
			p.observer.Refused(ctx, s.rec.Topic, part, err)
		}
		return err
	}
	if s.onDelivery != nil {
		if err := p.deliveries.waitForCapacity(ctx); err != nil {
			return fmt.Errorf("%s: too many queued calls of OnDelivery: %w", s.rec.Topic, err)
		}
	}
	if err := p.handOver(ctx, s); err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return fmt.Errorf("%s: the producer's queue is full: %w", s.rec.Topic, err)
		}
		return err
	}
	sent = true
	if g.sealed() { // meanwhile: the flush may have called the client before, and the record would linger
		go func() { _ = p.await(context.Background(), g) }()
	}
	return nil
}

// maxCopied is the largest record, in bytes, that a client copies. To keep a larger one in a
// buffer of its own costs less than a copy: 14 % less CPU at 4 kB, the same at 2 kB.
const maxCopied = 1 << 10

// handOver gives the record of s to the client. After an error the client does not report it.
func (p *Producer[K, V]) handOver(ctx context.Context, s *scratch[K, V]) error {
	copied := p.copier != nil && len(s.buffer.bytes) <= maxCopied
	if copied && s.onDelivery == nil && s.call == nil && p.observer == nil {
		s.rec.Attach = s.generation
		return p.copier.ProduceCopy(ctx, &s.rec, p.done)
	}
	e, rec := p.seal(s), &s.rec
	rec.Attach = e
	if !copied {
		rec = e.own(s)
	}
	if p.observer != nil {
		e.token, e.sent = p.observer.Sending(ctx, rec), time.Now()
	}
	var err error
	if copied {
		err = p.copier.ProduceCopy(ctx, rec, p.done)
	} else {
		err = p.client.Produce(ctx, rec, e.done)
	}
	if err != nil { // else e may be reported already, and used again
		if p.observer != nil {
			p.observer.Delivered(e.token, rec, time.Since(e.sent), err)
		}
		p.discard(e)
	}
	return err
}
