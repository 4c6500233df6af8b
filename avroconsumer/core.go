package avroconsumer

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/internal/sched"
	"github.com/kavro/kavro/internal/stall"
	"github.com/kavro/kavro/kafka"
)

// core is the part of a consumer that does not depend on the types of keys and values. It drives a
// [sched.Machine], the state of its partitions, records and tasks.
//
// One mutex guards everything. Whoever changes the state calls unlock, which does what then is to be
// done: start a worker, interrupt the client's Poll, set the timer, and wake those whose condition is
// true now (await). So nobody has to know who waits for a change.
//
// Two things are held for longer, and are acquired with await:
//
//   - reading: by one call of Poll, one step of an iterator, Run or RunBatch;
//   - clientBusy: while the client's Subscribe, Assign, Seek, Poll or Close runs. withClient
//     interrupts a Poll to acquire it.
type core struct {
	client kafka.Consumer
	config
	born      time.Time
	observing bool        // an observer is notified of each record
	reading   atomic.Bool // set without mu by Poll
	waiting   atomic.Int32

	mu            sync.Mutex
	machine       *sched.Machine
	waiters       []*waiter
	timer         *time.Timer
	alarm         time.Duration // what timer is set to; 0: it is not
	run           *runner       // of Run or RunBatch; nil if none is running
	handlers      map[*sched.Generation]handlerContext
	everAssigned  map[kafka.TopicPartition]bool // partitions that this consumer had at any time
	joined        bool                          // by Subscribe
	unsubscribed  bool                          // by Unsubscribe: errors of partitions are ignored
	closing       bool
	closed        bool
	clientBusy    bool
	clientWaiters int         // calls of withClient
	pausing       bool        // applyPauses calls the client
	batch         kafka.Batch // of the last poll. Guarded by clientBusy

	interrupt context.CancelFunc // of the client's Poll in progress; nil if there is none
	polling   sched.Action       // why it is polled
	callerCtx context.Context    // the context of the caller of that Poll

	commits committer
	stall   stall.Watch // of the rebalance that this member waits for

	registryErr error            // the last error of the registry
	warnings    regwait.Warnings // of the registry
}

// handlerContext is the context of the handlers of one generation.
type handlerContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// waiter is a goroutine in await.
type waiter struct {
	done func() bool
	wake chan struct{}
}

func newCore(b kafka.Consumer, conf config) *core {
	c := &core{
		client:       b,
		config:       conf,
		observing:    conf.observer != (NopObserver{}),
		machine:      sched.New(sched.Config{Records: conf.records, Bytes: conf.bytes, ToEnd: conf.toEnd, Backoff: registryBackoff, Reuse: conf.reuse}),
		handlers:     map[*sched.Generation]handlerContext{},
		everAssigned: map[kafka.TopicPartition]bool{},
		born:         time.Now(),
		commits:      newCommitter(),
	}
	return c
}

// registryBackoff bounds how often a registry that is down is asked, and the delay until its return is
// noticed.
var registryBackoff = Exponential(100*time.Millisecond, 10*time.Second)

func (c *core) lock() {
	c.mu.Lock()
	c.machine.Advance(time.Since(c.born))
}

// unlock does what the state asks for, and releases mu.
func (c *core) unlock() {
	if c.interrupt != nil && (c.clientWaiters > 0 || c.machine.Reader() != c.polling || c.machine.PausesChanged()) {
		c.interrupt()
	}
	if r := c.run; r != nil && r.workers < c.workers && c.machine.Ready() {
		r.workers++
		go r.work()
	}
	if at, ok := c.machine.Alarm(); ok && !c.closed && (c.alarm == 0 || at < c.alarm) {
		c.setAlarm(at)
	}
	c.waiters = slices.DeleteFunc(c.waiters, func(w *waiter) bool {
		if !w.done() {
			return false
		}
		close(w.wake)
		return true
	})
	c.mu.Unlock()
}

// unlocked calls f without mu, which is held before and after, also if f panics.
func (c *core) unlocked(f func()) {
	c.unlock()
	defer c.lock()
	f()
}

// setAlarm lets time pass in the machine at a time. mu is held.
func (c *core) setAlarm(at time.Duration) {
	c.alarm = max(at, 1)
	d := at - time.Since(c.born)
	if c.timer != nil {
		c.timer.Reset(d)
		return
	}
	c.timer = time.AfterFunc(d, func() {
		c.mu.Lock()
		c.alarm = 0
		c.machine.Advance(time.Since(c.born))
		c.unlock()
	})
}

// await waits within ctx until done returns true, and reports whether it does. done is called with mu
// held and changes nothing. mu is held, and released meanwhile.
func (c *core) await(ctx context.Context, done func() bool) bool {
	for !done() {
		if ctx.Err() != nil {
			return false
		}
		w := &waiter{done: done, wake: make(chan struct{})}
		c.waiters = append(c.waiters, w)
		c.waiting.Add(1)
		c.unlock()
		select {
		case <-w.wake:
		case <-ctx.Done():
		}
		c.lock()
		c.waiting.Add(-1)
		c.waiters = slices.DeleteFunc(c.waiters, func(other *waiter) bool { return other == w })
	}
	return true
}

// beginReading makes the caller the one that reads, or returns why it cannot be.
func (c *core) beginReading() error {
	if c.reading.CompareAndSwap(false, true) {
		return nil
	}
	c.lock()
	defer c.unlock()
	if c.closing {
		return kafka.ErrClosed
	}
	return ErrBusy
}

func (c *core) endReading() {
	c.reading.Store(false)
	if c.waiting.Load() > 0 {
		c.lock()
		c.unlock()
	}
}

// withClient calls f while nothing else calls the client. A poll in progress is interrupted, and
// continues after f has returned.
func (c *core) withClient(ctx context.Context, f func() error) error {
	if err := c.acquireClient(ctx); err != nil {
		return err
	}
	defer c.releaseClient()
	if c.isClosed() {
		return kafka.ErrClosed
	}
	return f()
}

func (c *core) acquireClient(ctx context.Context) error {
	c.lock()
	defer c.unlock()
	c.clientWaiters++
	free := c.await(ctx, func() bool { return !c.clientBusy })
	c.clientWaiters--
	if !free {
		return ctx.Err()
	}
	c.clientBusy = true
	return nil
}

func (c *core) releaseClient() {
	c.lock()
	defer c.unlock()
	c.clientBusy = false
}

func (c *core) isClosed() bool {
	c.lock()
	defer c.unlock()
	return c.closed
}

// errAgain is returned by poll if nothing was polled: the caller looks at the state again.
var errAgain = errors.New("nothing was polled")

// poll calls the client's Poll once, as action says. It returns nil if the client returned a batch,
// errAgain if it was interrupted, or the error that ends reading. It does not poll if the reader is to
// do something else by then. mu is held, and released meanwhile.
func (c *core) poll(ctx context.Context, action sched.Action) error {
	if !c.await(ctx, func() bool { return !c.clientBusy && c.clientWaiters == 0 }) {
		return errAgain // the caller checks ctx
	}
	c.clientBusy = true
	defer func() { c.clientBusy, c.interrupt, c.callerCtx = false, nil, nil }() // also after a panic
	c.applyPauses()
	if c.clientWaiters > 0 || c.machine.Reader() != action {
		return errAgain
	}
	most := min(max(minPoll, c.records/2), maxPoll)
	var pctx context.Context
	if action == sched.PollOne {
		// One record at most, so that memory grows by one for each that is returned.
		most = 1
		pctx, c.interrupt = context.WithTimeout(ctx, time.Millisecond)
	} else {
		pctx, c.interrupt = context.WithCancel(ctx)
	}
	c.callerCtx, c.polling = ctx, action
	if c.reuse {
		c.batch.Spare = c.machine.Spare(c.batch.Spare)
		overwriteRecords(c.batch.Spare)
	}
	var err error
	c.unlocked(func() { err = c.pollClient(pctx, most) })
	interrupted := pctx.Err() != nil
	c.interrupt()
	c.machine.PollEnded()
	if err == nil {
		c.receive(&c.batch)
	}
	if err != nil && interrupted && ended(err) {
		return errAgain
	}
	return err
}

// pollClient fills c.batch.
func (c *core) pollClient(ctx context.Context, most int) error {
	if err := c.client.Poll(ctx, &c.batch, most); err != nil {
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

// receive passes the result of a poll to the machine. mu is held.
func (c *core) receive(b *kafka.Batch) {
	c.machine.Polled(b)
	for _, e := range b.Errors {
		if !c.unsubscribed {
			c.machine.Fail(&PartitionError{TopicPartition: e.TopicPartition, Err: e.Err}, permanent(e.Err))
		}
	}
}

// permanent reports whether a client's error will occur again at the next poll.
func permanent(err error) bool {
	e := (*kafka.Error)(nil)
	return errors.As(err, &e) && !e.Retriable
}

// applyPauses tells the client which partitions to pause and to resume. mu is held, and released
// meanwhile.
func (c *core) applyPauses() {
	for c.machine.PausesChanged() {
		// One at a time, so that the client is not told in the wrong order.
		c.await(context.Background(), func() bool { return !c.pausing })
		pause, resume := c.machine.Pauses()
		if len(pause)+len(resume) == 0 {
			return
		}
		c.pausing = true
		func() {
			defer func() { c.pausing = false }()
			c.unlocked(func() { // the clients ignore partitions that are no longer assigned
				c.tell(c.client.Pause, pause)
				c.tell(c.client.Resume, resume)
			})
		}()
	}
}

func (c *core) tell(call func(...kafka.TopicPartition) error, p []kafka.TopicPartition) {
	if len(p) == 0 {
		return
	}
	if err := call(p...); err != nil && !errors.Is(err, kafka.ErrClosed) {
		c.observer.Error(err)
	}
}
