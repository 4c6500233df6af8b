//go:build cgo

package confluent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// NewProducer makes a producer. With transactional.id the result is also a [kafka.TxnProducer];
// it is always a [kafka.Metadata], a [kafka.TopicChecker] and a [kafka.Explainer].
//
// NewProducer does not wait for the network: librdkafka connects in the background. The error
// is a [*kafka.ConfigError] where the configuration is wrong.
func NewProducer(conf kafka.Config, hooks kafka.Hooks) (kafka.Producer, error) {
	p, transactional, err := newProducer(conf, hooks, clienterr.New(hooks))
	if err != nil {
		return nil, err
	}
	if transactional {
		return &txnProducer{producer: p}, nil
	}
	return p, nil
}

func newProducer(conf kafka.Config, hooks kafka.Hooks, t *clienterr.Tracker) (p *producer, transactional bool, err error) {
	plan := producerConf(conf, hooks)
	client, err := open(plan, ckafka.NewProducer, (*ckafka.Producer).Close)
	if err != nil {
		return nil, false, err
	}
	m := plan.m
	p = startProducer(client, nil, t)
	p.errs.ExpectAnswer(servers(m))
	p.events = newEvents(client, client.Logs(), hooks, p.errs)
	p.serving.Go(func() {
		for ev := range client.Events() { // closed by client.Close
			p.events.handle(ev)
		}
	})
	transactional = isSet(m, "transactional.id")
	p.errs.Connecting()
	go func() {
		if m["enable.idempotence"] == "true" && !transactional {
			p.prefetchProducerID()
		}
		awaitAnswer(&p.gate, p.errs, p.closing, client, func() {})
	}()
	return p, transactional, nil
}

// servers returns bootstrap.servers, set by either of its names.
func servers(m ckafka.ConfigMap) string {
	for _, key := range []string{"bootstrap.servers", "metadata.broker.list"} {
		if isSet(m, key) {
			return fmt.Sprint(m[key])
		}
	}
	return ""
}

// awaitAnswer asks for metadata until a broker has answered, or closing is closed: librdkafka
// has no event for its first success. meanwhile is called after each failed request.
func awaitAnswer(g *gate, t *clienterr.Tracker, closing <-chan struct{}, client interface {
	GetMetadata(topic *string, all bool, ms int) (*ckafka.Metadata, error)
}, meanwhile func()) {
	for pause := 5 * time.Millisecond; !t.Answered(); pause = min(2*pause, time.Second) {
		select {
		case <-closing:
			return
		case <-time.After(pause):
		}
		if !g.enter() {
			return
		}
		_, err := client.GetMetadata(nil, false, 50)
		g.leave()
		if err == nil {
			t.OK()
			return
		}
		meanwhile()
	}
}

// prefetchProducerID makes librdkafka get its producer id at once. librdkafka requests it as soon
// as the client exists, when no broker is connected yet, and tries again half a second later or
// when metadata arrives. So this requests metadata.
func (p *producer) prefetchProducerID() {
	if !p.gate.enter() {
		return
	}
	defer p.gate.leave()
	for answers, tries := 0, 0; answers < 2 && tries < 20; tries++ {
		select {
		case <-p.closing:
			return
		case <-time.After(5 * time.Millisecond):
		}
		if _, err := p.client.GetMetadata(nil, false, 50); err == nil {
			p.errs.OK()
			answers++
		}
	}
}

// reportBuffer is the capacity of the channel between librdkafka's poller and the goroutine that
// calls done: with this many reports neither has to wake the other for each record.
const reportBuffer = 1 << 17

// producer is a kafka.Producer.
type producer struct {
	client *ckafka.Producer
	events *events // nil if the client is wrapped
	errs   *clienterr.Tracker
	topics *clienterr.Topics
	gate   gate // of all calls into librdkafka but Produce

	// reports receives a message per record from librdkafka's poller. It is a channel of
	// our own, since the Events() of a wrapped client belong to the caller.
	reports chan ckafka.Event
	quit    chan struct{} // closed to end deliver
	serving sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	inFlight  int           // queued and not yet reported
	idle      chan struct{} // closed when inFlight is 0; nil while nobody waits
	wakeAfter int           // number of reports until a waiting Produce is woken
	free      []*delivery   // deliveries to reuse
	flushing  bool          // a goroutine runs flush

	closing      chan struct{} // closed by Close: ends waits for space
	purging      atomic.Bool   // purged records are reported with ErrClosed
	firstFailure atomic.Pointer[deliveryFailure]
	unsent       error // ErrClosed with its cause, for purged records; set before purging

	waiting atomic.Int32  // calls of Produce that wait for space in the queue
	space   chan struct{} // holds a token when there may be space

	headers sync.Pool // *[]ckafka.Header; librdkafka copies them
	ledger  *ledger   // records that a wrapped client has; nil if the client is not wrapped

	flushers   atomic.Int32  // calls of await; changed with mu held
	flushAgain chan struct{} // holds a token when flush is to look at flushers and the queue again
}

// startProducer makes a producer of client and starts its deliver goroutine.
func startProducer(client *ckafka.Producer, l *ledger, t *clienterr.Tracker) *producer {
	p := &producer{
		client:     client,
		errs:       t,
		ledger:     l,
		reports:    make(chan ckafka.Event, reportBuffer),
		quit:       make(chan struct{}),
		closing:    make(chan struct{}),
		space:      make(chan struct{}, 1),
		flushAgain: make(chan struct{}, 1),
	}
	p.topics = clienterr.NewTopics(t, p.requestTopic, p.busy)
	p.headers.New = func() any { return new([]ckafka.Header) }
	p.serving.Go(p.deliver)
	return p
}

// Produce queues r in librdkafka, which copies its bytes.
func (p *producer) Produce(ctx context.Context, r *kafka.Record, done func(*kafka.Record, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := check(r); err != nil {
		return err
	}
	m := ckafka.Message{ // does not escape
		TopicPartition: ckafka.TopicPartition{Topic: &r.Topic, Partition: r.Partition},
		Key:            r.Key,
		Value:          r.Value,
		Timestamp:      r.Timestamp,
	}
	if m.Timestamp.IsZero() {
		m.Timestamp = time.Now()
	}
	if len(r.Headers) > 0 {
		headers := p.headers.Get().(*[]ckafka.Header)
		for _, h := range r.Headers {
			*headers = append(*headers, ckafka.Header(h))
		}
		m.Headers = *headers
		defer func() {
			clear(*headers)
			*headers = (*headers)[:0]
			p.headers.Put(headers)
		}()
	}
	topic := r.Topic // r may be reported, and so the caller's again, as soon as it is queued
	err := p.enqueue(&m, r, done)
	if isQueueFull(err) {
		err = p.waitForSpace(ctx, &m, r, done)
	}
	if err != nil {
		return p.produceError(err, r)
	}
	p.topics.Produced(topic)
	return nil
}

// busy reports whether records are in flight.
func (p *producer) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inFlight > 0
}

// requestTopic asks a broker for a topic.
func (p *producer) requestTopic(ctx context.Context, topic string) error {
	_, err := p.Partitions(ctx, topic)
	return err
}

// enqueue tries once. The record is counted first, which keeps the client open.
func (p *producer) enqueue(m *ckafka.Message, r *kafka.Record, done func(*kafka.Record, error)) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return kafka.ErrClosed
	}
	var d *delivery
	if n := len(p.free); n > 0 {
		d, p.free = p.free[n-1], p.free[:n-1]
	} else {
		d = new(delivery)
	}
	*d = delivery{record: r, done: done, millis: m.Timestamp.UnixMilli()}
	p.inFlight++
	p.mu.Unlock()

	if p.ledger != nil {
		p.ledger.add(d)
	}
	m.Opaque = d
	err := p.client.Produce(m, p.reports)
	if err != nil { // else d may be reported and reused already
		if p.ledger != nil {
			p.ledger.remove(d)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.recycle(d)
		p.release(1)
		return err
	}
	if p.flushers.Load() > 0 {
		signal(p.flushAgain) // the flush may have emptied the queue before
	}
	return nil
}

// release counts n records as reported. p.mu is held.
func (p *producer) release(n int) {
	p.inFlight -= n
	if p.inFlight == 0 && p.idle != nil {
		close(p.idle)
		p.idle = nil
	}
}

// signal puts a token into c, unless there is one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// maxFree bounds the deliveries that are kept for reuse.
const maxFree = 1 << 17 // more than librdkafka queues by default, 6 MB

// recycle keeps d for reuse. p.mu is held.
func (p *producer) recycle(d *delivery) {
	*d = delivery{}
	if len(p.free) < maxFree {
		p.free = append(p.free, d)
	}
}

// waitForSpace tries again when there may be space, until ctx ends. Waking for each report would
// cost more than the record itself, so it is woken after a sixteenth of the queue was reported.
// Records leave librdkafka's queue a little after their report, so it also tries after a time.
func (p *producer) waitForSpace(ctx context.Context, m *ckafka.Message, r *kafka.Record, done func(*kafka.Record, error)) error {
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	for {
		p.mu.Lock()
		p.wakeAfter = p.inFlight / 16
		retry := min(max(time.Duration(p.inFlight)*100*time.Nanosecond, time.Millisecond), 10*time.Millisecond)
		p.mu.Unlock()
		timer := time.NewTimer(retry)
		var err error
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-p.closing:
			err = kafka.ErrClosed
		case <-p.space:
		case <-timer.C:
		}
		timer.Stop()
		if err != nil {
			return err
		}
		if err := p.enqueue(m, r, done); !isQueueFull(err) {
			p.wakeProducer() // wakes the next one
			return err
		}
	}
}

// wakeProducer wakes one call of Produce that waits for space.
func (p *producer) wakeProducer() {
	if p.waiting.Load() > 0 {
		signal(p.space)
	}
}

func isQueueFull(err error) bool {
	ke, ok := err.(ckafka.Error)
	return ok && ke.Code() == ckafka.ErrQueueFull
}

// produceError is what Produce returns for err. After a fatal error librdkafka refuses every
// record with a code that does not say which error that was.
func (p *producer) produceError(err error, r *kafka.Record) error {
	if ke, ok := err.(ckafka.Error); ok && ke.Code() == ckafka.ErrFatal && p.gate.enter() {
		defer p.gate.leave()
		if fatal := p.client.GetFatalError(); fatal != nil {
			err = fatal
		}
	}
	return p.errs.Explain(convertAt(err, r.Topic, r.Partition))
}

// Flush waits until no record is in flight.
func (p *producer) Flush(ctx context.Context) error {
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	if closed {
		return kafka.ErrClosed
	}
	return p.await(ctx)
}

// await waits until no record is in flight. Meanwhile librdkafka sends without lingering.
func (p *producer) await(ctx context.Context) error {
	idle := p.whenIdle()
	select {
	case <-idle:
		return nil
	default:
	}
	p.mu.Lock()
	if !p.flushing {
		if !p.gate.enter() {
			p.mu.Unlock()
			return kafka.ErrClosed
		}
		p.flushing = true
		go p.flush()
	}
	p.flushers.Add(1)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.flushers.Add(-1)
		signal(p.flushAgain)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return p.errs.ContextError(ctx)
	}
}

// Explain implements kafka.Explainer.
func (p *producer) Explain(err error) error { return p.errs.Explain(err) }

// flushSlice bounds one call of librdkafka's Flush. That waits for all records, also for those
// produced meanwhile, and on a wrapped client for events that its owner does not read. So its
// return does not end a Flush here.
const flushSlice = 25 * time.Millisecond

// whenIdle returns a channel that is closed when no record is in flight.
func (p *producer) whenIdle() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.idle
	switch {
	case p.inFlight == 0:
		idle = make(chan struct{})
		close(idle)
	case idle == nil:
		idle = make(chan struct{})
		p.idle = idle
	}
	return idle
}

// flush makes librdkafka send without lingering while a call of await waits. One goroutine serves
// all.
func (p *producer) flush() {
	defer p.gate.leave()
	for {
		p.mu.Lock()
		p.flushing = p.flushers.Load() > 0
		more := p.flushing
		p.mu.Unlock()
		if !more {
			return
		}
		if p.client.Flush(int(flushSlice/time.Millisecond)) == 0 {
			<-p.flushAgain // by a record that is queued later, or by the end of await
		}
	}
}

// Close implements kafka.Producer. Records that fail with ErrClosed may have been sent, and may
// yet be in the log. If closing librdkafka takes longer than a second after ctx has ended, it
// goes on in the background.
func (p *producer) Close(ctx context.Context) error {
	return p.close(ctx, nil)
}

// close is Close. first, if not nil, runs when no more records are accepted and before the flush.
func (p *producer) close(ctx context.Context, first func()) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	p.mu.Unlock()
	close(p.closing)
	p.errs.Close()
	p.noteFatal()

	if first != nil {
		first()
	}
	err := p.await(ctx)
	if err != nil {
		err = fmt.Errorf("closed before every record was reported: %w", err)
		p.purge()
	}

	released := make(chan struct{})
	go func() {
		defer close(released)
		p.teardown()
	}()
	awaitRelease(ctx, released)
	return err
}

// noteFatal records the error that has ended the client, if one has: it is why records are left.
func (p *producer) noteFatal() {
	if !p.gate.enter() {
		return
	}
	defer p.gate.leave()
	if e, ok := errors.AsType[*kafka.Error](convert(p.client.GetFatalError())); ok {
		p.errs.SetFatal(e)
	}
}

// awaitRelease waits for released, and if ctx has ended, a second at most.
func awaitRelease(ctx context.Context, released <-chan struct{}) bool {
	select {
	case <-released:
		return true
	case <-ctx.Done():
	}
	grace := time.NewTimer(time.Second)
	defer grace.Stop()
	select {
	case <-released:
		return true
	case <-grace.C:
		return false
	}
}

// purge fails all records that are not yet reported. It tries again, since librdkafka may be moving
// a record from one queue to another.
func (p *producer) purge() {
	p.beginPurge()
	for idle := p.whenIdle(); ; {
		if p.ledger != nil {
			p.ledger.fail(p.reports, p.unsent) // purging would fail the records of the owner as well
		} else {
			// Not blocking: the thread of a broker may be busy connecting.
			p.client.Purge(ckafka.PurgeInFlight | ckafka.PurgeQueue | ckafka.PurgeNonBlocking)
		}
		select {
		case <-idle:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// beginPurge makes reports of purged records ErrClosed.
func (p *producer) beginPurge() {
	if p.unsent == nil {
		p.unsent = p.errs.Explain(kafka.ErrClosed)
	}
	p.purging.Store(true)
}

// teardown closes the client when no call is inside librdkafka any more. All records were
// reported before.
func (p *producer) teardown() {
	p.topics.Close()
	<-p.gate.close()
	if p.ledger != nil {
		p.releaseWrapped()
		return
	}
	p.events.stop()
	time.Sleep(flushSlice) // a call of Flush may be inside librdkafka for that long
	p.client.Close()
	close(p.quit)
	p.events.wait()
	p.serving.Wait()
}

// Partitions asks for the partitions of topic.
func (p *producer) Partitions(ctx context.Context, topic string) ([]int32, error) {
	return partitions(ctx, &p.gate, p.errs, p.client, topic)
}

// maxTopic is the longest name a topic may have, in bytes.
const maxTopic = 249

// check refuses records that librdkafka would change.
func check(r *kafka.Record) error {
	if n := len(r.Topic); n == 0 || n > maxTopic || strings.IndexByte(r.Topic, 0) >= 0 {
		return local(ckafka.ErrTopicException, r.Topic, r.Partition, "a topic's name has 1 to %d bytes, none of them zero", maxTopic)
	}
	if t := r.Timestamp; !t.IsZero() {
		if ms := t.UnixMilli(); ms == 0 || t.UnixNano()/1e6 != ms {
			return local(ckafka.ErrInvalidTimestamp, r.Topic, r.Partition, "librdkafka cannot send the timestamp %v", t)
		}
	}
	for _, h := range r.Headers {
		if strings.IndexByte(h.Key, 0) >= 0 {
			return local(ckafka.ErrInvalidArg, r.Topic, r.Partition, "librdkafka cannot send the header %q: it would end at its zero byte", h.Key)
		}
	}
	return nil
}
