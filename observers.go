package kavro

import (
	"fmt"
	"slices"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/registry"
)

// ProducerObserver has an observer of what is produced.
type ProducerObserver interface {
	ProducerObserver() avroproducer.Observer
}

// ConsumerObserver has an observer of what is consumed.
type ConsumerObserver interface {
	ConsumerObserver() avroconsumer.Observer
}

// RegistryObserver has an observer of the registry client.
type RegistryObserver interface {
	RegistryObserver() registry.Observer
}

// WithObserver has o told of everything that it can observe. o is a [ProducerObserver], a
// [ConsumerObserver], a [RegistryObserver], or several of them, as promkavro.Metrics,
// otelkavro.Telemetry and [LogObserver] are, or the observer of one package itself. A
// pipeline is observed by those of producers and consumers. One that sees nothing of what
// is made is an error.
//
// Several are told in the order given, those of [Open] first. The registry client is the
// Client's: give its observers to Open.
func WithObserver(o any) Option {
	return anyOption{func(s *settings) {
		if !s.need("WithObserver", "observer", o) {
			return
		}
		one := observersOf(o)
		if !one.fits(s.role) {
			s.refuse("WithObserver", fmt.Sprintf("%s observes no %s", count.A(fmt.Sprintf("%T", o)), s.role))
		}
		s.observed.add(one)
	}}
}

// observers are those of each layer.
type observers struct {
	producer []avroproducer.Observer
	consumer []avroconsumer.Observer
	registry []registry.Observer
}

// observersOf returns what o has.
func observersOf(o any) (all observers) {
	if p, ok := o.(avroproducer.Observer); ok {
		all.producer = append(all.producer, p)
	}
	if c, ok := o.(avroconsumer.Observer); ok {
		all.consumer = append(all.consumer, c)
	}
	if r, ok := o.(registry.Observer); ok {
		all.registry = append(all.registry, r)
	}
	if p, ok := o.(ProducerObserver); ok {
		all.producer = append(all.producer, p.ProducerObserver())
	}
	if c, ok := o.(ConsumerObserver); ok {
		all.consumer = append(all.consumer, c.ConsumerObserver())
	}
	if r, ok := o.(RegistryObserver); ok {
		all.registry = append(all.registry, r.RegistryObserver())
	}
	return all
}

// fits reports whether there is an observer of what is made.
func (o observers) fits(r role) bool {
	switch {
	case r == producing:
		return len(o.producer) > 0
	case r == consuming:
		return len(o.consumer) > 0
	case r.pipes():
		return len(o.producer)+len(o.consumer) > 0
	}
	return len(o.producer)+len(o.consumer)+len(o.registry) > 0
}

func (o *observers) add(more observers) {
	o.producer = append(o.producer, more.producer...)
	o.consumer = append(o.consumer, more.consumer...)
	o.registry = append(o.registry, more.registry...)
}

// clone returns a copy that can be added to.
func (o observers) clone() observers {
	return observers{slices.Clone(o.producer), slices.Clone(o.consumer), slices.Clone(o.registry)}
}
