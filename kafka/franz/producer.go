package franz

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// NewProducer makes a producer. It does not wait for the network. With
// transactional.id set the producer is a [kafka.TxnProducer]. It also satisfies
// [kafka.Metadata]. The error is a [*kafka.ConfigError].
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

// endRetries is how often a transactional producer tries a request. kgo gives up
// after 20, some seconds, and then what became of a commit is not known. So many
// that its limit of time counts instead, which for the end of a transaction is five
// minutes.
const endRetries = 10_000

func (s *settings) allProducerOpts(ctx context.Context, hooks kafka.Hooks, errs *clienterr.Tracker) ([]kgo.Opt, error) {
	opts, err := s.clientOpts(ctx, hooks, errs)
	if err != nil {
		return nil, err
	}
	more, err := s.producerOpts()
	return append(opts, more...), err
}

// room is the queue that queue.buffering.max.* describe.
func (s *settings) quota() *queueQuota {
	records := int64(s.queueMessages)
	if records == 0 {
		records = math.MaxInt64
	}
	return newQuota(records, int64(s.queueKbytes)<<10)
}

// newClient is kgo.NewClient with its refusals as a ConfigError: they are about
// combinations of limits that only it knows.
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
	cl       *kgo.Client
	quota    *queueQuota
	free     freeList
	inFlight inFlightSet
	owned    bool // the client is closed with the producer
	cancel   context.CancelFunc

	deadlines *deadlines // nil: none

	inTxn       atomic.Bool  // producing is allowed, if the client is transactional
	txn         bool         // the client is transactional
	undelivered atomic.Int64 // records of this transaction that were not delivered
	firstError  atomic.Pointer[kafka.Error]

	errs   *clienterr.Tracker
	topics *clienterr.Topics
	unsent atomic.Pointer[unsent] // what Close could not send; nil before

	closing atomic.Bool
	closed  chan struct{} // closed when Close is done
	manual  bool          // the partitioner heeds Record.Partition
}

func newProducer(cl *kgo.Client, q *queueQuota, t *clienterr.Tracker) *producer {
	p := &producer{cl: cl, quota: q, errs: t, closed: make(chan struct{}), manual: true, cancel: func() {}}
	p.topics = clienterr.NewTopics(t, p.requestTopic, p.busy)
	p.inFlight.init()
	return p
}

// sent is a record on its way: kgo's record and what to do when it is reported.
// It goes back to the spares before done is called.
type delivery struct {
	p          *producer
	rec        kgo.Record
	headers    []kgo.RecordHeader
	promise    func(*kgo.Record, error)
	record     *kafka.Record
	report     func(*kafka.Record, error)
	size       int64
	requested  int32           // the partition asked for, or -1
	expired    <-chan struct{} // closed when message.timeout.ms has passed; nil: never
	generation *generation
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
	// Close waits for everything that entered before it began.
	e := p.inFlight.add()
	if e == nil {
		p.quota.release(size)
		return kafka.ErrClosed
	}

	s := p.free.get()
	if s == nil {
		s = &delivery{p: p}
		s.rec.Context = context.Background()
		s.promise = s.finish // bound once, so that producing makes no closure
	}
	s.record, s.report, s.size, s.requested, s.generation = r, done, size, r.Partition, e
	s.headers = s.headers[:0]
	for i := range r.Headers {
		s.headers = append(s.headers, kgo.RecordHeader(r.Headers[i]))
	}
	now := time.Now()
	// Field by field, since a whole struct would be copied once more. What is
	// left out, kgo sets.
	s.rec.Topic, s.rec.Partition = r.Topic, r.Partition
	s.rec.Key, s.rec.Value, s.rec.Headers = r.Key, r.Value, s.headers
	if s.rec.Timestamp = r.Timestamp; r.Timestamp.IsZero() {
		s.rec.Timestamp = now
	}
	// ctx ends with Produce: cancelling one record would fail its batch.
	limit := p.deadlines.from(now)
	s.expired = limit.Done()
	topic := r.Topic // from here on r is the caller's again, as soon as it is reported
	p.cl.Produce(limit, &s.rec, s.promise)
	p.inFlight.handedOver(e)
	p.topics.Produced(topic)
	return nil
}

// accepts refuses what kgo would report later, or misunderstand.
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

// done is kgo's promise. kgo calls promises one at a time, and keeps neither
// the record nor its slices afterwards.
func (s *delivery) finish(rec *kgo.Record, err error) {
	p, r, report, size, e := s.p, s.record, s.report, s.size, s.generation
	r.Partition, r.Offset, r.LeaderEpoch = rec.Partition, rec.Offset, -1
	r.Timestamp, r.TimestampType = rec.Timestamp, kafka.TimestampCreate
	if err != nil {
		err = s.deliveryError(err)
	} else {
		p.errs.OK()
	}

	clear(s.headers)
	s.rec.Key, s.rec.Value, s.record, s.report, s.generation = nil, nil, nil, nil, nil // not kept alive among the spares
	p.free.put(s)

	if report != nil {
		report(r, err)
	}
	p.inFlight.remove(e)
	p.quota.release(size)
}

// failed says why the record was not delivered, and where.
func (s *delivery) deliveryError(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e := local(codeMsgTimedOut, "not delivered within message.timeout.ms")
		e.Retriable = true
		err = e
	case s.isExpired() && isTransport(err):
		// kgo has looked at the time when a connection failed, and says why it failed.
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

// flush waits for what was produced before it, while kgo.Flush, which waits for
// an empty queue, keeps records from lingering.
func (p *producer) flush(ctx context.Context) error {
	done := p.inFlight.drained()
	select {
	case <-done:
		return nil
	default:
	}
	flushing, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		p.inFlight.awaitHandedOver(flushing) // kgo.Flush would not see a record on its way into the client, which would linger there
		_ = p.cl.Flush(flushing)
	})
	defer wg.Wait()
	defer stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return p.errs.ContextError(ctx)
	}
}

// Explain implements kafka.Explainer.
func (p *producer) Explain(err error) error { return p.errs.Explain(err) }

// busy reports whether records are in flight.
func (p *producer) busy() bool { return p.quota.records.Load() > 0 }

// lookAt asks for a topic.
func (p *producer) requestTopic(ctx context.Context, topic string) error {
	_, err := partitions(ctx, p.cl, topic)
	return err
}

// Close implements kafka.Producer. If the client takes longer than a second after ctx
// ended to let go, the rest happens in the background.
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
	p.inFlight.close()
	err := p.flush(ctx)
	if err != nil {
		err = fmt.Errorf("closed before every record was reported: %w", err)
	}
	p.unsent.Store(&unsent{p.errs.Explain(kafka.ErrClosed)})
	if !p.owned {
		return err
	}
	p.cancel() // ends what the client has under way, for which closing it waits
	released := make(chan struct{})
	go func() {
		defer close(released)
		p.cl.Close()
		p.deadlines.stop()
		<-p.inFlight.drained() // kgo has failed the rest, and calls their promises
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
