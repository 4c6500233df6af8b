package avroconsumer

import (
	"hash/maphash"
	"time"

	"github.com/kavro/kavro/kafka"
)

// lane is a queue of records of one partition that are handled one after the
// other, or in any order if it is shared. How records are dealt to lanes is what
// makes an Ordering:
//
//	Partition  all to lane 0
//	Key        by the key's hash, an odd number; those without a key to lane 0, shared
//	None       all to lane 0, shared
//
// A record of a shared lane that has to wait gets a lane of its own: an even
// number.
type queue struct {
	part    *partition
	key     uint64
	items   fifo[item]
	shared  bool // several handlers may be at work
	running int  // handlers at work

	delayed bool        // until timer, or until the registry is to be asked again
	timer   *time.Timer // of parked or of linger
	outage  *outage     // waits for the registry; nil: it does not

	scheduled bool // in core.ready
	batchDue  bool // RunBatch: has waited long enough for more records
	lingering bool // RunBatch: timer is running for that
}

// job is what one worker got from a lane.
type task struct {
	queue    *queue
	dequeued []item // as it was; guarded by core.mu
	items    []item // the worker's own
}

// lane returns p's lane of a key, which is made if needed. mu is held.
func (c *core) queue(p *partition, key uint64) *queue {
	if key == 0 && p.mainQueue != nil {
		return p.mainQueue
	}
	q, ok := p.queues[key]
	if ok {
		return q
	}
	if n := len(c.freeQueues); n > 0 {
		q, c.freeQueues = c.freeQueues[n-1], c.freeQueues[:n-1]
	} else {
		q = new(queue)
	}
	q.part, q.key = p, key
	p.queues[key] = q
	if key == 0 {
		q.shared = c.queuesBy != Partition
		p.mainQueue = q
	}
	return q
}

// laneFor returns the lane that a record is dealt to. mu is held.
func (c *core) queueFor(it *item) *queue {
	if it.queueKey = 0; c.queuesBy == Key && it.rec.Key != nil && !it.end {
		it.queueKey = maphash.Bytes(c.seed, it.rec.Key) | 1
	}
	return c.queue(it.part, it.queueKey)
}

// discard forgets a lane that is empty, unless it is the main one. mu is held.
func (c *core) recycle(q *queue) {
	if q.items.len() > 0 || q.running > 0 || q.scheduled || q.part.queues[q.key] != q {
		return
	}
	c.leaveOutage(q) // nothing waits any more
	q.delayed = false
	if q.key == 0 {
		return
	}
	delete(q.part.queues, q.key)
	if len(c.freeQueues) < cap(c.freeQueues) {
		*q = queue{items: q.items}
		c.freeQueues = append(c.freeQueues, q)
	}
}

// drop stops what q waits for.
func (q *queue) drop() {
	if q.timer != nil {
		q.timer.Stop()
	}
	q.items.clear()
	q.delayed, q.lingering = false, false
}

// receive deals what a poll brought to the lanes of its partitions. mu is held.
func (c *core) receive(b *kafka.Batch) {
	var p *partition
	now := int64(c.polled.Sub(c.born))
	for i, r := range b.Records {
		b.Records[i] = nil
		if p == nil || p.Partition != r.Partition || p.Topic != r.Topic { // they come in runs
			p = c.assigned[kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}]
		}
		if p == nil || p.revoking {
			continue
		}
		if p.end >= 0 && r.Offset >= p.end { // came after WithToEnd's end was set
			p.position = p.end
			continue
		}
		it := item{rec: r, part: p}
		it.seq = p.tracker.add(r.Offset, r.LeaderEpoch, now)
		p.position = r.Offset + 1
		p.inFlight++
		p.bytes += it.size()
		if !p.overHighMark && (p.inFlight >= c.records || p.bytes >= c.bytes) {
			c.overHighMark(p)
		}
		c.enqueue(it)
	}
	for _, o := range b.Ends {
		p := c.assigned[o.TopicPartition]
		if p == nil || p.revoking {
			continue
		}
		p.finished = true
		if c.run == nil {
			end := &kafka.Record{Topic: o.Topic, Partition: o.Partition, Offset: o.Offset}
			c.enqueue(item{rec: end, part: p, seq: p.tracker.first + uint64(p.tracker.entries.len()), end: true})
		}
	}
	for _, e := range b.Errors {
		if c.unsubscribed {
			break
		}
		err := &PartitionError{TopicPartition: e.TopicPartition, Err: e.Err}
		if c.run == nil {
			c.pendingErrs = append(c.pendingErrs, err)
		} else if permanent(e.Err) {
			c.run.stop(err)
		}
	}
	if c.toEnd {
		c.pauseFinished()
	}
}

// noteEnds halts partitions that were read to the end they had. mu is held.
func (c *core) pauseFinished() {
	for _, p := range c.assigned {
		if p.end >= 0 && p.position >= p.end {
			p.finished = true
		}
		if p.end >= 0 && p.finished {
			c.pausesChanged = true
		}
	}
}

// deal puts a record into its lane. mu is held.
func (c *core) enqueue(it item) {
	q := c.queueFor(&it)
	q.items.push(it)
	c.schedule(q)
}

// offer lists a lane that has something to hand out, and sees to it that
// somebody takes it. mu is held.
func (c *core) schedule(q *queue) {
	if q.scheduled || !c.runnable(q) {
		return
	}
	q.scheduled = true
	c.ready.push(q)
	if c.run != nil {
		c.run.startWorker()
	} else {
		c.wake()
	}
}

func (c *core) runnable(q *queue) bool {
	if q.items.len() == 0 || q.running > 0 && !q.shared || q.delayed || !q.part.available() {
		return false
	}
	return c.run == nil || c.run.batchDue(q)
}

// offerAll offers all lanes of p. mu is held.
func (c *core) scheduleAll(p *partition) {
	for _, q := range p.queues {
		c.schedule(q)
	}
}

// next takes the next lane that has something to hand out, nil if there is none.
// mu is held.
func (c *core) nextQueue() *queue {
	for c.ready.len() > 0 {
		q := c.ready.pop()
		q.scheduled = false
		if c.runnable(q) {
			return q
		}
	}
	return nil
}

// deals changes how records are dealt to lanes, and deals those that wait anew.
// mu is held.
func (c *core) setOrdering(o Ordering) {
	c.queuesBy = o
	c.ready.clear()
	c.endOutages()
	for _, p := range c.assigned {
		for _, it := range p.drainQueues() {
			if !it.end && p.tracker.isDone(it.seq) { // Commit said so meanwhile
				c.markProcessed(&it)
				continue
			}
			it.unprocessed = false
			c.enqueue(it)
		}
		c.pausesChanged = true // nothing waits for the registry just now
	}
}

// dealtWith takes note that a record is dealt with. mu is held.
func (c *core) markProcessed(it *item) {
	p := it.part
	if p.stale || it.end {
		return
	}
	p.tracker.done(it.seq)
	p.inFlight--
	p.bytes -= it.size()
	if p.overHighMark && p.inFlight <= c.records/2 && p.bytes <= c.bytes/2 {
		c.belowLowMark(p)
	}
}

// putBack returns a record to the front of its lane. mu is held.
func (c *core) requeue(it item) {
	p := it.part
	if p.stale || p.revoking {
		return
	}
	if !it.end && p.tracker.isDone(it.seq) { // Commit said so meanwhile
		c.markProcessed(&it)
		return
	}
	it.unprocessed = false
	q := c.queue(p, it.queueKey)
	q.items.pushFront(it)
	c.schedule(q)
}

// park makes a lane wait for d. mu is held.
func (c *core) delay(q *queue, d time.Duration) {
	q.delayed = true
	q.timer = time.AfterFunc(d, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if q.delayed {
			q.delayed = false
			c.schedule(q)
		}
	})
}

// atEnd says whether WithToEnd is fulfilled: everything assigned was read to its
// end and dealt with. Nothing assigned is no end: in the middle of an eager
// rebalance every member has nothing. mu is held.
func (c *core) atEnd() bool {
	if !c.toEnd || len(c.assigned) == 0 {
		return false
	}
	for _, p := range c.assigned {
		if !p.finished || p.tracker.pending > 0 || p.running > 0 {
			return false
		}
	}
	return true
}
