package otelkavro

import (
	"errors"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/registry"
)

// Telemetry observes everything that is made from a kavro.Client, by kavro.WithObserver.
// All methods are safe for concurrent use.
type Telemetry struct {
	producer *Producer
	consumer *Consumer
	registry *Registry
}

// New makes an observer of producers, consumers, pipelines and the registry client.
// [WithConsumerGroup] and [WithClientID] fit where all consumers of the Client have the same
// group, or all parts the same id.
func New(opts ...Option) (*Telemetry, error) {
	var t Telemetry
	var errs [3]error
	t.producer, errs[0] = NewProducer(opts...)
	t.consumer, errs[1] = NewConsumer(opts...)
	t.registry, errs[2] = NewRegistry(opts...)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return &t, nil
}

// ProducerObserver returns the observer of producers.
func (t *Telemetry) ProducerObserver() avroproducer.Observer { return t.producer }

// ConsumerObserver returns the observer of consumers.
func (t *Telemetry) ConsumerObserver() avroconsumer.Observer { return t.consumer }

// RegistryObserver returns the observer of the registry client.
func (t *Telemetry) RegistryObserver() registry.Observer { return t.registry }
