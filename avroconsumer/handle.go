package avroconsumer

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/kavro/kavro/internal/regwait"
)

// handler processes one record at a time, for Run.
type handler[K, V any] struct {
	core       *core
	decoder    *Decoder[K, V]
	tombstones TombstoneRule
	handle     func(context.Context, *Message[K, V]) error
}

func (h handler[K, V]) process(ctx context.Context, items []item) outcome {
	c, it := h.core, &items[0]
	if !c.observing {
		return h.attempt(ctx, ctx, it)
	}
	start := time.Now()
	obsCtx := c.observer.Handling(ctx, it.rec)
	v := h.attempt(ctx, obsCtx, it)
	c.observer.Handled(obsCtx, it.rec, time.Since(start), v.cause)
	return v
}

// attempt decodes a record and calls the handler with the observer's context, obsCtx. The end
// of ctx decides whether the result counts, since an observer may return a context of its own.
func (h handler[K, V]) attempt(ctx, obsCtx context.Context, it *item) outcome {
	skip, e := h.tombstones.Apply(it.rec)
	if skip {
		return outcome{}
	}
	var m *Message[K, V]
	if e == nil {
		m, e = h.decoder.decodeRecord(obsCtx, it.rec)
	}
	if e != nil {
		v, raw := h.core.failed(ctx, obsCtx, it, e)
		if v.cause = e; !raw {
			return v
		}
		m = newMessage[K, V](it.rec)
		m.Err = e
	}
	m.from = handle{part: it.part, seq: it.seq, offset: m.Offset}
	err := guard(func() error { return h.handle(obsCtx, m) })
	if err == nil {
		return outcome{registryAnswered: true}
	}
	e = &RecordError{Raw: it.rec, Stage: StageHandler, Err: err}
	if m.Schema != nil {
		e.SchemaID = m.Schema.ID
	}
	v, _ := h.core.failed(ctx, obsCtx, it, e)
	v.registryAnswered, v.cause = true, err
	return v
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
func (c *core) failed(ctx, obsCtx context.Context, it *item, e *RecordError) (v outcome, raw bool) {
	if ctx.Err() != nil { // the end of the context may be the cause
		it.unprocessed = true
		if regwait.Unavailable(e) != nil {
			c.noteInterrupted(e)
		}
		return outcome{}, false
	}
	class := e.Class()
	if e.Temporary() {
		it.unprocessed = true
		if c.noteAttempt(e, it) {
			c.reportWaiting(e)
		}
		return outcome{registry: true, id: idNeeded(e)}, false
	}
	if e.NotRecordFault() {
		it.unprocessed = true
		c.observer.PolicyApplied(e, class, Stopped)
		return outcome{err: e}, false
	}
	e.Attempts = int(it.attempts) + 1
	decision := c.policies[class].Decide(e.Attempts)
	action := decision.Action
	if action != PassedRaw { // else the handler's attempt follows
		it.attempts++
	}
	v.registryAnswered = true
	switch action {
	case PassedRaw:
		raw = true
	case Retried:
		it.unprocessed = true
		v.delay = decision.Pause
	case Stopped:
		it.unprocessed = true
		v.err = e
	case DeadLettered:
		if err := c.writeDeadLetter(obsCtx, decision.DeadLetters, e); err != nil {
			it.unprocessed = true
			if ctx.Err() == nil {
				action, v.err = Stopped, err
			}
		}
	}
	c.observer.PolicyApplied(e, class, action)
	return v, raw
}
