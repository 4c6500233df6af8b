package avroconsumer

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"time"

	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/internal/stall"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// core is the half of a consumer that does not depend on the types of keys and
// values: what is assigned, what waits, what was dealt with, what is committed.
//
// Three things are exclusive, and taken in this order:
//
//   - claim: one of Poll, an iterator's step, Run or RunBatch at a time, or Close;
//   - turn: one of the client's Subscribe, Poll and Close at a time. It is held while
//     the client polls, and given up at once when somebody asks for it by visit;
//   - mu: the fields below. Nothing waits while holding it.
type core struct {
	client kafka.Consumer
	config
	seed      maphash.Seed
	born      time.Time
	observing bool          // somebody wants to know of each record
	pollLock  chan struct{} // holds one token while taken

	pauseLock chan struct{} // holds a token while the client is told of pauses: one at a time, in order
	batch     kafka.Batch   // what the last poll brought; whoever has the turn

	mu            sync.Mutex
	assigned      map[kafka.TopicPartition]*partition
	everAssigned  map[kafka.TopicPartition]bool // was ever assigned
	joined        bool                          // by Subscribe
	unsubscribed  bool                          // by Unsubscribe: a client may complain that there is no such topic
	ready         fifo[*queue]                  // lanes that may have something to hand out
	queuesBy      Ordering                      // how records are dealt to lanes now
	freeQueues    []*queue                      // lanes for reuse, up to the capacity
	run           *runner                       // of Run or RunBatch, while one is
	outages       map[serde.FrameID]*outage     // of the registry, by the id that it does not answer for
	pendingErrs   []error                       // of partitions and commits, for Poll to return
	pausesChanged bool                          // some partition's halt changed
	polled        time.Time                     // when the client was polled last
	pollDue       bool                          // it is time to poll, even if there is something to hand out
	pollTimer     *time.Timer                   // sets overdue; nil until Poll needs it

	reading    bool
	readerDone chan struct{} // closed when claimed is given up; nil if nobody waits
	closing    bool
	closed     bool

	interrupt   context.CancelFunc // ends the client's Poll that is under way; nil if there is none
	callerCtx   context.Context    // of whoever asked for that poll
	pollWaiters int                // who wait for the turn
	waitersDone chan struct{}      // closed when the last visitor is through

	commits committer
	stall   stall.Watch // of the rebalance that this member waits for

	registryErr error            // the last that records wait for, while outages has any. Guarded by mu
	warnings    regwait.Warnings // of the registry
}

func newCore(b kafka.Consumer, c config) *core {
	return &core{
		client:       b,
		config:       c,
		seed:         maphash.MakeSeed(),
		observing:    c.observer != (NopObserver{}),
		pollLock:     make(chan struct{}, 1),
		pauseLock:    make(chan struct{}, 1),
		assigned:     map[kafka.TopicPartition]*partition{},
		everAssigned: map[kafka.TopicPartition]bool{},
		outages:      map[serde.FrameID]*outage{},
		freeQueues:   make([]*queue, 0, 1024),
		born:         time.Now(),
		commits:      newCommitter(),
	}
}

// claim takes the right to read from the consumer. mu is held.
func (c *core) lockReader() error {
	switch {
	case c.closing:
		return kafka.ErrClosed
	case c.reading:
		return ErrBusy
	}
	c.reading = true
	return nil
}

// free gives the claim up. mu is held.
func (c *core) unlockReader() {
	c.reading = false
	if c.readerDone != nil {
		close(c.readerDone)
		c.readerDone = nil
	}
}

// take takes the turn.
func (c *core) lockPoll(ctx context.Context) error {
	select {
	case c.pollLock <- struct{}{}:
		return nil
	default:
	}
	select {
	case c.pollLock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *core) unlockPoll() { <-c.pollLock }

// visit calls f with the turn. Whoever polls meanwhile is interrupted, and goes
// on when f is through.
func (c *core) withPollLock(ctx context.Context, f func() error) error {
	c.mu.Lock()
	c.pollWaiters++
	c.wake()
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.pollWaiters--; c.pollWaiters == 0 && c.waitersDone != nil {
			close(c.waitersDone)
			c.waitersDone = nil
		}
	}()
	if err := c.lockPoll(ctx); err != nil {
		return err
	}
	defer c.unlockPoll()
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return kafka.ErrClosed
	}
	return f()
}

// wake ends the client's Poll that is under way, so that whoever polls looks
// again. mu is held.
func (c *core) wake() {
	if c.interrupt != nil {
		c.interrupt()
	}
}

// errAgain says that nothing came of a poll: look again.
var errAgain = errors.New("look again")

// poll lets the client poll once, for up to max records, for as long as needed or,
// if patience is not 0, that long. It returns nil if something came, errAgain if
// it was interrupted or patience ran out, or why reading ends. mu is held, and
// released meanwhile: what the caller looked at may have changed before the client
// polls, when no wake reaches it. So the end, trouble and unless are asked once
// more under mu right before: if there is something to look at, the client is not
// polled.
func (c *core) poll(ctx context.Context, max int, patience time.Duration, unless func() bool) error {
	if c.pollWaiters > 0 {
		if c.waitersDone == nil {
			c.waitersDone = make(chan struct{})
		}
		left := c.waitersDone
		c.mu.Unlock()
		select {
		case <-left:
		case <-ctx.Done():
		}
		c.mu.Lock()
		return errAgain
	}
	c.mu.Unlock()
	if err := c.lockPoll(ctx); err != nil {
		c.mu.Lock()
		return errAgain // the caller looks at ctx
	}
	c.applyPauses()
	c.mu.Lock()
	if c.pollWaiters > 0 || c.closing || len(c.pendingErrs) > 0 || c.atEnd() || unless() {
		c.unlockPoll()
		return errAgain
	}
	var pctx context.Context
	if patience > 0 {
		pctx, c.interrupt = context.WithTimeout(ctx, patience)
	} else {
		pctx, c.interrupt = context.WithCancel(ctx)
	}
	c.callerCtx, c.polled = ctx, time.Now()
	err := c.pollClient(pctx, max)
	interrupted := pctx.Err() != nil
	c.interrupt()
	c.interrupt, c.callerCtx = nil, nil
	if err == nil {
		c.receive(&c.batch)
	}
	if c.run == nil {
		c.resetPollDeadline()
	}
	c.unlockPoll()
	if err != nil && interrupted && ended(err) {
		return errAgain
	}
	return err
}

// pollBase fills c.batch. mu is held, and released meanwhile.
func (c *core) pollClient(ctx context.Context, max int) error {
	c.mu.Unlock()
	defer c.mu.Lock()
	if err := c.client.Poll(ctx, &c.batch, max); err != nil {
		return err
	}
	if len(c.batch.Records) > 0 {
		c.observer.Received(c.batch.Records)
	}
	for _, e := range c.batch.Errors {
		c.observer.Error(&PartitionError{TopicPartition: e.TopicPartition, Err: e.Err})
	}
	return nil
}

// windUp sees to it that a caller that takes its time with what was polled polls
// again soon. mu is held.
func (c *core) resetPollDeadline() {
	if c.pollDue = false; c.pollTimer != nil {
		c.pollTimer.Reset(pollDeadline)
		return
	}
	c.pollTimer = time.AfterFunc(pollDeadline, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.pollDue = true
	})
}

// lasting says whether an error of the client's will be there again next time.
func permanent(err error) bool {
	e := (*kafka.Error)(nil)
	return errors.As(err, &e) && !e.Retriable
}
