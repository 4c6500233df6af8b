package otelkavro

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
)

// errorType is error.type: few values, none of which holds data. It is the class
// of a record's error, Kafka's code of a client's, else the Go type of the cause.
func errorType(err error) attribute.KeyValue {
	var record *avroconsumer.RecordError
	var kafkaErr *kafka.Error
	switch {
	case errors.As(err, &record):
		return semconv.ErrorTypeKey.String(record.Class().String())
	case errors.As(err, &kafkaErr):
		return semconv.ErrorTypeKey.String(strconv.Itoa(int(kafkaErr.Code)))
	case errors.Is(err, kafka.ErrClosed):
		return semconv.ErrorTypeKey.String("closed")
	case errors.Is(err, context.Canceled):
		return semconv.ErrorTypeKey.String("canceled")
	case errors.Is(err, context.DeadlineExceeded):
		return semconv.ErrorTypeKey.String("deadline_exceeded")
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return semconv.ErrorTypeKey.String(fmt.Sprintf("%T", err))
}

// fail marks a span as failed.
func fail(s trace.Span, err error) {
	s.SetAttributes(errorType(err))
	s.SetStatus(codes.Error, err.Error())
}
