package avroconsumer

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/kavro/kavro/internal/regwait"
)

// handler processes one record after the other: Run's process.
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
	seen := c.observer.Handling(ctx, it.rec)
	v := h.attempt(ctx, seen, it)
	c.observer.Handled(seen, it.rec, time.Since(start), v.cause)
	return v
}

// try decodes a record and calls the handler within the observer's context, seen. ctx is
// the one whose end counts: an observer may have put its own in place of it.
func (h handler[K, V]) attempt(ctx, seen context.Context, it *item) outcome {
	skip, e := h.tombstones.Apply(it.rec)
	if skip {
		return outcome{}
	}
	var m *Message[K, V]
	if e == nil {
		m, e = h.decoder.decodeRecord(seen, it.rec)
	}
	if e != nil {
		v, raw := h.core.failed(ctx, seen, it, e)
		if v.cause = e; !raw {
			return v
		}
		m = newMessage[K, V](it.rec)
		m.Err = e
	}
	m.from = handle{part: it.part, seq: it.seq, offset: m.Offset}
	err := guard(func() error { return h.handle(seen, m) })
	if err == nil {
		return outcome{registryAnswered: true}
	}
	e = &RecordError{Raw: it.rec, Stage: StageHandler, Err: err}
	if m.Schema != nil {
		e.SchemaID = m.Schema.ID
	}
	v, _ := h.core.failed(ctx, seen, it, e)
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

// failed applies the policy for a record that failed, and marks it as undealt
// unless that processed it. raw: it is to be handed over with its error.
// Dead letters are written within seen.
func (c *core) failed(ctx, seen context.Context, it *item, e *RecordError) (v outcome, raw bool) {
	if ctx.Err() != nil { // whatever it is, it may be for want of time
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
	did := decision.Action
	if did != PassedRaw { // else its handler is about to try it
		it.attempts++
	}
	v.registryAnswered = true
	switch did {
	case PassedRaw:
		raw = true
	case Retried:
		it.unprocessed = true
		v.delay = decision.Pause
	case Stopped:
		it.unprocessed = true
		v.err = e
	case DeadLettered:
		if err := c.writeDeadLetter(seen, decision.DeadLetters, e); err != nil {
			it.unprocessed = true
			if ctx.Err() == nil {
				did, v.err = Stopped, err
			}
		}
	}
	c.observer.PolicyApplied(e, class, did)
	return v, raw
}
