package franz

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// NewSession makes a session of the transactional id and the group in conf. It does not use the
// network before Subscribe. The error is a [*kafka.ConfigError].
//
// Rebalance is told of revoked partitions by the next Poll: End aborts the open transaction in
// any case. End also aborts a transaction in which Poll was not called for
// max.poll.interval.ms: Poll returns an error with AbortTxn then, and the next Begin or Poll
// after End joins the group again.
func NewSession(conf kafka.Config, hooks kafka.Hooks) (kafka.Session, error) {
	s, err := parse(conf, producing|consuming)
	if err != nil {
		return nil, err
	}
	c := &session{consumer: newConsumer(s, hooks)}
	c.consumer.session = c
	c.p = newProducer(nil, s.quota(), c.errs)
	c.p.topics = clienterr.NewTopics(c.errs, func(ctx context.Context, topic string) error {
		_, err := c.Partitions(ctx, topic) // by the client of the current subscription
		return err
	}, c.p.busy)
	c.p.txn, c.p.owned = true, true
	c.p.clock.deadlines = newDeadlines(s.deliveryTimeout)
	c.txn = newTransaction(c.p)
	if _, err := s.producerOpts(); err != nil {
		return nil, err
	}
	return c, c.validate()
}

// session is a kafka.Session over kgo's GroupTransactSession. The reader and the producer share
// one client.
type session struct {
	*consumer
	p   *producer
	txn transaction
}

// Producer implements kafka.Session.
func (s *session) Producer() kafka.Producer { return &sessionProducer{s.p, s} }

// sessionProducer is the producer of a session. Its Close does nothing.
type sessionProducer struct {
	*producer
	s *session
}

// Close does nothing: the producer is closed with the session.
func (p *sessionProducer) Close(context.Context) error { return nil }

// Partitions works before Subscribe as well.
func (p *sessionProducer) Partitions(ctx context.Context, topic string) ([]int32, error) {
	return p.s.Partitions(ctx, topic)
}

func (p *sessionProducer) client() *kgo.Client { return p.s.client() }

// requireNoTransaction returns an error while a transaction is open or is being ended.
func (s *session) requireNoTransaction() error {
	if open, ending := s.txn.state(); open || ending != nil {
		return local(codeState, "a transaction is open")
	}
	return nil
}

// Begin implements kafka.Session.
func (s *session) Begin(ctx context.Context) error {
	r, err := s.current()
	switch {
	case err != nil:
		return err
	case r == nil:
		return local(codeState, "Begin before Subscribe")
	}
	if r.watch.expired() && s.requireNoTransaction() == nil { // else begin returns the error
		if err := s.rejoin(ctx, r); err != nil {
			return err
		}
		return s.Begin(ctx)
	}
	if err := s.txn.begin(ctx, r.transact.Begin); err != nil {
		return err
	}
	// Records that were polled before are not part of the transaction. kgo would commit
	// their offsets with it, so they count as committed.
	r.cl.SetOffsets(r.cl.UncommittedOffsets())
	r.mark()
	return nil
}

// End implements kafka.Session. If a record of the transaction was not delivered, or the commit
// has failed so that the transaction must be aborted, End aborts it and returns the reason
// with AbortTxn.
func (s *session) End(ctx context.Context, commit bool) (committed bool, err error) {
	r, err := s.current()
	switch {
	case err != nil:
		return false, err
	case r == nil:
		return false, local(codeState, "End before Begin")
	}
	finish := func(commit bool) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			done, err := r.transact.End(ctx, kgo.TransactionEndTry(commit))
			if !done {
				r.rewind()
			}
			return done, err
		}
	}
	committed, err = s.txn.end(ctx, commit, finish(commit))
	if e, ok := errors.AsType[*kafka.Error](err); ok && e.AbortTxn {
		if _, abortErr := s.txn.end(ctx, false, finish(false)); abortErr != nil {
			return false, abortErr
		}
	}
	return committed, err
}

// Close implements kafka.Consumer. It aborts an open transaction, as far as ctx allows, and
// fails the records that were not sent.
func (s *session) Close(ctx context.Context) error {
	if s.p.closing.Load() {
		return s.consumer.Close(ctx)
	}
	s.txn.abort(ctx, func(ctx context.Context, commit bool) error {
		_, err := s.End(ctx, commit)
		return err
	})
	s.p.closing.Store(true)
	s.p.errs.Close()
	s.p.topics.Close()
	s.p.quota.close()
	s.p.unsent.Store(&unsent{s.p.errs.Explain(kafka.ErrClosed)})
	err := s.consumer.Close(ctx)
	s.p.clock.deadlines.stop()
	if s.p.cl != nil {
		awaitClosed(ctx, s.p.quota.idle) // the client has failed the other records
	}
	close(s.p.closed)
	return err
}

// mark records the positions at the begin of a transaction.
func (r *reader) mark() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.parts {
		p.begin = p.pos
	}
}

// rewind moves positions back to the begin of the transaction. kgo has moved them back to its
// committed offsets, which differ after a Poll outside of a transaction.
func (r *reader) rewind() {
	at := r.cl.CommittedOffsets()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seeks++
	r.unverified = true
	for tp, p := range r.parts {
		kgoAt, runs := at[tp.Topic][tp.Partition]
		if !runs || p.begin == kafka.OffsetNone {
			continue
		}
		if kgoAt.Offset != p.begin {
			r.set(tp, p.begin)
		}
		if p.pos != p.begin {
			p.pos, p.ended, p.soughtAt = p.begin, false, r.seeks
		}
	}
}
