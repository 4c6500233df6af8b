package transport

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Progress is how the attempts of a call go. A caller whose context ends before the last
// attempt learns from it why there was no answer: a context's error alone does not say that a
// registry is away. A nil *Progress is told nothing. It is safe for concurrent use.
type Progress struct {
	parent *Progress // of the call that this one is a part of; may be nil

	mu    sync.Mutex
	last  *UnavailableError // of the last attempt; nil: none has failed
	where Response          // of the attempt under way
	since time.Time         // when it began
}

// NewProgress makes the progress of a call that is a part of parent's, which is told the same;
// parent may be nil.
func NewProgress(parent *Progress) *Progress { return &Progress{parent: parent} }

// begin notes that an attempt is made.
func (p *Progress) begin(method, url string) {
	for ; p != nil; p = p.parent {
		p.mu.Lock()
		p.where, p.since = Response{Method: method, URL: url}, time.Now()
		p.mu.Unlock()
	}
}

// end notes its outcome: nil for an answer.
func (p *Progress) end(failed *UnavailableError) {
	for ; p != nil; p = p.parent {
		p.mu.Lock()
		p.last, p.since = failed, time.Time{}
		p.mu.Unlock()
	}
}

// slow is how long an attempt takes before it counts as one without an answer.
const slow = 500 * time.Millisecond

// Left is the error of a caller that does not wait any more because ctx has ended: its cause,
// with the reason why there is no answer yet where attempts have failed. It is an
// [*UnavailableError] where ctx has ended by the call's deadline, see [Transport.WithDeadline].
func (p *Progress) Left(ctx context.Context) error {
	cause := context.Cause(ctx)
	if p == nil || cause == nil {
		return cause
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	why := p.last
	if waited := time.Since(p.since); why == nil && !p.since.IsZero() && waited >= slow {
		why = &UnavailableError{Response: p.where, Err: fmt.Errorf("no answer for %v", waited.Round(time.Millisecond))}
	}
	switch {
	case why != nil && left(ctx):
		return &leftError{cause, why}
	case why != nil:
		return why
	case left(ctx):
		return cause
	}
	return &UnavailableError{Response: p.where, Err: cause}
}

// leftError is the error of a caller that left while the registry did not answer. It is no
// [*UnavailableError]: it was the caller who had no more time.
type leftError struct {
	left error
	why  *UnavailableError
}

func (e *leftError) Error() string { return fmt.Sprintf("%v: %v", e.left, e.why) }
func (e *leftError) Unwrap() error { return e.left }

// Unanswered is the outcome of the last attempt, for readers of records, which wait for the
// registry.
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
