package sched

import (
	"slices"
	"sync/atomic"
	"time"
)

// Task is records of one generation that one goroutine processes in order. Its owner begins them one
// by one: a record is processed when the next is begun, or when the task is finished. The machine
// may stop it: Next then returns nil, and the records that were not begun are in their queues
// again.
//
// A Task may be used again after Finish. Next and All are the owner's, and need no lock.
type Task struct {
	items []Item
	begun atomic.Uint64 // number of begun items, and the bit stopped

	// For the machine.
	gen     *Generation
	state   taskState
	whole   bool // the records are processed together: none before Finish
	handler bool // a handler processes it, not the reader
	counted int  // items[:counted] are counted as processed
	kept    int  // items[kept:] are in their queues again
	started time.Duration
}

// stopped is set in Task.begun when no more items may be begun.
const stopped = 1 << 63

// taskState is the state of a task.
type taskState uint8

const (
	finished  taskState = iota // not in progress
	running                    // its owner may begin items
	stopping                   // its owner may begin no more
	abandoned                  // its generation's records were enqueued again: its results are ignored
)

// Next begins the next record; that before it is then processed. It returns nil after the last one, or
// if the task was stopped.
func (t *Task) Next() *Item {
	for {
		n := t.begun.Load()
		if n&stopped != 0 || n == uint64(len(t.items)) {
			return nil
		}
		if t.begun.CompareAndSwap(n, n+1) {
			return &t.items[n]
		}
	}
}

// All begins all records of a task that is processed as a whole. It returns none if the task was
// stopped.
func (t *Task) All() []Item {
	if !t.begun.CompareAndSwap(0, uint64(len(t.items))) {
		return nil
	}
	return t.items
}

// Left returns the number of records that Next may still return. It is the owner's.
func (t *Task) Left() int {
	n := t.begun.Load()
	if n&stopped != 0 {
		return 0
	}
	return len(t.items) - int(n)
}

// Generation returns the generation whose records the task has.
func (t *Task) Generation() *Generation { return t.gen }

// Take moves records from the scheduled queues into t, and reports whether there were any: up to max
// of the reader, for mode Polling, else as many as Work says. whole is for records that are processed
// together.
func (m *Machine) Take(t *Task, max int, whole bool) bool {
	if m.mode != Running && m.mode != Polling {
		return false
	}
	for q := m.front(); q != nil; q = m.front() {
		m.fill(t, q, max, whole)
		if len(t.items) > 0 {
			return true
		}
	}
	return false
}

// fill makes t a task of q's records, and of those of following queues of the same generation.
func (m *Machine) fill(t *Task, q *queue, max int, whole bool) {
	g := q.gen
	t.gen, t.state, t.whole, t.handler = g, running, whole, m.mode == Running
	t.items, t.counted, t.started = t.items[:0], 0, m.now
	t.begun.Store(0)
	limit := m.limit(q, max)
	for ; q != nil && q.gen == g && len(t.items) < limit; q = m.front() {
		if len(t.items) > 0 && (m.work.Batch > 0 || q.outage != nil) {
			break // a batch, and a probe, is of one queue
		}
		for len(t.items) < limit && q.items.len() > 0 {
			it := q.items.pop()
			if m.committed(&it) || it.End && m.mode == Running { // an end is for Poll
				continue
			}
			it.q = q
			q.inTasks++
			t.items = append(t.items, it)
		}
		q.until = 0
		m.unschedule() // and schedules it again if it may have more tasks
		if q.outage != nil || q.shared {
			break
		}
	}
	t.kept = len(t.items)
	if t.kept == 0 {
		m.update(g) // Commit has processed them
		return
	}
	g.tasks = append(g.tasks, t)
	if t.handler {
		g.handlers++
	}
	m.sweep(t)
	m.update(g)
}

// limit returns the largest number of records of a task of q.
func (m *Machine) limit(q *queue, max int) int {
	switch {
	case m.work.Batch > 0:
		return m.work.Batch
	case q.outage != nil: // it is the probe
		return 1
	case m.mode == Polling:
		return max
	case q.shared: // leave some for the others
		return min(m.taskSize, (q.items.len()+m.work.Workers-1)/m.work.Workers)
	}
	return m.taskSize
}

// stopTasks stops the tasks of g at their next record.
func (m *Machine) stopTasks(g *Generation) {
	for _, t := range g.tasks {
		m.stopTask(t)
	}
}

// stopTask stops a task at its next record, and requeues those that are not begun.
func (m *Machine) stopTask(t *Task) {
	if t.state != running {
		return
	}
	t.state = stopping
	if t.kept = int(t.begun.Or(stopped)); t.gen.phase == stale {
		return
	}
	for i := len(t.items) - 1; i >= t.kept; i-- {
		m.putBack(t.items[i])
	}
	for i := range t.items[t.kept:] { // in this order, as before
		q := t.items[t.kept+i].q
		m.schedule(q)
		m.recycle(q)
	}
}

// putBack returns a record of a task to the front of its queue.
func (m *Machine) putBack(it Item) {
	it.q.inTasks--
	if it.gen.phase == revoking || m.committed(&it) {
		return
	}
	if it.Failed {
		it.attempts++
	}
	it.Failed, it.Unprocessed, it.returned = false, false, it.returned || m.mode == Polling
	it.q.items.pushFront(it)
}

// Progress counts the records of tasks in progress that are processed.
func (m *Machine) Progress(g *Generation) {
	for _, t := range g.tasks {
		n := int(t.begun.Load() &^ stopped)
		for !t.whole && t.counted < n-1 {
			if it := &t.items[t.counted]; !it.End {
				m.processed(it)
			}
			t.counted++
		}
	}
	m.update(g)
}

// unprocessed returns the records of a task that are not counted as processed and not in their queues,
// without what their owner may be setting now.
func (t *Task) unprocessed() (out []Item) {
	for i := t.counted; i < t.kept; i++ {
		it := &t.items[i]
		out = append(out, Item{Rec: it.Rec, End: it.End, returned: true, attempts: it.attempts, gen: it.gen, seq: it.seq})
	}
	return out
}

// Outcome is the result of a task, besides Item.Unprocessed of its records.
type Outcome struct {
	Err      error         // stops Run
	Delay    time.Duration // until the next attempt at the unprocessed records
	Awaits   any           // the schema id that the registry does not answer for, and that they wait for; else nil
	Answered bool          // the registry answered
}

// Return requeues the record that was begun last, and those after it, because of o: the records
// before it stay in the task. It is for the reader.
func (m *Machine) Return(t *Task, o Outcome) {
	m.stopTask(t)
	t.kept--
	t.begun.Store(uint64(t.kept) | stopped)
	if it := t.items[t.kept]; it.gen.phase != stale {
		m.putBack(it)
		m.follow(it.q, o)
		m.schedule(it.q)
	}
}

// Finish ends a task: records that were begun and are not unprocessed are processed, the others are
// requeued at the front of their queues, or of a queue of their own if theirs is shared and they have
// to wait.
func (m *Machine) Finish(t *Task, o Outcome) {
	g := t.gen
	ignored := t.state == abandoned || g.phase == stale
	m.adapt(t)
	if t.state != abandoned {
		g.tasks = slices.DeleteFunc(g.tasks, func(other *Task) bool { return other == t })
	}
	if t.handler {
		g.handlers--
	}
	if !ignored {
		m.apply(t, o)
	}
	t.state = finished
	clear(t.items)
	t.items = t.items[:0]
	if next := m.assigned[g.TopicPartition]; next != nil && next.before == g && g.handlers == 0 {
		if next.before = nil; next.phase == waiting {
			next.phase = reading
		}
		m.update(next)
	}
	m.update(g)
}

// apply applies the results of a task to its queues.
func (m *Machine) apply(t *Task, o Outcome) {
	g := t.gen
	begun := int(t.begun.Load() &^ stopped)
	waits := o.Delay > 0 || o.Awaits != nil
	var back *queue // of the records that are requeued
	for i := t.kept - 1; i >= t.counted; i-- {
		it := &t.items[i]
		from := it.q
		if i < begun && !it.Unprocessed {
			it.q.inTasks--
			if !it.End {
				m.processed(it)
			}
			continue
		}
		if i < begun && waits && from.shared && m.mode != Polling {
			if back == nil {
				back = m.queue(g, 2+2*it.seq)
			}
			from.inTasks--
			back.inTasks++
			it.q = back
		}
		if i < begun {
			back = it.q
		}
		m.putBack(*it)
	}
	for i := range t.counted {
		t.items[i].q.inTasks--
	}
	for i := range begun {
		if q := t.items[i].q; o.Answered && q.outage != nil {
			m.answered(q.outage)
		}
	}
	if back != nil && back.items.len() > 0 && g.phase != revoking {
		m.follow(back, o)
	}
	for i := range t.items[:t.kept] {
		q := t.items[i].q
		m.schedule(q)
		m.recycle(q)
	}
}

// follow makes the queue of unprocessed records wait, or stops Run.
func (m *Machine) follow(q *queue, o Outcome) {
	q.until = m.now // its records have lingered
	switch {
	case o.Err != nil:
		m.Stop(o.Err)
	case q.items.len() == 0: // Commit has processed them
	case o.Awaits != nil:
		m.await(q, o.Awaits)
	case o.Delay > 0:
		q.state, q.until = delayed, m.now+o.Delay
		m.timers.add(q.until, q)
	}
}

// adapt sets the size of the next tasks from the time that this one took.
func (m *Machine) adapt(t *Task) {
	n, took := int(t.begun.Load()&^stopped), m.now-t.started
	switch {
	case t.whole || !t.handler || n == 0:
	case took > taskTime:
		m.taskSize = max(1, min(m.taskSize, n)*int(taskTime)/int(took))
	case took < taskTime/2 && n >= m.taskSize:
		m.taskSize = min(MaxTask, 2*m.taskSize)
	}
}

// Fail marks all begun records of a task whose owner cannot go on as unprocessed, except those that
// are processed: of a task that is not processed as a whole, those before the last. It is the owner's.
func (t *Task) Fail() {
	n := int(t.begun.Load() &^ stopped)
	for i := n - 1; i >= 0; i-- {
		t.items[i].Unprocessed = true
		if !t.whole {
			return
		}
	}
}
