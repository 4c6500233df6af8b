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

// run is one call of Run: its state across batches.
type run[K1, V1, K2, V2 any] struct {
	*Pipeline[K1, V1, K2, V2]
	transform func(context.Context, *avroconsumer.Message[K1, V1]) ([]avroproducer.Record[K2, V2], error)

	// Guarded by Pipeline.mu, across batches: records that failed, until they are committed.
	attempts map[position]*attempt
	// Guarded by Pipeline.mu: outages that the observer was notified of in this batch.
	outages map[outage]bool
	// Guarded by Pipeline.mu while a batch is transformed: the error of the last batch that
	// waited for the registry.
	registryErr error
	warnings    regwait.Warnings // about the registry
	// A record that ends Run: those before it are committed first, in batches of one record.
	isolated *position
}

// outage identifies what the registry does not answer for: a schema id, or the serialization
// of results.
type outage struct {
	id    serde.FrameID
	stage avroconsumer.Stage // StageOutput or zero
}

// position is the position of a record.
type position struct {
	kafka.TopicPartition
	offset int64
}

func positionOf(r *kafka.Record) position {
	return position{kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}, r.Offset}
}

// attempt is the state of a record that failed.
type attempt struct {
	attempts int
	failed   *avroconsumer.RecordError // apply the policy to this error without another attempt; nil: attempt again
	stop     bool                      // the record ends Run
}

// Results of a batch that do not end Run.
var (
	errAgain = errors.New("batch aborted: repeat")       // immediately
	errWait  = errors.New("batch aborted: repeat later") // the registry or a broker does not answer
)

// loop processes batches until an error or an end stops it.
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
			// Heartbeats continue meanwhile, and the delay is short compared to
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

// batch is the records of one transaction.
type batch struct {
	records []*kafka.Record
	owners  []*part // the assignment of each record when it was polled
	ends    []kafka.Offset
}

// next returns the group's offsets after the commit of the batch.
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

// processBatch is one transaction.
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

// collect polls a batch.
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
				return b, nil // the interval has passed
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
			return b, nil // all partitions may be at their end
		}
	}
	return b, nil
}

// dropStale removes records whose partitions were revoked while the batch was collected.
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

// commit commits the transaction. After a transient error the batch is repeated. The commit
// gets at least 5 seconds, because the batch is processed.
func (r *run[K1, V1, K2, V2]) commit(ctx context.Context, b *batch) error {
	start := time.Now()
	extended, cancel := ending.Context(ctx, ending.Close)
	defer cancel()
	committed, err := r.end(extended, true)
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
		return errors.Join(r.endIsolation(false), errAgain) // partitions were revoked
	}
	r.observer.Committed(b.next(), time.Since(start), err)
	if ctx.Err() != nil {
		return r.abort(ctx, b, ctx.Err())
	}
	return markTransient(err)
}

// abort aborts the transaction because of why, which it returns unless aborting ends Run.
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

// dropReports discards the failures of an aborted batch, which are not failures of the next
// one. With transactions, aborting has reported them; without, reports that take longer are
// not waited for.
func (r *run[K1, V1, K2, V2]) dropReports(ctx context.Context) {
	const soon = 100 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	_ = r.producer.Flush(ctx)
}

// end ends the transaction, and repeats retriable errors.
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

// markTransient wraps a transient error in errWait.
func markTransient(err error) error {
	e := (*kafka.Error)(nil)
	if errors.As(err, &e) && !e.Fatal && (e.Retriable || e.AbortTxn) {
		return fmt.Errorf("%w: %w", errWait, err)
	}
	return err
}

// permanent reports whether an error of a partition will occur again at the next poll.
func permanent(err error) bool {
	e := (*kafka.Error)(nil)
	return errors.As(err, &e) && !e.Retriable
}
