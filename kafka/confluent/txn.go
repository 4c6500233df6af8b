//go:build cgo

package confluent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/kafka"
)

// txnProducer is a kafka.TxnProducer.
//
// The transactional calls of librdkafka can be resumed but not interrupted, and
// its authors advise against short time-outs. So each runs on a goroutine of
// its own for as long as it takes; if the caller's context ends first, the same
// call made again waits for the same one.
type txnProducer struct {
	*producer

	mu    sync.Mutex
	ready bool       // InitTransactions has succeeded
	open  bool       // between Begin and an End that succeeded
	op    *operation // running, or done but not yet waited for
}

// The names of the calls that end a transaction.
const (
	opCommit = "commit"
	opAbort  = "abort"
)

// operation is one transactional call.
type operation struct {
	name string
	done chan struct{}
	err  error // once done is closed
}

// initRetry is the pause before InitTransactions is tried again.
const initRetry = 100 * time.Millisecond

// Begin starts a transaction.
func (t *txnProducer) Begin(ctx context.Context) error {
	if err := t.init(ctx); err != nil {
		return err
	}
	if !t.gate.enter() {
		return kafka.ErrClosed
	}
	defer t.gate.leave()
	if err := t.client.BeginTransaction(); err != nil {
		return convertTxn(err)
	}
	t.firstFailure.Store(nil)
	t.setOpen(true)
	return nil
}

// init gets the producer id, once. It tries again until ctx ends, since there
// is no transaction yet that a caller could do anything about.
func (t *txnProducer) init(ctx context.Context) error {
	t.mu.Lock()
	ready := t.ready
	t.mu.Unlock()
	for !ready {
		err := t.run(ctx, "init", func() error { return t.client.InitTransactions(context.Background()) })
		var e *kafka.Error
		switch {
		case err == nil:
			ready = true
		case errors.As(err, &e) && t.ledger != nil && ckafka.ErrorCode(e.Code) == ckafka.ErrState:
			ready = true // the wrapped client's owner has done it
		case errors.As(err, &e) && e.Retriable && ctx.Err() == nil:
			select {
			case <-ctx.Done():
				return err
			case <-time.After(initRetry):
			}
		default:
			return err
		}
	}
	t.mu.Lock()
	t.ready = true
	t.mu.Unlock()
	return nil
}

// End commits, which sends everything first, or aborts, which fails what is not
// yet sent; in either case everything was reported when it returns. If ctx ends
// before librdkafka is done the error is retriable, and the same call resumes it.
func (t *txnProducer) End(ctx context.Context, commit bool) error {
	name, f := opAbort, t.client.AbortTransaction
	if commit {
		name, f = opCommit, t.client.CommitTransaction
	}
	if err := t.run(ctx, name, func() error { return f(context.Background()) }); err != nil {
		return err
	}
	if r := t.seal(); r != nil {
		_ = t.await(ctx, r) // the transaction has ended; only done may be late
	}
	return nil
}

// committing reports whether a commit was begun whose end nobody has seen yet.
func (t *txnProducer) committing() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.op != nil && t.op.name == opCommit
}

// Close aborts the open transaction, if there is one, and closes the producer.
func (t *txnProducer) Close(ctx context.Context) error {
	return t.close(ctx, func() {
		t.mu.Lock()
		open := t.open
		t.mu.Unlock()
		if open {
			// What fails here the broker does by itself, after
			// transaction.timeout.ms or when the next producer begins.
			t.beginPurge()
			// Nobody will wait for it after ctx: it must not keep the client for long then.
			limit, cancel := context.WithTimeout(context.Background(), time.Duration(millis(ctx))*time.Millisecond)
			defer cancel()
			_ = t.run(ctx, opAbort, func() error { return t.client.AbortTransaction(limit) })
		}
	})
}

func (t *txnProducer) setOpen(open bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = open
}

// errCommitted is returned for what cannot be done any more because a commit
// that was not waited for has succeeded.
var errCommitted = errors.New("the transaction is committed already")

// run makes one transactional call, or waits for the same one made before. A
// different one that is still running is waited for first.
func (t *txnProducer) run(ctx context.Context, name string, f func() error) error {
	for {
		op, err := t.start(name, f)
		if err != nil {
			return err
		}
		select {
		case <-op.done:
		case <-ctx.Done():
			select {
			case <-op.done: // both
			default:
				return t.errs.Explain(interrupted(ctx))
			}
		}
		t.mu.Lock()
		if t.op == op {
			t.op = nil
		}
		t.mu.Unlock()
		if op.name == name {
			return t.withCause(convertTxn(op.err))
		}
		if op.name == opCommit && op.err == nil {
			return local(ckafka.ErrState, "", -1, "%w", errCommitted)
		}
	}
}

// because is err with its cause. That records were not delivered, librdkafka says
// without saying why.
func (t *txnProducer) withCause(err error) error {
	e, ok := err.(*kafka.Error)
	if l := t.firstFailure.Load(); ok && l != nil && ckafka.ErrorCode(e.Code) == ckafka.ErrInconsistent {
		with := *e
		with.Err = fmt.Errorf("%w: %w", e.Err, l.err)
		return &with
	}
	return t.errs.Explain(err)
}

// start returns the operation to wait for: what is there, or a new one.
func (t *txnProducer) start(name string, f func() error) (*operation, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.op != nil {
		return t.op, nil
	}
	if !t.gate.enter() {
		return nil, kafka.ErrClosed
	}
	op := &operation{name: name, done: make(chan struct{})}
	t.op = op
	go func() {
		defer t.gate.leave()
		op.err = f()
		if op.err == nil && (name == opCommit || name == opAbort) {
			t.setOpen(false)
		}
		close(op.done)
	}()
	return op, nil
}
