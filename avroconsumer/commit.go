package avroconsumer

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kavro/kavro/internal/sched"
	"github.com/kavro/kavro/kafka"
)

// commitTimeout bounds a commit that no caller waits for, and the retries of one during a
// rebalance.
const commitTimeout = 10 * time.Second

// committer is the state of committing.
type committer struct {
	lock   chan struct{}      // a token while a commit is in progress
	ctx    context.Context    // of the commits of CommitAsync
	cancel context.CancelFunc // cancels ctx, when Close stops waiting for them

	// Guarded by core.mu.
	stop     context.CancelFunc // stops the periodic commits; nil before they begin
	requests []commitRequest    // of CommitAsync
	serving  bool               // a goroutine serves the requests
	failing  bool               // the last periodic commit failed with a permanent error

	running sync.WaitGroup // the goroutines
}

type commitRequest struct {
	handles []sched.Handle // empty: everything that is processed
	done    func([]kafka.Offset, error)
}

// commit commits the offsets that due, called with mu held, returns. Commits are sent one at a
// time, and due is called when its turn comes, so that none moves an offset backwards.
func (c *core) commit(ctx context.Context, due func() []kafka.Offset) ([]kafka.Offset, error) {
	select {
	case c.commits.lock <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.commits.lock }()

	retry, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	for {
		c.lock()
		next := due()
		of := make([]*sched.Generation, len(next))
		for i, o := range next {
			of[i] = c.machine.Of(o.TopicPartition)
		}
		c.unlock()
		if len(next) == 0 {
			return nil, nil
		}
		start := time.Now()
		err := c.client.Commit(ctx, next)
		c.observer.Committed(next, time.Since(start), err)
		if inRebalance(err) && sleep(retry, commitRetryDelay) {
			continue
		}
		if err != nil {
			return next, err
		}
		c.lock()
		defer c.unlock()
		for i, o := range next {
			c.machine.Committed(of[i], o.Offset)
		}
		return next, nil
	}
}

// commitRetryDelay is the time between two attempts of a commit during a rebalance.
const commitRetryDelay = 50 * time.Millisecond

// inRebalance reports whether a commit was refused because the group is rebalancing: members
// have joined and wait for their assignment (27), or a generation (22) or epoch (113, KIP-848)
// has ended and this member does not know the next one. The state passes without any action of
// the caller. Without a retry, the last commit of a member that leaves would be lost and its
// records processed again. A member that was removed from the group gets another code, 25.
func inRebalance(err error) bool {
	const (
		illegalGeneration   = 22
		rebalanceInProgress = 27
		staleMemberEpoch    = 113
	)
	e := (*kafka.Error)(nil)
	return errors.As(err, &e) && (e.Code == illegalGeneration || e.Code == rebalanceInProgress || e.Code == staleMemberEpoch)
}

// sleep waits for d, and reports whether ctx did not end before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func newCommitter() committer {
	ctx, cancel := context.WithCancel(context.Background())
	return committer{lock: make(chan struct{}, 1), ctx: ctx, cancel: cancel}
}

// beginCommits starts the periodic commits, once. The caller holds the poll lock, so that
// Close, which stops them, cannot run in between.
func (c *core) beginCommits() {
	c.lock()
	defer c.unlock()
	if c.manual || c.commits.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.commits.stop = cancel
	c.commits.running.Go(func() {
		tick := time.NewTicker(c.interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.commitPeriodically(ctx)
			case <-ctx.Done():
				return
			}
		}
	})
}

// commitPeriodically commits all that is due. After an error that may pass, for example during
// a rebalance, the next period tries again. A permanent error is returned by the next Poll, or
// ends Run.
func (c *core) commitPeriodically(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	next, err := c.commit(ctx, c.machine.AllDue)
	c.lock()
	defer c.unlock()
	if !permanentCommitError(err) {
		c.commits.failing = false
		return
	}
	if c.commits.failing {
		return // reported before
	}
	c.commits.failing = true
	err = &CommitError{Offsets: next, Err: err}
	c.machine.Fail(err, true)
}

// permanentCommitError reports whether a commit will fail in the same way next time. Errors of
// rebalances pass although they are not marked as retriable, so only errors that certainly
// stay are listed.
func permanentCommitError(err error) bool {
	const (
		topicAuthorizationFailed = 29
		groupAuthorizationFailed = 30
	)
	e := (*kafka.Error)(nil)
	return errors.As(err, &e) && (e.Fatal || e.Code == topicAuthorizationFailed || e.Code == groupAuthorizationFailed)
}

// commitAsync queues a request. Requests that come while a commit is in progress are served by
// one commit.
func (c *core) commitAsync(r commitRequest) error {
	c.lock()
	defer c.unlock()
	if c.closing {
		return kafka.ErrClosed
	}
	c.commits.requests = append(c.commits.requests, r)
	if !c.commits.serving {
		c.commits.serving = true
		c.commits.running.Go(c.serveCommits)
	}
	return nil
}

func (c *core) serveCommits() {
	for {
		c.lock()
		requests := c.commits.requests
		c.commits.requests = nil
		c.commits.serving = len(requests) > 0
		c.unlock()
		if len(requests) == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(c.commits.ctx, commitTimeout)
		var stale error
		next, err := c.commit(ctx, func() (out []kafka.Offset) {
			out, stale = c.dueFor(requests)
			return out
		})
		cancel()
		if err == nil {
			err = stale
		}
		for _, r := range requests {
			if r.done != nil {
				r.done(next, err)
			}
		}
	}
}

// dueFor returns what may be committed for several requests. mu is held.
func (c *core) dueFor(requests []commitRequest) (due []kafka.Offset, err error) {
	var handles []sched.Handle
	all := false
	for _, r := range requests {
		handles = append(handles, r.handles...)
		all = all || len(r.handles) == 0
	}
	due, ok := c.machine.Process(handles)
	if !ok {
		err = ErrNotAssigned
	}
	if all {
		due = c.machine.AllDue()
	}
	return due, err
}

// endCommits stops the periodic commits, and waits within ctx for those of CommitAsync.
func (c *core) endCommits(ctx context.Context) {
	c.lock()
	if c.commits.stop != nil {
		c.commits.stop()
	}
	c.unlock()
	defer c.commits.cancel()
	defer context.AfterFunc(ctx, c.commits.cancel)()
	c.commits.running.Wait()
}
