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

// End implements kafka.TxnProducer. Committing a transaction of which a record
// was not delivered is refused with that record's error and AbortTxn.
func (t *txnProducer) End(ctx context.Context, commit bool) error {
	if open, under := t.txn.state(); commit && open && under == nil && !t.closing.Load() {
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

// awaitBroker waits until a broker can be reached, before the one try that kgo has
// for a commit: it gives up where nobody listens, does not know then what became of
// the transaction, and can only abort it. It does not wait for longer than any
// transaction would.
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

// awayLimit is the broker's transaction.max.timeout.ms, unless it is set there.
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
// kgo's calls that end a transaction must not be interrupted: it would not know
// the outcome. They go on when the caller's context ends, and the next call of
// end with the same wish waits for the same outcome.
type transaction struct {
	p    *producer
	busy chan struct{} // holds one element while a call begins or ends the transaction

	mu     sync.Mutex // guards what follows
	open   bool
	ending *ending // not nil while a call of kgo's is under way
}

func newTransaction(p *producer) transaction {
	return transaction{p: p, busy: make(chan struct{}, 1)}
}

// enter waits for its turn within ctx. Calls take turns, since they may wait for
// the broker and must not hold a lock meanwhile.
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
func (t *transaction) state() (open bool, under *ending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open, t.ending
}

// ending is the end of a transaction on its way.
type ending struct {
	commit    bool
	done      chan struct{} // closed when the rest is set
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
	if open, under := t.state(); open || under != nil {
		return local(codeState, "a transaction is open already")
	}
	// The first call asks the broker for a producer id, which fences others.
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

// failed is err with its cause. An error that ends the client is remembered.
func (t *transaction) failed(err error) error {
	if e, ok := errors.AsType[*kafka.Error](err); ok && e.Fatal {
		t.p.errs.SetFatal(e)
	}
	return t.p.errs.Explain(err)
}

// recoverable reports whether BeginTransaction can get over err by asking for a
// new producer id.
func recoverable(err error) bool {
	for _, e := range []error{kerr.InvalidProducerIDMapping, kerr.UnknownProducerID, kerr.TransactionAbortable, kerr.InvalidProducerEpoch} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// fatal marks the error of a producer id that cannot be had again.
func fatal(err error) error {
	if e, ok := errors.AsType[*kafka.Error](err); ok && !e.Retriable {
		e.Fatal = true
	}
	return err
}

// end flushes if it is to commit, and calls finish, which is kgo's part, in a
// goroutine of its own.
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

// start begins to end the transaction, or returns the end that is under way.
func (t *transaction) start(ctx context.Context, commit bool, finish func(context.Context) (bool, error)) (*ending, error) {
	if t.p.closing.Load() {
		return nil, kafka.ErrClosed
	}
	if err := t.lock(ctx); err != nil {
		return nil, err
	}
	defer t.unlock()
	switch open, under := t.state(); {
	case under != nil && under.commit == commit:
		return under, nil
	case under != nil:
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
		// The outcome of a commit that failed is unknown, or it was not
		// attempted: in both cases kgo wants an abort next.
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

// abandon aborts an open transaction before the client is closed. What comes of
// it does not matter: the broker aborts it too, after transaction.timeout.ms.
func (t *transaction) abort(ctx context.Context, end func(context.Context, bool) error) {
	open, under := t.state()
	if under != nil {
		select {
		case <-under.done:
		case <-ctx.Done():
		}
		return
	}
	if open {
		_ = end(ctx, false)
	}
}
