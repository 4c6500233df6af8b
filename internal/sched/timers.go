package sched

import (
	"container/heap"
	"math"
	"time"
)

// never is the deadline of what does not wait.
const never = time.Duration(math.MaxInt64)

// timer is what waits until a deadline. An entry of timers counts if it is still at the deadline.
type timer interface {
	deadline() time.Duration
	expire(m *Machine)
}

// timers is a heap of deadlines.
type timers []entryOf

type entryOf struct {
	at time.Duration
	of timer
}

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at < t[j].at }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)        { *t = append(*t, x.(entryOf)) }
func (t *timers) Pop() any {
	last := len(*t) - 1
	e := (*t)[last]
	(*t)[last] = entryOf{}
	*t = (*t)[:last]
	return e
}

func (t *timers) add(at time.Duration, of timer) {
	if at != never {
		heap.Push(t, entryOf{at, of})
	}
}

// next returns the earliest deadline, never if there is none.
func (t *timers) next() time.Duration {
	for len(*t) > 0 && (*t)[0].of.deadline() != (*t)[0].at {
		heap.Pop(t)
	}
	if len(*t) == 0 {
		return never
	}
	return (*t)[0].at
}

// Advance sets the time, and lets expire what was to happen until then.
func (m *Machine) Advance(now time.Duration) {
	m.now = max(now, m.now)
	for m.timers.next() <= m.now {
		e := heap.Pop(&m.timers).(entryOf)
		e.of.expire(m)
	}
}

// Alarm returns the time at which Advance is to be called, at the latest; ok is false if there is none.
func (m *Machine) Alarm() (at time.Duration, ok bool) {
	at = m.timers.next()
	return at, at != never
}

// pollTimer stops the reader's tasks at the poll deadline.
type pollTimer Machine

func (p *pollTimer) deadline() time.Duration { return p.alarms.poll }

func (p *pollTimer) expire(m *Machine) {
	if m.alarms.poll = 0; m.now < m.pollBy {
		m.watchPoll()
	} else if m.mode == Polling {
		m.stopAll()
	}
}

// PollEnded records that the client was polled.
func (m *Machine) PollEnded() {
	m.pollBy = m.now + pollDeadline
	if m.alarms.poll == 0 && m.mode == Polling {
		m.watchPoll()
	}
}

func (m *Machine) watchPoll() {
	m.alarms.poll = m.pollBy
	m.timers.add(m.pollBy, (*pollTimer)(m))
}

// sweepTimer stops tasks that take longer than their deadline.
type sweepTimer Machine

func (s *sweepTimer) deadline() time.Duration { return s.alarms.sweep }

func (s *sweepTimer) expire(m *Machine) {
	m.alarms.sweep = 0
	for _, g := range m.assigned {
		for _, t := range g.tasks {
			if m.now-t.started >= taskDeadline {
				m.stopTask(t)
			} else {
				m.sweep(t)
			}
		}
	}
}

// sweep starts the timer for a task whose records others may process.
func (m *Machine) sweep(t *Task) {
	if m.alarms.sweep == 0 && t.state == running && !t.whole && m.mode == Running && m.work.Ordering != Partition {
		m.alarms.sweep = m.now + taskDeadline
		m.timers.add(m.alarms.sweep, (*sweepTimer)(m))
	}
}
