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
	revoked bool                           // partitions were revoked since
}

// Session returns a session. consumer.Group is required.
func (c *Cluster) Session(transactionalID string, consumer ConsumerConfig, producer ProducerConfig) *Session {
	s := &Session{Consumer: c.Consumer(consumer), producer: c.TxnProducer(transactionalID, producer)}
	s.Consumer.onRevoked = func(tp kafka.TopicPartition) {
		s.revoked = true
		delete(s.begun, tp) // if it is assigned again, it starts at the group's offset
	}
	return s
}

// Producer returns the transactional producer as a [kafka.Producer].
func (s *Session) Producer() kafka.Producer { return s.producer }

// Txn returns the transactional producer, with its hook for faults.
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

// End commits, with the offsets of all records polled since Begin, or aborts. After a
// retriable error nothing is decided, and the same call must be repeated; after any other that
// is not fatal, the transaction is aborted.
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
		// A permanent error: abort, and return it.
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

// rewind returns to the positions at Begin, and to the group's offsets in partitions that were
// assigned later.
func (s *Session) rewind() {
	s.cluster.mu.Lock()
	defer s.cluster.mu.Unlock()
	for tp, c := range s.cursors {
		from, ok := s.begun[tp]
		if !ok {
			from = s.resolve(s.committed(tp))
		}
		c.position, c.endReported = from, false
	}
	s.cluster.wake()
}

// Commit is not supported: End commits.
func (s *Session) Commit(ctx context.Context, next []kafka.Offset) error { return kafka.ErrUnsupported }

// Close closes producer and consumer. An open transaction is aborted.
func (s *Session) Close(ctx context.Context) error {
	err := s.producer.Close(ctx)
	if closeErr := s.Consumer.Close(ctx); err == nil {
		err = closeErr
	}
	return err
}
