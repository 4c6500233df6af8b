package pipeline

import (
	"context"
	"errors"
	"sync"

	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/kafka"
)

// AtLeastOnce makes a session of a consumer and a producer, without transactions: a batch is
// committed by waiting until its results are delivered and then committing the offsets. The
// results of an aborted batch stay, and are produced again: each is seen at least once.
//
// c and p may belong to two clusters. Closing the session closes both.
func AtLeastOnce(c kafka.Consumer, p kafka.Producer) kafka.Session {
	return &atLeastOnce{Consumer: c, producer: p, polled: map[kafka.TopicPartition]*span{}}
}

// atLeastOnce is a kafka.Session without transactions.
type atLeastOnce struct {
	kafka.Consumer
	producer kafka.Producer

	mu     sync.Mutex
	polled map[kafka.TopicPartition]*span // since Begin
}

// span is the range of offsets polled of one partition.
type span struct{ first, next kafka.Offset }

// Producer returns the producer.
func (s *atLeastOnce) Producer() kafka.Producer { return s.producer }

// Subscribe joins the group.
func (s *atLeastOnce) Subscribe(topics []string, r kafka.Rebalance) error {
	return s.Consumer.Subscribe(topics, trackingRebalance{r, s})
}

// trackingRebalance drops the spans of partitions that are revoked or lost: this member must
// neither commit them nor seek in them.
type trackingRebalance struct {
	kafka.Rebalance
	session *atLeastOnce
}

func (f trackingRebalance) Revoked(ctx context.Context, p []kafka.TopicPartition) {
	f.session.drop(p)
	f.Rebalance.Revoked(ctx, p)
}

func (f trackingRebalance) Lost(p []kafka.TopicPartition) {
	f.session.drop(p)
	f.Rebalance.Lost(p)
}

// Rebalanced implements kafka.Rebalanced.
func (f trackingRebalance) Rebalanced() {
	if r, ok := f.Rebalance.(kafka.Rebalanced); ok {
		r.Rebalanced()
	}
}

func (s *atLeastOnce) drop(p []kafka.TopicPartition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, tp := range p {
		delete(s.polled, tp)
	}
}

// Poll polls, and records the span of each partition.
func (s *atLeastOnce) Poll(ctx context.Context, b *kafka.Batch, max int) error {
	if err := s.Consumer.Poll(ctx, b, max); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range b.Records {
		tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
		it := s.polled[tp]
		if it == nil {
			it = &span{first: kafka.Offset{TopicPartition: tp, Offset: r.Offset, LeaderEpoch: r.LeaderEpoch}}
			s.polled[tp] = it
		}
		it.next = kafka.Offset{TopicPartition: tp, Offset: r.Offset + 1, LeaderEpoch: r.LeaderEpoch}
	}
	return nil
}

// Begin begins a batch.
func (s *atLeastOnce) Begin(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.polled)
	return nil
}

// End commits the offsets of the records polled since Begin, or seeks back.
func (s *atLeastOnce) End(ctx context.Context, commit bool) (committed bool, err error) {
	s.mu.Lock()
	var first, next []kafka.Offset
	for _, it := range s.polled {
		first, next = append(first, it.first), append(next, it.next)
	}
	s.mu.Unlock()
	if len(next) == 0 {
		return commit, nil
	}
	if commit {
		if err = s.producer.Flush(ctx); err == nil {
			err = s.Consumer.Commit(ctx, next)
		}
		e := (*kafka.Error)(nil)
		switch {
		case err == nil:
			return true, nil
		case errors.As(err, &e) && (e.Retriable || e.Fatal), !errors.As(err, &e):
			return false, err
		case groupMoved(e):
			err = nil
		}
	}
	if seekErr := s.Consumer.Seek(ctx, first...); seekErr != nil {
		return false, errors.Join(err, seekErr)
	}
	return false, err
}

// groupMoved reports whether a commit was refused because the group is rebalancing or has
// removed this member: the next Poll brings the new assignment.
func groupMoved(e *kafka.Error) bool {
	switch e.Code {
	case 22, // ILLEGAL_GENERATION
		25,  // UNKNOWN_MEMBER_ID
		27,  // REBALANCE_IN_PROGRESS
		110, // FENCED_MEMBER_EPOCH
		113: // STALE_MEMBER_EPOCH
		return true
	default:
		return false
	}
}

// Explain adds the consumer's last error, if the consumer can.
func (s *atLeastOnce) Explain(err error) error {
	if x, ok := s.Consumer.(interface{ Explain(error) error }); ok {
		return x.Explain(err)
	}
	return err
}

// Close closes both at the same time, so that neither uses the other's time. If ctx has ended,
// or ends within 5 seconds, they still get 5 seconds.
func (s *atLeastOnce) Close(ctx context.Context) error {
	ctx, cancel := ending.Context(ctx, ending.Close)
	defer cancel()
	produced := make(chan error, 1)
	go func() { produced <- s.producer.Close(ctx) }()
	err := s.Consumer.Close(ctx)
	return errors.Join(<-produced, err)
}

// offsetsOf returns the kafka.Offsets of c, if it has them.
func offsetsOf(c kafka.Consumer) (kafka.Offsets, bool) {
	switch wrapped := c.(type) {
	case *atLeastOnce:
		return offsetsOf(wrapped.Consumer)
	case dryRun:
		return offsetsOf(wrapped.Consumer)
	default:
		o, ok := c.(kafka.Offsets)
		return o, ok
	}
}
