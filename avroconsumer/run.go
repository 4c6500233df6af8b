package avroconsumer

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// Run calls handle, which must not be nil, for each record, until ctx ends, a record fails under the
// policy [Stop], or there is nothing more to read. Handlers run beside each other
// as [WithConcurrency] says; a record is dealt with when its handler returns nil,
// or when the policy for its error has acted. Polling goes on meanwhile: it does not
// wait for a handler or the registry, except for handlers of partitions that are
// being revoked, and half a second at most if a partition has too much in memory
// (see [WithInFlight]).
//
// A handler's context ends when its partition is lost, or when it has not
// returned within the drain timeout after its partition was revoked or Run was
// told to end; [context.Cause] says which. It does not end with ctx: handlers at
// work may finish. What a handler returns after its context has ended counts for
// nothing.
//
// When Run ends it waits for handlers at work, 15 seconds unless [WithDrainTimeout] says
// otherwise, and commits. It returns ctx's error
// (with the last *registry.UnavailableError if records wait for the registry), a [*RecordError], [kafka.ErrClosed], nil under [WithToEnd], or what else ended it; a
// [*DrainError] around it if handlers did not return in time. Records that were
// polled and are not dealt with are the next to be handed out.
func (c *Consumer[K, V]) Run(ctx context.Context, handle func(context.Context, *Message[K, V]) error) error {
	if handle == nil {
		return errors.New("avroconsumer: Run: the handler is nil")
	}
	r := &runner{core: c.core, ordering: c.ordering, batch: 1}
	h := handler[K, V]{core: c.core, decoder: c.decoder, tombstones: TombstoneRuleFor[V](c.tombstones), handle: handle}
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
	c.dealWithOut() // as Poll would
	c.mu.Unlock()
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

	asked    context.Context // Run's: when it has ended, no task starts
	ctx      context.Context // the handlers', before that of their partition
	workers  int             // at work
	stopped  error           // why no more records are handed out; nil: they are
	ended    bool            // Run has returned, or is about to: what comes late counts for nothing
	idle     chan struct{}   // closed when the last worker has gone, once stopped
	isIdle   bool            // it is
	cut      chan struct{}   // closed when Close waits for handlers no longer
	isCut    bool            // it is
	cutShort error           // the registry's, of a record whose context has ended
	late     int             // handlers that were still at work when Run returned
}

// verdict is what process found out.
type verdict struct {
	err      error         // ends Run
	pause    time.Duration // before the undealt records are tried again
	registry bool          // it does not answer: they wait for it
	id       serde.FrameID // for this
	answered bool          // it did
	cause    error         // for the observer: why the record failed
}

// cutShort notes what kept a record from being decoded until its context ended. It may
// be all that is known of a registry that is away.
func (c *core) cutShort(e *RecordError) {
	c.mu.Lock()
	if c.run != nil {
		c.run.cutShort = e.Err
	}
	c.mu.Unlock()
	c.waits.Warn(c.logger, e)
}

// run polls until something ends it, then lets the workers finish.
func (r *runner) run(ctx context.Context) error {
	c := r.core
	r.asked, r.ctx = ctx, context.WithoutCancel(ctx)
	r.idle = make(chan struct{})
	r.cut = make(chan struct{})

	c.mu.Lock()
	c.run = r
	c.deals(r.ordering)
	for r.stopped == nil {
		switch {
		case ctx.Err() != nil:
			r.stop(kafka.Explain(c.client, ctx.Err())) // end adds what the registry said, perhaps after this
		case c.closing:
			r.stop(kafka.ErrClosed)
		case len(c.trouble) > 0: // what Poll would have returned
			r.stop(c.trouble[0])
			c.trouble = c.trouble[1:]
		case c.atEnd():
			r.stop(ErrEnd)
		case c.rest(ctx):
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
	case <-r.cut:
		cancel()
	}

	c.mu.Lock()
	for _, p := range c.assigned {
		p.cancelHandlers(ErrStopped)
	}
	r.ended = true
	r.late = r.workers
	err, late := r.stopped, r.late
	if r.asked.Err() != nil && ended(err) {
		err = c.explain(regwait.Explain(err, r.cutShort))
	}
	c.run = nil
	c.deals(Partition)
	c.mu.Unlock()
	c.settle()

	if !c.manual {
		ctx, cancel := ending.Context(ctx, ending.Commit)
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

// hurry ends the drain now. r may be nil.
func (r *runner) hurry() {
	if r == nil {
		return
	}
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	if !r.isCut {
		r.isCut = true
		close(r.cut)
	}
}

// lateHandlers is the error of a Close whose context ended before all handlers had
// returned. r may be nil.
func (r *runner) lateHandlers(ctx context.Context) error {
	if r == nil {
		return nil
	}
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	if !r.isCut || r.late == 0 {
		return nil
	}
	return &DrainError{Handlers: r.late, Err: ctx.Err()}
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
	var j job
	working := false
	defer func() {
		if working { // the handler has ended its goroutine, as t.FailNow does
			c.mu.Lock()
			defer c.mu.Unlock()
			for i := range j.items {
				j.items[i].undealt = true
			}
			r.finish(&j, verdict{err: errExited}, false)
			r.workers--
			r.signalIdle()
		}
	}()
	c.mu.Lock()
	for r.stopped == nil && r.asked.Err() == nil {
		if c.unsettled { // also if Commit dealt with all that there was, below
			c.mu.Unlock()
			c.settle()
			c.mu.Lock()
			continue
		}
		l := c.next()
		if l == nil {
			break
		}
		r.take(&j, l)
		if len(j.items) == 0 { // Commit dealt with all that was there
			r.finish(&j, verdict{}, false)
			continue
		}
		ctx := r.contextFor(l.part)
		c.mu.Unlock()
		working = true
		v := r.process(ctx, j.items)
		working = false
		c.mu.Lock()
		r.finish(&j, v, ctx.Err() != nil)
	}
	r.workers--
	r.signalIdle()
	c.mu.Unlock()
}

// signalIdle says that the last worker has gone, once no other will come. core.mu
// is held.
func (r *runner) signalIdle() {
	if r.workers == 0 && r.stopped != nil && !r.isIdle {
		r.isIdle = true
		close(r.idle)
	}
}

// take gives a worker the front of a lane. core.mu is held.
func (r *runner) take(j *job, l *lane) {
	c := r.core
	j.lane, j.items = l, j.items[:0]
	for len(j.items) < r.batch && l.items.len() > 0 {
		it := l.items.pop()
		if it.end || l.part.tracker.isDone(it.seq) { // an end is for Poll; Commit dealt with the other
			c.dealtWith(&it)
			continue
		}
		j.items = append(j.items, it)
	}
	j.given = append(j.given[:0], j.items...)
	l.part.jobs = append(l.part.jobs, j)
	l.part.running++
	l.busy++
	l.ripe = false
	c.offer(l) // if it is shared, the next worker may begin
}

// contextFor returns the context of p's handlers. core.mu is held.
func (r *runner) contextFor(p *partition) context.Context {
	if p.ctx == nil {
		p.ctx, p.cancel = context.WithCancelCause(r.ctx)
	}
	return p.ctx
}

// finish takes note of what became of a job. core.mu is held.
func (r *runner) finish(j *job, v verdict, cancelled bool) {
	c, l, p := r.core, j.lane, j.lane.part
	p.running--
	p.signalIdle()
	if p.gone && p.running == 0 {
		if next := c.assigned[p.TopicPartition]; next != nil && next.pred == p { // sought in meanwhile
			next.pred = nil
			c.offerAll(next)
		}
	}
	if r.ended || p.gone {
		return
	}
	l.busy--
	p.jobs = slices.DeleteFunc(p.jobs, func(other *job) bool { return other == j })
	l = r.settle(j, v, cancelled)
	switch {
	case cancelled || p.stopping:
	case v.err != nil:
		r.stop(v.err)
	case v.registry:
		l.ripe = true // what comes again has waited for more records already
		c.awaitRegistry(l, v.id)
	case v.pause > 0 && l.items.len() > 0:
		l.ripe = true
		c.park(l, v.pause)
	}
	c.offer(l)
	c.discard(l)
	c.noteEnd()
}

// settle takes note of the records that are dealt with, and returns the others
// to the front of their lane: to one of their own, if it is shared and they have
// to wait. It returns that lane. core.mu is held.
func (r *runner) settle(j *job, v verdict, cancelled bool) *lane {
	c, l, p := r.core, j.lane, j.lane.part
	if v.answered {
		c.registryAnswered(l)
	}
	back := l
	for i := len(j.items) - 1; i >= 0; i-- {
		it := &j.items[i]
		if !it.undealt && !cancelled || p.tracker.isDone(it.seq) { // by the handler, or by Commit
			c.dealtWith(it)
			continue
		}
		if p.stopping {
			continue
		}
		if it.undealt = false; l.shared && (v.pause > 0 || v.registry) {
			if back == l {
				back = c.lane(p, 2+2*it.seq)
			}
			it.lane = back.key
		}
		back.items.pushFront(*it)
	}
	clear(j.items)
	clear(j.given)
	return back
}

// ripe says whether a lane has what RunBatch waits for: as many records as it
// takes or as there may be, or one that has waited long enough. core.mu is held.
func (r *runner) ripe(l *lane) bool {
	if r.linger == 0 || l.ripe || l.items.len() >= r.batch || l.part.full {
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
