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

func (h handler[K, V]) process(ctx context.Context, items []item) verdict {
	c, it := h.core, &items[0]
	if !c.observing {
		return h.try(ctx, ctx, it)
	}
	start := time.Now()
	seen := c.observer.Handling(ctx, it.rec)
	v := h.try(ctx, seen, it)
	c.observer.Handled(seen, it.rec, time.Since(start), v.cause)
	return v
}

// try decodes a record and calls the handler within the observer's context, seen. ctx is
// the one whose end counts: an observer may have put its own in place of it.
func (h handler[K, V]) try(ctx, seen context.Context, it *item) verdict {
	skip, e := h.tombstones.Apply(it.rec)
	if skip {
		return verdict{}
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
		return verdict{answered: true}
	}
	e = &RecordError{Raw: it.rec, Stage: StageHandler, Err: err}
	if m.Schema != nil {
		e.SchemaID = m.Schema.ID
	}
	v, _ := h.core.failed(ctx, seen, it, e)
	v.answered, v.cause = true, err
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
func (c *core) failed(ctx, seen context.Context, it *item, e *RecordError) (v verdict, raw bool) {
	if ctx.Err() != nil { // whatever it is, it may be for want of time
		it.undealt = true
		if regwait.Unavailable(e) != nil {
			c.cutShort(e)
		}
		return verdict{}, false
	}
	class := e.Class()
	if e.Temporary() {
		it.undealt = true
		if c.attempted(e, it) {
			c.waitsFor(e)
		}
		return verdict{registry: true, id: idNeeded(e)}, false
	}
	if e.Blameless() {
		it.undealt = true
		c.observer.Failed(e, class, Stopped)
		return verdict{err: e}, false
	}
	e.Attempts = int(it.attempts) + 1
	decision := c.policies[class].Decide(e.Attempts)
	did := decision.Action
	if did != HandedRaw { // else its handler is about to try it
		it.attempts++
	}
	v.answered = true
	switch did {
	case HandedRaw:
		raw = true
	case Retried:
		it.undealt = true
		v.pause = decision.Pause
	case Stopped:
		it.undealt = true
		v.err = e
	case DeadLettered:
		if err := c.writeDeadLetter(seen, decision.Letters, e); err != nil {
			it.undealt = true
			if ctx.Err() == nil {
				did, v.err = Stopped, err
			}
		}
	}
	c.observer.Failed(e, class, did)
	return v, raw
}
