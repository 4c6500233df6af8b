package avroproducer

import (
	"context"
	"time"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// Observer sees every record on its way, for metrics and traces. Its methods
// are called from many goroutines and must not block. Embed [NopObserver] to
// implement some of them.
type Observer interface {
	// Refused is told of a record that could not be serialized.
	Refused(ctx context.Context, topic string, part serde.Part, err error)
	// Sending sees a serialized record just before the client gets it. It may
	// append to r.Headers, the context of a trace for instance, and must not
	// change anything else. What it returns is given to Delivered.
	Sending(ctx context.Context, r *kafka.Record) (token any)
	// Delivered is told what became of the record, after took. It is called on
	// the client's own thread. r is not to be kept. If the client did not take the
	// record, because its queue stayed full until the context ended for instance,
	// err is why.
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
