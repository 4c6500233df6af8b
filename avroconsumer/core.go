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

// core is the part of a consumer that does not depend on the types of keys and values:
// assigned partitions, queues, processed records and commits.
//
// There are three locks, acquired in this order:
//
//   - the reader lock (lockReader): held by one call of Poll, one step of an iterator, Run or
//     RunBatch;
//   - the poll lock (lockPoll): held while the client's Subscribe, Assign, Seek, Poll or Close
//     runs. withPollLock interrupts a Poll to acquire it;
//   - mu: guards the fields below it. Nothing waits while mu is held.
type core struct {
	client kafka.Consumer
	config
	seed      maphash.Seed
	born      time.Time
	observing bool          // an observer is notified of each record
	pollLock  chan struct{} // a token while held

	pauseLock chan struct{} // a token while applyPauses calls the client
	batch     kafka.Batch   // of the last poll. Guarded by pollLock

	mu            sync.Mutex
	assigned      map[kafka.TopicPartition]*partition
	everAssigned  map[kafka.TopicPartition]bool // partitions that this consumer had at any time
	joined        bool                          // by Subscribe
	unsubscribed  bool                          // by Unsubscribe: errors of partitions are ignored
	ready         fifo[*queue]                  // queues that may be runnable
	queuesBy      Ordering                      // how records are assigned to queues now
	freeQueues    []*queue                      // free list, up to its capacity
	run           *runner                       // of Run or RunBatch; nil if none is running
	outages       map[serde.FrameID]*outage     // of the registry, by schema id
	pendingErrs   []error                       // of partitions and commits, for Poll to return
	pausesChanged bool                          // wantPaused of a partition may have changed
	polled        time.Time                     // time of the client's last Poll
	pollDue       bool                          // the poll deadline has passed
	pollTimer     *time.Timer                   // sets pollDue; nil until first needed

	reading    bool          // the reader lock is held
	readerDone chan struct{} // closed when the reader lock is released; nil if nobody waits
	closing    bool
	closed     bool

	interrupt   context.CancelFunc // of the client's Poll in progress; nil if there is none
	callerCtx   context.Context    // the context of the caller of that Poll
	pollWaiters int                // calls of withPollLock
	waitersDone chan struct{}      // closed when pollWaiters falls to 0

	commits committer
	stall   stall.Watch // of the rebalance that this member waits for

	registryErr error            // the last error of the registry while there are outages. Guarded by mu
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

// lockReader acquires the reader lock, or returns why it cannot. mu is held.
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

// unlockReader releases the reader lock. mu is held.
func (c *core) unlockReader() {
	c.reading = false
	if c.readerDone != nil {
		close(c.readerDone)
		c.readerDone = nil
	}
}

// lockPoll acquires the poll lock within ctx.
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

// withPollLock calls f with the poll lock. A poll in progress is interrupted, and continues
// after f has returned.
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

// wake interrupts the client's Poll in progress, so that the reader looks at the state again.
// mu is held.
func (c *core) wake() {
	if c.interrupt != nil {
		c.interrupt()
	}
}

// errAgain is returned by poll if nothing was polled: the caller looks at the state again.
var errAgain = errors.New("nothing was polled")

// poll calls the client's Poll once, for up to max records, with a time limit if limit is not
// 0. It returns nil if the client returned a batch, errAgain if it was interrupted or the
// limit passed, or the error that ends reading.
//
// mu is held, and released meanwhile. The state that the caller saw may change before the
// client polls, when wake has no effect yet. So poll checks under mu, immediately before it
// polls, whether there is an error, an end or, by calling unless, something else to return:
// then it does not poll.
func (c *core) poll(ctx context.Context, max int, limit time.Duration, unless func() bool) error {
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
		return errAgain // the caller checks ctx
	}
	c.applyPauses()
	c.mu.Lock()
	if c.pollWaiters > 0 || c.closing || len(c.pendingErrs) > 0 || c.atEnd() || unless() {
		c.unlockPoll()
		return errAgain
	}
	var pctx context.Context
	if limit > 0 {
		pctx, c.interrupt = context.WithTimeout(ctx, limit)
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

// pollClient fills c.batch. mu is held, and released meanwhile.
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

// resetPollDeadline sets pollDue after pollDeadline, so that a caller that is slow to process
// polled records still polls. mu is held.
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

// permanent reports whether a client's error will occur again at the next poll.
func permanent(err error) bool {
	e := (*kafka.Error)(nil)
	return errors.As(err, &e) && !e.Retriable
}
