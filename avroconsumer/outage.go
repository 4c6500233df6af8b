package avroconsumer

import (
	"slices"
	"time"

	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// An outage begins when the registry does not answer for a schema id. Every queue whose next
// record needs that id waits: often all queues of all partitions, after a producer has changed
// its schema. They share the attempts, which one queue at a time makes, in turn:
//
//	first failure        the outage begins; the observer is notified, a warning is logged
//	further failures     of requests in progress: their queues wait, nothing is reported
//	timer                one queue that may be processed, the probe, makes the next attempt
//	the probe fails      the observer is notified; the timer starts, with a longer delay
//	any queue succeeds   the outage ends, and all of its queues are scheduled
//
// Fields are guarded by core.mu.
type outage struct {
	id       serde.FrameID
	attempts int
	queues   []*queue // that wait, including the probe; those of stale partitions until the next attempt
	probe    *queue   // makes the next attempt; nil if none
	timer    *time.Timer
}

// idNeeded returns the schema id in a record's frame; zero if it has none.
func idNeeded(e *RecordError) serde.FrameID {
	payload, part := e.Raw.Value, serde.Value
	if e.Stage == StageKey {
		payload, part = e.Raw.Key, serde.Key
	}
	id, _, _ := serde.SplitRecord(payload, part, e.Raw.Headers)
	return id
}

// noteAttempt records that the registry did not answer for a record of a queue. It reports
// whether this is an attempt of its own, rather than one of several requests that failed
// together, and then sets e.Attempts.
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
	o.disarm()     // restart the timer with the new delay
	c.armOutage(o) // the next attempt must not depend on this queue
	return true
}

// reportWaiting notifies the observer and logs that a record waits for the registry.
func (c *core) reportWaiting(e *RecordError) {
	c.observer.PolicyApplied(e, RegistryUnavailable, WaitingForRegistry)
	c.warnings.Warn(c.logger, e)
}

// explain adds to a context's error why nothing was read: the client's last error, and the
// registry's if records wait for it. mu is held.
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

// waitForRegistry makes a queue wait until the registry answers for an id. mu is held.
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
		c.registryAnswered(q) // for another id, for example the key's, while the value's is missing
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

// armOutage starts the timer of the next attempt, if it is not running. mu is held.
func (c *core) armOutage(o *outage) {
	if o.timer == nil {
		var timer *time.Timer
		timer = time.AfterFunc(registryBackoff(o.attempts), func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if o.timer == timer && c.outages[o.id] == o { // else it was stopped after it fired
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

// registryBackoff bounds how often a registry that is down is asked, and the delay until its
// return is noticed.
func registryBackoff(n int) time.Duration {
	return Exponential(100*time.Millisecond, 10*time.Second)(n)
}

// probe lets one queue make the next attempt, unless one is in progress. mu is held.
func (c *core) probe(o *outage) {
	o.queues = slices.DeleteFunc(o.queues, func(q *queue) bool { return q.outage != o || q.part.stale || q.part.revoking })
	if len(o.queues) == 0 {
		delete(c.outages, o.id)
		return
	}
	c.armOutage(o) // the probe may be paused or revoked before its attempt
	if p := o.probe; p != nil && slices.Contains(o.queues, p) && (p.running > 0 || p.part.available()) {
		return
	}
	o.probe = nil
	for i, q := range o.queues {
		if q.part.available() && q.items.len() > 0 {
			o.queues = append(slices.Delete(o.queues, i, i+1), q) // last in turn for the attempt after this one
			o.probe, q.delayed = q, false
			c.schedule(q)
			return
		}
	}
}

// registryAnswered ends the outage that a queue waits in, and schedules all of its queues. mu
// is held.
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

// leaveOutage removes a queue from its outage. mu is held.
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

// endOutages ends all outages without scheduling their queues. mu is held.
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
