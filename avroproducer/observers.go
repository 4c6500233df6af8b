package avroproducer

import (
	"context"
	"time"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// observers calls several observers in order. A panic of one is not recovered.
type observers []Observer

// combine returns o as one observer, nil if o is empty.
func combine(o []Observer) Observer {
	switch len(o) {
	case 0:
		return nil
	case 1:
		return o[0]
	}
	return observers(o)
}

func (o observers) Refused(ctx context.Context, topic string, part serde.Part, err error) {
	for _, one := range o {
		one.Refused(ctx, topic, part, err)
	}
}

// Sending returns a slice with the token of each observer.
func (o observers) Sending(ctx context.Context, r *kafka.Record) any {
	tokens := make([]any, len(o))
	for i, one := range o {
		tokens[i] = one.Sending(ctx, r)
	}
	return tokens
}

func (o observers) Delivered(token any, r *kafka.Record, took time.Duration, err error) {
	for i, one := range o {
		one.Delivered(token.([]any)[i], r, took, err)
	}
}
