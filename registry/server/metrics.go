package server

import (
	"cmp"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kavro/kavro/registry/memory"
)

// Metrics keeps what a [Server] measures and shows it under GET /metrics, to users. A
// program fills it with the client library of its monitoring system; see [WithMetrics].
// All methods may be called by several goroutines at once, and must not block.
type Metrics interface {
	// Watch is called once, by [New], before any other method. stats returns the values of
	// this moment; call it for each collection, not for each request: it counts all subjects.
	Watch(stats func() Stats)
	// Request is called when a request has ended. method is GET, HEAD, POST, PUT, DELETE or
	// "other". route is the endpoint, such as "/subjects/*/versions", or "none" where there
	// is none: both have few values, and names of subjects are not among them. took is the
	// time from the end of the header to the end of the answer.
	Request(method, route string, status int, took time.Duration)
	// ServeHTTP answers GET and HEAD of /metrics.
	http.Handler
}

// Stats is what a [Server] and its registry hold at a moment, and what the server has
// refused since its start.
type Stats struct {
	memory.Stats

	Started     time.Time // when the server was made
	InFlight    int64     // requests that have begun and not ended
	AtWork      int64     // requests that are complete and have no answer yet
	BodyBytes   int64     // of requests' bodies in memory
	Connections int64     // open
	Refused     int64     // requests, as there were too many at a time; ever greater
	Closed      int64     // connections, to make room for others; ever greater
}

// WithMetrics measures the server and adds the path /metrics, which m answers. By default,
// or if m is nil, nothing is measured and there is no such path. The command line gives m by
// Prometheus' own client.
func WithMetrics(m Metrics) Option { return func(s *settings) { s.metrics = m } }

// meter measures requests for a [Metrics].
type meter struct {
	Metrics
	memory   *memory.Registry
	in       *intake
	conns    *connections
	started  time.Time
	inFlight atomic.Int64
}

func newMeter(to Metrics, m *memory.Registry, in *intake, conns *connections) *meter {
	mt := &meter{Metrics: to, memory: m, in: in, conns: conns, started: time.Now()}
	to.Watch(mt.stats)
	return mt
}

func (m *meter) stats() Stats {
	s := Stats{Stats: m.memory.Stats(), Started: m.started, InFlight: m.inFlight.Load()}
	var noSlot, noSpace int64
	s.AtWork, noSlot = m.in.slots.counts()
	s.BodyBytes, noSpace = m.in.held.counts()
	s.Refused = noSlot + noSpace
	s.Connections, s.Closed = m.conns.counts()
	return s
}

// wrap counts the requests to a handler.
func (m *meter) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.inFlight.Add(1)
		counted := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		start := time.Now()
		defer func() { // also when the handler panics to close the connection
			m.inFlight.Add(-1)
			method := r.Method
			if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "DELETE"}, method) {
				method = "other"
			}
			// The handler says which of its endpoints it was.
			m.Request(method, cmp.Or(r.Pattern, "none"), counted.status, time.Since(start))
		}()
		next.ServeHTTP(counted, r)
	})
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// withMetrics adds the path that shows the metrics.
func withMetrics(m http.Handler, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			r.Pattern = "/metrics"
			m.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
