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

// errStop says that a record ends Run; tried knows which and why.
var errStop = errors.New("a record ends the pipeline")

// errExited ends Run when the function calls runtime.Goexit, as t.FailNow does.
var errExited = errors.New("pipeline: the function has ended its goroutine")

// work transforms a batch and waits until the results are delivered. Partitions
// are worked on beside each other, their records one after the other.
func (r *run[K1, V1, K2, V2]) transformBatch(ctx context.Context, b *batch) error {
	lanes := map[kafka.TopicPartition][]*kafka.Record{}
	var order []kafka.TopicPartition
	for _, rec := range b.records {
		tp := kafka.TopicPartition{Topic: rec.Topic, Partition: rec.Partition}
		if lanes[tp] == nil {
			order = append(order, tp)
		}
		lanes[tp] = append(lanes[tp], rec)
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
			errs[i] = errExited // unless we come to the end
			var err error
			for _, rec := range lanes[tp] {
				if err = ctx.Err(); err == nil {
					err = r.processRecord(ctx, rec)
				}
				if err != nil {
					cancel() // the round is aborted anyway
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
	if err := ctx.Err(); err != nil { // what the function returned since is unprocessed
		return err
	}
	return r.delivered(ctx)
}

// worst is the error that decides what becomes of a round.
func decisive(errs []error) error {
	rank := func(err error) int {
		switch {
		case err == nil:
			return 0
		case ended(err): // usually because of another
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

// delivered waits for the reports of what the round produced.
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

// record deals with one record: it is transformed and the results are queued, or
// the policy for its error acts.
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
		known := r.attemptOf(rec)
		if known.stop {
			return errStop
		}
		if known.failed == nil {
			known.attempts++
			e.Attempts = known.attempts
		}
		decision := avroconsumer.Decision{Action: avroconsumer.Stopped}
		if !e.NotRecordFault() {
			decision = r.policies[e.Class()].Decide(e.Attempts)
		}
		if decision.Action == avroconsumer.PassedRaw && e.Stage != avroconsumer.StageHandler {
			known.attempts-- // the function is about to try it
		}
		if produced > 0 {
			// Some of its results are in the transaction, and must not be seen: begin
			// again, and act on the error then.
			known.failed = e
			return errAgain
		}
		known.failed = nil
		again, err := r.applyDecision(ctx, e, decision, known)
		if !again {
			return err
		}
	}
}

// waits aborts the round because the registry does not answer. The observer is told once
// for each id, however many partitions need it.
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
	told := r.outages[of]
	r.outages[of] = true
	r.registryErr = e.Err
	r.mu.Unlock()
	if !told {
		r.observer.PolicyApplied(e, e.Class(), avroconsumer.WaitingForRegistry)
		r.warnings.Warn(r.logger, e)
	}
	return fmt.Errorf("%w: %w", errWait, e)
}

// act does what a policy has decided. again: the record is to be tried once more.
func (r *run[K1, V1, K2, V2]) applyDecision(ctx context.Context, e *avroconsumer.RecordError, d avroconsumer.Decision, known *attempt) (again bool, err error) {
	did := d.Action
	switch d.Action {
	case avroconsumer.Stopped:
		known.failed, known.stop = e, true
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
			known.failed, known.stop = e.DeadLetterFailed(err), true
			did, err = avroconsumer.Stopped, errStop
		}
	case avroconsumer.PassedRaw:
		err = r.passRaw(ctx, e, known)
	}
	r.observer.PolicyApplied(e, e.Class(), did)
	return again, err
}

// known returns the error of a record that is to be acted on without trying
// again, nil if there is none.
func (r *run[K1, V1, K2, V2]) pendingError(rec *kafka.Record) *avroconsumer.RecordError {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.attempts[positionOf(rec)]; t != nil {
		return t.failed
	}
	return nil
}

// trial takes note of a record that failed.
func (r *run[K1, V1, K2, V2]) attemptOf(rec *kafka.Record) *attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := positionOf(rec)
	if r.attempts[at] == nil {
		r.attempts[at] = &attempt{}
	}
	return r.attempts[at]
}

// try transforms a record and produces the results. e is what went wrong with
// the record, err what went wrong beside it.
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

// cutShort notes what kept a record from being processed until its context ended. It
// may be all that is known of a registry that is away.
func (r *run[K1, V1, K2, V2]) noteInterrupted(err error) {
	if regwait.Unavailable(err) == nil {
		return
	}
	r.mu.Lock()
	r.registryErr = err
	r.mu.Unlock()
	r.warnings.Warn(r.logger, err)
}

// produce calls the function and produces what it returns.
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
		return produced, nil, err // the client's, not the record's
	}
	if writing {
		// The registry's fault is no record's, whichever side of the pipeline asks.
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

// raw hands a record over that could not be decoded. What fails now falls under
// the policy for handler errors.
func (r *run[K1, V1, K2, V2]) passRaw(ctx context.Context, e *avroconsumer.RecordError, known *attempt) error {
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
	known.attempts++
	failed.Attempts = known.attempts
	known.failed = failed
	if produced > 0 {
		return errAgain
	}
	return r.processRecord(ctx, e.Raw) // acts on what is known now
}

// letter is a dead letter that can be written by whoever has a producer.
type deadLetterEncoder interface {
	Record(e *avroconsumer.RecordError) *kafka.Record
}

// preparer is a writer whose topic may have to be created first.
type preparer interface {
	Prepare(ctx context.Context, topic string) error
}

// deadLetter writes within the transaction, if the writer says what to write.
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

// stopped says which record ends Run. Those before it in its partition are
// committed first: they come again, one by one, while other partitions wait.
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

// relax ends the rounds of one record, once the record in question is passed.
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

// ended says whether err is how a context tells that it is over.
func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
