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

// ProduceError says which records of one ProduceSync failed.
type ProduceError struct {
	Total  int     // records given
	Failed []int   // their indexes, ascending
	Errs   []error // why, in the same order
}

// Error counts, and gives the first few reasons.
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

// Unwrap returns the reasons.
func (e *ProduceError) Unwrap() []error { return e.Errs }

// ErrNotReported is the reason of a record whose report did not come while
// ProduceSync waited: it may still be written.
var ErrNotReported = errors.New("not reported in time: it may still be written")

// ProduceSync produces recs and waits, within ctx, until all are reported. The
// error is nil if the brokers have all of them, else a [*ProduceError] with a
// reason for each that failed: one bad record does not stop the others. Where
// ctx ended the wait, the reason wraps [ErrNotReported], ctx's error and the client's
// last one, such as kafka.ErrUnreachable.
//
// Many records in one call travel together; many calls with one record each
// wait for the client's linger.ms every time.
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
	e, err := p.acquire()
	if err != nil {
		return err
	}
	e.fill(rec)
	e.call, e.index = call, i
	return p.send(ctx, e)
}

// syncCall collects the reports of one ProduceSync.
type syncCall struct {
	mu       sync.Mutex
	waiting  int
	reported []bool        // by index: its report came
	errs     []error       // by index
	done     chan struct{} // closed when nothing is waited for
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

// wait waits for all reports. client knows why they do not come.
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
