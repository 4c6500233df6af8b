package promkavro

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// Producer is an [avroproducer.Observer], to be given to
// avroproducer.WithObserver or pipeline.WithProducerObserver, and a
// prometheus.Collector. One may serve several producers.
type Producer struct {
	collectors
	records, bytes, errors *prometheus.CounterVec
	delivery               *prometheus.HistogramVec
	inFlight               prometheus.Gauge
}

// NewProducer makes an observer of producers, which is to be registered.
func NewProducer() *Producer {
	p := &Producer{
		records:  counter("kavro_producer_records_total", "Records that the brokers have.", "topic"),
		bytes:    counter("kavro_producer_bytes_total", "Bytes of keys and values that the brokers have.", "topic"),
		errors:   counter("kavro_producer_errors_total", "Records that were refused or failed.", "topic", "error"),
		delivery: seconds("kavro_producer_delivery_seconds", "Time from the client's queue to the report.", "topic"),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "kavro_producer_in_flight", Help: "Records that wait for their report."}),
	}
	p.collectors = collectors{p.records, p.bytes, p.errors, p.delivery, p.inFlight}
	return p
}

// Refused counts a record that could not be serialized.
func (p *Producer) Refused(_ context.Context, topic string, _ serde.Part, err error) {
	p.errors.WithLabelValues(topic, errorLabel(err)).Inc()
}

// Sending counts a record in.
func (p *Producer) Sending(context.Context, *kafka.Record) (token any) {
	p.inFlight.Inc()
	return nil
}

// Delivered counts a record out.
func (p *Producer) Delivered(_ any, r *kafka.Record, took time.Duration, err error) {
	p.inFlight.Dec()
	p.delivery.WithLabelValues(r.Topic).Observe(took.Seconds())
	if err != nil {
		p.errors.WithLabelValues(r.Topic, errorLabel(err)).Inc()
		return
	}
	p.records.WithLabelValues(r.Topic).Inc()
	p.bytes.WithLabelValues(r.Topic).Add(float64(len(r.Key) + len(r.Value)))
}

var (
	_ avroproducer.Observer = (*Producer)(nil)
	_ prometheus.Collector  = (*Producer)(nil)
)
