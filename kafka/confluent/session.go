//go:build cgo

package confluent

import (
	"context"
	"errors"
	"fmt"
	"sync"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/internal/kafkaconf"
	"github.com/kavro/kavro/kafka"
)

// NewSession makes a session: a consumer and a transactional producer, each with the keys for its
// role. transactional.id and group.id are required. The result is also a [kafka.Offsets], a
// [kafka.Metadata] and a [kafka.Explainer].
//
// NewSession does not wait for the network. The error is a [*kafka.ConfigError] where the
// configuration is wrong.
func NewSession(conf kafka.Config, hooks kafka.Hooks) (kafka.Session, error) {
	var errs []error
	for _, key := range []string{"transactional.id", "group.id"} {
		if id, err := conf.String(key, ""); err == nil && id == "" {
			errs = append(errs, &kafka.ConfigError{Key: key, Reason: "required: a session is one transactional id and one group"})
		}
	}
	tracker := clienterr.New(hooks)
	c, err := newConsumer(without(conf, "C"), hooks, tracker)
	errs = append(errs, err)
	p, _, err := newProducer(without(conf, "P"), hooks, tracker.Sibling())
	if err := kafkaconf.Join(append(errs, err)...); err != nil {
		if c != nil {
			err = errors.Join(err, c.Close(context.Background()))
		}
		if p != nil {
			err = errors.Join(err, p.Close(context.Background()))
		}
		return nil, err
	}
	return &session{consumer: c, producer: &txnProducer{producer: p}}, nil
}

// session is a kafka.Session.
type session struct {
	*consumer
	producer *txnProducer

	mu        sync.Mutex
	open      bool // between Begin and End
	polled    map[kafka.TopicPartition]*span
	mustAbort bool // it can only be aborted: partitions were revoked, or it is being aborted
	sends     int  // number of calls that sent offsets: each call has a name of its own
}

// span is the offsets polled from one partition since Begin.
type span struct {
	first, next kafka.Offset
}

// Producer returns the transactional producer, which is closed with the session.
func (s *session) Producer() kafka.Producer { return s.producer }

// Subscribe joins the group for topics.
func (s *session) Subscribe(topics []string, r kafka.Rebalance) error {
	return s.consumer.Subscribe(topics, sessionRebalance{s, r})
}

// Poll implements kafka.Consumer, and records the offsets for the transaction.
func (s *session) Poll(ctx context.Context, b *kafka.Batch, max int) error {
	if err := s.consumer.Poll(ctx, b, max); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return nil
	}
	var last kafka.TopicPartition
	var of *span
	for _, r := range b.Records {
		tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
		if of == nil || tp != last {
			last, of = tp, s.polled[tp]
		}
		if of == nil {
			of = &span{first: kafka.Offset{TopicPartition: tp, Offset: r.Offset, LeaderEpoch: r.LeaderEpoch}}
			s.polled[tp] = of
		}
		of.next = kafka.Offset{TopicPartition: tp, Offset: r.Offset + 1, LeaderEpoch: r.LeaderEpoch}
	}
	return nil
}

// Commit returns kafka.ErrUnsupported: End commits offsets with the transaction.
func (s *session) Commit(context.Context, []kafka.Offset) error {
	return fmt.Errorf("%w: the offsets of a session are committed by End", kafka.ErrUnsupported)
}

// Explain implements kafka.Explainer. Either client may have the cause.
func (s *session) Explain(err error) error {
	return s.producer.Explain(s.consumer.Explain(err))
}

// Begin starts a transaction.
func (s *session) Begin(ctx context.Context) error {
	if err := s.producer.Begin(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open, s.mustAbort, s.polled = true, false, make(map[kafka.TopicPartition]*span)
	return nil
}

// End implements kafka.Session. It aborts if partitions of the transaction were revoked, or the
// group has removed this member.
func (s *session) End(ctx context.Context, commit bool) (committed bool, err error) {
	s.mu.Lock()
	doomed := s.mustAbort
	s.mu.Unlock()
	var cause error
	if commit && !doomed {
		var e *kafka.Error
		switch err := s.commit(ctx); {
		case err == nil:
			s.finish()
			return true, nil
		case !errors.As(err, &e), e.Fatal, e.Retriable && !e.AbortTxn:
			return false, err // closed, ended, or to be called again
		case !membershipLost(err):
			cause = fmt.Errorf("aborted: %w", err)
		}
	}
	s.mu.Lock()
	s.mustAbort = true
	s.mu.Unlock()
	switch err := s.producer.End(ctx, false); {
	case errors.Is(err, errCommitted): // by an End whose context had ended
		s.finish()
		return true, nil
	case err != nil:
		return false, err
	}
	if err := s.rewind(ctx); err != nil {
		return false, err
	}
	return false, cause
}

// commit sends the offsets to the transaction and commits it.
func (s *session) commit(ctx context.Context) error {
	s.mu.Lock()
	var next []ckafka.TopicPartition
	for _, of := range s.polled {
		next = append(next, topicPartition(of.next))
	}
	s.sends++
	name := fmt.Sprint("offsets ", s.sends)
	s.mu.Unlock()

	if len(next) > 0 && !s.producer.committing() {
		if !s.gate.enter() {
			return kafka.ErrClosed
		}
		group, err := s.client.GetConsumerGroupMetadata()
		s.gate.leave()
		if err != nil {
			return convert(err)
		}
		err = s.producer.run(ctx, name, func() error {
			return s.producer.client.SendOffsetsToTransaction(context.Background(), next, group)
		})
		if err != nil {
			return err
		}
	}
	return s.producer.End(ctx, true)
}

// rewind ends an aborted transaction: it moves the assigned partitions back to their positions at
// Begin.
func (s *session) rewind(ctx context.Context) error {
	s.mu.Lock()
	var to []kafka.Offset
	for tp, of := range s.polled {
		if s.has(tp) {
			to = append(to, of.first)
		}
	}
	s.mu.Unlock()
	if err := s.Seek(ctx, to...); err != nil {
		return fmt.Errorf("aborted, but positions did not go back: %w", err)
	}
	s.finish()
	return nil
}

// finish ends the transaction.
func (s *session) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open, s.mustAbort, s.polled = false, false, nil
}

// Close leaves the group, aborts the open transaction and closes both clients.
func (s *session) Close(ctx context.Context) error {
	return errors.Join(s.consumer.Close(ctx), s.producer.Close(ctx))
}

// dropPolled drops the offsets of removed partitions. The transaction must be aborted then.
func (s *session) dropPolled(partitions []kafka.TopicPartition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, tp := range partitions {
		if s.polled[tp] != nil {
			delete(s.polled, tp) // if it is assigned again, it starts at the group's offset
			s.mustAbort = true
		}
	}
}

// sessionRebalance calls the user's Rebalance and the session.
type sessionRebalance struct {
	session *session
	user    kafka.Rebalance // may be nil
}

func (w sessionRebalance) Assigned(ctx context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
	if w.user == nil {
		return nil, nil
	}
	return w.user.Assigned(ctx, committed)
}

func (w sessionRebalance) Revoked(ctx context.Context, p []kafka.TopicPartition) {
	if w.user != nil {
		w.user.Revoked(ctx, p)
	}
	w.session.dropPolled(p)
}

func (w sessionRebalance) Lost(p []kafka.TopicPartition) {
	if w.user != nil {
		w.user.Lost(p)
	}
	w.session.dropPolled(p)
}
