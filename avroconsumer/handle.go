package avroconsumer

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/internal/sched"
)

// handler processes one record at a time, for Run.
type handler[K, V any] struct {
	core       *core
	decoder    *Decoder[K, V]
	tombstones TombstoneRule
	handle     func(context.Context, *Message[K, V]) error
	runCtx     context.Context // of Run: no handler starts after it has ended
}

// process processes the records of a task, up to the first that is not processed.
func (h handler[K, V]) process(ctx context.Context, t *sched.Task) (out sched.Outcome) {
	answered := false
	for it := t.Next(); it != nil; it = t.Next() {
		out = h.one(ctx, it, t.Left()+1)
		answered = answered || out.Answered
		if ctx.Err() != nil { // the result does not count
			it.Unprocessed, out = true, sched.Outcome{}
		}
		if it.Unprocessed || h.runCtx.Err() != nil {
			break
		}
	}
	out.Answered = answered
	return out
}

// one processes one record, the first of n.
func (h handler[K, V]) one(ctx context.Context, it *sched.Item, n int) sched.Outcome {
	c := h.core
	if !c.observing {
		out, _ := h.attempt(ctx, ctx, it, n)
		return out
	}
	start := time.Now()
	obsCtx := c.observer.Handling(ctx, it.Rec)
	out, cause := h.attempt(ctx, obsCtx, it, n)
	c.observer.Handled(obsCtx, it.Rec, time.Since(start), cause)
	return out
}

// attempt decodes a record and calls the handler with the observer's context, obsCtx. The end
// of ctx decides whether the result counts, since an observer may return a context of its own.
func (h handler[K, V]) attempt(ctx, obsCtx context.Context, it *sched.Item, n int) (out sched.Outcome, cause error) {
	skip, e := h.tombstones.Apply(it.Rec)
	if skip {
		return out, nil
	}
	var m *Message[K, V]
	if e == nil {
		m, e = h.decoder.decodeRecord(obsCtx, it.Rec, n)
	}
	if e != nil {
		out, raw := h.core.failed(ctx, obsCtx, it, e)
		if !raw {
			return out, e
		}
		m = newMessage[K, V](it.Rec)
		m.Err = e
	}
	m.from = it.Handle()
	err := guard(func() error { return h.handle(obsCtx, m) })
	id := 0
	if m.Schema != nil {
		id = m.Schema.ID
	}
	h.decoder.recycle(m)
	if err == nil {
		return sched.Outcome{Answered: true}, nil
	}
	e = &RecordError{Raw: it.Rec, Stage: StageHandler, SchemaID: id, Err: err}
	out, _ = h.core.failed(ctx, obsCtx, it, e)
	out.Answered = true
	return out, err
}

// guard turns a panic of f into an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}

// failed applies the policy to a record that failed, and marks the record as unprocessed
// unless the policy processed it. If raw is true, the handler is to be called with the error.
// Dead letters are written within obsCtx.
func (c *core) failed(ctx, obsCtx context.Context, it *sched.Item, e *RecordError) (out sched.Outcome, raw bool) {
	if ctx.Err() != nil { // the end of the context may be the cause
		it.Unprocessed = true
		if regwait.Unavailable(e) != nil {
			c.noteInterrupted(e)
		}
		return out, false
	}
	class := e.Class()
	if e.Temporary() {
		it.Unprocessed = true
		if c.noteAttempt(e, it) {
			c.reportWaiting(e)
		}
		return sched.Outcome{Awaits: idNeeded(e)}, false
	}
	if e.NotRecordFault() {
		it.Unprocessed = true
		c.observer.PolicyApplied(e, class, Stopped)
		return sched.Outcome{Err: e}, false
	}
	e.Attempts = it.Attempts() + 1
	decision := c.policies[class].Decide(e.Attempts)
	action := decision.Action
	if action != PassedRaw { // else the handler's attempt follows
		it.Failed = true
	}
	out.Answered = true
	switch action {
	case PassedRaw:
		raw = true
	case Retried:
		it.Unprocessed = true
		out.Delay = decision.Pause
	case Stopped:
		it.Unprocessed = true
		out.Err = e
	case DeadLettered:
		if err := c.writeDeadLetter(obsCtx, decision.DeadLetters, e); err != nil {
			it.Unprocessed = true
			if ctx.Err() == nil {
				action, out.Err = Stopped, err
			}
		}
	}
	c.observer.PolicyApplied(e, class, action)
	return out, raw
}
