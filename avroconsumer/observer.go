package avroconsumer

import (
	"context"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Observer is notified of what a consumer does, for metrics, traces and logs. Its methods are
// called from many goroutines, never with a lock held, and must not block. Embed [NopObserver]
// to implement some of them. For state, such as the records in flight or the age of the oldest
// one, use [Consumer.Status].
type Observer interface {
	// Received is called with the records of one poll. It must not keep them.
	Received(records []*kafka.Record)
	// Handling is called before a record is decoded and handled. The context that it returns is
	// passed to the handler and to Handled.
	Handling(ctx context.Context, r *kafka.Record) context.Context
	// Handled is called when the handler has returned; err is its error, or that of decoding.
	// With Poll and the iterators it is called when the next record is requested, and err is nil
	// unless decoding failed. It is called once for each Handling: also for each attempt of a
	// record that waits for the registry, whose err is Temporary.
	Handled(ctx context.Context, r *kafka.Record, took time.Duration, err error)
	// PolicyApplied is called with the action taken for a record that failed. For a registry
	// that does not answer ([RegistryUnavailable], [WaitingForRegistry]) it is called once for
	// each schema id and attempt, however many records wait; e.Attempts is the number of
	// attempts.
	PolicyApplied(e *RecordError, class Class, action Action)
	// Committed is called after every commit, with its error.
	Committed(next []kafka.Offset, took time.Duration, err error)
	// Assigned, Revoked and Lost are called during rebalances.
	Assigned(p []kafka.TopicPartition)
	Revoked(p []kafka.TopicPartition)
	Lost(p []kafka.TopicPartition)
	// Error is called with errors that belong to no record and do not end Run.
	Error(err error)
}

// NopObserver is an [Observer] that does nothing.
type NopObserver struct{}

// Received does nothing.
func (NopObserver) Received([]*kafka.Record) {}

// Handling returns ctx.
func (NopObserver) Handling(ctx context.Context, _ *kafka.Record) context.Context { return ctx }

// Handled does nothing.
func (NopObserver) Handled(context.Context, *kafka.Record, time.Duration, error) {}

// PolicyApplied does nothing.
func (NopObserver) PolicyApplied(*RecordError, Class, Action) {}

// Committed does nothing.
func (NopObserver) Committed([]kafka.Offset, time.Duration, error) {}

// Assigned does nothing.
func (NopObserver) Assigned([]kafka.TopicPartition) {}

// Revoked does nothing.
func (NopObserver) Revoked([]kafka.TopicPartition) {}

// Lost does nothing.
func (NopObserver) Lost([]kafka.TopicPartition) {}

// Error does nothing.
func (NopObserver) Error(error) {}
