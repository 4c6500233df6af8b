package avroconsumer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/kavro/kavro/kafka"
)

// GroupStatus is the state of a consumer's membership at one moment.
type GroupStatus struct {
	// Rebalancing is true while the consumer waits for its assignment, after it has joined or
	// has given up all of its partitions. With group.protocol=consumer, where members do not
	// wait for each other, it is always false.
	Rebalancing bool
	Since       time.Time // when the rebalance began; zero if there is none
}

// Group returns the status of the membership. It does not touch the network. See
// [Consumer.Status] for the assigned partitions.
func (c *Consumer[K, V]) Group() GroupStatus {
	since := c.stall.Since()
	return GroupStatus{Rebalancing: !since.IsZero(), Since: since}
}

// StalledError is a warning about a long rebalance: this member has no partitions, and nothing
// is read. It is passed to [Observer.Error] and logged (see [WithLogger]) after 30 seconds,
// then after 1, 2, 4 minutes and so on. It does not end Run, since the group continues when
// the cause is over.
//
// Usual causes are members that do not poll, for example because of a slow handler, until
// their max.poll.interval.ms; members that were killed, until their session.timeout.ms; and a
// coordinator that does not answer.
type StalledError struct {
	Since time.Time     // when the rebalance began
	For   time.Duration // its duration so far
	Err   error         // the client's last error; may be nil
}

// Error returns how long the rebalance has lasted, and its usual causes.
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

// NewStalledError returns the warning of a member with client b that has waited since since.
// It is for other readers of records, such as package pipeline.
func NewStalledError(b kafka.Consumer, since time.Time) *StalledError {
	e := &StalledError{Since: since, For: time.Since(since)}
	if x, ok := b.(interface{ Explain(error) error }); ok {
		if err := x.Explain(context.DeadlineExceeded); err != context.DeadlineExceeded {
			e.Err = err
		}
	}
	return e
}

// Warn passes err to o.Error and logs it as a warning. A nil logger is slog.Default(). It is
// for other readers of records, such as package pipeline.
func Warn(o Observer, l *slog.Logger, err error) {
	o.Error(err)
	if l == nil {
		l = slog.Default()
	}
	l.Warn("kavro: consumer: " + err.Error())
}

// warnStalled warns of a long rebalance, unless the cause is that this program does not poll.
func (c *core) warnStalled(since time.Time) {
	c.lock()
	polling := c.callerCtx != nil && !c.closing
	c.unlock()
	if polling {
		Warn(c.observer, c.logger, NewStalledError(c.client, since))
	}
}

// Rebalanced implements kafka.Rebalanced: the group has told this member its assignment.
func (c rebalancer) Rebalanced() { c.stall.End() }

// beginStallWatch starts the time of a rebalance if this member has no partitions left.
func (c *core) beginStallWatch() {
	c.lock()
	waits := len(c.machine.Assignment()) == 0 && !c.closing && !c.unsubscribed && c.joined
	c.unlock()
	if waits {
		c.stall.Begin(c.warnStalled)
	}
}
