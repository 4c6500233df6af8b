package avroconsumer

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/kavro/kavro/kafka"
)

// commitPatience bounds a commit that nobody waits for.
const commitTimeout = 10 * time.Second

// committer is the state of committing.
type committer struct {
	lock   chan struct{}      // holds one token while a commit is under way: they go out one at a time
	ctx    context.Context    // of the commits for CommitAsync
	cancel context.CancelFunc // ends it: Close waits for them no longer

	// Guarded by core.mu.
	stop     context.CancelFunc // of the periodic commits; nil before they begin
	requests []commitRequest    // of CommitAsync
	serving  bool               // a goroutine serves them
	failing  bool               // the last periodic commit failed for good

	running sync.WaitGroup // the goroutines
}

type commitRequest struct {
	handles []handle // none: all that was dealt with
	done    func([]kafka.Offset, error)
}

// due returns what may be committed and is not: the end of the contiguous prefix
// of each partition. mu is held.
func (c *core) due(p *partition) (kafka.Offset, bool) {
	next, epoch, ok := p.tracker.prefix()
	if !ok || p.stale || next == p.committed {
		return kafka.Offset{}, false
	}
	return kafka.Offset{TopicPartition: p.TopicPartition, Offset: next, LeaderEpoch: epoch}, true
}

// allDue is due for all that is assigned. mu is held.
func (c *core) allDue() []kafka.Offset {
	var out []kafka.Offset
	for _, p := range c.assigned {
		if o, ok := c.due(p); ok {
			out = append(out, o)
		}
	}
	return sortOffsets(out)
}

// dueOf deals with these messages, and returns what may be committed of their
// partitions: never more than the contiguous prefix, and nothing behind the last
// of the messages. mu is held.
func (c *core) dueOf(handles []handle) (out []kafka.Offset, err error) {
	last := map[*partition]int64{} // the offset after the last message
	for _, h := range handles {
		p := h.part
		if p == nil || p.stale {
			err = ErrNotAssigned
			continue
		}
		p.tracker.done(h.seq)
		last[p] = max(last[p], h.offset+1)
	}
	c.wakeAtEnd()
	for p, next := range last {
		o, ok := c.due(p)
		if ok && next < o.Offset {
			o.Offset, o.LeaderEpoch = next, -1
		}
		if ok && o.Offset > p.committed {
			out = append(out, o)
		}
	}
	return sortOffsets(out), err
}

func sortOffsets(o []kafka.Offset) []kafka.Offset {
	slices.SortFunc(o, func(a, b kafka.Offset) int { return comparePartitions(a.TopicPartition, b.TopicPartition) })
	return o
}

// commit commits what pick, which sees the core locked, returns. Commits go out
// one at a time, each with what is true when its turn comes: none moves an
// offset backwards.
func (c *core) commit(ctx context.Context, pick func() []kafka.Offset) ([]kafka.Offset, error) {
	select {
	case c.commits.lock <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.commits.lock }()

	patience, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	for {
		c.mu.Lock()
		next := pick()
		parts := make([]*partition, len(next))
		for i, o := range next {
			parts[i] = c.assigned[o.TopicPartition]
		}
		c.mu.Unlock()
		if len(next) == 0 {
			return nil, nil
		}
		start := time.Now()
		err := c.client.Commit(ctx, next)
		c.observer.Committed(next, time.Since(start), err)
		if inRebalance(err) && sleep(patience, commitRetryDelay) {
			continue
		}
		if err != nil {
			return next, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for i, o := range next {
			parts[i].committed = o.Offset
		}
		return next, nil
	}
}

// commitPause is between two tries of a commit while a group rebalances.
const commitRetryDelay = 50 * time.Millisecond

// inRebalance says whether a commit came at a moment when the group takes none:
// members have joined, and wait to be told who has what (27), or a generation or an
// epoch has ended, and this member has not heard of the next (22; KIP-848: 113). It
// passes without anything that whoever commits would have to do; what was dealt with
// would be handled again if the last commit of a member that leaves were lost to it.
// A member that the group has thrown out is told another code, 25.
func inRebalance(err error) bool {
	const (
		illegalGeneration   = 22
		rebalanceInProgress = 27
		staleMemberEpoch    = 113
	)
	e := (*kafka.Error)(nil)
	return errors.As(err, &e) && (e.Code == illegalGeneration || e.Code == rebalanceInProgress || e.Code == staleMemberEpoch)
}

// pause waits, and reports whether ctx has let it.
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
	life, giveUp := context.WithCancel(context.Background())
	return committer{lock: make(chan struct{}, 1), ctx: life, cancel: giveUp}
}

// beginCommits starts the periodic commits, once. Whoever calls it has the turn:
// Close, which ends them, does not come in between.
func (c *core) beginCommits() {
	c.mu.Lock()
	defer c.mu.Unlock()
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

// commitPeriodically commits all that is due. What fails for the moment, in the
// middle of a rebalance for instance, is due again next time; what fails for
// good is returned by the next Poll, or ends Run.
func (c *core) commitPeriodically(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	next, err := c.commit(ctx, c.allDue)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !permanentCommitError(err) {
		c.commits.failing = false
		return
	}
	if c.commits.failing {
		return // said already
	}
	c.commits.failing = true
	err = &CommitError{Offsets: next, Err: err}
	if c.run != nil {
		c.run.stop(err)
		return
	}
	c.pendingErrs = append(c.pendingErrs, err)
	c.wake()
}

// hopeless says whether a commit that failed will fail next time as well.
// Rebalances come and go with errors that are not marked retriable, so only what
// certainly stays counts.
func permanentCommitError(err error) bool {
	const (
		topicAuthorizationFailed = 29
		groupAuthorizationFailed = 30
	)
	e := (*kafka.Error)(nil)
	return errors.As(err, &e) && (e.Fatal || e.Code == topicAuthorizationFailed || e.Code == groupAuthorizationFailed)
}

// commitAsync serves requests one after the other; those that came meanwhile
// are served together.
func (c *core) commitAsync(r commitRequest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
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
		c.mu.Lock()
		requests := c.commits.requests
		c.commits.requests = nil
		c.commits.serving = len(requests) > 0
		c.mu.Unlock()
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

// pick is what several requests want together. mu is held.
func (c *core) dueFor(requests []commitRequest) ([]kafka.Offset, error) {
	var handles []handle
	all := false
	for _, r := range requests {
		handles = append(handles, r.handles...)
		all = all || len(r.handles) == 0
	}
	next, err := c.dueOf(handles)
	if all {
		next = c.allDue()
	}
	return next, err
}

// endCommits stops the periodic commits, and waits within ctx for those that
// CommitAsync was asked for.
func (c *core) endCommits(ctx context.Context) {
	c.mu.Lock()
	if c.commits.stop != nil {
		c.commits.stop()
	}
	c.mu.Unlock()
	defer c.commits.cancel()
	defer context.AfterFunc(ctx, c.commits.cancel)()
	c.commits.running.Wait()
}
