package sched

import (
	"slices"
	"time"
)

// outage begins when the registry does not answer for a schema id. Every queue whose next record needs
// that id waits: often all queues of all partitions, after a producer has changed its schema. They
// share the attempts, which one queue at a time makes, in turn:
//
//	first failure        the outage begins
//	further failures     of requests in progress: their queues wait
//	deadline             one queue that may be processed, the probe, makes the next attempt
//	the probe fails      the next deadline, after a longer delay
//	any queue succeeds   the outage ends, and all of its queues are scheduled
type outage struct {
	id       any
	attempts int
	queues   []*queue      // that wait, and the probe; those of stale generations until the next attempt
	probe    *queue        // makes the next attempt; nil if none
	until    time.Duration // the time of the next attempt
	ended    bool
}

// Attempt records that the registry did not answer for an item, which needs id. It returns the number
// of attempts of the outage, and whether this is one of its own rather than one of several requests
// that failed together.
func (m *Machine) Attempt(it *Item, id any) (attempts int, own bool) {
	o := m.outages[id]
	switch {
	case o == nil:
		o = m.beginOutage(id)
	case o.probe == nil || o.probe != it.q:
		return o.attempts, false
	default:
		o.attempts++
	}
	o.probe = nil
	m.arm(o) // the next attempt must not depend on this queue
	return o.attempts, true
}

// Outages reports whether records wait for the registry.
func (m *Machine) Outages() bool { return len(m.outages) > 0 }

func (m *Machine) beginOutage(id any) *outage {
	o := &outage{id: id, attempts: 1}
	m.outages[id] = o
	m.arm(o)
	return o
}

// arm sets the time of the next attempt.
func (m *Machine) arm(o *outage) {
	o.until = m.now + m.Backoff(o.attempts)
	m.timers.add(o.until, o)
}

// await makes a queue wait until the registry answers for an id.
func (m *Machine) await(q *queue, id any) {
	o := m.outages[id]
	if o == nil {
		o = m.beginOutage(id)
	}
	if q.outage != nil && q.outage != o {
		m.answered(q.outage) // for another id, for example the key's, while the value's is missing
	}
	if q.outage == nil {
		q.outage = o
		o.queues = append(o.queues, q)
		q.gen.waiting++
	}
	q.state = awaiting
	m.update(q.gen)
}

func (o *outage) deadline() time.Duration {
	if o.ended {
		return never
	}
	return o.until
}

// expire lets one queue make the next attempt, unless one is in progress.
func (o *outage) expire(m *Machine) {
	o.queues = slices.DeleteFunc(o.queues, func(q *queue) bool { return q.outage != o })
	if len(o.queues) == 0 {
		m.endOutage(o)
		return
	}
	m.arm(o) // the probe may be paused or revoked before its attempt
	if p := o.probe; p != nil && p.outage == o && (p.inTasks > 0 || p.gen.available()) {
		return
	}
	o.probe = nil
	for i, q := range o.queues {
		if q.gen.available() && q.items.len() > 0 {
			o.queues = append(slices.Delete(o.queues, i, i+1), q) // last in turn for the attempt after this one
			o.probe, q.state = q, empty
			m.schedule(q)
			return
		}
	}
}

// Answered records that the registry answered for an item, before its task is finished.
func (m *Machine) Answered(it *Item) {
	if it.q.outage != nil {
		m.answered(it.q.outage)
	}
}

// answered ends an outage, and schedules its queues.
func (m *Machine) answered(o *outage) {
	queues := o.queues
	m.endOutage(o)
	for _, q := range queues {
		m.schedule(q)
	}
}

// endOutage ends an outage. Its queues wait no longer.
func (m *Machine) endOutage(o *outage) {
	o.ended = true
	if m.outages[o.id] == o {
		delete(m.outages, o.id)
	}
	for _, q := range o.queues {
		if q.outage == o {
			m.leaveOutage(q)
		}
	}
}

// leaveOutage removes a queue from its outage.
func (m *Machine) leaveOutage(q *queue) {
	if q.outage == nil {
		return
	}
	if q.outage.probe == q {
		q.outage.probe = nil
	}
	q.outage = nil
	q.gen.waiting--
	if q.state == awaiting {
		q.state = empty
	}
	m.update(q.gen)
}
