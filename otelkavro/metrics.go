package otelkavro

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// The instruments of the semantic conventions, with their units.

// buckets are the boundaries, in seconds, that the conventions recommend.
var buckets = metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)

func sentMessages(m metric.Meter) (metric.Int64Counter, error) {
	return m.Int64Counter("messaging.client.sent.messages", metric.WithUnit("{message}"),
		metric.WithDescription("Number of messages producer attempted to send to the broker."))
}

func consumedMessages(m metric.Meter) (metric.Int64Counter, error) {
	return m.Int64Counter("messaging.client.consumed.messages", metric.WithUnit("{message}"),
		metric.WithDescription("Number of messages that were delivered to the application."))
}

func operationDuration(m metric.Meter) (metric.Float64Histogram, error) {
	return m.Float64Histogram("messaging.client.operation.duration", metric.WithUnit("s"), buckets,
		metric.WithDescription("Duration of messaging operation initiated by a producer or consumer client."))
}

func processDuration(m metric.Meter) (metric.Float64Histogram, error) {
	return m.Float64Histogram("messaging.process.duration", metric.WithUnit("s"), buckets,
		metric.WithDescription("Duration of processing operation."))
}

func failures(m metric.Meter) (metric.Int64Counter, error) {
	return m.Int64Counter("kavro.consumer.failures", metric.WithUnit("{message}"),
		metric.WithDescription("Number of times that a record could not be processed, by class of error and action."))
}

func requestDuration(m metric.Meter) (metric.Float64Histogram, error) {
	return m.Float64Histogram("http.client.request.duration", metric.WithUnit("s"), buckets,
		metric.WithDescription("Duration of HTTP client requests."))
}

func registryCache(m metric.Meter) (metric.Int64Counter, error) {
	return m.Int64Counter("kavro.registry.cache", metric.WithUnit("{lookup}"),
		metric.WithDescription("Number of answers that were looked for in the cache, by cache and result."))
}

func registryRetries(m metric.Meter) (metric.Int64Counter, error) {
	return m.Int64Counter("kavro.registry.retries", metric.WithUnit("{request}"),
		metric.WithDescription("Number of requests that were tried again."))
}

func registryEjected(m metric.Meter) (metric.Int64UpDownCounter, error) {
	return m.Int64UpDownCounter("kavro.registry.ejected", metric.WithUnit("{url}"),
		metric.WithDescription("Number of URLs that are ejected because they did not answer."))
}

// attributes are those of one measurement. Empty strings are left out, and
// Kafka's own limits keep the rest few: there are no keys and no offsets.
func attributes(common []attribute.KeyValue, name string, kind attribute.KeyValue, topic, partition string, err error) attribute.Set {
	kvs := make([]attribute.KeyValue, len(common), len(common)+5)
	copy(kvs, common)
	kvs = append(kvs, semconv.MessagingOperationName(name), kind)
	if topic != "" {
		kvs = append(kvs, semconv.MessagingDestinationName(topic))
	}
	if partition != "" {
		kvs = append(kvs, semconv.MessagingDestinationPartitionID(partition))
	}
	if err != nil {
		kvs = append(kvs, errorType(err))
	}
	return attribute.NewSet(kvs...)
}
