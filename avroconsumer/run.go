package avroconsumer

import (
	"context"
	"errors"

	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/internal/sched"
	"github.com/kavro/kavro/kafka"
)

// Run calls handle, which must not be nil, for each record, until ctx ends, a record fails
// under the policy [Stop], or reading ends. [WithConcurrency] sets how many handlers run at
// once. A record is processed when its handler returns nil or the policy for its error has
// been applied. Polling continues while handlers run and records wait for the registry; it stops while
// handlers of revoked partitions finish, and for up to half a second while a partition has
// reached the bound of [WithInFlight].
//
// A handler's context ends when its partition is lost, or if the handler has not returned
// within the drain timeout after its partition was revoked or Run began to end;
// [context.Cause] tells which. It does not end with ctx, so that running handlers can finish.
// The result of a handler is ignored after its context has ended, and its record is
// unprocessed.
//
// When Run ends, it waits for running handlers, up to 15 seconds or [WithDrainTimeout], and
// commits. It returns ctx's error (with the last *registry.UnavailableError if records wait
// for the registry), a [*RecordError], [kafka.ErrClosed], nil under [WithToEnd], or another
// error that ended it; within a [*DrainError] if handlers did not return in time. Unprocessed
// records are the next to be returned.
func (c *Consumer[K, V]) Run(ctx context.Context, handle func(context.Context, *Message[K, V]) error) error {
	if handle == nil {
		return errors.New("avroconsumer: Run: the handler is nil")
	}
	h := handler[K, V]{core: c.core, decoder: c.handlerDecoder(), tombstones: TombstoneRuleFor[V](c.tombstones), handle: handle, runCtx: ctx}
	return c.runWith(ctx, sched.Work{Ordering: sched.Ordering(c.ordering), Workers: c.workers}, h.process)
}

// runWith reads until an error or an end stops it, and processes records with process.
func (c *Consumer[K, V]) runWith(ctx context.Context, w sched.Work, process func(context.Context, *sched.Task) sched.Outcome) (err error) {
	if err := c.beginReading(); err != nil {
		return err
	}
	defer c.endReading()
	r := &runner{core: c.core, process: process, whole: w.Batch > 0, ctx: ctx, handlersCtx: context.WithoutCancel(ctx)}
	c.lock()
	defer c.unlock()
	if c.closing {
		return kafka.ErrClosed
	}
	c.acknowledge() // as Poll does
	c.run = r
	c.machine.Begin(w)
	defer func() { err = r.end(err) }() // also after a panic
	return r.read()
}

// handlerDecoder returns the decoder of Run and RunBatch. With WithReuse it is one of their own, since
// messages of Poll are not recycled.
func (c *Consumer[K, V]) handlerDecoder() *Decoder[K, V] {
	if !c.reuse {
		return c.decoder
	}
	d := NewDecoder(c.decoder.key, c.decoder.value)
	d.reuse = true
	return d
}

// runner processes records with workers, which start when there are tasks and end when there are none.
// Its fields are guarded by core.mu.
type runner struct {
	core        *core
	process     func(context.Context, *sched.Task) sched.Outcome
	whole       bool            // tasks are batches
	ctx         context.Context // of Run: no handler starts after it has ended
	handlersCtx context.Context // the parent of the contexts of handlers
	workers     int             // number of workers
	drainCut    bool            // Close waits no longer for handlers
	registryErr error           // of a record whose context ended while it waited for the registry
	late        int             // number of handlers running when the drain ended
}

// read polls until the machine stops, and returns what to return if it stopped at the end. core.mu is
// held, and released meanwhile.
func (r *runner) read() error {
	c := r.core
	for {
		if r.ctx.Err() != nil {
			c.machine.Stop(kafka.Explain(c.client, r.ctx.Err())) // end adds the registry's error
		}
		switch action := c.machine.Reader(); action {
		case sched.StopReading:
			return c.machine.Stopped()
		case sched.ReachedEnd:
			c.machine.Stop(ErrEnd)
		case sched.Hold:
			c.await(r.ctx, func() bool { return c.machine.Reader() != sched.Hold })
		default:
			if err := c.poll(r.ctx, action); err != nil && err != errAgain {
				c.machine.Stop(err)
			}
		}
	}
}

// end waits for running handlers, requeues unprocessed records, and commits. core.mu is held, and
// released meanwhile.
func (r *runner) end(err error) error {
	c := r.core
	ctx, cancel := context.WithTimeout(r.handlersCtx, c.drainTimeout)
	defer cancel()
	c.machine.Stop(errExited) // after a panic
	c.await(ctx, func() bool { return r.workers == 0 || r.drainCut })
	if r.drainCut {
		cancel()
	}
	for g := range c.handlers {
		c.cancelHandlers(g, ErrStopped)
	}
	r.late = r.workers
	late := r.late
	if r.ctx.Err() != nil && ended(err) {
		err = c.explain(regwait.Explain(err, r.registryErr))
	}
	c.run = nil
	c.machine.End()
	c.applyPauses()

	if !c.manual {
		ctx, cancel := ending.Context(ctx, ending.Commit)
		defer cancel()
		var commitErr error
		c.unlocked(func() { _, commitErr = c.commit(ctx, c.machine.AllDue) })
		if commitErr != nil && err != ErrEnd {
			err = errors.Join(err, commitErr)
		} else if commitErr != nil {
			err = commitErr
		}
	}
	if err == ErrEnd {
		err = nil
	}
	if late > 0 {
		err = &DrainError{Handlers: late, Err: err}
	}
	return err
}

// lateHandlers returns the error of a Close whose context ended while handlers were running, nil if
// all had returned. r may be nil.
func (r *runner) lateHandlers(ctx context.Context) error {
	if r == nil {
		return nil
	}
	r.core.lock()
	defer r.core.unlock()
	if !r.drainCut || r.late == 0 {
		return nil
	}
	return &DrainError{Handlers: r.late, Err: ctx.Err()}
}

// work processes tasks while there are any. core.unlock has counted it in r.workers.
func (r *runner) work() {
	c := r.core
	t := new(sched.Task)
	working := false
	defer func() {
		out := sched.Outcome{}
		if working { // the handler ended its goroutine, as t.FailNow does
			t.Fail()
			out.Err = errExited
			c.lock()
			c.machine.Finish(t, out)
		}
		r.workers--
		c.unlock()
	}()
	c.lock()
	for c.run == r && c.machine.Take(t, 0, r.whole) {
		ctx := c.contextFor(t.Generation())
		c.applyPauses() // also if Commit has processed records meanwhile
		c.unlock()
		working = true
		out := r.process(ctx, t)
		working = false
		c.lock()
		if r.ctx.Err() != nil {
			c.machine.Stop(kafka.Explain(c.client, r.ctx.Err()))
		}
		c.machine.Finish(t, out)
		if g := t.Generation(); g.Stale() && g.Idle() {
			c.cancelHandlers(g, ErrRevoked) // after a Seek: nobody else drops its context
		}
		c.applyPauses()
	}
}

// contextFor returns the context of g's handlers. mu is held.
func (c *core) contextFor(g *sched.Generation) context.Context {
	h, ok := c.handlers[g]
	if !ok {
		h.Context, h.cancel = context.WithCancelCause(c.run.handlersCtx)
		c.handlers[g] = h
	}
	return h.Context
}

// cancelHandlers cancels the context of g's handlers. mu is held.
func (c *core) cancelHandlers(g *sched.Generation, cause error) {
	if h, ok := c.handlers[g]; ok {
		h.cancel(cause)
		delete(c.handlers, g)
	}
}
