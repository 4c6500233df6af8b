package avroproducer

import (
	"context"
	"time"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// Observer is notified of every record, for metrics and traces. Its methods are called
// from many goroutines and must not block. Embed [NopObserver] to implement some of them.
type Observer interface {
	// Refused is called for a record that could not be serialized.
	Refused(ctx context.Context, topic string, part serde.Part, err error)
	// Sending is called with a serialized record before the client gets it. It may
	// append to r.Headers, for example the context of a trace, and must not change
	// anything else. Its result is passed to Delivered.
	Sending(ctx context.Context, r *kafka.Record) (token any)
	// Delivered is called with the result for a record: err is nil if the brokers
	// have it. If the client refused the record, for example because its queue stayed
	// full until the context ended, err is the client's. took is the time since
	// Sending. It is called on the client's own thread and must not keep r.
	Delivered(token any, r *kafka.Record, took time.Duration, err error)
}

// NopObserver is an [Observer] that does nothing.
type NopObserver struct{}

// Refused does nothing.
func (NopObserver) Refused(context.Context, string, serde.Part, error) {}

// Sending does nothing.
func (NopObserver) Sending(context.Context, *kafka.Record) any { return nil }

// Delivered does nothing.
func (NopObserver) Delivered(any, *kafka.Record, time.Duration, error) {}
