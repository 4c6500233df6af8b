package server

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// textMetrics are [Metrics] in Prometheus' text format ("Text-based format", version 0.0.4,
// Prometheus documentation), written without its library. They are the default.
//
//	kavro_registry_requests_total{method,route,code}       counter
//	kavro_registry_request_seconds{route}                  histogram
//	kavro_registry_requests_in_flight, _requests_at_work, _body_bytes, _connections   gauges
//	kavro_registry_requests_refused_total, _connections_closed_total                  counters
//	kavro_registry_log_not_rewritten, _log_not_written     gauges, 0 or 1
//	kavro_registry_contexts, _subjects, _versions, _schemas, _log_bytes   gauges
type textMetrics struct {
	stats func() Stats

	mu       sync.Mutex
	requests map[requestKey]int64
	seconds  map[string]*histogram // by route
}

type requestKey struct {
	method, route string
	status        int
}

// bounds are the upper ends of the histogram's buckets.
var bounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second,
}

type histogram struct {
	buckets [len(bounds)]int64 // of those that took no longer, and longer than the bucket before
	count   int64
	sum     time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.count++
	h.sum += d
	for i, bound := range bounds {
		if d <= bound {
			h.buckets[i]++
			return
		}
	}
}

func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

func newTextMetrics() *textMetrics {
	return &textMetrics{requests: map[requestKey]int64{}, seconds: map[string]*histogram{}}
}

func (m *textMetrics) Watch(stats func() Stats) { m.stats = stats }

func (m *textMetrics) Request(method, route string, status int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[requestKey{method, route, status}]++
	h := m.seconds[route]
	if h == nil {
		h = &histogram{}
		m.seconds[route] = h
	}
	h.add(took)
}

// ServeHTTP writes all metrics.
func (m *textMetrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	out := bufio.NewWriter(w)
	defer out.Flush()
	head := func(name, kind, help string) {
		fmt.Fprintf(out, "# HELP kavro_registry_%s %s\n# TYPE kavro_registry_%s %s\n", name, help, name, kind)
	}
	gauge := func(name, help string, value int64) {
		head(name, "gauge", help)
		fmt.Fprintf(out, "kavro_registry_%s %d\n", name, value)
	}
	stats := m.stats()
	gauge("contexts", "Contexts.", int64(stats.Contexts))
	gauge("subjects", "Subjects that are not deleted.", int64(stats.Subjects))
	gauge("versions", "Versions that are not deleted.", int64(stats.Versions))
	gauge("schemas", "Schema ids.", int64(stats.Schemas))
	gauge("log_bytes", "Size of the log.", stats.LogBytes)
	gauge("start_time_seconds", "When the server started, in seconds since 1970.", stats.Started.Unix())
	gauge("requests_in_flight", "Requests that have begun and not ended.", stats.InFlight)
	gauge("requests_at_work", "Requests being worked on: complete, and without an answer yet.", stats.AtWork)
	gauge("body_bytes", "Bytes of requests' bodies in memory.", stats.BodyBytes)
	gauge("connections", "Open connections.", stats.Connections)
	gauge("log_not_rewritten", "1 if the log could not be rewritten at the start, though it is mostly about what is no more.", flag(stats.NotRewritten != ""))
	gauge("log_not_written", "1 if no change can be written to the log any more.", flag(stats.NotWritten != ""))
	counter := func(name, help string, value int64) {
		head(name, "counter", help)
		fmt.Fprintf(out, "kavro_registry_%s %d\n", name, value)
	}
	counter("requests_refused_total", "Requests refused as there were too many at a time.", stats.Refused)
	counter("connections_closed_total", "Connections closed to make room for others.", stats.Closed)

	m.mu.Lock()
	requests := maps.Clone(m.requests)
	seconds := make(map[string]histogram, len(m.seconds))
	for route, h := range m.seconds {
		seconds[route] = *h
	}
	m.mu.Unlock()

	head("requests_total", "counter", "Requests, by endpoint and status.")
	for _, key := range slices.SortedFunc(maps.Keys(requests), func(a, b requestKey) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.method, b.method), cmp.Compare(a.status, b.status))
	}) {
		fmt.Fprintf(out, "kavro_registry_requests_total{method=%q,route=%q,code=\"%d\"} %d\n", key.method, key.route, key.status, requests[key])
	}
	head("request_seconds", "histogram", "Time to answer, by endpoint.")
	for _, route := range slices.Sorted(maps.Keys(seconds)) {
		h := seconds[route]
		total := int64(0)
		for i, bound := range bounds {
			total += h.buckets[i]
			fmt.Fprintf(out, "kavro_registry_request_seconds_bucket{route=%q,le=\"%s\"} %d\n", route, strconv.FormatFloat(bound.Seconds(), 'g', -1, 64), total)
		}
		fmt.Fprintf(out, "kavro_registry_request_seconds_bucket{route=%q,le=\"+Inf\"} %d\n", route, h.count)
		fmt.Fprintf(out, "kavro_registry_request_seconds_sum{route=%q} %s\n", route, strconv.FormatFloat(h.sum.Seconds(), 'g', -1, 64))
		fmt.Fprintf(out, "kavro_registry_request_seconds_count{route=%q} %d\n", route, h.count)
	}
}
