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
type lane struct {
	part   *partition
	key    uint64
	items  fifo[item]
	shared bool // several handlers may be at work
	busy   int  // handlers at work

	parked bool        // until timer, or until the registry is to be asked again
	timer  *time.Timer // of parked or of linger
	outage *outage     // waits for the registry; nil: it does not

	listed bool // in core.ready
	ripe   bool // RunBatch: has waited long enough for more records
	ripens bool // RunBatch: timer is running for that
}

// job is what one worker got from a lane.
type job struct {
	lane  *lane
	given []item // as it was; guarded by core.mu
	items []item // the worker's own
}

// lane returns p's lane of a key, which is made if needed. mu is held.
func (c *core) lane(p *partition, key uint64) *lane {
	if key == 0 && p.main != nil {
		return p.main
	}
	l, ok := p.lanes[key]
	if ok {
		return l
	}
	if n := len(c.spare); n > 0 {
		l, c.spare = c.spare[n-1], c.spare[:n-1]
	} else {
		l = new(lane)
	}
	l.part, l.key = p, key
	p.lanes[key] = l
	if key == 0 {
		l.shared = c.lanesBy != Partition
		p.main = l
	}
	return l
}

// laneFor returns the lane that a record is dealt to. mu is held.
func (c *core) laneFor(it *item) *lane {
	if it.lane = 0; c.lanesBy == Key && it.rec.Key != nil && !it.end {
		it.lane = maphash.Bytes(c.seed, it.rec.Key) | 1
	}
	return c.lane(it.part, it.lane)
}

// discard forgets a lane that is empty, unless it is the main one. mu is held.
func (c *core) discard(l *lane) {
	if l.items.len() > 0 || l.busy > 0 || l.listed || l.part.lanes[l.key] != l {
		return
	}
	c.leaveOutage(l) // nothing waits any more
	l.parked = false
	if l.key == 0 {
		return
	}
	delete(l.part.lanes, l.key)
	if len(c.spare) < cap(c.spare) {
		*l = lane{items: l.items}
		c.spare = append(c.spare, l)
	}
}

// drop stops what l waits for.
func (l *lane) drop() {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.items.clear()
	l.parked, l.ripens = false, false
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
		if p == nil || p.stopping {
			continue
		}
		if p.end >= 0 && r.Offset >= p.end { // came after WithToEnd's end was set
			p.position = p.end
			continue
		}
		it := item{rec: r, part: p}
		it.seq = p.tracker.add(r.Offset, r.LeaderEpoch, now)
		p.position = r.Offset + 1
		p.queued++
		p.bytes += it.size()
		if !p.full && (p.queued >= c.records || p.bytes >= c.bytes) {
			c.reached(p)
		}
		c.deal(it)
	}
	for _, o := range b.Ends {
		p := c.assigned[o.TopicPartition]
		if p == nil || p.stopping {
			continue
		}
		p.finished = true
		if c.run == nil {
			end := &kafka.Record{Topic: o.Topic, Partition: o.Partition, Offset: o.Offset}
			c.deal(item{rec: end, part: p, seq: p.tracker.first + uint64(p.tracker.entries.len()), end: true})
		}
	}
	for _, e := range b.Errors {
		if c.unsubscribed {
			break
		}
		err := &PartitionError{TopicPartition: e.TopicPartition, Err: e.Err}
		if c.run == nil {
			c.trouble = append(c.trouble, err)
		} else if lasting(e.Err) {
			c.run.stop(err)
		}
	}
	if c.toEnd {
		c.noteEnds()
	}
}

// noteEnds halts partitions that were read to the end they had. mu is held.
func (c *core) noteEnds() {
	for _, p := range c.assigned {
		if p.end >= 0 && p.position >= p.end {
			p.finished = true
		}
		if p.end >= 0 && p.finished {
			c.unsettled = true
		}
	}
}

// deal puts a record into its lane. mu is held.
func (c *core) deal(it item) {
	l := c.laneFor(&it)
	l.items.push(it)
	c.offer(l)
}

// offer lists a lane that has something to hand out, and sees to it that
// somebody takes it. mu is held.
func (c *core) offer(l *lane) {
	if l.listed || !c.canHandOut(l) {
		return
	}
	l.listed = true
	c.ready.push(l)
	if c.run != nil {
		c.run.hire()
	} else {
		c.wake()
	}
}

func (c *core) canHandOut(l *lane) bool {
	if l.items.len() == 0 || l.busy > 0 && !l.shared || l.parked || !l.part.available() {
		return false
	}
	return c.run == nil || c.run.ripe(l)
}

// offerAll offers all lanes of p. mu is held.
func (c *core) offerAll(p *partition) {
	for _, l := range p.lanes {
		c.offer(l)
	}
}

// next takes the next lane that has something to hand out, nil if there is none.
// mu is held.
func (c *core) next() *lane {
	for c.ready.len() > 0 {
		l := c.ready.pop()
		l.listed = false
		if c.canHandOut(l) {
			return l
		}
	}
	return nil
}

// deals changes how records are dealt to lanes, and deals those that wait anew.
// mu is held.
func (c *core) deals(o Ordering) {
	c.lanesBy = o
	c.ready.clear()
	c.endOutages()
	for _, p := range c.assigned {
		for _, it := range p.gather() {
			if !it.end && p.tracker.isDone(it.seq) { // Commit said so meanwhile
				c.dealtWith(&it)
				continue
			}
			it.undealt = false
			c.deal(it)
		}
		c.unsettled = true // nothing waits for the registry just now
	}
}

// dealtWith takes note that a record is dealt with. mu is held.
func (c *core) dealtWith(it *item) {
	p := it.part
	if p.gone || it.end {
		return
	}
	p.tracker.done(it.seq)
	p.queued--
	p.bytes -= it.size()
	if p.full && p.queued <= c.records/2 && p.bytes <= c.bytes/2 {
		c.cameDown(p)
	}
}

// putBack returns a record to the front of its lane. mu is held.
func (c *core) putBack(it item) {
	p := it.part
	if p.gone || p.stopping {
		return
	}
	if !it.end && p.tracker.isDone(it.seq) { // Commit said so meanwhile
		c.dealtWith(&it)
		return
	}
	it.undealt = false
	l := c.lane(p, it.lane)
	l.items.pushFront(it)
	c.offer(l)
}

// park makes a lane wait for d. mu is held.
func (c *core) park(l *lane, d time.Duration) {
	l.parked = true
	l.timer = time.AfterFunc(d, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if l.parked {
			l.parked = false
			c.offer(l)
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
