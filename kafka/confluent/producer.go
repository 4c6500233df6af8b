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

// NewProducer makes a producer of a configuration with librdkafka's keys, see
// the package's documentation for what differs. With transactional.id the
// result is also a [kafka.TxnProducer]; it is always a [kafka.Metadata].
//
// The error is a [*kafka.ConfigError] where the configuration is at fault.
// NewProducer does not wait for the network: librdkafka connects in the background.
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

// servers is bootstrap.servers, by either of its names.
func servers(m ckafka.ConfigMap) string {
	for _, key := range []string{"bootstrap.servers", "metadata.broker.list"} {
		if isSet(m, key) {
			return fmt.Sprint(m[key])
		}
	}
	return ""
}

// awaitAnswer asks until a broker has answered, or closing is closed: librdkafka does not
// tell of its first success. meanwhile is called between the questions.
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

// hasten makes librdkafka get its producer id at once. It asks for one as soon
// as the client exists, when no broker is connected yet, and then tries again
// half a second later, or when metadata comes: so this asks for metadata.
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

// reportBuffer is how many reports may lie between librdkafka's poller and the
// goroutine that calls done: enough that neither wakes the other per record.
const reportBuffer = 1 << 17

// producer is a kafka.Producer.
type producer struct {
	client *ckafka.Producer
	events *events // nil if the client is wrapped
	errs   *clienterr.Tracker
	topics *clienterr.Topics
	gate   gate // calls beside Produce

	// reports is where librdkafka's poller puts a message per record: a private
	// channel, since a wrapped client's Events() belong to its owner.
	reports chan ckafka.Event
	quit    chan struct{} // tells the deliverer to end
	serving sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	current   *generation
	inFlight  int         // queued and not yet reported
	wakeAfter int         // reports until it is worth to wake who waits for room
	free      []*delivery // to be used again

	closing      chan struct{} // closed by Close: nobody waits for room any more
	purging      atomic.Bool   // purged records are ErrClosed's
	firstFailure atomic.Pointer[deliveryFailure]
	unsent       error // ErrClosed with its cause, for those; set before purging

	waiting atomic.Int32  // calls of Produce that wait for room
	space   chan struct{} // holds a token when there may be room

	headers sync.Pool // *[]kafka.Header, of which librdkafka keeps nothing
	ledger  *ledger   // what a wrapped client still has; nil if the client is ours

	flushMu  sync.Mutex
	flushers int           // calls that wait for a round
	flushing chan struct{} // closed when the goroutine that flushes has ended; nil if there is none
}

// startProducer makes a producer of client and starts to serve reports.
func startProducer(client *ckafka.Producer, l *ledger, t *clienterr.Tracker) *producer {
	p := &producer{
		client:  client,
		errs:    t,
		ledger:  l,
		reports: make(chan ckafka.Event, reportBuffer),
		quit:    make(chan struct{}),
		current: newGeneration(1),
		closing: make(chan struct{}),
		space:   make(chan struct{}, 1),
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
	topic := r.Topic // once it is queued, r is the caller's again as soon as it is reported
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

// lookAt asks for a topic.
func (p *producer) requestTopic(ctx context.Context, topic string) error {
	_, err := p.Partitions(ctx, topic)
	return err
}

// enqueue tries once. The hold on the current round keeps the client from being
// closed meanwhile.
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
	*d = delivery{record: r, done: done, generation: p.current, millis: m.Timestamp.UnixMilli()}
	d.generation.pending++
	p.inFlight++
	p.mu.Unlock()

	if p.ledger != nil {
		p.ledger.add(d)
	}
	m.Opaque = d
	err := p.client.Produce(m, p.reports)
	if err != nil { // else d may be gone already
		if p.ledger != nil {
			p.ledger.remove(d)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.release(d.generation, 1)
		p.recycle(d)
	}
	return err
}

// countOff notes that n records of r need no report any more. p.mu is held.
func (p *producer) release(r *generation, n int) {
	p.inFlight -= n
	r.release(n)
}

// maxSpare bounds the deliveries that are kept for use again.
const maxFree = 1 << 17 // more than librdkafka queues by default, 6 MB

// recycle keeps d for use again. p.mu is held.
func (p *producer) recycle(d *delivery) {
	*d = delivery{}
	if len(p.free) < maxFree {
		p.free = append(p.free, d)
	}
}

// waitForRoom tries again when there may be room, until ctx ends. To wake up
// for every report would cost more than the records do: in a long queue it is
// worth it after a sixteenth of it was reported. What was reported leaves
// librdkafka's queue a little later, so it also tries when time has passed.
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
			p.wakeProducer() // to the next that waits
			return err
		}
	}
}

// offerRoom wakes one call that waits for room, if any does.
func (p *producer) wakeProducer() {
	if p.waiting.Load() == 0 {
		return
	}
	select {
	case p.space <- struct{}{}:
	default: // one is on its way already
	}
}

func isQueueFull(err error) bool {
	ke, ok := err.(ckafka.Error)
	return ok && ke.Code() == ckafka.ErrQueueFull
}

// produceError is what Produce returns for err. Once a fatal error was raised
// librdkafka refuses every record with a code that only says so.
func (p *producer) produceError(err error, r *kafka.Record) error {
	if ke, ok := err.(ckafka.Error); ok && ke.Code() == ckafka.ErrFatal && p.gate.enter() {
		defer p.gate.leave()
		if fatal := p.client.GetFatalError(); fatal != nil {
			err = fatal
		}
	}
	return p.errs.Explain(convertAt(err, r.Topic, r.Partition))
}

// Flush ends the current round and waits for it.
func (p *producer) Flush(ctx context.Context) error {
	r := p.seal()
	if r == nil {
		return kafka.ErrClosed
	}
	return p.await(ctx, r)
}

// seal ends the current round and returns it; nil if the producer is closed.
func (p *producer) seal() *generation {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	r := p.current
	p.current = r.startNext()
	r.release(1)
	return r
}

// await waits for r while librdkafka is told to send without lingering.
func (p *producer) await(ctx context.Context, r *generation) error {
	select {
	case <-r.done:
		return nil
	default:
	}
	if !p.startFlushing() {
		return kafka.ErrClosed
	}
	defer p.stopFlushing()
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return p.errs.ContextError(ctx)
	}
}

// Explain implements kafka.Explainer.
func (p *producer) Explain(err error) error { return p.errs.Explain(err) }

// flushSlice is how long librdkafka is told to flush at a time. Its Flush waits
// for everything it has, also what others produce meanwhile, and (on a wrapped
// client) for events that nobody reads: so it does not decide when to return.
const flushSlice = 25 * time.Millisecond

// startFlushing makes librdkafka send at once until stopFlushing was called as
// often. One goroutine does it for all.
func (p *producer) startFlushing() bool {
	p.flushMu.Lock()
	defer p.flushMu.Unlock()
	if p.flushing == nil {
		if !p.gate.enter() {
			return false
		}
		p.flushing = make(chan struct{})
		go p.flush(p.flushing)
	}
	p.flushers++
	return true
}

func (p *producer) stopFlushing() {
	p.flushMu.Lock()
	p.flushers--
	p.flushMu.Unlock()
}

func (p *producer) flush(ended chan struct{}) {
	defer p.gate.leave()
	defer close(ended)
	for {
		p.flushMu.Lock()
		if p.flushers == 0 {
			p.flushing = nil
			p.flushMu.Unlock()
			return
		}
		p.flushMu.Unlock()
		if p.client.Flush(int(flushSlice/time.Millisecond)) == 0 {
			time.Sleep(time.Millisecond) // sent, but not yet all reported
		}
	}
}

// Close flushes within ctx. What is not reported then fails with ErrClosed,
// also records that are on their way to a broker and may yet arrive there;
// Close returns the context's error in that case. If librdkafka takes longer
// than a second after ctx ended to let go, the rest happens in the background.
func (p *producer) Close(ctx context.Context) error {
	return p.close(ctx, nil)
}

// close is Close; first, if not nil, runs when no more records are taken and
// the client is still there.
func (p *producer) close(ctx context.Context, first func()) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	last := p.current
	p.mu.Unlock()
	close(p.closing)
	p.errs.Close()
	p.noteFatal()

	if first != nil {
		first()
	}
	p.mu.Lock()
	last.release(1)
	p.mu.Unlock()
	err := p.await(ctx, last)
	if err != nil {
		err = fmt.Errorf("closed before every record was reported: %w", err)
		p.purge(last)
	}

	released := make(chan struct{})
	go func() {
		defer close(released)
		p.teardown()
	}()
	awaitRelease(ctx, released)
	return err
}

// noteFatal remembers the error that has ended the client, if one has: it is why
// records are left.
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

// purge fails all records of last that are not yet reported. It tries again,
// since a record may be on its way between two queues.
func (p *producer) purge(last *generation) {
	p.beginPurge()
	for {
		if p.ledger != nil {
			p.ledger.fail(p.reports, p.unsent) // purging would take the owner's records as well
		} else {
			// Not blocking: a broker's thread may be busy connecting.
			p.client.Purge(ckafka.PurgeInFlight | ckafka.PurgeQueue | ckafka.PurgeNonBlocking)
		}
		select {
		case <-last.done:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// beginPurge makes purged records ErrClosed's.
func (p *producer) beginPurge() {
	if p.unsent == nil {
		p.unsent = p.errs.Explain(kafka.ErrClosed)
	}
	p.purging.Store(true)
}

// teardown releases everything, when no call is inside librdkafka any more and
// all records were reported.
func (p *producer) teardown() {
	p.topics.Close()
	<-p.gate.close()
	if p.ledger != nil {
		p.releaseWrapped()
		return
	}
	p.events.stop()
	time.Sleep(flushSlice) // Flush leaves a goroutine inside librdkafka for that long
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

// check refuses what would not arrive as it is.
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
