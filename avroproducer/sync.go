package avroproducer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/kafka"
)

// ProduceError lists the records of one ProduceSync that failed.
type ProduceError struct {
	Total  int     // number of records given
	Failed []int   // indexes of those that failed, ascending
	Errs   []error // their errors, in the same order
}

// Error returns the counts and the first three errors.
func (e *ProduceError) Error() string {
	const most = 3
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %s failed", len(e.Failed), count.Of(e.Total, "record"))
	for i, index := range e.Failed {
		if i == most {
			fmt.Fprintf(&b, "; and %d more", len(e.Failed)-most)
			break
		}
		fmt.Fprintf(&b, "; record %d: %v", index, e.Errs[i])
	}
	return b.String()
}

// Unwrap returns the errors of the records.
func (e *ProduceError) Unwrap() []error { return e.Errs }

// ErrNotReported is the error of a record that was not reported before the context of
// ProduceSync ended: it may still be written.
var ErrNotReported = errors.New("not reported in time: it may still be written")

// ProduceSync produces recs and waits within ctx until all are reported. The error is nil
// if the brokers have all of them, else a [*ProduceError] with an error for each record
// that failed; a bad record does not stop the others. For records that were not reported
// before ctx ended, that error wraps [ErrNotReported], ctx's error and the client's last
// one, such as kafka.ErrUnreachable.
//
// The records of one call are sent in the same batches. Calls with one record each wait
// for the client's linger.ms every time.
func (p *Producer[K, V]) ProduceSync(ctx context.Context, recs ...Record[K, V]) error {
	if len(recs) == 0 {
		return nil
	}
	call := &syncCall{
		waiting:  len(recs),
		reported: make([]bool, len(recs)),
		errs:     make([]error, len(recs)),
		done:     make(chan struct{}),
	}
	for i := range recs {
		if err := p.produceFor(ctx, call, i, &recs[i]); err != nil {
			call.report(i, err)
		}
	}
	return call.wait(ctx, p.client)
}

func (p *Producer[K, V]) produceFor(ctx context.Context, call *syncCall, i int, rec *Record[K, V]) error {
	s, err := p.acquire()
	if err != nil {
		return err
	}
	s.fill(rec)
	s.call, s.index = call, i
	return p.send(ctx, s)
}

// syncCall collects the reports of one ProduceSync.
type syncCall struct {
	mu       sync.Mutex
	waiting  int           // number of records without a report
	reported []bool        // by index
	errs     []error       // by index
	done     chan struct{} // closed when waiting is 0
}

// report never blocks.
func (c *syncCall) report(i int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs[i] = err
	c.reported[i] = true
	if c.waiting--; c.waiting == 0 {
		close(c.done)
	}
}

// wait waits for all reports. client explains why they are missing.
func (c *syncCall) wait(ctx context.Context, client kafka.Producer) error {
	var late error
	select {
	case <-c.done:
	case <-ctx.Done():
		late = fmt.Errorf("%w: %w", ErrNotReported, kafka.Explain(client, ctx.Err()))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out := &ProduceError{Total: len(c.errs)}
	for i, err := range c.errs {
		if !c.reported[i] {
			err = late
		}
		if err != nil {
			out.Failed = append(out.Failed, i)
			out.Errs = append(out.Errs, err)
		}
	}
	if len(out.Failed) == 0 {
		return nil
	}
	return out
}
