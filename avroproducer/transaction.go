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

// ErrInTransaction is returned by Transaction while another one is open: a
// producer has one at a time, and they do not nest.
var ErrInTransaction = errors.New("avroproducer: a transaction is open already")

// TransactionError says how far a transaction got.
type TransactionError struct {
	Op         string // "begin", "produce" (a record was not delivered), "commit" or "abort"
	Retriable  bool   // the whole transaction may be tried again, once it is finished
	Aborted    bool   // nothing of it will be seen
	Unfinished bool   // commit or abort may or may not have happened: call FinishTransaction
	Fatal      bool   // the producer is of no use any more; what the transaction wrote will not be seen
	Err        error
}

// Error says what failed, what became of the transaction, and why.
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

// Transaction begins a transaction, calls f, and commits what was produced
// meanwhile; readers of committed records see all of it or nothing. The client
// must have a transactional.id. The first call also waits for the brokers to
// fence earlier producers of the same id.
//
// If f returns an error the transaction is aborted and the error returned as it
// is. Whether to go on after an error within f is up to f: a record that could
// not be serialized was not produced, and the transaction stays usable. If a
// record is not delivered, or the commit fails, the transaction is aborted and
// the error is a [*TransactionError] that says whether to try again. A commit
// that fails for the moment is repeated until ctx ends, and gets 5 seconds at least.
//
// Everything that is produced meanwhile through the same client belongs to the
// transaction, whoever produces it. A second transaction at the same time is
// refused with [ErrInTransaction].
func (p *Producer[K, V]) Transaction(ctx context.Context, f func(ctx context.Context) error) error {
	b, ok := p.client.(kafka.TxnProducer)
	if !ok {
		return fmt.Errorf("avroproducer: Transaction: %w: it has no transactional.id", kafka.ErrUnsupported)
	}
	if p.gate.closed.Load() {
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

// FinishTransaction ends a transaction whose commit or abort was cut short: one
// that returned a [*TransactionError] with Unfinished set. It returns whether
// the transaction was committed.
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
		if !returned { // f panicked: leave nothing open behind it
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

// settle aborts after a commit that failed for good: the client asks for it, or
// says nothing, and then it is safe.
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

// abort aborts, also when ctx has ended.
func (p *Producer[K, V]) abort(ctx context.Context, b kafka.TxnProducer) *TransactionError {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.abortTimeout)
	defer cancel()
	return p.end(ctx, b, false)
}

// end ends the transaction, again and again while that may help, within ctx, though a
// commit gets 5 seconds at least: one that is cut short may or may not have happened.
// nil: it is ended.
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

// repeatable says whether the same End may succeed later.
func repeatable(err error) bool {
	e := (*kafka.Error)(nil)
	return errors.As(err, &e) && e.Retriable && !e.Fatal && !e.AbortTxn
}

// transactionError reads what the client says about err.
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
	unfinished bool // open, and its end was cut short
	commit     bool // and this is the end it was to have
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

// cutShort remembers an end that may or may not have happened.
func (t *transactions) markUnfinished(commit bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unfinished, t.commit = true, commit
}

// end makes room for the next one, unless this one was cut short.
func (t *transactions) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = t.unfinished
}

// resume claims an unfinished transaction.
func (t *transactions) resume() (commit, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.unfinished {
		return false, false
	}
	t.unfinished = false
	return t.commit, true
}

// noteFailure keeps the first record that failed in the open transaction.
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
