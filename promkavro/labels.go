package promkavro

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// errorLabel names a kind of error: one of few, without data. "" is none.
func errorLabel(err error) string {
	var record *avroconsumer.RecordError
	var encode *serde.EncodeError
	var kafkaErr *kafka.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &record):
		return record.Class().String()
	case errors.As(err, &encode):
		return "encode"
	case errors.As(err, &kafkaErr):
		return strconv.Itoa(int(kafkaErr.Code))
	case errors.Is(err, kafka.ErrClosed):
		return "closed"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline exceeded"
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return fmt.Sprintf("%T", err)
}

// collectors are several as one.
type collectors []prometheus.Collector

// Describe implements prometheus.Collector.
func (c collectors) Describe(out chan<- *prometheus.Desc) {
	for _, one := range c {
		one.Describe(out)
	}
}

// Collect implements prometheus.Collector.
func (c collectors) Collect(out chan<- prometheus.Metric) {
	for _, one := range c {
		one.Collect(out)
	}
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// seconds is a histogram from 1 ms to 16 s.
func seconds(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
	}, labels)
}
