package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// run is one Run: its rounds, and what it remembers from one to the next.
type run[K1, V1, K2, V2 any] struct {
	*Pipeline[K1, V1, K2, V2]
	transform func(context.Context, *avroconsumer.Message[K1, V1]) ([]avroproducer.Record[K2, V2], error)

	attempts    map[position]*attempt // records that failed, until they are committed. Guarded by Pipeline.mu
	outages     map[outage]bool       // of the registry, that the observer was told of in this round. Guarded by Pipeline.mu
	registryErr error                 // the registry's, of the last round that waited for it. Guarded by Pipeline.mu while a round is worked on
	warnings    regwait.Warnings      // of the registry
	isolated    *position             // a record that ends Run: those before it are committed first, in rounds of one record
}

// outage is what the registry does not answer for: an id, or how results are written.
type outage struct {
	id    serde.FrameID
	stage avroconsumer.Stage // StageOutput, or zero
}

// place is where a record is.
type position struct {
	kafka.TopicPartition
	offset int64
}

func positionOf(r *kafka.Record) position {
	return position{kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}, r.Offset}
}

// trial is what is known of a record that failed.
type attempt struct {
	attempts int
	failed   *avroconsumer.RecordError // what to act on without trying again; nil: try again
	stop     bool                      // it ends Run
}

// Outcomes of a round that are no errors of Run.
var (
	errAgain = errors.New("the round was aborted: again")        // at once
	errWait  = errors.New("the round was aborted: again, later") // the registry or a broker is away
)

// rounds works until something ends it.
func (r *run[K1, V1, K2, V2]) loop(ctx context.Context) error {
	backoff := avroconsumer.Exponential(100*time.Millisecond, 10*time.Second)
	defer func() { _ = r.endIsolation(true) }()
	for failures := 0; ; {
		if err := ctx.Err(); err != nil {
			return kafka.Explain(r.session, err)
		}
		if r.assignment.atEnd() {
			return nil
		}
		err := r.processBatch(ctx)
		switch {
		case err == nil:
			failures, r.registryErr = 0, nil
		case errors.Is(err, errAgain):
		case errors.Is(err, errWait):
			// Heartbeats go on meanwhile, and the pause is short beside
			// max.poll.interval.ms.
			failures++
			select {
			case <-time.After(backoff(failures)):
			case <-ctx.Done():
			}
		default:
			return err
		}
	}
}

// batch is what a round works on.
type batch struct {
	records []*kafka.Record
	owners  []*part // of each record, when it was polled
	ends    []kafka.Offset
}

// next is where the group's offsets are when the batch is committed.
func (b *batch) next() []kafka.Offset {
	at := map[kafka.TopicPartition]int{}
	var out []kafka.Offset
	for _, r := range b.records {
		tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
		i, ok := at[tp]
		if !ok {
			i = len(out)
			at[tp] = i
			out = append(out, kafka.Offset{TopicPartition: tp})
		}
		out[i].Offset, out[i].LeaderEpoch = r.Offset+1, r.LeaderEpoch
	}
	return out
}

// round is one transaction.
func (r *run[K1, V1, K2, V2]) processBatch(ctx context.Context) error {
	r.mu.Lock()
	clear(r.outages)
	r.mu.Unlock()
	if err := r.session.Begin(ctx); err != nil {
		return markTransient(err)
	}
	b, err := r.collect(ctx)
	if err == nil {
		err = r.transformBatch(ctx, b)
	}
	if err != nil {
		return r.abort(ctx, b, err)
	}
	return r.commit(ctx, b)
}

// collect polls up to a batch.
func (r *run[K1, V1, K2, V2]) collect(ctx context.Context) (*batch, error) {
	limit := r.records
	if r.isolated != nil {
		limit = 1
	}
	b := &batch{}
	defer r.dropStale(b)
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	r.assignment.whileCollecting(cancel)
	defer r.assignment.whileCollecting(nil)
	var poll kafka.Batch
	for len(b.records) < limit {
		if err := r.session.Poll(limited, &poll, limit-len(b.records)); err != nil {
			if limited.Err() != nil && ctx.Err() == nil {
				return b, nil // the interval is over
			}
			return b, err
		}
		for _, e := range poll.Errors {
			if err := (&avroconsumer.PartitionError{TopicPartition: e.TopicPartition, Err: e.Err}); permanent(e.Err) {
				return b, err
			} else {
				r.observer.Error(err)
			}
		}
		if len(poll.Records) > 0 && len(b.records) == 0 {
			defer time.AfterFunc(r.interval, cancel).Stop()
		}
		for _, rec := range poll.Records {
			b.records = append(b.records, rec)
			b.owners = append(b.owners, r.assignment.part(positionOf(rec).TopicPartition))
		}
		b.ends = append(b.ends, poll.Ends...)
		if len(b.ends) > 0 && len(b.records) == 0 && r.toEnd {
			return b, nil // perhaps this is all there is
		}
	}
	return b, nil
}

// keepOurs drops records of partitions that went away while more were collected.
func (r *run[K1, V1, K2, V2]) dropStale(b *batch) {
	n := 0
	for i, rec := range b.records {
		if b.owners[i] == r.assignment.part(positionOf(rec).TopicPartition) {
			b.records[n] = rec
			n++
		}
	}
	clear(b.records[n:])
	b.records, b.owners = b.records[:n], nil
}

// commit ends the transaction. What could not be committed, though nobody is to
// blame, comes again. A commit gets 5 seconds at least: all that it commits is
// processed.
func (r *run[K1, V1, K2, V2]) commit(ctx context.Context, b *batch) error {
	start := time.Now()
	patience, cancel := ending.Context(ctx, ending.Close)
	defer cancel()
	committed, err := r.end(patience, true)
	if err == nil && committed {
		next := b.next()
		r.assignment.committed(next, b.ends)
		if len(next) > 0 {
			r.observer.Committed(next, time.Since(start), nil)
		}
		r.mu.Lock()
		for _, rec := range b.records {
			delete(r.attempts, positionOf(rec))
		}
		r.mu.Unlock()
		return r.endIsolation(false)
	}
	if err == nil {
		return errors.Join(r.endIsolation(false), errAgain) // partitions went away
	}
	r.observer.Committed(b.next(), time.Since(start), err)
	if ctx.Err() != nil {
		return r.abort(ctx, b, ctx.Err())
	}
	return markTransient(err)
}

// abort ends the transaction for the reason why, which it returns unless
// something worse happens.
func (r *run[K1, V1, K2, V2]) abort(ctx context.Context, b *batch, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.config.abort)
	defer cancel()
	_, err := r.end(ctx, false)
	r.dropReports(ctx)
	if e := (*kafka.Error)(nil); errors.As(err, &e) && e.Fatal {
		return err
	}
	if why == errStop {
		return r.stopError(b)
	}
	if err != nil && !errors.Is(why, errAgain) && !errors.Is(why, errWait) {
		return errors.Join(why, fmt.Errorf("abort: %w", err))
	}
	return markTransient(why)
}

// dropReports forgets the failures of what was aborted: they are no failures of the
// next round. Aborting has reported them, or is about to; without transactions, what
// is under way is not waited for.
func (r *run[K1, V1, K2, V2]) dropReports(ctx context.Context) {
	const soon = 100 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	_ = r.producer.Flush(ctx)
}

// end ends the transaction, again and again while nothing is decided.
func (r *run[K1, V1, K2, V2]) end(ctx context.Context, commit bool) (committed bool, err error) {
	backoff := avroconsumer.Exponential(100*time.Millisecond, 5*time.Second)
	for n := 1; ; n++ {
		committed, err := r.session.End(ctx, commit)
		e := (*kafka.Error)(nil)
		if !errors.As(err, &e) || !e.Retriable || e.AbortTxn || e.Fatal {
			return committed, err
		}
		select {
		case <-time.After(backoff(n)):
		case <-ctx.Done():
			return false, err
		}
	}
}

// passing turns an error that will pass into errWait.
func markTransient(err error) error {
	e := (*kafka.Error)(nil)
	if errors.As(err, &e) && !e.Fatal && (e.Retriable || e.AbortTxn) {
		return fmt.Errorf("%w: %w", errWait, err)
	}
	return err
}

// lasting says whether an error of a partition will be there again next time.
func permanent(err error) bool {
	e := (*kafka.Error)(nil)
	return errors.As(err, &e) && !e.Retriable
}
