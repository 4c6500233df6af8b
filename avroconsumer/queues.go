package avroconsumer

import (
	"hash/maphash"
	"time"

	"github.com/kavro/kavro/kafka"
)

// queue holds records of one partition. They are processed one after the other, or in any
// order if the queue is shared. The [Ordering] decides which queue a record goes to:
//
//	Partition  all to queue 0
//	Key        by the key's hash, an odd number; those without a key to queue 0, shared
//	None       all to queue 0, shared
//
// A record of a shared queue that has to wait moves to a queue of its own, with an even
// number.
type queue struct {
	part    *partition
	key     uint64
	items   fifo[item]
	shared  bool // several tasks may run at once
	running int  // number of tasks in progress

	delayed bool        // until timer, or until the next attempt of outage
	timer   *time.Timer // for delayed, or the linger timer
	outage  *outage     // the outage that it waits for; nil if none

	scheduled bool // in core.ready
	batchDue  bool // RunBatch: the linger time of its first record has passed
	lingering bool // RunBatch: timer is the linger timer
}

// task is the records that one worker has dequeued.
type task struct {
	queue    *queue
	dequeued []item // a copy of items, guarded by core.mu
	items    []item // owned by the worker
}

// queue returns p's queue with this key, and creates it if needed. mu is held.
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

// queueFor chooses the queue of a new record. mu is held.
func (c *core) queueFor(it *item) *queue {
	if it.queueKey = 0; c.queuesBy == Key && it.rec.Key != nil && !it.end {
		it.queueKey = maphash.Bytes(c.seed, it.rec.Key) | 1
	}
	return c.queue(it.part, it.queueKey)
}

// recycle removes an empty queue from its partition and puts it on the free list. The main
// queue stays. mu is held.
func (c *core) recycle(q *queue) {
	if q.items.len() > 0 || q.running > 0 || q.scheduled || q.part.queues[q.key] != q {
		return
	}
	c.leaveOutage(q) // an empty queue waits for nothing
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

// drop removes all records and stops the timer.
func (q *queue) drop() {
	if q.timer != nil {
		q.timer.Stop()
	}
	q.items.clear()
	q.delayed, q.lingering = false, false
}

// receive enqueues the records of a poll, and handles its ends and errors. mu is held.
func (c *core) receive(b *kafka.Batch) {
	var p *partition
	now := int64(c.polled.Sub(c.born))
	for i, r := range b.Records {
		b.Records[i] = nil
		if p == nil || p.Partition != r.Partition || p.Topic != r.Topic { // consecutive records are mostly of one partition
			p = c.assigned[kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}]
		}
		if p == nil || p.revoking {
			continue
		}
		if p.end >= 0 && r.Offset >= p.end { // appended after WithToEnd's end was read
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

// pauseFinished has partitions paused that were read to their end under WithToEnd. mu is held.
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

// enqueue appends a record to its queue. mu is held.
func (c *core) enqueue(it item) {
	q := c.queueFor(&it)
	q.items.push(it)
	c.schedule(q)
}

// schedule lists a queue as ready if it is runnable, and starts a worker or wakes the reader.
// mu is held.
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

// runnable reports whether a task of q may start now. mu is held.
func (c *core) runnable(q *queue) bool {
	if q.items.len() == 0 || q.running > 0 && !q.shared || q.delayed || !q.part.available() {
		return false
	}
	return c.run == nil || c.run.batchDue(q)
}

// scheduleAll schedules all queues of p. mu is held.
func (c *core) scheduleAll(p *partition) {
	for _, q := range p.queues {
		c.schedule(q)
	}
}

// nextQueue removes the first runnable queue from the ready list, nil if there is none. mu is
// held.
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

// setOrdering changes how records are assigned to queues, and enqueues all unprocessed records
// again. mu is held.
func (c *core) setOrdering(o Ordering) {
	c.queuesBy = o
	c.ready.clear()
	c.endOutages()
	for _, p := range c.assigned {
		for _, it := range p.drainQueues() {
			if !it.end && p.tracker.isDone(it.seq) { // by Commit, meanwhile
				c.markProcessed(&it)
				continue
			}
			it.unprocessed = false
			c.enqueue(it)
		}
		c.pausesChanged = true // outages have ended: no queue waits now
	}
}

// markProcessed records that a record is processed. mu is held.
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

// requeue returns a record to the front of its queue. mu is held.
func (c *core) requeue(it item) {
	p := it.part
	if p.stale || p.revoking {
		return
	}
	if !it.end && p.tracker.isDone(it.seq) { // by Commit, meanwhile
		c.markProcessed(&it)
		return
	}
	it.unprocessed = false
	q := c.queue(p, it.queueKey)
	q.items.pushFront(it)
	c.schedule(q)
}

// delay makes a queue wait for d. mu is held.
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

// atEnd reports whether, under WithToEnd, every assigned partition was read to its end and is
// processed. Without an assignment it is false: during an eager rebalance no member has
// partitions. mu is held.
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
