package otelkavro

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"github.com/kavro/kavro/registry"
)

// Registry is a [registry.Observer], to be given to registry.WithObserver. It makes no
// spans: an event has no context, and a request may serve several callers.
type Registry struct {
	requests metric.Float64Histogram
	cache    metric.Int64Counter
	retries  metric.Int64Counter
	ejected  metric.Int64UpDownCounter
}

// NewRegistry makes an observer of registry clients. One may serve several. Of the
// options, [WithMeterProvider] has an effect.
func NewRegistry(opts ...Option) (*Registry, error) {
	c := configure(opts)
	m := c.meter()
	var r Registry
	var errs [4]error
	r.requests, errs[0] = requestDuration(m)
	r.cache, errs[1] = registryCache(m)
	r.retries, errs[2] = registryRetries(m)
	r.ejected, errs[3] = registryEjected(m)
	return &r, errors.Join(errs[:]...)
}

// Observe measures one event.
func (r *Registry) Observe(e registry.Event) {
	ctx := context.Background()
	switch e.Kind {
	case registry.EventRequest:
		r.requests.Record(ctx, e.Duration.Seconds(), metric.WithAttributes(request(e)...))
	case registry.EventRetry:
		r.retries.Add(ctx, 1)
	case registry.EventEjected:
		r.ejected.Add(ctx, 1)
	case registry.EventHealthy:
		r.ejected.Add(ctx, -1)
	default:
		r.cache.Add(ctx, 1, metric.WithAttributes(attribute.String("kavro.cache", e.Cache), attribute.String("kavro.result", e.Kind.String())))
	}
}

// request returns the attributes of an attempt, none of which says what was asked for.
func request(e registry.Event) []attribute.KeyValue {
	kvs := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(e.Method)}
	if u, err := url.Parse(e.URL); err == nil {
		kvs = append(kvs, semconv.ServerAddress(u.Hostname()), semconv.ServerPort(port(u)))
	}
	if e.Status != 0 {
		kvs = append(kvs, semconv.HTTPResponseStatusCode(e.Status))
	}
	switch {
	case e.Status >= 400:
		kvs = append(kvs, semconv.ErrorTypeKey.String(strconv.Itoa(e.Status)))
	case e.Err != nil:
		kvs = append(kvs, errorType(e.Err))
	}
	return kvs
}

// port returns that of a URL, which may be its scheme's.
func port(u *url.URL) int {
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}

var _ registry.Observer = (*Registry)(nil)
