package avroconsumer

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"time"

	"github.com/kavro/kavro/base"
)

// core is the half of a consumer that does not depend on the types of keys and
// values: what is assigned, what waits, what was dealt with, what is committed.
//
// Three things are exclusive, and taken in this order:
//
//   - claim: one of Poll, an iterator's step, Run or RunBatch at a time, or Close;
//   - turn: one of the base's Subscribe, Poll and Close at a time. It is held while
//     the base polls, and given up at once when somebody asks for it by visit;
//   - mu: the fields below. Nothing waits while holding it.
type core struct {
	base base.Consumer
	config
	seed      maphash.Seed
	observing bool          // somebody wants to know of each record
	turn      chan struct{} // holds one token while taken

	pauses sync.Mutex // held while the base is told of pauses: one at a time, in order
	batch  base.Batch // what the last poll brought; whoever has the turn

	mu        sync.Mutex
	assigned  map[base.TopicPartition]*partition
	had       map[base.TopicPartition]bool // was ever assigned
	began     bool                         // something was assigned, ever
	ready     fifo[*lane]                  // lanes that may have something to hand out
	lanesBy   Ordering                     // how records are dealt to lanes now
	per       int                          // records per lane under None: more than 1 for batches
	run       *runner                      // of Run or RunBatch, while one is
	trouble   []error                      // of partitions and commits, for Poll to return
	unsettled bool                         // some partition's halt changed
	polled    time.Time                    // when the base was polled last

	claimed bool
	freed   chan struct{} // closed when claimed is given up; nil if nobody waits
	closing bool
	closed  bool

	interrupt context.CancelFunc // ends the base's Poll that is under way; nil if there is none
	asker     context.Context    // of whoever asked for that poll
	visitors  int                // who wait for the turn
	left      chan struct{}      // closed when the last visitor is through

	commits committer
}

func newCore(b base.Consumer, c config) *core {
	return &core{
		base:      b,
		config:    c,
		seed:      maphash.MakeSeed(),
		observing: c.observer != (NopObserver{}),
		turn:      make(chan struct{}, 1),
		assigned:  map[base.TopicPartition]*partition{},
		had:       map[base.TopicPartition]bool{},
		per:       1,
		commits:   committer{slot: make(chan struct{}, 1)},
	}
}

// claim takes the right to read from the consumer. mu is held.
func (c *core) claim() error {
	switch {
	case c.closing:
		return base.ErrClosed
	case c.claimed:
		return ErrBusy
	}
	c.claimed = true
	return nil
}

// free gives the claim up. mu is held.
func (c *core) free() {
	c.claimed = false
	if c.freed != nil {
		close(c.freed)
		c.freed = nil
	}
}

// take takes the turn.
func (c *core) take(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *core) giveTurn() { <-c.turn }

// visit calls f with the turn. Whoever polls meanwhile is interrupted, and goes
// on when f is through.
func (c *core) visit(ctx context.Context, f func() error) error {
	c.mu.Lock()
	c.visitors++
	c.wake()
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.visitors--; c.visitors == 0 && c.left != nil {
			close(c.left)
			c.left = nil
		}
	}()
	if err := c.take(ctx); err != nil {
		return err
	}
	defer c.giveTurn()
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return base.ErrClosed
	}
	return f()
}

// wake ends the base's Poll that is under way, so that whoever polls looks
// again. mu is held.
func (c *core) wake() {
	if c.interrupt != nil {
		c.interrupt()
	}
}

// errAgain says that nothing came of a poll: look again.
var errAgain = errors.New("look again")

// poll lets the base poll once, for up to max records, for as long as needed or,
// if patience is not 0, that long. It returns nil if something came, errAgain if
// it was interrupted or patience ran out, or why reading ends. mu is held, and
// released meanwhile. unless is asked under mu right before: if it says so, the
// base is not polled.
func (c *core) poll(ctx context.Context, max int, patience time.Duration, unless func() bool) error {
	if c.visitors > 0 {
		if c.left == nil {
			c.left = make(chan struct{})
		}
		left := c.left
		c.mu.Unlock()
		select {
		case <-left:
		case <-ctx.Done():
		}
		c.mu.Lock()
		return errAgain
	}
	c.mu.Unlock()
	if err := c.take(ctx); err != nil {
		c.mu.Lock()
		return errAgain // the caller looks at ctx
	}
	c.settle()
	c.mu.Lock()
	if c.visitors > 0 || c.closing || unless() {
		c.giveTurn()
		return errAgain
	}
	var pctx context.Context
	if patience > 0 {
		pctx, c.interrupt = context.WithTimeout(ctx, patience)
	} else {
		pctx, c.interrupt = context.WithCancel(ctx)
	}
	c.asker, c.polled = ctx, time.Now()
	c.mu.Unlock()

	err := c.base.Poll(pctx, &c.batch, max)
	if err == nil {
		if len(c.batch.Records) > 0 {
			c.observer.Received(c.batch.Records)
		}
		for _, e := range c.batch.Errors {
			c.observer.Error(&PartitionError{TopicPartition: e.TopicPartition, Err: e.Err})
		}
	}

	c.mu.Lock()
	interrupted := pctx.Err() != nil
	c.interrupt()
	c.interrupt, c.asker = nil, nil
	if err == nil {
		c.receive(&c.batch)
	}
	c.giveTurn()
	if err != nil && interrupted && ended(err) {
		return errAgain
	}
	return err
}

// receive deals what a poll brought to the lanes of its partitions. mu is held.
func (c *core) receive(b *base.Batch) {
	for i, r := range b.Records {
		b.Records[i] = nil
		p := c.assigned[base.TopicPartition{Topic: r.Topic, Partition: r.Partition}]
		if p == nil || p.stopping {
			continue
		}
		if p.end >= 0 && r.Offset >= p.end { // came after WithToEnd's end was set
			p.position = p.end
			continue
		}
		it := item{rec: r, part: p}
		it.seq = p.tracker.add(r.Offset, r.LeaderEpoch, c.polled)
		p.position = r.Offset + 1
		p.queued++
		p.bytes += it.size()
		if !p.full && (p.queued >= c.records || p.bytes >= c.bytes) {
			p.full, c.unsettled = true, true
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
			l := p.lane(0)
			l.items.push(item{end: o.Offset, part: p, seq: p.tracker.first + uint64(p.tracker.entries.len())})
			c.offer(l)
		}
	}
	for _, e := range b.Errors {
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
	it.lane = 0
	if it.rec != nil {
		it.lane = c.lanesBy.laneKey(c.seed, it.rec.Key, it.seq/uint64(c.per))
	}
	l := it.part.lane(it.lane)
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
	if l.items.len() == 0 || l.busy || l.parked || l.orphan || !l.part.available() {
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
func (c *core) deals(o Ordering, per int) {
	c.lanesBy, c.per = o, per
	c.ready.clear()
	for _, p := range c.assigned {
		for _, it := range p.gather() {
			if it.rec != nil && p.tracker.isDone(it.seq) { // Commit said so meanwhile
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
	if p.gone || it.rec == nil {
		return
	}
	p.tracker.done(it.seq)
	p.queued--
	p.bytes -= it.size()
	if p.full && p.queued <= c.records/2 && p.bytes <= c.bytes/2 {
		p.full, c.unsettled = false, true
	}
}

// putBack returns a record to the front of its lane. mu is held.
func (c *core) putBack(it item) {
	p := it.part
	if p.gone || p.stopping {
		return
	}
	if it.rec != nil && p.tracker.isDone(it.seq) { // Commit said so meanwhile
		c.dealtWith(&it)
		return
	}
	it.ctx, it.err, it.undealt = nil, nil, false
	l := p.lane(it.lane)
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

// awaitRegistry parks a lane because the registry does not answer, longer each
// time. mu is held.
func (c *core) awaitRegistry(l *lane) {
	if l.orphan || l.part.gone || l.part.stopping {
		return
	}
	if l.waits == 0 {
		l.part.waiting++
		c.unsettled = true
	}
	l.waits++
	c.park(l, registryBackoff(l.waits))
}

// registryBackoff bounds how often a registry that is down is asked, and how
// late it is noticed that it is back.
func registryBackoff(n int) time.Duration {
	return Exponential(100*time.Millisecond, 10*time.Second)(n)
}

// registryAnswered undoes awaitRegistry. mu is held.
func (c *core) registryAnswered(l *lane) {
	if l.waits > 0 && !l.orphan {
		l.waits = 0
		l.part.waiting--
		c.unsettled = true
	}
}

// settle tells the base which partitions to fetch, where that changed.
func (c *core) settle() {
	c.mu.Lock()
	unsettled := c.unsettled
	c.mu.Unlock()
	if !unsettled {
		return
	}
	// pauses is held from looking to telling: two who settle at the same time
	// must not tell the base in the wrong order.
	c.pauses.Lock()
	defer c.pauses.Unlock()
	c.mu.Lock()
	c.unsettled = false
	var halt, resume []base.TopicPartition
	for tp, p := range c.assigned {
		switch want := p.halt(); {
		case want == p.halted:
		case want:
			halt = append(halt, tp)
		default:
			resume = append(resume, tp)
		}
		p.halted = p.halt()
	}
	c.mu.Unlock()
	// A partition that was taken away meanwhile is ignored, and a base that was
	// closed needs no telling.
	for _, err := range []error{c.tell(c.base.Pause, halt), c.tell(c.base.Resume, resume)} {
		if err != nil && !errors.Is(err, base.ErrClosed) {
			c.observer.Error(err)
		}
	}
}

func (c *core) tell(call func(...base.TopicPartition) error, p []base.TopicPartition) error {
	if len(p) == 0 {
		return nil
	}
	return call(p...)
}

// atEnd says whether WithToEnd is fulfilled: everything assigned was read to its
// end and dealt with. mu is held.
func (c *core) atEnd() bool {
	if !c.toEnd || !c.began {
		return false
	}
	for _, p := range c.assigned {
		if !p.finished || p.tracker.pending > 0 || p.running > 0 {
			return false
		}
	}
	return true
}

// lasting says whether an error of the client's will be there again next time.
func lasting(err error) bool {
	e := (*base.Error)(nil)
	return errors.As(err, &e) && !e.Retriable
}
