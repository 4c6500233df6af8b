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
	if err := c.lockReader(); err != nil {
		c.mu.Unlock()
		return err
	}
	c.acknowledge() // as Poll would
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unlockReader()
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
	process func(ctx context.Context, items []item) outcome

	runCtx      context.Context // Run's: when it has ended, no task starts
	handlersCtx context.Context // the handlers', before that of their partition
	workers     int             // at work
	stopped     error           // why no more records are handed out; nil: they are
	ended       bool            // Run has returned, or is about to: what comes late counts for nothing
	idle        chan struct{}   // closed when the last worker has gone, once stopped
	isIdle      bool            // it is
	drainCut    chan struct{}   // closed when Close waits for handlers no longer
	isDrainCut  bool            // it is
	registryErr error           // the registry's, of a record whose context has ended
	late        int             // handlers that were still at work when Run returned
}

// verdict is what process found out.
type outcome struct {
	err              error         // ends Run
	delay            time.Duration // before the undealt records are tried again
	registry         bool          // it does not answer: they wait for it
	id               serde.FrameID // for this
	registryAnswered bool          // it did
	cause            error         // for the observer: why the record failed
}

// cutShort notes what kept a record from being decoded until its context ended. It may
// be all that is known of a registry that is away.
func (c *core) noteInterrupted(e *RecordError) {
	c.mu.Lock()
	if c.run != nil {
		c.run.registryErr = e.Err
	}
	c.mu.Unlock()
	c.warnings.Warn(c.logger, e)
}

// run polls until something ends it, then lets the workers finish.
func (r *runner) run(ctx context.Context) error {
	c := r.core
	r.runCtx, r.handlersCtx = ctx, context.WithoutCancel(ctx)
	r.idle = make(chan struct{})
	r.drainCut = make(chan struct{})

	c.mu.Lock()
	c.run = r
	c.setOrdering(r.ordering)
	for r.stopped == nil {
		switch {
		case ctx.Err() != nil:
			r.stop(kafka.Explain(c.client, ctx.Err())) // end adds what the registry said, perhaps after this
		case c.closing:
			r.stop(kafka.ErrClosed)
		case len(c.pendingErrs) > 0: // what Poll would have returned
			r.stop(c.pendingErrs[0])
			c.pendingErrs = c.pendingErrs[1:]
		case c.atEnd():
			r.stop(ErrEnd)
		case c.awaitBackpressure(ctx):
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
	ctx, cancel := context.WithTimeout(r.handlersCtx, c.drainTimeout)
	defer cancel()
	select {
	case <-r.idle:
	case <-ctx.Done():
	case <-r.drainCut:
		cancel()
	}

	c.mu.Lock()
	for _, p := range c.assigned {
		p.cancelHandlers(ErrStopped)
	}
	r.ended = true
	r.late = r.workers
	err, late := r.stopped, r.late
	if r.runCtx.Err() != nil && ended(err) {
		err = c.explain(regwait.Explain(err, r.registryErr))
	}
	c.run = nil
	c.setOrdering(Partition)
	c.mu.Unlock()
	c.applyPauses()

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
func (r *runner) cutDrain() {
	if r == nil {
		return
	}
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	if !r.isDrainCut {
		r.isDrainCut = true
		close(r.drainCut)
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
	if !r.isDrainCut || r.late == 0 {
		return nil
	}
	return &DrainError{Handlers: r.late, Err: ctx.Err()}
}

// hire gets a worker for a lane that was listed. core.mu is held.
func (r *runner) startWorker() {
	if r.workers < r.core.workers && r.stopped == nil {
		r.workers++
		go r.work()
	}
}

// work takes lanes as long as there are any.
func (r *runner) work() {
	c := r.core
	var t task
	working := false
	defer func() {
		if working { // the handler has ended its goroutine, as t.FailNow does
			c.mu.Lock()
			defer c.mu.Unlock()
			for i := range t.items {
				t.items[i].unprocessed = true
			}
			r.finishTask(&t, outcome{err: errExited}, false)
			r.workers--
			r.signalIdle()
		}
	}()
	c.mu.Lock()
	for r.stopped == nil && r.runCtx.Err() == nil {
		if c.pausesChanged { // also if Commit dealt with all that there was, below
			c.mu.Unlock()
			c.applyPauses()
			c.mu.Lock()
			continue
		}
		q := c.nextQueue()
		if q == nil {
			break
		}
		r.dequeue(&t, q)
		if len(t.items) == 0 { // Commit dealt with all that was there
			r.finishTask(&t, outcome{}, false)
			continue
		}
		ctx := r.contextFor(q.part)
		c.mu.Unlock()
		working = true
		v := r.process(ctx, t.items)
		working = false
		c.mu.Lock()
		r.finishTask(&t, v, ctx.Err() != nil)
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
func (r *runner) dequeue(t *task, q *queue) {
	c := r.core
	t.queue, t.items = q, t.items[:0]
	for len(t.items) < r.batch && q.items.len() > 0 {
		it := q.items.pop()
		if it.end || q.part.tracker.isDone(it.seq) { // an end is for Poll; Commit dealt with the other
			c.markProcessed(&it)
			continue
		}
		t.items = append(t.items, it)
	}
	t.dequeued = append(t.dequeued[:0], t.items...)
	q.part.tasks = append(q.part.tasks, t)
	q.part.running++
	q.running++
	q.batchDue = false
	c.schedule(q) // if it is shared, the next worker may begin
}

// contextFor returns the context of p's handlers. core.mu is held.
func (r *runner) contextFor(p *partition) context.Context {
	if p.ctx == nil {
		p.ctx, p.cancel = context.WithCancelCause(r.handlersCtx)
	}
	return p.ctx
}

// finish takes note of what became of a job. core.mu is held.
func (r *runner) finishTask(t *task, v outcome, cancelled bool) {
	c, q, p := r.core, t.queue, t.queue.part
	p.running--
	p.signalIdle()
	if p.stale && p.running == 0 {
		if next := c.assigned[p.TopicPartition]; next != nil && next.previous == p { // sought in meanwhile
			next.previous = nil
			c.scheduleAll(next)
		}
	}
	if r.ended || p.stale {
		return
	}
	q.running--
	p.tasks = slices.DeleteFunc(p.tasks, func(other *task) bool { return other == t })
	q = r.finishItems(t, v, cancelled)
	switch {
	case cancelled || p.revoking:
	case v.err != nil:
		r.stop(v.err)
	case v.registry:
		q.batchDue = true // what comes again has waited for more records already
		c.waitForRegistry(q, v.id)
	case v.delay > 0 && q.items.len() > 0:
		q.batchDue = true
		c.delay(q, v.delay)
	}
	c.schedule(q)
	c.recycle(q)
	c.wakeAtEnd()
}

// settle takes note of the records that are dealt with, and returns the others
// to the front of their lane: to one of their own, if it is shared and they have
// to wait. It returns that lane. core.mu is held.
func (r *runner) finishItems(t *task, v outcome, cancelled bool) *queue {
	c, q, p := r.core, t.queue, t.queue.part
	if v.registryAnswered {
		c.registryAnswered(q)
	}
	back := q
	for i := len(t.items) - 1; i >= 0; i-- {
		it := &t.items[i]
		if !it.unprocessed && !cancelled || p.tracker.isDone(it.seq) { // by the handler, or by Commit
			c.markProcessed(it)
			continue
		}
		if p.revoking {
			continue
		}
		if it.unprocessed = false; q.shared && (v.delay > 0 || v.registry) {
			if back == q {
				back = c.queue(p, 2+2*it.seq)
			}
			it.queueKey = back.key
		}
		back.items.pushFront(*it)
	}
	clear(t.items)
	clear(t.dequeued)
	return back
}

// ripe says whether a lane has what RunBatch waits for: as many records as it
// takes or as there may be, or one that has waited long enough. core.mu is held.
func (r *runner) batchDue(q *queue) bool {
	if r.linger == 0 || q.batchDue || q.items.len() >= r.batch || q.part.overHighMark {
		return true
	}
	if !q.lingering {
		q.lingering = true
		q.timer = time.AfterFunc(r.linger, func() {
			r.core.mu.Lock()
			defer r.core.mu.Unlock()
			if q.lingering {
				q.lingering, q.batchDue = false, true
				r.core.schedule(q)
			}
		})
	}
	return false
}
