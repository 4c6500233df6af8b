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
	r := &runner{core: c.core, ordering: c.ordering, batch: 1}
	h := handler[K, V]{core: c.core, decoder: c.decoder, tombstones: TombstoneRuleFor[V](c.tombstones), handle: handle}
	r.process = h.process
	return c.runWith(ctx, r)
}

// runWith runs r with the reader lock.
func (c *Consumer[K, V]) runWith(ctx context.Context, r *runner) error {
	c.mu.Lock()
	if err := c.lockReader(); err != nil {
		c.mu.Unlock()
		return err
	}
	c.acknowledge() // as Poll does
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unlockReader()
	}()
	return r.run(ctx)
}

// runner processes records with workers, which start when there are tasks and end when there
// are none. Its fields are guarded by core.mu.
type runner struct {
	core     *core
	ordering Ordering
	batch    int           // largest number of records of a task
	linger   time.Duration // how long RunBatch waits for that many records

	// process processes records of one queue, and marks those to be requeued as unprocessed.
	process func(ctx context.Context, items []item) outcome

	runCtx      context.Context // the context of Run: no task starts after it has ended
	handlersCtx context.Context // the parent of the contexts of handlers
	workers     int             // number of workers
	stopped     error           // why no more tasks start; nil while they do
	ended       bool            // the drain is over: results of late handlers are ignored
	idle        chan struct{}   // closed when stopped and the last worker has ended
	isIdle      bool            // idle is closed
	drainCut    chan struct{}   // closed when Close stops waiting for handlers
	isDrainCut  bool            // drainCut is closed
	registryErr error           // of a record whose context ended while it waited for the registry
	late        int             // number of handlers running when the drain ended
}

// outcome is the result of process.
type outcome struct {
	err              error         // Run ends with it
	delay            time.Duration // until the next attempt at the unprocessed records
	registry         bool          // the registry does not answer: the unprocessed records wait
	id               serde.FrameID // that they wait for
	registryAnswered bool          // the registry answered, or was not needed
	cause            error         // the record's error, for the observer
}

// noteInterrupted keeps the registry's error of a record that could not be decoded until its
// context ended. Run returns it, since no attempt of an outage may have been recorded yet.
func (c *core) noteInterrupted(e *RecordError) {
	c.mu.Lock()
	if c.run != nil {
		c.run.registryErr = e.Err
	}
	c.mu.Unlock()
	c.warnings.Warn(c.logger, e)
}

// run polls until an error or an end stops it, then drains.
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
			r.stop(kafka.Explain(c.client, ctx.Err())) // end adds the registry's error
		case c.closing:
			r.stop(kafka.ErrClosed)
		case len(c.pendingErrs) > 0: // Poll would have returned it
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

// stop prevents further tasks. Run returns the first reason. core.mu is held.
func (r *runner) stop(err error) {
	if r.stopped == nil {
		r.stopped = err
		r.core.wake()
	}
}

// end waits for running handlers, requeues unprocessed records, and commits.
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

// cutDrain ends the wait for running handlers. r may be nil.
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

// lateHandlers returns the error of a Close whose context ended while handlers were running,
// nil if all had returned. r may be nil.
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

// startWorker starts a worker for a scheduled queue, up to the concurrency. core.mu is held.
func (r *runner) startWorker() {
	if r.workers < r.core.workers && r.stopped == nil {
		r.workers++
		go r.work()
	}
}

// work processes tasks while there are any.
func (r *runner) work() {
	c := r.core
	var t task
	working := false
	defer func() {
		if working { // the handler ended its goroutine, as t.FailNow does
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
		if c.pausesChanged { // also if Commit processed all records of the task below
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
		if len(t.items) == 0 { // Commit has processed them
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

// signalIdle closes idle when the last worker has ended after stop. core.mu is held.
func (r *runner) signalIdle() {
	if r.workers == 0 && r.stopped != nil && !r.isIdle {
		r.isIdle = true
		close(r.idle)
	}
}

// dequeue moves records from the front of a queue into a task. core.mu is held.
func (r *runner) dequeue(t *task, q *queue) {
	c := r.core
	t.queue, t.items = q, t.items[:0]
	for len(t.items) < r.batch && q.items.len() > 0 {
		it := q.items.pop()
		if it.end || q.part.tracker.isDone(it.seq) { // an end is for Poll; the others were processed by Commit
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
	c.schedule(q) // a shared queue may have more tasks
}

// contextFor returns the context of p's handlers. core.mu is held.
func (r *runner) contextFor(p *partition) context.Context {
	if p.ctx == nil {
		p.ctx, p.cancel = context.WithCancelCause(r.handlersCtx)
	}
	return p.ctx
}

// finishTask applies the outcome of a task to its queue and partition. core.mu is held.
func (r *runner) finishTask(t *task, v outcome, cancelled bool) {
	c, q, p := r.core, t.queue, t.queue.part
	p.running--
	p.signalIdle()
	if p.stale && p.running == 0 {
		if next := c.assigned[p.TopicPartition]; next != nil && next.previous == p { // by Seek, meanwhile
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
		q.batchDue = true // requeued records have lingered before
		c.waitForRegistry(q, v.id)
	case v.delay > 0 && q.items.len() > 0:
		q.batchDue = true
		c.delay(q, v.delay)
	}
	c.schedule(q)
	c.recycle(q)
	c.wakeAtEnd()
}

// finishItems marks the processed records of a task, and requeues the others: at the front of
// their queue, or of a queue of their own if theirs is shared and they have to wait. It
// returns that queue. core.mu is held.
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

// batchDue reports whether RunBatch may start a task of q: it has enough records, cannot get
// more, or its linger time has passed. core.mu is held.
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
