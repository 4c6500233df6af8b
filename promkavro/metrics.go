package promkavro

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/registry"
)

// Metrics observes everything that is made from a kavro.Client, by kavro.WithObserver. It
// is a prometheus.Collector, to be registered, and a http.Handler that serves its metrics
// alone. All methods are safe for concurrent use.
type Metrics struct {
	collectors
	http.Handler
	producer *Producer
	consumer *Consumer
	registry *Registry
}

// New makes an observer of producers, consumers, pipelines and the registry client.
func New() *Metrics {
	m := &Metrics{producer: NewProducer(), consumer: NewConsumer(), registry: NewRegistry()}
	m.collectors = collectors{m.producer, m.consumer, m.registry}
	own := prometheus.NewRegistry()
	own.MustRegister(m)
	m.Handler = promhttp.HandlerFor(own, promhttp.HandlerOpts{})
	return m
}

// ProducerObserver returns the observer of producers.
func (m *Metrics) ProducerObserver() avroproducer.Observer { return m.producer }

// ConsumerObserver returns the observer of consumers.
func (m *Metrics) ConsumerObserver() avroconsumer.Observer { return m.consumer }

// RegistryObserver returns the observer of the registry client.
func (m *Metrics) RegistryObserver() registry.Observer { return m.registry }

// Watch has every scrape ask s for its lag and its records in flight: see [Consumer.Watch].
func (m *Metrics) Watch(s Source) (stop func()) { return m.consumer.Watch(s) }
