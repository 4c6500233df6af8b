package otelkavro

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"
)

// scope names this package to OpenTelemetry.
const scope = "github.com/kavro/kavro/otelkavro"

// Option changes how observers work.
type Option func(*config)

type config struct {
	tracers    trace.TracerProvider
	meters     metric.MeterProvider
	propagator propagation.TextMapPropagator
	common     []attribute.KeyValue // of every span and every measurement of producers and consumers
	consumer   []attribute.KeyValue // of those of consumers
}

func configure(opts []Option) config {
	c := config{
		tracers:    otel.GetTracerProvider(),
		meters:     otel.GetMeterProvider(),
		propagator: otel.GetTextMapPropagator(),
		common:     []attribute.KeyValue{semconv.MessagingSystemKafka},
	}
	for _, o := range opts {
		o(&c)
	}
	return c
}

func (c *config) tracer() trace.Tracer {
	return c.tracers.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))
}

func (c *config) meter() metric.Meter {
	return c.meters.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
}

// WithTracerProvider makes spans through p. The default is OpenTelemetry's
// global one.
func WithTracerProvider(p trace.TracerProvider) Option { return func(c *config) { c.tracers = p } }

// WithMeterProvider makes metrics through p. The default is OpenTelemetry's
// global one.
func WithMeterProvider(p metric.MeterProvider) Option { return func(c *config) { c.meters = p } }

// WithPropagator reads and writes the context of traces through p. The default is
// OpenTelemetry's global one, which does nothing until it is set.
func WithPropagator(p propagation.TextMapPropagator) Option {
	return func(c *config) { c.propagator = p }
}

// WithConsumerGroup adds the name of the group to what consumers do
// (messaging.consumer.group.name). It changes nothing for producers and the registry.
func WithConsumerGroup(name string) Option {
	return func(c *config) { c.consumer = append(c.consumer, semconv.MessagingConsumerGroupName(name)) }
}

// WithClientID adds the id of the Kafka client to what producers and consumers do
// (messaging.client.id).
func WithClientID(id string) Option {
	return func(c *config) { c.common = append(c.common, semconv.MessagingClientID(id)) }
}
