package avroconsumer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/kavro/kavro/kafka"
)

// GroupStatus is what is true of a consumer's membership at a moment.
type GroupStatus struct {
	// Rebalancing: the consumer has joined, or has had to give up all of its partitions,
	// and the group has not told it yet what it has. With group.protocol=consumer, where
	// members do not wait for each other, it is always false.
	Rebalancing bool
	Since       time.Time // of the rebalance; zero if there is none
}

// Group returns the status of the membership. It asks nobody. See [Consumer.Status] for
// what is assigned.
func (c *Consumer[K, V]) Group() GroupStatus {
	since := c.stall.Since()
	return GroupStatus{Rebalancing: !since.IsZero(), Since: since}
}

// StalledError warns of a rebalance that takes long: this member has no partitions, and
// nothing is read. It is given to [Observer.Error] and logged (see [WithLogger]) after 30
// seconds, then after a minute, two, four and so on; it ends nothing, since the group
// goes on by itself when what holds it up is gone.
//
// Other members hold a group up that do not poll, because a handler takes long for
// instance, until their max.poll.interval.ms; or that were killed, until their
// session.timeout.ms. So does a coordinator that does not answer.
type StalledError struct {
	Since time.Time     // when it began
	For   time.Duration // until now
	Err   error         // the client's last error, if it says one; may be nil
}

// Error says for how long, and what to look for.
func (e *StalledError) Error() string {
	s := fmt.Sprintf("the group has been in a rebalance for %v, and this member has no partitions:"+
		" another member neither polls nor leaves, or the coordinator does not answer", e.For.Round(time.Second))
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the client's last error.
func (e *StalledError) Unwrap() error { return e.Err }

// NewStalledError is the warning of a member of b that has waited since then. It is for
// those who read by another way than a Consumer, as package pipeline does.
func NewStalledError(b kafka.Consumer, since time.Time) *StalledError {
	e := &StalledError{Since: since, For: time.Since(since)}
	if x, ok := b.(interface{ Explain(error) error }); ok {
		if err := x.Explain(context.DeadlineExceeded); err != context.DeadlineExceeded {
			e.Err = err
		}
	}
	return e
}

// Warn reports an error that ends nothing to an observer, and as a warning to a logger;
// nil is slog.Default().
func Warn(o Observer, l *slog.Logger, err error) {
	o.Error(err)
	if l == nil {
		l = slog.Default()
	}
	l.Warn("kavro: consumer: " + err.Error())
}

// stalled warns of a rebalance that takes long, unless it is this program that does not
// poll.
func (c *core) warnStalled(since time.Time) {
	c.mu.Lock()
	polling := c.callerCtx != nil && !c.closing
	c.mu.Unlock()
	if polling {
		Warn(c.observer, c.logger, NewStalledError(c.client, since))
	}
}

// Rebalanced is told that the group has said what this member has.
func (c rebalancer) Rebalanced() { c.stall.End() }

// lostAll notes that the member waits for the group, if it has nothing any more.
func (c *core) beginStallWatch() {
	c.mu.Lock()
	waits := len(c.assigned) == 0 && !c.closing && !c.unsubscribed && c.joined
	c.mu.Unlock()
	if waits {
		c.stall.Begin(c.warnStalled)
	}
}
