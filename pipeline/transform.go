package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// errStop means that a record ends Run; run.attempts holds which one and why.
var errStop = errors.New("a record ends Run")

// errExited ends Run if the function calls runtime.Goexit, as t.FailNow does.
var errExited = errors.New("pipeline: the function has ended its goroutine")

// transformBatch transforms a batch and waits until the results are delivered. Partitions are
// processed concurrently, the records of each in order.
func (r *run[K1, V1, K2, V2]) transformBatch(ctx context.Context, b *batch) error {
	queues := map[kafka.TopicPartition][]*kafka.Record{}
	var order []kafka.TopicPartition
	for _, rec := range b.records {
		tp := kafka.TopicPartition{Topic: rec.Topic, Partition: rec.Partition}
		if queues[tp] == nil {
			order = append(order, tp)
		}
		queues[tp] = append(queues[tp], rec)
	}
	if len(order) > 0 {
		r.observer.Received(b.records)
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, len(order))
	slots := make(chan struct{}, r.workers)
	for i, tp := range order {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs[i] = errExited // unless the loop returns
			var err error
			for _, rec := range queues[tp] {
				if err = ctx.Err(); err == nil {
					err = r.processRecord(ctx, rec)
				}
				if err != nil {
					cancel() // the batch is aborted
					break
				}
			}
			errs[i] = err
		})
	}
	wg.Wait()
	if err := decisive(errs); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // results since the end of ctx are unprocessed
		return err
	}
	return r.delivered(ctx)
}

// decisive returns the error that decides what happens after the batch.
func decisive(errs []error) error {
	rank := func(err error) int {
		switch {
		case err == nil:
			return 0
		case ended(err): // usually a consequence of another error
			return 1
		case errors.Is(err, errAgain):
			return 2
		case errors.Is(err, errWait):
			return 3
		case errors.Is(err, errStop):
			return 4
		default:
			return 5
		}
	}
	return slices.MaxFunc(append(errs, nil), func(a, b error) int { return cmp.Compare(rank(a), rank(b)) })
}

// delivered waits for the reports of the batch's results.
func (r *run[K1, V1, K2, V2]) delivered(ctx context.Context) error {
	err := r.producer.Flush(ctx)
	if err == nil {
		return nil
	}
	var failed *avroproducer.FlushError
	if errors.As(err, &failed) && len(failed.Errs) > 0 {
		err = failed.Errs[0]
	}
	return err
}

// processRecord transforms one record and queues the results, or applies the policy for its
// error.
func (r *run[K1, V1, K2, V2]) processRecord(ctx context.Context, rec *kafka.Record) error {
	for {
		e := r.pendingError(rec)
		produced := 0
		if e == nil {
			var err error
			if produced, e, err = r.attempt(ctx, rec); err != nil || e == nil {
				return err
			}
			if err := ctx.Err(); err != nil { // the observer's context may not have ended
				return err
			}
			if e.Temporary() {
				return r.waitForRegistry(e)
			}
		}
		a := r.attemptOf(rec)
		if a.stop {
			return errStop
		}
		if a.failed == nil {
			a.attempts++
			e.Attempts = a.attempts
		}
		decision := avroconsumer.Decision{Action: avroconsumer.Stopped}
		if !e.NotRecordFault() {
			decision = r.policies[e.Class()].Decide(e.Attempts)
		}
		if decision.Action == avroconsumer.PassedRaw && e.Stage != avroconsumer.StageHandler {
			a.attempts-- // the function's attempt follows
		}
		if produced > 0 {
			// Some of its results are in the transaction and must not be seen: abort, and
			// apply the policy in the next batch.
			a.failed = e
			return errAgain
		}
		a.failed = nil
		again, err := r.applyDecision(ctx, e, decision, a)
		if !again {
			return err
		}
	}
}

// waitForRegistry aborts the batch because the registry does not answer. The observer is
// notified once for each id, however many partitions need it.
func (r *run[K1, V1, K2, V2]) waitForRegistry(e *avroconsumer.RecordError) error {
	of := outage{stage: e.Stage}
	if e.Stage != avroconsumer.StageOutput {
		payload, part := e.Raw.Value, serde.Value
		if e.Stage == avroconsumer.StageKey {
			payload, part = e.Raw.Key, serde.Key
		}
		of = outage{}
		of.id, _, _ = serde.SplitRecord(payload, part, e.Raw.Headers)
	}
	r.mu.Lock()
	notified := r.outages[of]
	r.outages[of] = true
	r.registryErr = e.Err
	r.mu.Unlock()
	if !notified {
		r.observer.PolicyApplied(e, e.Class(), avroconsumer.WaitingForRegistry)
		r.warnings.Warn(r.logger, e)
	}
	return fmt.Errorf("%w: %w", errWait, e)
}

// applyDecision applies a policy's decision. If again is true, the next attempt follows.
func (r *run[K1, V1, K2, V2]) applyDecision(ctx context.Context, e *avroconsumer.RecordError, d avroconsumer.Decision, a *attempt) (again bool, err error) {
	action := d.Action
	switch d.Action {
	case avroconsumer.Stopped:
		a.failed, a.stop = e, true
		err = errStop
	case avroconsumer.Retried:
		again = true
		select {
		case <-time.After(d.Pause):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	case avroconsumer.DeadLettered:
		if err = r.deadLetter(ctx, e, d.DeadLetters); err != nil && ctx.Err() == nil {
			a.failed, a.stop = e.DeadLetterFailed(err), true
			action, err = avroconsumer.Stopped, errStop
		}
	case avroconsumer.PassedRaw:
		err = r.passRaw(ctx, e, a)
	}
	r.observer.PolicyApplied(e, e.Class(), action)
	return again, err
}

// pendingError returns the error of a record that the policy is to be applied to without
// another attempt, nil if there is none.
func (r *run[K1, V1, K2, V2]) pendingError(rec *kafka.Record) *avroconsumer.RecordError {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.attempts[positionOf(rec)]; t != nil {
		return t.failed
	}
	return nil
}

// attemptOf returns the state of a record that failed, and creates it if needed.
func (r *run[K1, V1, K2, V2]) attemptOf(rec *kafka.Record) *attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := positionOf(rec)
	if r.attempts[at] == nil {
		r.attempts[at] = &attempt{}
	}
	return r.attempts[at]
}

// attempt transforms a record and produces the results. e is an error of the record, err any
// other.
func (r *run[K1, V1, K2, V2]) attempt(ctx context.Context, rec *kafka.Record) (produced int, e *avroconsumer.RecordError, err error) {
	start := time.Now()
	octx := r.observer.Handling(ctx, rec)
	defer func() {
		cause := err
		if e != nil {
			cause = e
		}
		r.observer.Handled(octx, rec, time.Since(start), cause)
	}()
	skip, e := r.null.Apply(rec)
	if skip || e != nil {
		return 0, e, nil
	}
	m, err := r.decode(octx, rec)
	if err != nil {
		if ctx.Err() != nil {
			r.noteInterrupted(err)
			return 0, nil, ctx.Err()
		}
		return 0, err.(*avroconsumer.RecordError), nil
	}
	return r.produce(octx, m)
}

// noteInterrupted keeps the registry's error of a record that could not be processed until its
// context ended. Run returns it, since no outage may have been recorded yet.
func (r *run[K1, V1, K2, V2]) noteInterrupted(err error) {
	if regwait.Unavailable(err) == nil {
		return
	}
	r.mu.Lock()
	r.registryErr = err
	r.mu.Unlock()
	r.warnings.Warn(r.logger, err)
}

// produce calls the function and produces the records that it returns.
func (r *run[K1, V1, K2, V2]) produce(ctx context.Context, m *avroconsumer.Message[K1, V1]) (produced int, e *avroconsumer.RecordError, err error) {
	results, err := guard(func() ([]avroproducer.Record[K2, V2], error) { return r.transform(ctx, m) })
	writing := errors.Is(err, errTranslation)
	if err == nil {
		for i := range results {
			if err = r.producer.ProduceRecord(ctx, results[i]); err != nil {
				writing = true
				break
			}
			produced++
		}
	}
	if err == nil {
		return produced, nil, nil
	}
	if ctx.Err() != nil {
		if writing {
			r.noteInterrupted(err)
		}
		return produced, nil, ctx.Err()
	}
	var kafkaErr *kafka.Error
	var encode *serde.EncodeError
	if errors.As(err, &kafkaErr) && !errors.As(err, &encode) || errors.Is(err, kafka.ErrClosed) {
		return produced, nil, err // of the client, not of the record
	}
	if writing {
		// An error of the registry is not the record's, also on the output side.
		e = &avroconsumer.RecordError{Raw: m.Raw, Stage: avroconsumer.StageOutput, Err: err}
		if e.Temporary() || e.NotRecordFault() {
			return produced, e, nil
		}
	}
	e = &avroconsumer.RecordError{Raw: m.Raw, Stage: avroconsumer.StageHandler, Err: err}
	if m.Schema != nil {
		e.SchemaID = m.Schema.ID
	}
	return produced, e, nil
}

// passRaw calls the function with a record that could not be decoded. The policy for handler
// errors applies to the result.
func (r *run[K1, V1, K2, V2]) passRaw(ctx context.Context, e *avroconsumer.RecordError, a *attempt) error {
	m := &avroconsumer.Message[K1, V1]{
		Topic: e.Raw.Topic, Partition: e.Raw.Partition, Offset: e.Raw.Offset,
		KeyNull: e.Raw.Key == nil, Tombstone: e.Raw.Value == nil,
		Headers: e.Raw.Headers, Timestamp: e.Raw.Timestamp, Raw: e.Raw, Err: e,
	}
	produced, failed, err := r.produce(ctx, m)
	if failed == nil {
		return err
	}
	if failed.Temporary() {
		return r.waitForRegistry(failed)
	}
	a.attempts++
	failed.Attempts = a.attempts
	a.failed = failed
	if produced > 0 {
		return errAgain
	}
	return r.processRecord(ctx, e.Raw) // applies the policy to a.failed
}

// deadLetterEncoder is a DeadLetterWriter whose records another producer can write.
type deadLetterEncoder interface {
	Record(e *avroconsumer.RecordError) *kafka.Record
}

// preparer is a writer whose topic may have to be created first.
type preparer interface {
	Prepare(ctx context.Context, topic string) error
}

// deadLetter writes a dead letter, within the transaction if the writer is a
// deadLetterEncoder.
func (r *run[K1, V1, K2, V2]) deadLetter(ctx context.Context, e *avroconsumer.RecordError, w avroconsumer.DeadLetterWriter) error {
	l, ok := w.(deadLetterEncoder)
	if !ok {
		return w.WriteDeadLetter(ctx, e)
	}
	rec := l.Record(e)
	if p, ok := w.(preparer); ok {
		if err := p.Prepare(ctx, rec.Topic); err != nil {
			return err
		}
	}
	reported := make(chan error, 1)
	if err := r.session.Producer().Produce(ctx, rec, func(_ *kafka.Record, err error) { reported <- err }); err != nil {
		return err
	}
	select {
	case err := <-reported:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stopError returns the error of the record that ends Run. The records before it in its
// partition are committed first: the record is isolated, that is, its partition is read in
// batches of one record while the others are paused, until the record comes again.
func (r *run[K1, V1, K2, V2]) stopError(b *batch) error {
	for _, rec := range b.records {
		e := r.pendingError(rec)
		if e == nil {
			continue
		}
		if len(b.records) == 1 {
			return e
		}
		if at := positionOf(rec); r.isolated == nil {
			r.isolated = &at
			return errors.Join(r.session.Pause(r.assignment.others(at.TopicPartition)...), errAgain)
		}
	}
	return errAgain
}

// endIsolation ends the batches of one record when the isolated record is passed, or anyway.
func (r *run[K1, V1, K2, V2]) endIsolation(anyway bool) error {
	if r.isolated == nil || !anyway && !r.assignment.passed(*r.isolated) {
		return nil
	}
	others := r.assignment.others(r.isolated.TopicPartition)
	r.isolated = nil
	return r.session.Resume(others...)
}

// guard turns a panic of f into an error.
func guard[T any](f func() (T, error)) (out T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &avroconsumer.PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}

// ended reports whether err is the error of a context.
func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
