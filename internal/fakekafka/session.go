package fakekafka

import (
	"context"
	"errors"

	"github.com/kavro/kavro/kafka"
)

// Session is a [kafka.Session]: one group member and one transactional producer.
type Session struct {
	*Consumer
	producer *TxnProducer

	// Guarded by the cluster's lock.
	begun   map[kafka.TopicPartition]int64 // positions at Begin
	revoked bool                           // partitions were taken away since
}

// Session makes a session. consumer.Group is needed.
func (c *Cluster) Session(transactionalID string, consumer ConsumerConfig, producer ProducerConfig) *Session {
	s := &Session{Consumer: c.Consumer(consumer), producer: c.TxnProducer(transactionalID, producer)}
	s.Consumer.onTaken = func(tp kafka.TopicPartition) {
		s.revoked = true
		delete(s.begun, tp) // if it comes back, it begins at what the group has
	}
	return s
}

// Producer returns the transactional producer: to produce, not to begin or end.
func (s *Session) Producer() kafka.Producer { return s.producer }

// Txn returns the same, with its hook for faults.
func (s *Session) Txn() *TxnProducer { return s.producer }

// Begin starts a transaction.
func (s *Session) Begin(ctx context.Context) error {
	if err := s.producer.Begin(ctx); err != nil {
		return err
	}
	s.cluster.mu.Lock()
	defer s.cluster.mu.Unlock()
	s.begun, s.revoked = map[kafka.TopicPartition]int64{}, false
	for tp, c := range s.cursors {
		s.begun[tp] = c.position
	}
	return nil
}

// End commits, with the offsets of all that was polled since Begin, or aborts.
// With a retriable error nothing is decided, and the same call is to be made
// again; with any other that is not fatal the transaction was aborted.
func (s *Session) End(ctx context.Context, commit bool) (committed bool, err error) {
	committed, err = s.producer.end(ctx, commit, func() bool {
		if s.revoked {
			return false
		}
		for tp, c := range s.cursors {
			if from, ok := s.begun[tp]; !ok || from != c.position {
				s.group.commit([]kafka.Offset{{TopicPartition: tp, Offset: c.position, LeaderEpoch: -1}})
			}
		}
		return true
	})
	if e := (*kafka.Error)(nil); errors.As(err, &e) && !e.Fatal && (!e.Retriable || e.AbortTxn) {
		// Refused for good: it is aborted, and the error says why.
		if _, abortErr := s.producer.end(ctx, false, func() bool { return false }); abortErr != nil {
			return false, abortErr
		}
		s.rewind()
		return false, err
	}
	if err == nil && !committed {
		s.rewind()
	}
	return committed, err
}

// rewind goes back to the positions at Begin, and for partitions that came
// later to what the group committed.
func (s *Session) rewind() {
	s.cluster.mu.Lock()
	defer s.cluster.mu.Unlock()
	for tp, c := range s.cursors {
		from, ok := s.begun[tp]
		if !ok {
			from = s.resolve(s.committed(tp))
		}
		c.position, c.told = from, false
	}
	s.cluster.wake()
}

// Commit is what End does.
func (s *Session) Commit(ctx context.Context, next []kafka.Offset) error { return kafka.ErrUnsupported }

// Close closes both halves. What is open is aborted.
func (s *Session) Close(ctx context.Context) error {
	err := s.producer.Close(ctx)
	if closeErr := s.Consumer.Close(ctx); err == nil {
		err = closeErr
	}
	return err
}
