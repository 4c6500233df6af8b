package otelkavro

import (
	"context"
	"errors"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
)

// Consumer is an [avroconsumer.Observer], to be given to
// avroconsumer.WithObserver, or to pipeline.WithObserver.
type Consumer struct {
	avroconsumer.NopObserver
	config
	spans    trace.Tracer
	consumed metric.Int64Counter
	timing   metric.Float64Histogram
	process  metric.Float64Histogram
	failures metric.Int64Counter
}

// NewConsumer makes an observer of consumers. One may serve several.
func NewConsumer(opts ...Option) (*Consumer, error) {
	c := &Consumer{config: configure(opts)}
	c.common = append(c.common, c.config.consumer...)
	c.spans = c.tracer()
	var errs [4]error
	c.consumed, errs[0] = consumedMessages(c.meter())
	c.timing, errs[1] = operationDuration(c.meter())
	c.process, errs[2] = processDuration(c.meter())
	c.failures, errs[3] = failures(c.meter())
	return c, errors.Join(errs[:]...)
}

// Handling starts the span of handling a record. Its parent is the span that sent
// the record, or one that is in ctx already; it is linked to the former always.
func (c *Consumer) Handling(ctx context.Context, r *kafka.Record) context.Context {
	around := trace.SpanFromContext(ctx)
	ctx = c.propagator.Extract(ctx, (*headers)(&r.Headers))
	creation := trace.SpanContextFromContext(ctx)
	opts := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(c.common...),
		trace.WithAttributes(
			semconv.MessagingOperationName("process"), semconv.MessagingOperationTypeProcess,
			semconv.MessagingDestinationName(r.Topic), semconv.MessagingDestinationPartitionID(strconv.Itoa(int(r.Partition))),
			semconv.MessagingKafkaOffset(int(r.Offset)), semconv.MessagingMessageBodySize(len(r.Value)),
		),
	}
	if r.Value == nil {
		opts = append(opts, trace.WithAttributes(semconv.MessagingKafkaMessageTombstone(true)))
	}
	if creation.IsRemote() {
		opts = append(opts, trace.WithLinks(trace.Link{SpanContext: creation}))
	}
	if around.SpanContext().IsValid() {
		ctx = trace.ContextWithSpan(ctx, around)
	}
	ctx, _ = c.spans.Start(ctx, "process "+r.Topic, opts...)
	return ctx
}

// Handled ends the span, and counts the record unless it waits for the registry.
func (c *Consumer) Handled(ctx context.Context, r *kafka.Record, took time.Duration, err error) {
	span := trace.SpanFromContext(ctx)
	if err != nil {
		fail(span, err)
	}
	span.End()
	if e := (*avroconsumer.RecordError)(nil); errors.As(err, &e) && e.Temporary() {
		return // it waits for the registry, and will be handled then
	}
	of := attributes(c.common, "process", semconv.MessagingOperationTypeProcess, r.Topic, strconv.Itoa(int(r.Partition)), err)
	c.consumed.Add(ctx, 1, metric.WithAttributeSet(of))
	c.process.Record(ctx, took.Seconds(), metric.WithAttributeSet(of))
}

// PolicyApplied counts what was done about a record that could not be processed, and the attempts
// of asking a registry that does not answer.
func (c *Consumer) PolicyApplied(e *avroconsumer.RecordError, class avroconsumer.Class, did avroconsumer.Action) {
	kvs := append([]attribute.KeyValue{
		semconv.MessagingDestinationName(e.Raw.Topic),
		attribute.String("kavro.error.class", class.String()),
		attribute.String("kavro.action", did.String()),
	}, c.common...)
	c.failures.Add(context.Background(), 1, metric.WithAttributes(kvs...))
}

// Committed times commits.
func (c *Consumer) Committed(_ []kafka.Offset, took time.Duration, err error) {
	of := attributes(c.common, "commit", semconv.MessagingOperationTypeSettle, "", "", err)
	c.timing.Record(context.Background(), took.Seconds(), metric.WithAttributeSet(of))
}

var _ avroconsumer.Observer = (*Consumer)(nil)
