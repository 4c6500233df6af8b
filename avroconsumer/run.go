package avroconsumer

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/kavro/kavro/base"
)

// Run calls handle for each record, until ctx ends, a record fails under the
// policy [Stop], or there is nothing more to read. Handlers run beside each other
// as [WithConcurrency] says; a record is dealt with when its handler returns nil,
// or when the policy for its error has acted. Polling goes on meanwhile: it never
// waits for a handler or the registry, except for handlers of partitions that are
// being revoked.
//
// A handler's context ends when its partition is lost, or when it has not
// returned within the drain timeout after its partition was revoked or Run was
// told to end; [context.Cause] says which. It does not end with ctx: handlers at
// work may finish. What a handler returns after its context has ended counts for
// nothing.
//
// When Run ends it waits for handlers at work and commits. It returns ctx's error,
// a [*RecordError], [base.ErrClosed], nil under [WithToEnd], or what else ended it; a
// [*DrainError] around it if handlers did not return in time. Records that were
// polled and are not dealt with are the next to be handed out.
func (c *Consumer[K, V]) Run(ctx context.Context, handle func(context.Context, *Message[K, V]) error) error {
	r := &runner{core: c.core, ordering: c.ordering, batch: 1}
	h := handler[K, V]{core: c.core, decoder: c.decoder, handle: handle}
	r.process = h.process
	return c.runWith(ctx, r)
}

// runWith lets r work until it ends.
func (c *Consumer[K, V]) runWith(ctx context.Context, r *runner) error {
	c.mu.Lock()
	if err := c.claim(); err != nil {
		c.mu.Unlock()
		return err
	}
	seen := c.dealWithOut() // as Poll would
	c.mu.Unlock()
	c.handled(seen)
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.free()
	}()
	return r.run(ctx)
}

// runner hands records to workers, which come when there is work and go when
// there is none. Its fields are guarded by core.mu.
type runner struct {
	core     *core
	ordering Ordering
	batch    int           // the most records that process takes at once
	linger   time.Duration // how long RunBatch waits for that many

	// process deals with records of one lane, and marks those that it could not
	// deal with as undealt.
	process func(ctx context.Context, items []item) verdict

	ctx     context.Context // the handlers', before that of their partition
	workers int             // at work
	stopped error           // why no more records are handed out; nil: they are
	ended   bool            // Run has returned, or is about to: what comes late counts for nothing
	idle    chan struct{}   // closed when the last worker has gone, once stopped
	isIdle  bool            // it is
}

// verdict is what process found out.
type verdict struct {
	err      error         // ends Run
	pause    time.Duration // before the undealt records are tried again
	registry bool          // it does not answer: they wait for it
	answered bool          // it did
}

// run polls until something ends it, then lets the workers finish.
func (r *runner) run(ctx context.Context) error {
	c := r.core
	r.ctx = context.WithoutCancel(ctx)
	r.idle = make(chan struct{})

	c.mu.Lock()
	c.run = r
	c.deals(r.ordering, r.batch)
	for r.stopped == nil {
		switch {
		case ctx.Err() != nil:
			r.stop(ctx.Err())
		case c.closing:
			r.stop(base.ErrClosed)
		case len(c.trouble) > 0: // what Poll would have returned
			r.stop(c.trouble[0])
			c.trouble = c.trouble[1:]
		case c.atEnd():
			r.stop(ErrEnd)
		default:
			err := c.poll(ctx, maxPoll, 0, func() bool { return r.stopped != nil })
			if err != nil && err != errAgain {
				r.stop(err)
			}
		}
	}
	r.signalIdle()
	c.mu.Unlock()
	return r.end()
}

// stop hands out nothing more. The first reason is the one that Run returns.
// core.mu is held.
func (r *runner) stop(err error) {
	if r.stopped == nil {
		r.stopped = err
		r.core.wake()
	}
}

// end waits for handlers at work, takes back what is not dealt with, and commits.
func (r *runner) end() error {
	c := r.core
	ctx, cancel := context.WithTimeout(r.ctx, c.drainTimeout)
	defer cancel()
	select {
	case <-r.idle:
	case <-ctx.Done():
	}

	c.mu.Lock()
	for _, p := range c.assigned {
		p.cancelHandlers(ErrStopped)
	}
	r.ended = true
	err, late := r.stopped, r.workers
	c.run = nil
	c.deals(Partition, 1)
	c.mu.Unlock()
	c.settle()

	if !c.manual {
		ctx, cancel := withGrace(ctx)
		defer cancel()
		if _, commitErr := c.commit(ctx, c.allDue); commitErr != nil && err != ErrEnd {
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

// hire gets a worker for a lane that was listed. core.mu is held.
func (r *runner) hire() {
	if r.workers < r.core.workers && r.stopped == nil {
		r.workers++
		go r.work()
	}
}

// work takes lanes as long as there are any.
func (r *runner) work() {
	c := r.core
	var items []item
	c.mu.Lock()
	for r.stopped == nil {
		l := c.next()
		if l == nil {
			break
		}
		items = r.takeFrom(l, items[:0])
		if len(items) == 0 { // Commit dealt with all that was there
			r.finish(l, items, verdict{}, false)
			continue
		}
		ctx := r.contextFor(l.part)
		c.mu.Unlock()
		v := r.process(ctx, items)
		c.mu.Lock()
		r.finish(l, items, v, ctx.Err() != nil)
		if c.unsettled && !r.ended {
			c.mu.Unlock()
			c.settle()
			c.mu.Lock()
		}
	}
	r.workers--
	r.signalIdle()
	c.mu.Unlock()
	clear(items)
}

// signalIdle says that the last worker has gone, once no other will come. core.mu
// is held.
func (r *runner) signalIdle() {
	if r.workers == 0 && r.stopped != nil && !r.isIdle {
		r.isIdle = true
		close(r.idle)
	}
}

// takeFrom makes a worker busy with the front of a lane. core.mu is held.
func (r *runner) takeFrom(l *lane, items []item) []item {
	for len(items) < r.batch && l.items.len() > 0 {
		it := l.items.pop()
		if it.rec == nil || l.part.tracker.isDone(it.seq) { // an end is for Poll; Commit dealt with the other
			r.core.dealtWith(&it)
			continue
		}
		items = append(items, it)
	}
	l.taken = append(l.taken[:0], items...)
	l.busy, l.ripe = true, false
	l.part.running++
	return items
}

// contextFor returns the context of p's handlers. core.mu is held.
func (r *runner) contextFor(p *partition) context.Context {
	if p.ctx == nil {
		p.ctx, p.cancel = context.WithCancelCause(r.ctx)
	}
	return p.ctx
}

// finish takes note of what became of records. core.mu is held.
func (r *runner) finish(l *lane, items []item, v verdict, cancelled bool) {
	c, p := r.core, l.part
	clear(l.taken)
	l.busy, l.taken = false, l.taken[:0]
	p.running--
	p.signalIdle()
	if p.running == 0 && p.gone {
		if next := c.assigned[p.TopicPartition]; next != nil && next.pred == p { // sought in meanwhile
			next.pred = nil
			c.offerAll(next)
		}
	}
	if l.orphan || p.gone {
		return
	}
	undealt := 0
	for i := len(items) - 1; i >= 0; i-- {
		if (items[i].undealt || cancelled) && !p.tracker.isDone(items[i].seq) { // unless Commit dealt with it
			undealt++
			items[i].undealt = false
			if !p.stopping {
				l.items.pushFront(items[i])
			}
		} else {
			c.dealtWith(&items[i])
		}
	}
	if v.answered {
		c.registryAnswered(l)
	}
	switch {
	case cancelled || p.stopping:
	case v.err != nil:
		r.stop(v.err)
	case v.registry:
		c.awaitRegistry(l)
	case v.pause > 0 && undealt > 0:
		c.park(l, v.pause)
	}
	c.offer(l)
	if l.key != 0 && l.items.len() == 0 {
		delete(p.lanes, l.key)
	}
	if c.atEnd() {
		r.stop(ErrEnd)
	}
}

// ripe says whether a lane has what RunBatch waits for: as many records as it
// takes, or one that has waited long enough. core.mu is held.
func (r *runner) ripe(l *lane) bool {
	if r.linger == 0 || l.ripe || l.items.len() >= r.batch {
		return true
	}
	if !l.ripens {
		l.ripens = true
		l.timer = time.AfterFunc(r.linger, func() {
			r.core.mu.Lock()
			defer r.core.mu.Unlock()
			if l.ripens {
				l.ripens, l.ripe = false, true
				r.core.offer(l)
			}
		})
	}
	return false
}

// handler deals with one record after the other: Run's process.
type handler[K, V any] struct {
	core    *core
	decoder *Decoder[K, V]
	handle  func(context.Context, *Message[K, V]) error
}

func (h handler[K, V]) process(ctx context.Context, items []item) verdict {
	c, it := h.core, &items[0]
	if !c.observing {
		return h.try(ctx, it)
	}
	start := time.Now()
	ctx = c.observer.Handling(ctx, it.rec)
	v := h.try(ctx, it)
	c.observer.Handled(ctx, it.rec, time.Since(start), it.err)
	return v
}

func (h handler[K, V]) try(ctx context.Context, it *item) verdict {
	m, err := h.decoder.Decode(ctx, it.rec)
	if err != nil {
		e := err.(*RecordError)
		it.err = e
		v, raw := h.core.failed(ctx, it, e)
		if !raw {
			return v
		}
		m = newMessage[K, V](it.rec)
		m.Err = e
	}
	m.from = handle{part: it.part, seq: it.seq, offset: m.Offset}
	err = guard(func() error { return h.handle(ctx, m) })
	it.err = err
	if err == nil {
		return verdict{answered: true}
	}
	e := &RecordError{Raw: it.rec, Stage: StageHandler, Err: err}
	if m.Schema != nil {
		e.SchemaID = m.Schema.ID
	}
	v, _ := h.core.failed(ctx, it, e)
	v.answered = true
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
// unless that dealt with it. raw: it is to be handed over with its error.
func (c *core) failed(ctx context.Context, it *item, e *RecordError) (v verdict, raw bool) {
	if ctx.Err() != nil { // whatever it is, it may be for want of time
		it.undealt = true
		return verdict{}, false
	}
	class := classify(e)
	if e.Stage != StageHandler {
		if temporary(e) {
			it.undealt = true
			c.observer.Failed(e, class, Waited)
			return verdict{registry: true}, false
		}
		if blameless(e) {
			it.undealt = true
			c.observer.Failed(e, class, Stopped)
			return verdict{err: e}, false
		}
	}
	it.attempts++
	e.Attempts = it.attempts
	policy, pause := c.policies[class].decide(it.attempts)
	did := policy.action
	v.answered = true
	switch did {
	case HandedRaw:
		raw = true
	case Retried:
		it.undealt = true
		v.pause = pause
	case Stopped:
		it.undealt = true
		v.err = e
	case DeadLettered:
		if err := c.writeDeadLetter(ctx, policy, e); err != nil {
			it.undealt = true
			if ctx.Err() == nil {
				did, v.err = Stopped, err
			}
		}
	}
	c.observer.Failed(e, class, did)
	return v, raw
}
