// Package ending bounds how long a program takes to end: the defaults of all who
// drain, commit, deliver or leave, and the context that gives them time although the
// caller's has ended.
//
// A program that is told to end cancels its context, and closes what it has with the
// same one (defer consumer.Close(ctx)). So a context that has ended must not cost what
// was processed: Close still commits it.
package ending

import (
	"context"
	"sync"
	"time"
)

// The defaults. What a program may do one after the other stays below 25 seconds
// together: Kubernetes kills 30 seconds after SIGTERM. A test adds them up.
const (
	Drain   = 15 * time.Second // handlers at work, when Run ends or a partition is revoked
	Commit  = 1 * time.Second  // at least, for the commit with which Run ends: Close tries again
	Close   = 5 * time.Second  // at least, for the commit and the leaving of the group, when the drain is over
	Deliver = 3 * time.Second  // at least, for what a producer has queued when it is closed
	Abort   = 10 * time.Second // of a transaction
)

// Context returns a context that ends when ctx does, and as ctx does (Err is ctx's), but
// not before least has passed. It carries ctx's values.
func Context(ctx context.Context, least time.Duration) (context.Context, context.CancelFunc) {
	earliest := time.Now().Add(least)
	e := &extended{Context: context.WithoutCancel(ctx), done: make(chan struct{})}
	e.deadline, e.bounded = ctx.Deadline()
	if ctx.Err() != nil || e.bounded && e.deadline.Before(earliest) {
		e.deadline, e.bounded = earliest, true // clients look at the deadline
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

// extended is a context of its own, since one made of another by package context says
// "context canceled" where the caller's deadline has passed, or the other way round.
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
