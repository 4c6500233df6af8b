package sched

import (
	"hash/maphash"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Item is one record in the machine, or the end of a partition.
type Item struct {
	Rec *kafka.Record // of an end: topic, partition and offset only
	End bool          // no record: the partition was read to its end

	// Set by the owner of its task.
	Unprocessed bool // requeue it
	Failed      bool // an attempt has failed: count it

	returned bool  // to the program, in mode Polling
	attempts int32 // number of failed attempts
	gen      *Generation
	q        *queue
	seq      uint64 // in gen.tracker
}

// Attempts returns the number of failed attempts.
func (it *Item) Attempts() int { return int(it.attempts) }

func (it *Item) size() int { return len(it.Rec.Key) + len(it.Rec.Value) }

// Handle identifies a record, also after its item is gone.
type Handle struct {
	gen    *Generation
	seq    uint64
	offset int64
}

// Handle returns the item's handle.
func (it *Item) Handle() Handle { return Handle{it.gen, it.seq, it.Rec.Offset} }

// Stale reports whether the record's partition is no longer assigned, or was assigned anew.
func (h Handle) Stale() bool { return h.gen == nil || h.gen.phase == stale }

// Generation returns the generation that the record was polled in.
func (it *Item) Generation() *Generation { return it.gen }

// queue holds records of one generation, which are processed one after the other, or in any order if
// the queue is shared. Work.Ordering decides which queue a record goes to:
//
//	Partition  all to the main queue
//	Key        by the key's hash, an odd number; those without a key to the main queue, shared
//	None       all to the main queue, shared
//
// A record of a shared queue that has to wait moves to a queue of its own, with an even number.
type queue struct {
	gen     *Generation
	key     uint64 // 0: the main queue
	shared  bool   // several tasks may run at once
	state   queueState
	listed  bool // in Machine.ready; also while it waits, until its turn comes
	items   fifo[Item]
	inTasks int           // number of its records in tasks
	until   time.Duration // in states lingering and delayed; and when the batch of RunBatch was due
	outage  *outage       // that it waits for, or is the probe of
}

// queueState is the state of a queue.
type queueState uint8

const (
	empty     queueState = iota // no records, or those of an ordered queue are in a task
	blocked                     // its partition is paused, waits for handlers, or is being revoked
	scheduled                   // in Machine.ready: a task may take its records
	lingering                   // RunBatch waits for more records
	delayed                     // until the next attempt
	awaiting                    // the registry does not answer
)

// queue returns g's queue with this key, and creates it if needed.
func (m *Machine) queue(g *Generation, key uint64) *queue {
	if key == 0 && g.main != nil {
		return g.main
	}
	q, ok := g.queues[key]
	if ok {
		return q
	}
	if n := len(m.free); n > 0 {
		q, m.free = m.free[n-1], m.free[:n-1]
	} else {
		q = new(queue)
	}
	q.gen, q.key = g, key
	g.queues[key] = q
	if key == 0 {
		q.shared = m.mode == Running && m.work.Ordering != Partition
		g.main = q
	}
	return q
}

// recycle removes an empty queue from its generation and puts it on the free list. The main queue
// stays.
func (m *Machine) recycle(q *queue) {
	if q.gen == nil || q.items.len() > 0 || q.inTasks > 0 || q.gen.queues[q.key] != q {
		return // in use, or recycled
	}
	m.leaveOutage(q) // an empty queue waits for nothing
	if q.state = empty; q.key == 0 || q.listed {
		return
	}
	delete(q.gen.queues, q.key)
	if len(m.free) < maxFree {
		*q = queue{items: q.items}
		m.free = append(m.free, q)
	}
}

// clearQueues drops all records of g's queues.
func (m *Machine) clearQueues(g *Generation) {
	for _, q := range g.queues {
		q.items.clear()
		m.leaveOutage(q)
		q.state = empty
	}
}

// Polled enqueues the records of a poll, and records its ends. Records that are not of the current
// generation are ignored.
func (m *Machine) Polled(b *kafka.Batch) {
	var g *Generation
	for i, r := range b.Records {
		b.Records[i] = nil
		if g == nil || g.Partition != r.Partition || g.Topic != r.Topic { // consecutive records are mostly of one partition
			if g != nil {
				m.enqueued(g)
			}
			g = m.assigned[kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}]
		}
		if g == nil || g.phase == revoking {
			continue
		}
		if g.end >= 0 && r.Offset >= g.end { // appended after the end was read
			g.position = g.end
			continue
		}
		it := Item{Rec: r, gen: g, seq: g.tracker.add(r.Offset, r.LeaderEpoch, int64(m.now))}
		g.position = r.Offset + 1
		m.added(g, it.size())
		it.q = m.queueFor(&it)
		it.q.items.push(it)
		if it.q != g.main {
			m.schedule(it.q)
		}
	}
	if g != nil {
		m.enqueued(g)
	}
	for _, o := range b.Ends {
		if g := m.assigned[o.TopicPartition]; g != nil && g.phase != revoking {
			m.endPolled(g, o)
		}
	}
}

// enqueued follows the records of one generation in a poll.
func (m *Machine) enqueued(g *Generation) {
	if g.main != nil {
		m.schedule(g.main)
	}
	if g.end >= 0 && g.position >= g.end {
		g.finished = true
	}
	m.update(g)
}

// endPolled records that g was polled to its end. In mode Polling the end is an item of its own, but
// not under Config.ToEnd, where ReachedEnd says it.
func (m *Machine) endPolled(g *Generation, o kafka.Offset) {
	g.finished = true
	if m.mode == Polling && !m.ToEnd {
		end := &kafka.Record{Topic: o.Topic, Partition: o.Partition, Offset: o.Offset}
		m.requeue(Item{Rec: end, gen: g, seq: g.tracker.first + uint64(g.tracker.records.len()), End: true})
	}
	m.update(g)
}

// queueFor chooses the queue of a record.
func (m *Machine) queueFor(it *Item) *queue {
	key := uint64(0)
	if m.mode == Running && m.work.Ordering == Key && it.Rec.Key != nil && !it.End {
		key = maphash.Bytes(m.seed, it.Rec.Key) | 1
	}
	return m.queue(it.gen, key)
}

// requeue appends a record to its queue, or counts it as processed if Commit has processed it.
func (m *Machine) requeue(it Item) {
	if m.committed(&it) {
		return
	}
	it.q = m.queueFor(&it)
	it.q.items.push(it)
	m.schedule(it.q)
}

// committed counts a record as processed if Commit has processed it, and reports whether it has.
func (m *Machine) committed(it *Item) bool {
	if it.End || !it.gen.tracker.isDone(it.seq) {
		return false
	}
	m.processed(it)
	return true
}

// schedule puts a queue in the state that follows from its records and its generation, unless it is
// scheduled or waits.
func (m *Machine) schedule(q *queue) {
	switch q.state {
	case scheduled, delayed, awaiting:
		return
	}
	switch {
	case q.gen == nil: // recycled
	case q.items.len() == 0 || q.inTasks > 0 && !q.shared && m.mode != Polling:
		q.state = empty
	case !q.gen.available():
		q.state = blocked
	case m.lingers(q):
		q.state = lingering
		m.timers.add(q.until, q)
	default:
		if q.state = scheduled; !q.listed {
			q.listed = true
			m.ready.push(q)
		}
	}
}

// lingers reports whether RunBatch waits for more records of a queue.
func (m *Machine) lingers(q *queue) bool {
	if m.mode != Running || m.work.Linger <= 0 || q.items.len() >= m.work.Batch || q.gen.intake != open {
		return false
	}
	if q.until == 0 {
		q.until = m.now + m.work.Linger
	}
	return m.now < q.until
}

// front returns the first scheduled queue that a task may take records from, nil if there is none.
// It removes others before it from the list.
func (m *Machine) front() *queue {
	for m.ready.len() > 0 {
		q := *m.ready.at(0)
		if q.state == scheduled && q.items.len() > 0 && q.gen.available() {
			return q
		}
		m.unschedule()
	}
	return nil
}

// unschedule removes the front of the list of scheduled queues.
func (m *Machine) unschedule() {
	q := m.ready.pop()
	if q.listed = false; q.state == scheduled {
		q.state = empty
		m.schedule(q)
	}
	m.recycle(q)
}

// deadline and expire end the wait of a queue.
func (q *queue) deadline() time.Duration {
	if q.state != delayed && q.state != lingering {
		return never
	}
	return q.until
}

func (q *queue) expire(m *Machine) {
	q.state = empty
	m.schedule(q)
}
