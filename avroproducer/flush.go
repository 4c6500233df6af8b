package avroproducer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/kafka"
)

// FlushError lists the records that Flush or Close could not deliver.
type FlushError struct {
	Remaining int     // records without a report when the wait ended; lost if Close closed the client
	Failed    int     // records that failed since the last Flush, without OnDelivery or ProduceSync
	Errs      []error // a *DeliveryError for each of those, up to WithMaxFailures
	Err       error   // why the wait ended early, with the client's last error; nil if it did not
}

// Error returns the counts and the first three reasons.
func (e *FlushError) Error() string {
	const most = 3
	var parts []string
	if e.Remaining > 0 || e.Err != nil {
		parts = append(parts, count.Of(e.Remaining, "record")+" not reported")
	}
	if e.Failed > 0 {
		parts = append(parts, count.Of(e.Failed, "record")+" failed")
	}
	said := 0
	for _, err := range e.Errs {
		if errors.Is(err, kafka.ErrClosed) {
			continue // counted as not reported: Err is the reason
		}
		if said++; said > most {
			parts = append(parts, "...")
			break
		}
		parts = append(parts, err.Error())
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, "; ")
}

// Unwrap returns all reasons.
func (e *FlushError) Unwrap() []error {
	if e.Err == nil {
		return e.Errs
	}
	return append(e.Errs[:len(e.Errs):len(e.Errs)], e.Err)
}

// DeliveryError is a record that was queued, failed, and had no OnDelivery.
type DeliveryError struct {
	Topic     string
	Partition int32  // -1 if none was chosen
	Key       []byte // as serialized; nil for null
	Err       error
}

// Error returns topic, partition and cause.
func (e *DeliveryError) Error() string {
	if b := (*kafka.Error)(nil); errors.As(e.Err, &b) && b.Topic != "" {
		return e.Err.Error() // contains topic and partition
	}
	if e.Partition < 0 {
		return fmt.Sprintf("%s: %v", e.Topic, e.Err)
	}
	return fmt.Sprintf("%s [%d]: %v", e.Topic, e.Partition, e.Err)
}

// Unwrap returns the client's error.
func (e *DeliveryError) Unwrap() error { return e.Err }

// Flush waits within ctx until every record produced before is reported and its
// [OnDelivery] function has returned. It must not be called by such a function.
//
// The error is a [*FlushError] if ctx ended first, with [ErrCallbackRunning] if an OnDelivery
// function was running, or if records failed that had neither OnDelivery nor ProduceSync.
// Each of those failures is returned once.
func (p *Producer[K, V]) Flush(ctx context.Context) error {
	err := p.await(ctx, p.account.seal())
	failed, errs := p.failures.drain()
	if err == nil && failed == 0 {
		return nil
	}
	out := &FlushError{Failed: failed, Errs: errs, Err: err}
	if err != nil {
		out.Remaining = p.Len()
	}
	return out
}

// closing is the state of Close: whether it was called, and whether it has returned.
type closing struct {
	once sync.Once
	done chan struct{}
}

// Close refuses new records, flushes within ctx, and closes what the producer owns. If
// less than 3 seconds are left of ctx, or it has ended, flushing still gets 3 seconds, so
// that "defer producer.Close(ctx)" delivers queued records. Like Flush, it must not be
// called by an [OnDelivery] function.
//
// The error is a [*FlushError] that counts and names the records that were not delivered
// (see [WithMaxFailures]), joined with errors of closing. Close is idempotent: later calls
// wait for the first one, within their own ctx, and return nil.
func (p *Producer[K, V]) Close(ctx context.Context) error {
	first := false
	p.closing.once.Do(func() { first = true })
	ctx, cancel := ending.Context(ctx, ending.Deliver)
	defer cancel()
	if !first {
		select {
		case <-p.closing.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer close(p.closing.done)

	err := p.await(ctx, p.account.close())
	if errors.Is(err, kafka.ErrClosed) {
		err = nil
	}
	remaining := 0
	if err != nil {
		remaining = p.Len()
	}
	failed, errs := p.failures.drain()
	var others []error
	if p.ownsClient {
		if closeErr := p.client.Close(ctx); err == nil || !kafka.IsContext(closeErr) { // else it repeats err
			others = append(others, closeErr)
		}
		_, lost := p.failures.drain() // the same records that are counted as remaining
		errs = append(errs, lost...)
	}
	for _, f := range p.closers {
		others = append(others, f(ctx))
	}
	if err != nil || failed > 0 {
		others = append([]error{&FlushError{Remaining: remaining, Failed: failed, Errs: errs, Err: err}}, others...)
	}
	return errors.Join(others...)
}

// await waits until every record of g and of earlier generations is reported and its OnDelivery
// function has returned. The client's Flush runs meanwhile, so that records do not linger; it may
// wait for later records too, so await does not wait for it. The error is ErrClosed if the client
// is closed, which has reported every record then.
func (p *Producer[K, V]) await(ctx context.Context, g *generation) error {
	flushing, stop := context.WithCancel(ctx)
	flushed := make(chan error, 1)
	go func() { flushed <- p.client.Flush(flushing) }()
	var err error
	select {
	case <-g.done:
	case <-ctx.Done():
		err = kafka.Explain(p.client, ctx.Err())
		if p.deliveries.running() {
			err = fmt.Errorf("%w: %w", ErrCallbackRunning, err)
		}
	}
	stop()
	if e := <-flushed; err == nil && errors.Is(e, kafka.ErrClosed) {
		return e
	}
	return err
}

// failures counts the failed records without OnDelivery or ProduceSync, and keeps their
// errors up to a limit.
type failures struct {
	limit int
	mu    sync.Mutex
	count int
	errs  []error
}

func (f *failures) add(r *kafka.Record, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if len(f.errs) < f.limit {
		f.errs = append(f.errs, &DeliveryError{Topic: r.Topic, Partition: r.Partition, Key: bytes.Clone(r.Key), Err: err})
	}
}

func (f *failures) drain() (count int, errs []error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	count, errs = f.count, f.errs
	f.count, f.errs = 0, nil
	return count, errs
}
