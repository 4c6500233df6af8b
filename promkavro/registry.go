package promkavro

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kavro/kavro/registry"
)

// Registry is a [registry.Observer], to be given to registry.WithObserver, and a
// prometheus.Collector. One may serve several clients.
type Registry struct {
	collectors
	requests *prometheus.HistogramVec
	cache    *prometheus.CounterVec
	retries  prometheus.Counter
	open     prometheus.Gauge
}

// NewRegistry makes an observer of registry clients, which is to be registered.
func NewRegistry() *Registry {
	r := &Registry{
		requests: seconds("kavro_registry_request_seconds", "Time of one attempt of a request.", "method", "status"),
		cache:    counter("kavro_registry_cache_total", "What became of questions.", "cache", "result"),
		retries:  prometheus.NewCounter(prometheus.CounterOpts{Name: "kavro_registry_retries_total", Help: "Requests that were tried again."}),
		open:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "kavro_registry_open", Help: "URLs that are ejected because they did not answer."}),
	}
	r.collectors = collectors{r.requests, r.cache, r.retries, r.open}
	return r
}

// Observe counts one event.
func (r *Registry) Observe(e registry.Event) {
	switch e.Kind {
	case registry.EventRequest:
		status := ""
		if e.Status != 0 {
			status = strconv.Itoa(e.Status)
		}
		r.requests.WithLabelValues(e.Method, status).Observe(e.Duration.Seconds())
	case registry.EventRetry:
		r.retries.Inc()
	case registry.EventEjected:
		r.open.Inc()
	case registry.EventHealthy:
		r.open.Dec()
	default:
		r.cache.WithLabelValues(e.Cache, e.Kind.String()).Inc()
	}
}

var (
	_ registry.Observer    = (*Registry)(nil)
	_ prometheus.Collector = (*Registry)(nil)
)
