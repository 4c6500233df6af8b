package franz

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// NewProducer makes a producer. It does not wait for the network. With transactional.id the
// result is also a [kafka.TxnProducer]; it is always a [kafka.Metadata], a
// [kafka.TopicChecker] and a [kafka.Explainer]. The error is a [*kafka.ConfigError].
func NewProducer(conf kafka.Config, hooks kafka.Hooks) (kafka.Producer, error) {
	s, err := parse(conf, producing)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	errs := clienterr.New(hooks)
	errs.ExpectAnswer(strings.Join(s.brokers, ","))
	opts, err := s.allProducerOpts(ctx, hooks, errs)
	if err != nil {
		cancel()
		return nil, err
	}
	if s.transactionalID != "" {
		opts = append(opts, kgo.RequestRetries(endRetries))
	}
	cl, err := newClient(opts)
	if err != nil {
		cancel()
		return nil, err
	}
	p := newProducer(cl, s.quota(), errs)
	p.cancel, p.owned = cancel, true
	p.clock.deadlines = newDeadlines(s.deliveryTimeout)
	if s.transactionalID != "" {
		return newTxnProducer(p), nil
	}
	return p, nil
}

// endRetries is the number of retries of a transactional producer's requests. After kgo's
// default of 20, some seconds, the outcome of a commit would be unknown. With this many kgo's
// time limit applies first: five minutes for the end of a transaction.
const endRetries = 10_000

func (s *settings) allProducerOpts(ctx context.Context, hooks kafka.Hooks, errs *clienterr.Tracker) ([]kgo.Opt, error) {
	opts, err := s.clientOpts(ctx, hooks, errs)
	if err != nil {
		return nil, err
	}
	more, err := s.producerOpts()
	return append(opts, more...), err
}

// quota makes the bounds of the queue: queue.buffering.max.messages and .kbytes.
func (s *settings) quota() *queueQuota {
	records := int64(s.queueMessages)
	if records == 0 {
		records = math.MaxInt64
	}
	return newQuota(records, int64(s.queueKbytes)<<10)
}

// newClient is kgo.NewClient with a ConfigError: kgo refuses combinations of limits that are
// not checked here.
func newClient(opts []kgo.Opt) (*kgo.Client, error) {
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, clientConfigError(err)
	}
	return cl, nil
}

func clientConfigError(err error) error {
	return &kafka.ConfigError{Key: "(franz-go)", Reason: err.Error()}
}

// producer is a kafka.Producer over one kgo.Client.
type producer struct {
	cl     *kgo.Client
	quota  *queueQuota
	owned  bool // the client is closed with the producer
	cancel context.CancelFunc

	blocks blocks
	clock  clock        // with the deadlines of records
	copied kafka.Record // reported for a record that was copied; used by promises alone

	inTxn       atomic.Bool  // a transaction is open, if the client is transactional
	txn         bool         // the client is transactional
	undelivered atomic.Int64 // records of this transaction that were not delivered
	firstError  atomic.Pointer[kafka.Error]

	errs   *clienterr.Tracker
	topics *clienterr.Topics
	unsent atomic.Pointer[unsent] // the error of records that Close could not send; nil before Close

	closing atomic.Bool
	closed  chan struct{} // closed when Close is done
	manual  bool          // the partitioner uses Record.Partition
}

func newProducer(cl *kgo.Client, q *queueQuota, t *clienterr.Tracker) *producer {
	p := &producer{cl: cl, quota: q, errs: t, closed: make(chan struct{}), manual: true, cancel: func() {}}
	p.topics = clienterr.NewTopics(t, p.requestTopic, p.busy)
	return p
}

// Produce implements kafka.Producer.
func (p *producer) Produce(ctx context.Context, r *kafka.Record, done func(*kafka.Record, error)) error {
	return p.produce(ctx, r, done, false)
}

// ProduceCopy implements kafka.Copier.
func (p *producer) ProduceCopy(ctx context.Context, r *kafka.Record, done func(*kafka.Record, error)) error {
	return p.produce(ctx, r, done, true)
}

func (p *producer) produce(ctx context.Context, r *kafka.Record, done func(*kafka.Record, error), copied bool) error {
	if err := p.check(r); err != nil {
		return err
	}
	size := len(r.Key) + len(r.Value)
	quota := int64(size)
	for i := range r.Headers {
		quota += int64(len(r.Headers[i].Key) + len(r.Headers[i].Value))
	}
	if !p.owned && quota > p.quota.maxBytes { // kgo would report it without having counted it: Flush and End would not see it
		return at(convert(kerr.MessageTooLarge), kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition})
	}
	if err := p.quota.acquire(ctx, quota); err != nil {
		return p.errs.Explain(err)
	}

	var s *slot
	if copied {
		var bytes []byte
		s, bytes = p.blocks.take(p, size)
		s.copy(r, bytes)
	} else {
		s, _ = p.blocks.take(p, 0)
		s.given, s.rec.Key, s.rec.Value = r, r.Key, r.Value
	}
	for i := range r.Headers {
		s.rec.Headers = append(s.rec.Headers, kgo.RecordHeader(r.Headers[i]))
	}
	now := p.clock.now()
	if s.rec.Timestamp = r.Timestamp; r.Timestamp.IsZero() {
		s.rec.Timestamp = now.Time
	}
	s.rec.Topic, s.rec.Partition, s.requested = r.Topic, r.Partition, r.Partition
	s.size, s.done = quota, done
	s.rec.Context = now.limit // not ctx: cancelling it later would fail the whole batch of the record
	topic := r.Topic          // r may be reported, and so the caller's again, before the next line ends
	p.cl.Produce(s.rec.Context, &s.rec, s.promise)
	if p.closing.Load() {
		go p.cl.Flush(context.Background()) // Close may have flushed before, and r would linger
	}
	p.topics.Produced(topic)
	return nil
}

// copy copies key and value of r to bytes, or to new ones if they are too few.
func (s *slot) copy(r *kafka.Record, bytes []byte) {
	size := len(r.Key) + len(r.Value)
	if len(bytes) < size {
		bytes = make([]byte, size)
	}
	n := copy(bytes, r.Key)
	copy(bytes[n:], r.Value)
	if r.Key != nil {
		s.rec.Key = bytes[:n:n]
	}
	if r.Value != nil {
		s.rec.Value = bytes[n:size:size]
	}
	s.attach = r.Attach
}

// check refuses records that kgo would report later, or would send elsewhere.
func (p *producer) check(r *kafka.Record) error {
	switch {
	case r.Topic == "":
		return local(codeInvalidArg, "a record without a topic")
	case r.Partition >= 0 && !p.manual:
		return kafka.ErrUnsupported
	case p.txn && !p.inTxn.Load() && !p.closing.Load():
		return local(codeState, "no transaction was begun")
	}
	return nil
}

// finish is kgo's promise: it reports the record. kgo calls promises one at a time, and keeps neither the
// record nor its slices afterwards.
func (s *slot) finish(_ *kgo.Record, err error) {
	p, r := s.producer, s.given
	if r == nil {
		r = &p.copied
		r.Topic, r.Key, r.Value, r.Attach = s.rec.Topic, s.rec.Key, s.rec.Value, s.attach
		r.Headers = r.Headers[:0]
		for i := range s.rec.Headers {
			r.Headers = append(r.Headers, kafka.Header(s.rec.Headers[i]))
		}
	}
	r.Partition, r.Offset, r.LeaderEpoch = s.rec.Partition, s.rec.Offset, -1
	r.Timestamp, r.TimestampType = s.rec.Timestamp, kafka.TimestampCreate
	if err != nil {
		r.Offset = -1
		err = p.deliveryError(s, err)
	} else {
		p.errs.OK()
	}
	done, size := s.done, s.size
	if done != nil {
		done(r, err)
	}
	p.blocks.put(s)
	p.quota.release(size)
}

// deliveryError is why the record of s was not delivered, with its topic and partition.
func (p *producer) deliveryError(s *slot, err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e := local(codeMsgTimedOut, "not delivered within message.timeout.ms")
		e.Retriable = true
		err = e
	case s.rec.Context.Err() != nil && isTransport(err):
		// kgo checks the time when a connection fails, and returns the error of the connection.
		e := local(codeMsgTimedOut, "not delivered within message.timeout.ms: %w", err)
		e.Retriable = true
		err = e
	}
	err = at(convert(err), kafka.TopicPartition{Topic: s.rec.Topic, Partition: s.requested})
	if e, ok := err.(*kafka.Error); ok {
		if e.Code == codeFail && s.requested >= 0 && strings.Contains(e.Err.Error(), "partitioning choice") {
			e.Code = codeUnknownPart
		}
		if p.txn && p.undelivered.Add(1) == 1 {
			p.firstError.Store(e)
		}
		if e.Fatal {
			p.errs.SetFatal(e)
		}
		if e.Is(kafka.ErrUnknownTopic) {
			p.errs.Note(err)
		}
	}
	if u := p.unsent.Load(); u != nil && errors.Is(err, kafka.ErrClosed) {
		return u.err
	}
	return p.errs.Explain(err)
}

func (p *producer) Flush(ctx context.Context) error {
	if p.closing.Load() {
		return kafka.ErrClosed
	}
	return p.flush(ctx)
}

// flush waits until kgo's queue is empty, and keeps records from lingering meanwhile.
func (p *producer) flush(ctx context.Context) error {
	if !p.busy() { // perhaps a session without a client yet
		return nil
	}
	if p.cl.Flush(ctx) != nil {
		return p.errs.ContextError(ctx)
	}
	return nil
}

// drain waits until every record was reported, after the quota was closed. kgo.Flush does not see
// a record that Produce has not yet handed over; Produce then flushes itself.
func (p *producer) drain(ctx context.Context) error {
	flushing, stop := context.WithCancel(ctx)
	defer stop()
	go func() { _ = p.flush(flushing) }()
	select {
	case <-p.quota.idle:
		return nil
	case <-ctx.Done():
		return p.errs.ContextError(ctx)
	}
}

// Explain implements kafka.Explainer.
func (p *producer) Explain(err error) error { return p.errs.Explain(err) }

// busy reports whether records are in flight.
func (p *producer) busy() bool { return p.quota.inUse() > 0 }

// requestTopic asks a broker for a topic.
func (p *producer) requestTopic(ctx context.Context, topic string) error {
	_, err := partitions(ctx, p.cl, topic)
	return err
}

// Close implements kafka.Producer. If closing the client takes longer than a second after ctx
// has ended, it goes on in the background.
func (p *producer) Close(ctx context.Context) error {
	if p.closing.Swap(true) {
		select {
		case <-p.closed:
		case <-ctx.Done():
		}
		return nil
	}
	defer close(p.closed)
	p.errs.Close()
	p.topics.Close()
	p.quota.close()
	err := p.drain(ctx)
	if err != nil {
		err = fmt.Errorf("closed before every record was reported: %w", err)
	}
	p.unsent.Store(&unsent{p.errs.Explain(kafka.ErrClosed)})
	if !p.owned {
		return err
	}
	p.cancel() // ends requests in progress: closing the client would wait for them
	released := make(chan struct{})
	go func() {
		defer close(released)
		p.cl.Close()
		p.clock.deadlines.stop()
		<-p.quota.idle // kgo has failed the other records, and calls their promises
	}()
	awaitClosed(ctx, released)
	return err
}

// unsent is ErrClosed with its cause.
type unsent struct{ err error }

// Partitions implements kafka.Metadata.
func (p *producer) Partitions(ctx context.Context, topic string) ([]int32, error) {
	if p.closing.Load() {
		return nil, kafka.ErrClosed
	}
	parts, err := partitions(ctx, p.cl, topic)
	return parts, p.errs.Explain(err)
}

func (p *producer) client() *kgo.Client { return p.cl }
