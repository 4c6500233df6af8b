package avroconsumer

import (
	"context"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Observer sees what a consumer does, for metrics, traces and logs. Its methods
// are called from many goroutines, never under a lock, and must not block. Embed
// [NopObserver] to implement some of them. For what is true at a moment, such as
// how much is in flight or the age of the oldest record, ask [Consumer.Status].
type Observer interface {
	// Received is told of the records of one poll. They are not to be kept.
	Received(records []*kafka.Record)
	// Handling is called when a record is about to be decoded and handled. The
	// context it returns goes to the handler and to Handled.
	Handling(ctx context.Context, r *kafka.Record) context.Context
	// Handled is called when the handler has returned: err is its error, or that
	// of decoding. With Poll and the iterators, it is called when the next record
	// is asked for, and err is nil unless decoding failed. It is called once for
	// each Handling: a record that waits for the registry (err is Temporary) is
	// handled again, so it is not to be counted or logged here.
	Handled(ctx context.Context, r *kafka.Record, took time.Duration, err error)
	// Failed says what was done about a record that could not be processed. Of a
	// registry that does not answer ([RegistryUnavailable], Waited) it is told once for
	// each id and attempt, however many records wait: e.Attempts counts those.
	PolicyApplied(e *RecordError, class Class, did Action)
	// Committed is told of every commit, with its error.
	Committed(next []kafka.Offset, took time.Duration, err error)
	// Assigned, Revoked and Lost are told of rebalances.
	Assigned(p []kafka.TopicPartition)
	Revoked(p []kafka.TopicPartition)
	Lost(p []kafka.TopicPartition)
	// Error is told of errors that belong to no record and end nothing.
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

// Failed does nothing.
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
