// Package metrics shows what a registry server measures to Prometheus.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kavro/kavro/registry/server"
)

// Metrics are a [server.Metrics] by Prometheus' client. Names begin with kavro_registry_;
// those of the process (go_, process_) are the usual ones of Prometheus' client.
type Metrics struct {
	http.Handler
	all      *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

const namespace = "kavro_registry"

// New returns metrics without values, for one server.
func New() *Metrics {
	m := &Metrics{
		all: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "requests_total", Help: "Requests, by endpoint and status.",
		}, []string{"method", "route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "request_seconds", Help: "Time to answer, by endpoint.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"route"}),
	}
	m.all.MustRegister(m.requests, m.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.Handler = promhttp.HandlerFor(m.all, promhttp.HandlerOpts{})
	return m
}

// Watch implements [server.Metrics].
func (m *Metrics) Watch(stats func() server.Stats) { m.all.MustRegister(statsCollector(stats)) }

// Request implements [server.Metrics].
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// statsCollector collects the values of one moment.
type statsCollector func() server.Stats

// stat is one of them.
type stat struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*server.Stats) float64
}

func gauge(name, help string, value func(*server.Stats) float64) stat {
	return stat{prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, nil, nil), prometheus.GaugeValue, value}
}

func counter(name, help string, value func(*server.Stats) float64) stat {
	return stat{prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, nil, nil), prometheus.CounterValue, value}
}

var stats = []stat{
	gauge("contexts", "Contexts.", func(s *server.Stats) float64 { return float64(s.Contexts) }),
	gauge("subjects", "Subjects that are not deleted.", func(s *server.Stats) float64 { return float64(s.Subjects) }),
	gauge("versions", "Versions that are not deleted.", func(s *server.Stats) float64 { return float64(s.Versions) }),
	gauge("schemas", "Schema ids.", func(s *server.Stats) float64 { return float64(s.Schemas) }),
	gauge("log_bytes", "Size of the log, in bytes.", func(s *server.Stats) float64 { return float64(s.LogBytes) }),
	gauge("log_not_rewritten", "1 if the log could not be rewritten at the start, though most of it is about what was deleted.",
		func(s *server.Stats) float64 { return flag(s.NotRewritten != "") }),
	gauge("log_not_written", "1 if no change can be written to the log any more.", func(s *server.Stats) float64 { return flag(s.NotWritten != "") }),
	gauge("start_time_seconds", "When the server started, in seconds since 1970.", func(s *server.Stats) float64 { return float64(s.Started.Unix()) }),
	gauge("requests_in_flight", "Requests that have begun and not ended.", func(s *server.Stats) float64 { return float64(s.InFlight) }),
	gauge("requests_at_work", "Requests being worked on: complete, and without an answer yet.", func(s *server.Stats) float64 { return float64(s.AtWork) }),
	gauge("body_bytes", "Bytes of requests' bodies in memory.", func(s *server.Stats) float64 { return float64(s.BodyBytes) }),
	gauge("connections", "Open connections.", func(s *server.Stats) float64 { return float64(s.Connections) }),
	counter("requests_refused_total", "Requests refused because there were too many at a time.", func(s *server.Stats) float64 { return float64(s.Refused) }),
	counter("connections_closed_total", "Connections closed to make room for others.", func(s *server.Stats) float64 { return float64(s.Closed) }),
}

func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

// Describe implements [prometheus.Collector].
func (statsCollector) Describe(out chan<- *prometheus.Desc) {
	for _, s := range stats {
		out <- s.desc
	}
}

// Collect implements [prometheus.Collector].
func (c statsCollector) Collect(out chan<- prometheus.Metric) {
	now := c()
	for _, s := range stats {
		out <- prometheus.MustNewConstMetric(s.desc, s.kind, s.value(&now))
	}
}
