package franz

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"time"

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
	errs.Connecting()
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
	p.deadlines = newDeadlines(s.deliveryTimeout)
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
	free   freeList
	owned  bool // the client is closed with the producer
	cancel context.CancelFunc

	deadlines *deadlines // nil: records have none

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

// delivery is a record in flight: kgo's record, the caller's, and the caller's report
// function. It goes back to the free list before report is called.
type delivery struct {
	p         *producer
	rec       kgo.Record
	headers   []kgo.RecordHeader
	promise   func(*kgo.Record, error)
	record    *kafka.Record
	report    func(*kafka.Record, error)
	size      int64
	requested int32           // the partition that the caller has set, or -1
	expired   <-chan struct{} // closed when message.timeout.ms has passed; nil: never
}

func (p *producer) Produce(ctx context.Context, r *kafka.Record, done func(*kafka.Record, error)) error {
	if err := p.check(r); err != nil {
		return err
	}
	size := int64(len(r.Key) + len(r.Value))
	for i := range r.Headers {
		size += int64(len(r.Headers[i].Key) + len(r.Headers[i].Value))
	}
	if err := p.quota.acquire(ctx, size); err != nil {
		return p.errs.Explain(err)
	}
	s := p.free.get()
	if s == nil {
		s = &delivery{p: p}
		s.rec.Context = context.Background()
		s.promise = s.finish // bound once, so that Produce allocates no closure
	}
	s.record, s.report, s.size, s.requested = r, done, size, r.Partition
	s.headers = s.headers[:0]
	for i := range r.Headers {
		s.headers = append(s.headers, kgo.RecordHeader(r.Headers[i]))
	}
	now := time.Now()
	// Field by field, since a struct literal would be copied once more. kgo sets the other
	// fields.
	s.rec.Topic, s.rec.Partition = r.Topic, r.Partition
	s.rec.Key, s.rec.Value, s.rec.Headers = r.Key, r.Value, s.headers
	if s.rec.Timestamp = r.Timestamp; r.Timestamp.IsZero() {
		s.rec.Timestamp = now
	}
	// Not ctx: cancelling it later would fail the whole batch of the record.
	limit := p.deadlines.from(now)
	s.expired = limit.Done()
	topic := r.Topic // r may be reported, and so the caller's again, before the next line ends
	p.cl.Produce(limit, &s.rec, s.promise)
	if p.closing.Load() {
		go p.cl.Flush(context.Background()) // Close may have flushed before, and r would linger
	}
	p.topics.Produced(topic)
	return nil
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

// finish is kgo's promise. kgo calls promises one at a time, and keeps neither the record nor
// its slices afterwards.
func (s *delivery) finish(rec *kgo.Record, err error) {
	p, r, report, size := s.p, s.record, s.report, s.size
	r.Partition, r.Offset, r.LeaderEpoch = rec.Partition, rec.Offset, -1
	r.Timestamp, r.TimestampType = rec.Timestamp, kafka.TimestampCreate
	if err != nil {
		err = s.deliveryError(err)
	} else {
		p.errs.OK()
	}

	clear(s.headers)
	s.rec.Key, s.rec.Value, s.record, s.report = nil, nil, nil, nil // the free list must not keep them alive
	p.free.put(s)

	if report != nil {
		report(r, err)
	}
	p.quota.release(size)
}

// deliveryError is why the record was not delivered, with its topic and partition.
func (s *delivery) deliveryError(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e := local(codeMsgTimedOut, "not delivered within message.timeout.ms")
		e.Retriable = true
		err = e
	case s.isExpired() && isTransport(err):
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
		if s.p.txn && s.p.undelivered.Add(1) == 1 {
			s.p.firstError.Store(e)
		}
		if e.Fatal {
			s.p.errs.SetFatal(e)
		}
		if e.Is(kafka.ErrUnknownTopic) {
			s.p.errs.Note(err)
		}
	}
	s.record.Offset = -1
	if u := s.p.unsent.Load(); u != nil && errors.Is(err, kafka.ErrClosed) {
		return u.err
	}
	return s.p.errs.Explain(err)
}

func (s *delivery) isExpired() bool {
	select {
	case <-s.expired:
		return true
	default:
		return false
	}
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
		p.deadlines.stop()
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
