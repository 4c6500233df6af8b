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

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// Producer is an [avroproducer.Observer], to be given to
// avroproducer.WithObserver, or to pipeline.WithProducerObserver.
type Producer struct {
	config
	spans  trace.Tracer
	sent   metric.Int64Counter
	timing metric.Float64Histogram
}

// NewProducer makes an observer of producers. One may serve several.
func NewProducer(opts ...Option) (*Producer, error) {
	p := &Producer{config: configure(opts)}
	p.spans = p.tracer()
	var err1, err2 error
	p.sent, err1 = sentMessages(p.meter())
	p.timing, err2 = operationDuration(p.meter())
	return p, errors.Join(err1, err2)
}

// sending is what is known of a record on its way.
type sending struct {
	ctx  context.Context
	span trace.Span
}

// Refused makes a span of a record that could not be serialized.
func (p *Producer) Refused(ctx context.Context, topic string, part serde.Part, err error) {
	_, span := p.start(ctx, topic)
	span.SetAttributes(attribute.String("kavro.part", part.String()))
	fail(span, err)
	span.End()
	p.measure(ctx, topic, "", 0, err)
}

// Sending starts a record's span, and writes its context into the headers.
func (p *Producer) Sending(ctx context.Context, r *kafka.Record) (token any) {
	ctx, span := p.start(ctx, r.Topic)
	if span.IsRecording() {
		span.SetAttributes(semconv.MessagingMessageBodySize(len(r.Value)))
		if r.Value == nil {
			span.SetAttributes(semconv.MessagingKafkaMessageTombstone(true))
		}
	}
	p.propagator.Inject(ctx, (*headers)(&r.Headers))
	return &sending{ctx, span}
}

func (p *Producer) start(ctx context.Context, topic string) (context.Context, trace.Span) {
	return p.spans.Start(ctx, "send "+topic, trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(p.common...),
		trace.WithAttributes(semconv.MessagingOperationName("send"), semconv.MessagingOperationTypeSend, semconv.MessagingDestinationName(topic)))
}

// Delivered ends the span.
func (p *Producer) Delivered(token any, r *kafka.Record, took time.Duration, err error) {
	s := token.(*sending)
	partition := ""
	if r.Partition >= 0 {
		partition = strconv.Itoa(int(r.Partition))
	}
	if s.span.IsRecording() {
		if partition != "" {
			s.span.SetAttributes(semconv.MessagingDestinationPartitionID(partition))
		}
		if r.Offset >= 0 {
			s.span.SetAttributes(semconv.MessagingKafkaOffset(int(r.Offset)))
		}
		if err != nil {
			fail(s.span, err)
		}
	}
	s.span.End()
	p.measure(s.ctx, r.Topic, partition, took, err)
}

func (p *Producer) measure(ctx context.Context, topic, partition string, took time.Duration, err error) {
	of := attributes(p.common, "send", semconv.MessagingOperationTypeSend, topic, partition, err)
	p.sent.Add(ctx, 1, metric.WithAttributeSet(of))
	if took > 0 {
		p.timing.Record(ctx, took.Seconds(), metric.WithAttributeSet(of))
	}
}

var _ avroproducer.Observer = (*Producer)(nil)
