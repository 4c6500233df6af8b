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
// librdkafka's transactional calls can be resumed but not interrupted, and its authors advise
// against short timeouts. So each runs on a goroutine of its own until it ends. If the caller's
// context ends first, the same call made again waits for it.
type txnProducer struct {
	*producer

	mu    sync.Mutex
	ready bool       // InitTransactions has succeeded
	open  bool       // between Begin and an End that succeeded
	op    *operation // running, or done and not yet waited for
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

// init gets the producer id, once. It retries until ctx ends, since there is no transaction yet
// that the caller could abort.
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
			ready = true // the owner of the wrapped client has done it
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

// End implements kafka.TxnProducer. A commit sends all records first, an abort fails those not yet
// sent; all were reported when End returns. If ctx ends first the error is retriable, and the same
// call resumes.
func (t *txnProducer) End(ctx context.Context, commit bool) error {
	name, f := opAbort, t.client.AbortTransaction
	if commit {
		name, f = opCommit, t.client.CommitTransaction
	}
	if err := t.run(ctx, name, func() error { return f(context.Background()) }); err != nil {
		return err
	}
	_ = t.await(ctx) // the transaction has ended; reports may follow
	return nil
}

// committing reports whether a commit is running, or has ended unseen.
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
			// If this fails the broker aborts, after transaction.timeout.ms or when
			// the next producer of the same id begins.
			t.beginPurge()
			// Close does not wait longer than ctx, so librdkafka should not either.
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

// errCommitted is the error of a call after a commit that had succeeded unseen.
var errCommitted = errors.New("the transaction is committed already")

// run makes one transactional call, or waits for the same call made before. It waits for a
// different one first.
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
			case <-op.done: // both have ended
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

// withCause is err with its cause. librdkafka's error for records that were not delivered does not
// say why.
func (t *txnProducer) withCause(err error) error {
	e, ok := err.(*kafka.Error)
	if l := t.firstFailure.Load(); ok && l != nil && ckafka.ErrorCode(e.Code) == ckafka.ErrInconsistent {
		with := *e
		with.Err = fmt.Errorf("%w: %w", e.Err, l.err)
		return &with
	}
	return t.errs.Explain(err)
}

// start returns the operation in progress, or starts one.
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
