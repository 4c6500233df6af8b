package franz

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
)

// txnProducer is a producer with a transactional id.
type txnProducer struct {
	*producer
	txn transaction
}

func newTxnProducer(p *producer) *txnProducer {
	p.txn = true
	return &txnProducer{producer: p, txn: newTransaction(p)}
}

// Begin implements kafka.TxnProducer.
func (t *txnProducer) Begin(ctx context.Context) error {
	return t.txn.begin(ctx, t.cl.BeginTransaction)
}

// End implements kafka.TxnProducer. If a record of the transaction was not delivered, a commit
// fails with the error of that record and AbortTxn.
func (t *txnProducer) End(ctx context.Context, commit bool) error {
	if open, ending := t.txn.state(); commit && open && ending == nil && !t.closing.Load() {
		if err := t.awaitBroker(ctx); err != nil {
			return t.errs.Explain(&kafka.Error{Code: codeTimedOut, Partition: -1, Retriable: true, Err: err})
		}
	}
	_, err := t.txn.end(ctx, commit, func(ctx context.Context) (bool, error) {
		if !commit {
			if err := t.cl.AbortBufferedRecords(ctx); err != nil {
				return false, err
			}
		}
		err := t.cl.EndTransaction(ctx, kgo.TransactionEndTry(commit))
		return commit && err == nil, err
	})
	return err
}

// awaitBroker waits until a broker can be reached. kgo tries a commit once: where no broker can
// be reached the outcome is unknown to it, and it can only abort the transaction. The wait is
// bounded by the longest time that a transaction can have.
func (t *txnProducer) awaitBroker(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, unreachableLimit)
	defer cancel()
	ping := func(ctx context.Context) (struct{}, error) { return struct{}{}, t.cl.Ping(ctx) }
	for limit.Err() == nil {
		if _, err := await(limit, ping); err == nil {
			break
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-limit.Done():
		}
	}
	return ctx.Err()
}

// unreachableLimit is the default of the brokers' transaction.max.timeout.ms.
const unreachableLimit = 15 * time.Minute

// Close aborts a transaction that is still open, as far as ctx allows.
func (t *txnProducer) Close(ctx context.Context) error {
	if !t.closing.Load() {
		t.txn.abort(ctx, t.End)
	}
	return t.producer.Close(ctx)
}

// transaction is the state that a transactional producer and a session share.
//
// kgo's calls that end a transaction must not be interrupted: the outcome would be unknown. They
// go on when the caller's context ends. The next call of end with the same commit waits for the
// same outcome.
type transaction struct {
	p    *producer
	busy chan struct{} // a lock: holds one element while a call begins or ends the transaction

	mu     sync.Mutex // guards what follows
	open   bool
	ending *ending // not nil while kgo ends the transaction
}

func newTransaction(p *producer) transaction {
	return transaction{p: p, busy: make(chan struct{}, 1)}
}

// lock waits within ctx until no other call begins or ends the transaction. It is no mutex,
// since those calls wait for the broker.
func (t *transaction) lock(ctx context.Context) error {
	select {
	case t.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return t.p.errs.ContextError(ctx)
	}
}

func (t *transaction) unlock() { <-t.busy }

// state returns the fields that mu guards.
func (t *transaction) state() (open bool, current *ending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open, t.ending
}

// ending is the end of a transaction in progress.
type ending struct {
	commit    bool
	done      chan struct{} // closed when the other fields are set
	committed bool
	err       error
}

func (t *transaction) begin(ctx context.Context, begin func() error) error {
	if t.p.closing.Load() {
		return kafka.ErrClosed
	}
	if err := t.lock(ctx); err != nil {
		return err
	}
	defer t.unlock()
	if open, ending := t.state(); open || ending != nil {
		return local(codeState, "a transaction is open already")
	}
	// The first call asks a broker for the producer id, which fences other producers.
	if _, _, err := t.p.cl.ProducerID(ctx); err != nil && !recoverable(err) {
		return t.failed(convert(err))
	}
	if err := begin(); err != nil {
		return t.failed(fatal(convert(err)))
	}
	t.p.undelivered.Store(0)
	t.p.firstError.Store(nil)
	t.mu.Lock()
	t.open = true
	t.mu.Unlock()
	t.p.inTxn.Store(true)
	return nil
}

// failed is err with its cause. It records an error that ends the client.
func (t *transaction) failed(err error) error {
	if e, ok := errors.AsType[*kafka.Error](err); ok && e.Fatal {
		t.p.errs.SetFatal(e)
	}
	return t.p.errs.Explain(err)
}

// recoverable reports whether BeginTransaction recovers from err with a new producer id.
func recoverable(err error) bool {
	for _, e := range []error{kerr.InvalidProducerIDMapping, kerr.UnknownProducerID, kerr.TransactionAbortable, kerr.InvalidProducerEpoch} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// fatal marks an error after which no producer id can be had as fatal.
func fatal(err error) error {
	if e, ok := errors.AsType[*kafka.Error](err); ok && !e.Retriable {
		e.Fatal = true
	}
	return err
}

// end flushes, if it is to commit, and runs finish, which calls kgo, on a goroutine of its own.
func (t *transaction) end(ctx context.Context, commit bool, finish func(context.Context) (bool, error)) (committed bool, err error) {
	e, err := t.start(ctx, commit, finish)
	if err != nil {
		return false, err
	}
	select {
	case <-e.done:
	case <-ctx.Done():
		return false, t.failed(&kafka.Error{Code: codeTimedOut, Partition: -1, Retriable: true, Err: fmt.Errorf("the transaction is still being ended, call End again: %w", ctx.Err())})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ending == e {
		t.ending = nil
	}
	return e.committed, e.err
}

// start begins to end the transaction, or returns the ending in progress.
func (t *transaction) start(ctx context.Context, commit bool, finish func(context.Context) (bool, error)) (*ending, error) {
	if t.p.closing.Load() {
		return nil, kafka.ErrClosed
	}
	if err := t.lock(ctx); err != nil {
		return nil, err
	}
	defer t.unlock()
	switch open, ending := t.state(); {
	case ending != nil && ending.commit == commit:
		return ending, nil
	case ending != nil:
		return nil, local(codeState, "the transaction is being ended the other way")
	case !open:
		return nil, local(codeState, "no transaction is open")
	}
	if commit {
		if err := t.p.flush(ctx); err != nil {
			return nil, &kafka.Error{Code: codeTimedOut, Partition: -1, Retriable: true, Err: err}
		}
		if first := t.p.firstError.Load(); first != nil {
			return nil, abortable(first)
		}
	}
	t.p.inTxn.Store(false)
	e := &ending{commit: commit, done: make(chan struct{})}
	t.mu.Lock()
	t.ending = e
	t.mu.Unlock()
	go t.run(context.WithoutCancel(ctx), e, finish)
	return e, nil
}

func (t *transaction) run(ctx context.Context, e *ending, finish func(context.Context) (bool, error)) {
	committed, err := finish(ctx)
	err = convert(err)
	if be, ok := errors.AsType[*kafka.Error](err); ok && e.commit && !be.Fatal {
		// The commit was not attempted, or its outcome is unknown. In both cases kgo
		// requires an abort next.
		err = abortable(be)
	}
	t.mu.Lock()
	t.open = err != nil && e.commit
	t.mu.Unlock()
	e.committed, e.err = committed, t.failed(err)
	close(e.done)
}

// abortable is e as the error of a transaction that must be aborted.
func abortable(e *kafka.Error) *kafka.Error {
	a := *e
	a.AbortTxn, a.Retriable = true, false
	return &a
}

// abort aborts an open transaction before the client is closed. Its error is ignored: the
// broker aborts the transaction after transaction.timeout.ms.
func (t *transaction) abort(ctx context.Context, end func(context.Context, bool) error) {
	open, ending := t.state()
	if ending != nil {
		select {
		case <-ending.done:
		case <-ctx.Done():
		}
		return
	}
	if open {
		_ = end(ctx, false)
	}
}
