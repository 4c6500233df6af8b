package avroproducer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/kafka"
)

// ErrInTransaction is returned by Transaction while another one is open: a producer has
// one at a time, and they do not nest.
var ErrInTransaction = errors.New("avroproducer: a transaction is already open")

// TransactionError is the error of a transaction, with the state that it is in.
type TransactionError struct {
	Op         string // "begin", "produce" (a record was not delivered), "commit" or "abort"
	Retriable  bool   // the whole transaction may be tried again, after FinishTransaction if Unfinished
	Aborted    bool   // readers of committed records see none of its records
	Unfinished bool   // it is not known whether the commit or abort happened: call FinishTransaction
	Fatal      bool   // the producer cannot be used again; none of the transaction's records will be seen
	Err        error
}

// Error returns the operation that failed, the transaction's state and the cause.
func (e *TransactionError) Error() string {
	s := "transaction: " + e.Op
	switch {
	case e.Fatal:
		s += " (fatal)"
	case e.Unfinished:
		s += " (unfinished)"
	case e.Aborted:
		s += " (aborted)"
	}
	return fmt.Sprintf("%s: %v", s, e.Err)
}

// Unwrap returns the cause.
func (e *TransactionError) Unwrap() error { return e.Err }

// Temporary reports whether the whole transaction may be tried again.
func (e *TransactionError) Temporary() bool { return e.Retriable }

// Transaction begins a transaction, calls f, and commits the records produced since;
// readers of committed records see all of them or none. The client must have a
// transactional.id. The first call also waits until the brokers have fenced earlier
// producers with the same id.
//
// If f returns an error, the transaction is aborted and that error is returned. An error of
// Produce within f does not end the transaction: a record that could not be serialized was
// not produced, and f may continue. If a record is not delivered or the commit fails, the
// transaction is aborted and the error is a [*TransactionError] whose Retriable field says
// whether to try again. A commit with a retriable error is repeated until ctx ends, and for
// at least 5 seconds.
//
// Every record produced through the same client while the transaction is open belongs to
// it. A second transaction at the same time is refused with [ErrInTransaction].
func (p *Producer[K, V]) Transaction(ctx context.Context, f func(ctx context.Context) error) error {
	b, ok := p.client.(kafka.TxnProducer)
	if !ok {
		return fmt.Errorf("avroproducer: Transaction: %w: it has no transactional.id", kafka.ErrUnsupported)
	}
	if p.account.closed.Load() {
		return kafka.ErrClosed
	}
	if !p.txn.begin() {
		return ErrInTransaction
	}
	defer p.txn.end()

	if err := b.Begin(ctx); err != nil {
		return transactionError("begin", err)
	}
	if err := p.inTransaction(ctx, b, f); err != nil {
		return err
	}
	if err := p.end(ctx, b, true); err != nil {
		return p.abortFailedCommit(ctx, b, err)
	}
	return nil
}

// FinishTransaction repeats the commit or abort of a transaction that returned a
// [*TransactionError] with Unfinished set. It returns whether the transaction was
// committed.
func (p *Producer[K, V]) FinishTransaction(ctx context.Context) (committed bool, err error) {
	b, ok := p.client.(kafka.TxnProducer)
	if !ok {
		return false, fmt.Errorf("avroproducer: FinishTransaction: %w: it has no transactional.id", kafka.ErrUnsupported)
	}
	commit, ok := p.txn.resume()
	if !ok {
		return false, errors.New("avroproducer: FinishTransaction: no transaction is unfinished")
	}
	defer p.txn.end()
	failed := p.end(ctx, b, commit)
	switch {
	case failed == nil:
		return commit, nil
	case commit:
		return false, p.abortFailedCommit(ctx, b, failed)
	default:
		return false, failed
	}
}

// inTransaction calls f, and aborts if it fails or panics, or if a record was
// not delivered.
func (p *Producer[K, V]) inTransaction(ctx context.Context, b kafka.TxnProducer, f func(context.Context) error) (err error) {
	returned := false
	defer func() {
		if !returned { // f panicked: do not leave the transaction open
			_ = p.abort(ctx, b)
		}
	}()
	err = f(ctx)
	returned = true
	if err != nil {
		if t := p.abort(ctx, b); t != nil {
			t.Err = errors.Join(err, t.Err)
			return t
		}
		return err
	}
	err = b.Flush(ctx)
	if lost := p.txn.failure(); lost != nil {
		err = lost
	}
	if err == nil {
		return nil
	}
	if t := p.abort(ctx, b); t != nil {
		t.Err = errors.Join(err, t.Err)
		return t
	}
	t := transactionError("produce", err)
	t.Aborted = true
	return t
}

// abortFailedCommit aborts after a commit that failed and is not to be repeated: the client
// requires it after some errors, and it is safe after the others.
func (p *Producer[K, V]) abortFailedCommit(ctx context.Context, b kafka.TxnProducer, t *TransactionError) *TransactionError {
	if t.Fatal || t.Unfinished {
		return t
	}
	if failed := p.abort(ctx, b); failed != nil {
		failed.Err = errors.Join(t.Err, failed.Err)
		return failed
	}
	t.Aborted = true
	return t
}

// abort aborts the transaction, also if ctx has ended.
func (p *Producer[K, V]) abort(ctx context.Context, b kafka.TxnProducer) *TransactionError {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.abortTimeout)
	defer cancel()
	return p.end(ctx, b, false)
}

// end commits or aborts the transaction and repeats retriable errors within ctx. A commit
// gets at least 5 seconds, because the result of an interrupted commit is not known. nil
// means that the transaction has ended.
func (p *Producer[K, V]) end(ctx context.Context, b kafka.TxnProducer, commit bool) *TransactionError {
	op := "abort"
	if commit {
		op = "commit"
		var cancel context.CancelFunc
		ctx, cancel = ending.Context(ctx, ending.Close)
		defer cancel()
	}
	const longest = 5 * time.Second
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, longest) {
		err := b.End(ctx, commit)
		if err == nil {
			return nil
		}
		if repeatable(err) {
			select {
			case <-time.After(wait):
				continue
			case <-ctx.Done():
			}
		}
		t := transactionError(op, err)
		if t.Unfinished {
			p.txn.markUnfinished(commit)
		}
		return t
	}
}

// repeatable reports whether the same call of End may succeed later.
func repeatable(err error) bool {
	e := (*kafka.Error)(nil)
	return errors.As(err, &e) && e.Retriable && !e.Fatal && !e.AbortTxn
}

// transactionError wraps err, with the state that the client's error tells.
func transactionError(op string, err error) *TransactionError {
	t := &TransactionError{Op: op, Err: err}
	if e := (*kafka.Error)(nil); errors.As(err, &e) {
		t.Fatal = e.Fatal
		t.Retriable = !e.Fatal && (e.Retriable || e.AbortTxn)
	}
	interrupted := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	t.Unfinished = !t.Fatal && (op == "commit" || op == "abort") && (repeatable(err) || interrupted)
	return t
}

// transactions is the state of the one transaction that a producer may have.
type transactions struct {
	mu         sync.Mutex
	open       bool
	unfinished bool // open, and it is not known whether its commit or abort happened
	commit     bool // if unfinished: it was to be committed
	failed     error
}

func (t *transactions) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open {
		return false
	}
	t.open, t.failed = true, nil
	return true
}

// markUnfinished records a commit or abort whose result is not known.
func (t *transactions) markUnfinished(commit bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unfinished, t.commit = true, commit
}

// end allows the next transaction, unless this one is unfinished.
func (t *transactions) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = t.unfinished
}

// resume returns how the unfinished transaction is to end; ok is false if there is none.
func (t *transactions) resume() (commit, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.unfinished {
		return false, false
	}
	t.unfinished = false
	return t.commit, true
}

// noteFailure keeps the first error of a record in the open transaction.
func (t *transactions) noteFailure(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open && t.failed == nil {
		t.failed = err
	}
}

func (t *transactions) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}
