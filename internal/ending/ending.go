// Package ending bounds the time in which a program ends: it has the default durations to
// drain, commit, deliver and leave, and a context that grants them although the caller's has
// ended.
//
// A program that is told to end cancels its context, and closes its clients with the same one
// (defer consumer.Close(ctx)). So Close must commit what was processed although that context
// has ended.
package ending

import (
	"context"
	"sync"
	"time"
)

// The default durations. A program may need several of them in sequence, and stays below 25
// seconds in total: Kubernetes kills 30 seconds after SIGTERM. A test adds them up.
const (
	Drain   = 15 * time.Second // running handlers, when Run ends or a partition is revoked
	Commit  = 1 * time.Second  // minimum for the commit at the end of Run: Close repeats it
	Close   = 5 * time.Second  // minimum to commit and to leave the group after the drain
	Deliver = 3 * time.Second  // minimum to deliver a producer's queue in Close
	Abort   = 10 * time.Second // to abort a transaction
)

// Context returns a context that ends when ctx does and with the same error, but not before
// minimum has passed. It has ctx's values.
func Context(ctx context.Context, minimum time.Duration) (context.Context, context.CancelFunc) {
	earliest := time.Now().Add(minimum)
	e := &extended{Context: context.WithoutCancel(ctx), done: make(chan struct{})}
	e.deadline, e.bounded = ctx.Deadline()
	if ctx.Err() != nil || e.bounded && e.deadline.Before(earliest) {
		e.deadline, e.bounded = earliest, true // clients use the deadline
	}
	stop := context.AfterFunc(ctx, func() {
		if left := time.Until(earliest); left > 0 {
			timer := time.NewTimer(left)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-e.done:
				return
			}
		}
		e.end(ctx.Err())
	})
	return e, func() {
		stop()
		e.end(context.Canceled)
	}
}

// extended is a context type of its own, because the Err of a context derived by package
// context would not always be that of the caller's.
type extended struct {
	context.Context // the values
	deadline        time.Time
	bounded         bool
	done            chan struct{}

	mu  sync.Mutex
	err error
}

func (e *extended) end(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
		close(e.done)
	}
}

// Deadline implements context.Context.
func (e *extended) Deadline() (time.Time, bool) { return e.deadline, e.bounded }

// Done implements context.Context.
func (e *extended) Done() <-chan struct{} { return e.done }

// Err implements context.Context.
func (e *extended) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}
