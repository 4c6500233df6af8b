package avroconsumer

import (
	"slices"
	"time"

	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// A registry that does not answer holds up every lane whose next record needs it:
// all keys of all partitions, as soon as a producer has changed its schema. They wait
// together, by the id that they need, and one of them at a time tries again, in turn:
//
//	first failure      an outage begins; the observer and the log are told; the lane waits
//	other failures     the lane waits too; nobody is told, for it is the same attempt
//	timer              one lane that can be handed out, the probe, tries again
//	the probe fails    the next attempt: the observer is told; the timer runs, longer
//	any lane succeeds  the outage is over: all of its lanes go on

// outage is a registry that does not answer for one id. Its fields are guarded by
// core.mu.
type outage struct {
	id       serde.FrameID
	attempts int
	queues   []*queue // that wait, the probe among them; those of stale partitions until the next attempt
	probe    *queue   // tries again; nil: none does
	timer    *time.Timer
}

// idNeeded is the id that a record needs of the registry; zero if it has no frame.
func idNeeded(e *RecordError) serde.FrameID {
	payload, part := e.Raw.Value, serde.Value
	if e.Stage == StageKey {
		payload, part = e.Raw.Key, serde.Key
	}
	id, _, _ := serde.SplitRecord(payload, part, e.Raw.Headers)
	return id
}

// attempted notes that the registry did not answer for a record of a lane. It reports
// whether that is an attempt of its own, and not one of many that failed together, and
// sets e.Attempts then.
func (c *core) noteAttempt(e *RecordError, it *item) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := idNeeded(e)
	if e.Temporary() || regwait.Unavailable(e) != nil {
		c.registryErr = e.Err
	}
	o := c.outages[id]
	switch {
	case o == nil:
		o = c.beginOutage(id)
	case o.probe == nil || o.probe.part != it.part || o.probe.key != it.queueKey:
		return false
	}
	o.probe = nil
	o.attempts++
	e.Attempts = o.attempts
	o.disarm()     // the timer looked after the probe
	c.armOutage(o) // whatever becomes of this lane: the others wait for it
	return true
}

// waitsFor tells of a record that waits for the registry.
func (c *core) reportWaiting(e *RecordError) {
	c.observer.PolicyApplied(e, RegistryUnavailable, WaitingForRegistry)
	c.warnings.Warn(c.logger, e)
}

// explain adds to a context's error what the client is waiting for, and the registry's
// last error if records wait for that. mu is held.
func (c *core) explain(err error) error {
	err = kafka.Explain(c.client, err)
	if len(c.outages) > 0 {
		err = regwait.Explain(err, c.registryErr)
	}
	return err
}

func (c *core) beginOutage(id serde.FrameID) *outage {
	o := &outage{id: id}
	c.outages[id] = o
	return o
}

// awaitRegistry makes a lane wait until the registry answers for an id. mu is held.
func (c *core) waitForRegistry(q *queue, id serde.FrameID) {
	if q.part.stale || q.part.revoking {
		return
	}
	o := c.outages[id]
	if o == nil {
		o = c.beginOutage(id)
		o.attempts = 1
	}
	if q.outage != nil && q.outage != o {
		c.registryAnswered(q) // for another id: of the key, say, and now the value's is needed
	}
	if q.outage == nil {
		q.outage = o
		o.queues = append(o.queues, q)
		q.part.waitingQueues++
		c.pausesChanged = true
	}
	q.delayed = true
	c.armOutage(o)
}

// armOutage sees to it that somebody tries again. mu is held.
func (c *core) armOutage(o *outage) {
	if o.timer == nil {
		var timer *time.Timer
		timer = time.AfterFunc(registryBackoff(o.attempts), func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if o.timer == timer && c.outages[o.id] == o { // else it was stopped too late
				o.timer = nil
				c.probe(o)
			}
		})
		o.timer = timer
	}
}

func (o *outage) disarm() {
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
}

// registryBackoff bounds how often a registry that is down is asked, and how
// late it is noticed that it is back.
func registryBackoff(n int) time.Duration {
	return Exponential(100*time.Millisecond, 10*time.Second)(n)
}

// probe lets one lane try again, if none does. mu is held.
func (c *core) probe(o *outage) {
	o.queues = slices.DeleteFunc(o.queues, func(q *queue) bool { return q.outage != o || q.part.stale || q.part.revoking })
	if len(o.queues) == 0 {
		delete(c.outages, o.id)
		return
	}
	c.armOutage(o) // to look after the probe: it may be paused, or revoked, before it has tried
	if p := o.probe; p != nil && slices.Contains(o.queues, p) && (p.running > 0 || p.part.available()) {
		return
	}
	o.probe = nil
	for i, q := range o.queues {
		if q.part.available() && q.items.len() > 0 {
			o.queues = append(slices.Delete(o.queues, i, i+1), q) // the others first, next time
			o.probe, q.delayed = q, false
			c.schedule(q)
			return
		}
	}
}

// registryAnswered ends the outage that a lane waits in: all of its lanes go on. mu is
// held.
func (c *core) registryAnswered(q *queue) {
	o := q.outage
	if o == nil {
		return
	}
	c.dropOutage(o)
	for _, q := range o.queues {
		if q.outage == o {
			c.leaveOutage(q)
			q.delayed = false
			c.schedule(q)
		}
	}
}

// leaveOutage is for a lane that waits no longer, whatever has become of the registry.
// mu is held.
func (c *core) leaveOutage(q *queue) {
	if q.outage != nil {
		q.outage = nil
		q.part.waitingQueues--
		c.pausesChanged = true
	}
}

func (c *core) dropOutage(o *outage) {
	o.disarm()
	if c.outages[o.id] == o {
		delete(c.outages, o.id)
	}
}

// endOutages has nothing wait for the registry. mu is held.
func (c *core) endOutages() {
	for _, o := range c.outages {
		c.dropOutage(o)
		for _, q := range o.queues {
			if q.outage == o {
				c.leaveOutage(q)
				q.delayed = false
			}
		}
	}
}
