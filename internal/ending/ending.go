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

// Context returns a context that ends when ctx does, but not before least has passed.
// It carries ctx's values.
func Context(ctx context.Context, least time.Duration) (context.Context, context.CancelFunc) {
	earliest := time.Now().Add(least)
	deadline, bounded := ctx.Deadline()
	if ctx.Err() != nil || bounded && deadline.Before(earliest) {
		return context.WithDeadline(context.WithoutCancel(ctx), earliest)
	}
	var out context.Context
	var cancel context.CancelFunc
	if bounded { // clients look at the deadline
		out, cancel = context.WithDeadline(context.WithoutCancel(ctx), deadline)
	} else {
		out, cancel = context.WithCancel(context.WithoutCancel(ctx))
	}
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(time.Until(earliest))
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-out.Done():
		}
	})
	return out, func() {
		stop()
		cancel()
	}
}
