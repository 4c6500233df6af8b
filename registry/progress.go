package registry

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// progress is how a call that is tried again and again is doing. A caller whose
// context ends before the last attempt is told by it why there was no answer: a
// context's error alone does not say that a registry is away.
type progress struct {
	parent *progress // of the call that this one is a part of; may be nil

	mu    sync.Mutex
	last  *UnavailableError // of the last attempt; nil: none has failed
	where Response          // of the attempt under way
	since time.Time         // when it began
}

// progressKey marks the context of a call's requests.
type progressKey struct{}

func progressOf(ctx context.Context) *progress {
	p, _ := ctx.Value(progressKey{}).(*progress)
	return p
}

// withProgress returns a context for the requests of one call.
func withProgress(ctx context.Context) (context.Context, *progress) {
	p := &progress{parent: progressOf(ctx)}
	return context.WithValue(ctx, progressKey{}, p), p
}

// begin notes that an attempt is made.
func (p *progress) begin(method, url string) {
	for ; p != nil; p = p.parent {
		p.mu.Lock()
		p.where, p.since = Response{Method: method, URL: url}, time.Now()
		p.mu.Unlock()
	}
}

// end notes what came of it: nil for an answer.
func (p *progress) end(failed *UnavailableError) {
	for ; p != nil; p = p.parent {
		p.mu.Lock()
		p.last, p.since = failed, time.Time{}
		p.mu.Unlock()
	}
}

// slow is from when on an attempt counts as one without an answer.
const slow = 500 * time.Millisecond

// explain adds why there is no answer to why a caller does not wait any more.
func (p *progress) explain(left error) error {
	if p == nil || left == nil {
		return left
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	why := p.last
	if waited := time.Since(p.since); why == nil && !p.since.IsZero() && waited >= slow {
		why = &UnavailableError{Response: p.where, Err: fmt.Errorf("no answer for %v", waited.Round(time.Millisecond))}
	}
	if why == nil {
		return left
	}
	return &leftError{left, why}
}

// leftError is the error of a caller that left while the registry did not answer. It is
// no [*UnavailableError]: it was the caller who had no more time. Its text says why, and
// Unanswered is for readers of records, which wait for the registry.
type leftError struct {
	left error
	why  *UnavailableError
}

func (e *leftError) Error() string { return fmt.Sprintf("%v: %v", e.left, e.why) }
func (e *leftError) Unwrap() error { return e.left }

// Unanswered is what the last attempt came to.
func (e *leftError) Unanswered() *UnavailableError { return e.why }

// unanswered is an attempt's outcome as an error, nil if it was answered.
func (x *exchange) unanswered(o *outcome) *UnavailableError {
	where := Response{Method: x.req.Method, URL: x.url(o.host)}
	if o.resp == nil {
		return &UnavailableError{Response: where, Err: o.err}
	}
	if !temporaryStatus(o.resp.StatusCode) {
		return nil
	}
	where.Status, where.Message = o.resp.StatusCode, http.StatusText(o.resp.StatusCode)
	return &UnavailableError{Response: where, RetryAfter: retryAfter(o.resp.Header)}
}
