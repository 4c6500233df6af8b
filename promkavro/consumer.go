package promkavro

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
)

// Consumer is an [avroconsumer.Observer], to be given to
// avroconsumer.WithObserver or pipeline.WithObserver, and a
// prometheus.Collector. One may serve several consumers.
type Consumer struct {
	collectors
	watched                                     watched
	records, bytes, failures, errors, rebalance *prometheus.CounterVec
	handle, commit                              *prometheus.HistogramVec
}

// NewConsumer makes an observer of consumers, which is to be registered.
func NewConsumer() *Consumer {
	c := &Consumer{
		records:   counter("kavro_consumer_records_total", "Records that were polled.", "topic"),
		bytes:     counter("kavro_consumer_bytes_total", "Bytes of keys and values that were polled.", "topic"),
		failures:  counter("kavro_consumer_failures_total", "Records that could not be processed, by class of error and what was done; of a registry that is away, attempts.", "topic", "class", "action"),
		errors:    counter("kavro_consumer_errors_total", "Errors that belong to no record.", "error"),
		rebalance: counter("kavro_consumer_rebalances_total", "Partitions that were assigned, revoked and lost.", "event"),
		handle:    seconds("kavro_consumer_handle_seconds", "Time to decode and handle a record.", "topic", "error"),
		commit:    seconds("kavro_consumer_commit_seconds", "Time to commit.", "error"),
	}
	c.collectors = collectors{c.records, c.bytes, c.failures, c.errors, c.rebalance, c.handle, c.commit, &c.watched}
	return c
}

// Received counts records.
func (c *Consumer) Received(records []*kafka.Record) {
	for len(records) > 0 { // they come in runs
		topic, n, bytes := records[0].Topic, 0, 0
		for n < len(records) && records[n].Topic == topic {
			bytes += len(records[n].Key) + len(records[n].Value)
			n++
		}
		c.records.WithLabelValues(topic).Add(float64(n))
		c.bytes.WithLabelValues(topic).Add(float64(bytes))
		records = records[n:]
	}
}

// Handling returns ctx.
func (c *Consumer) Handling(ctx context.Context, _ *kafka.Record) context.Context { return ctx }

// Handled times a record, unless it waits for the registry: it will be handled then.
func (c *Consumer) Handled(_ context.Context, r *kafka.Record, took time.Duration, err error) {
	if e := (*avroconsumer.RecordError)(nil); errors.As(err, &e) && e.Temporary() {
		return
	}
	c.handle.WithLabelValues(r.Topic, errorLabel(err)).Observe(took.Seconds())
}

// Failed counts what was done about a record that could not be processed, and the attempts
// of asking a registry that does not answer.
func (c *Consumer) PolicyApplied(e *avroconsumer.RecordError, class avroconsumer.Class, did avroconsumer.Action) {
	c.failures.WithLabelValues(e.Raw.Topic, class.String(), did.String()).Inc()
}

// Committed times a commit.
func (c *Consumer) Committed(_ []kafka.Offset, took time.Duration, err error) {
	c.commit.WithLabelValues(errorLabel(err)).Observe(took.Seconds())
}

// Assigned counts partitions.
func (c *Consumer) Assigned(p []kafka.TopicPartition) { c.count("assigned", p) }

// Revoked counts partitions.
func (c *Consumer) Revoked(p []kafka.TopicPartition) { c.count("revoked", p) }

// Lost counts partitions.
func (c *Consumer) Lost(p []kafka.TopicPartition) { c.count("lost", p) }

func (c *Consumer) count(event string, p []kafka.TopicPartition) {
	c.rebalance.WithLabelValues(event).Add(float64(len(p)))
}

// Error counts an error.
func (c *Consumer) Error(err error) { c.errors.WithLabelValues(errorLabel(err)).Inc() }

var (
	_ avroconsumer.Observer = (*Consumer)(nil)
	_ prometheus.Collector  = (*Consumer)(nil)
)
