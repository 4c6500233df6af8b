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

// FlushError says what Flush or Close did not get through.
type FlushError struct {
	Remaining int     // records without a report when the wait ended. After Close of an owned client they are lost
	Failed    int     // records that failed since the last Flush and that nobody was told of
	Errs      []error // of those: a *DeliveryError for each, the first 100 (see WithMaxFailures)
	Err       error   // what ended the wait, the context's error for instance, with the client's last one; nil if nothing did
}

// Error counts, and gives the first few reasons.
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
			continue // one of those that were not reported: Err says why
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

// Error says where and why.
func (e *DeliveryError) Error() string {
	if b := (*kafka.Error)(nil); errors.As(e.Err, &b) && b.Topic != "" {
		return e.Err.Error() // it says where itself
	}
	if e.Partition < 0 {
		return fmt.Sprintf("%s: %v", e.Topic, e.Err)
	}
	return fmt.Sprintf("%s [%d]: %v", e.Topic, e.Partition, e.Err)
}

// Unwrap returns the client's error.
func (e *DeliveryError) Unwrap() error { return e.Err }

// Flush waits until all that was produced before is reported, and until
// OnDelivery has returned for each. The error is a [*FlushError] if ctx ended
// first, or if records failed of which nobody was told: those are told now.
func (p *Producer[K, V]) Flush(ctx context.Context) error {
	if p.deliveries.calledFromCallback() {
		return ErrInCallback
	}
	err := p.client.Flush(ctx)
	if err == nil {
		err = p.deliveries.drain(ctx)
	}
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

// closing remembers whether Close was called, and when it is through.
type closing struct {
	once sync.Once
	done chan struct{}
}

// Close refuses new records, flushes within ctx, and closes what the producer
// owns. Where ctx has ended, or is about to, what is queued still gets 3 seconds, so
// that "defer producer.Close(ctx)" loses nothing that the brokers take. The error is a
// [*FlushError], joined with what closing said; it counts what was not delivered, and
// names it (see [WithMaxFailures]). Close is idempotent: later calls wait for the
// first one, within their own ctx, and return nil.
func (p *Producer[K, V]) Close(ctx context.Context) error {
	if p.deliveries.calledFromCallback() {
		return ErrInCallback
	}
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

	p.gate.close()
	err := p.client.Flush(ctx)
	if errors.Is(err, kafka.ErrClosed) {
		err = nil // a shared client that was closed first has reported everything
	}
	if err == nil {
		err = p.waitIdle(ctx)
	}
	remaining := 0
	if err != nil {
		remaining = p.Len()
	}
	failed, errs := p.failures.drain()
	var others []error
	if p.ownsClient {
		if closeErr := p.client.Close(ctx); err == nil || !kafka.IsContext(closeErr) { // else it is err once more
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

// waitIdle waits until the last record has left.
func (p *Producer[K, V]) waitIdle(ctx context.Context) error {
	select {
	case <-p.gate.idle:
		return nil
	case <-ctx.Done():
		return kafka.Explain(p.client, ctx.Err())
	}
}

// failures keeps the failures that nobody was told of, up to a limit, and
// counts the rest.
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
