package avroconsumer

import (
	"context"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Observers returns an observer that calls each of o in order. A record's context passes
// through Handling of all of them, and Handled gives each the context that it returned, so
// that two tracers do not end each other's spans. A panic of one is not recovered: the others
// miss that event.
func Observers(o ...Observer) Observer {
	switch len(o) {
	case 0:
		return NopObserver{}
	case 1:
		return o[0]
	}
	return observers(append([]Observer(nil), o...))
}

type observers []Observer

// handlingContext is the result of Handling for several observers: the last one's context, and
// each one's.
type handlingContext struct {
	context.Context
	each []context.Context
}

func (o observers) Received(records []*kafka.Record) {
	for _, one := range o {
		one.Received(records)
	}
}

func (o observers) Handling(ctx context.Context, r *kafka.Record) context.Context {
	each := make([]context.Context, len(o))
	for i, one := range o {
		ctx = one.Handling(ctx, r)
		each[i] = ctx
	}
	return &handlingContext{Context: ctx, each: each}
}

func (o observers) Handled(ctx context.Context, r *kafka.Record, took time.Duration, err error) {
	h, ours := ctx.(*handlingContext)
	for i, one := range o {
		if ours && len(h.each) == len(o) {
			ctx = h.each[i]
		}
		one.Handled(ctx, r, took, err)
	}
}

func (o observers) PolicyApplied(e *RecordError, class Class, action Action) {
	for _, one := range o {
		one.PolicyApplied(e, class, action)
	}
}

func (o observers) Committed(next []kafka.Offset, took time.Duration, err error) {
	for _, one := range o {
		one.Committed(next, took, err)
	}
}

func (o observers) Assigned(p []kafka.TopicPartition) {
	for _, one := range o {
		one.Assigned(p)
	}
}

func (o observers) Revoked(p []kafka.TopicPartition) {
	for _, one := range o {
		one.Revoked(p)
	}
}

func (o observers) Lost(p []kafka.TopicPartition) {
	for _, one := range o {
		one.Lost(p)
	}
}

func (o observers) Error(err error) {
	for _, one := range o {
		one.Error(err)
	}
}
