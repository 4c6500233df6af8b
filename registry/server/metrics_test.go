package server_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/server"
)

// recorded is a Metrics of a program's own.
type recorded struct {
	stats func() server.Stats

	mu       sync.Mutex
	requests []string
}

func (r *recorded) Watch(stats func() server.Stats) { r.stats = stats }

func (r *recorded) Request(method, route string, status int, _ time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, fmt.Sprintf("%s %s %d", method, route, status))
}

func (r *recorded) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "%d subjects, %d in flight", r.stats().Subjects, r.stats().InFlight)
}

func TestOwnMetrics(t *testing.T) {
	m := &recorded{}
	h := newServer(t, server.WithMetrics(m)).Handler()
	request(h, "POST", "/subjects/a/versions", "", `{"schema":"\"int\""}`)
	request(h, "BREW", "/coffee", "", "")
	require.Equal(t, "1 subjects, 1 in flight", request(h, "GET", "/metrics", "", "").Body.String())
	require.Equal(t, []string{"POST /subjects/*/versions 200", "other none 404", "GET /metrics 200"}, m.requests)
	require.WithinDuration(t, time.Now(), m.stats().Started, time.Minute)
	require.Zero(t, m.stats().InFlight)
}

func TestNoMetrics(t *testing.T) {
	for _, opts := range [][]server.Option{nil, {server.WithMetrics(nil)}} {
		s, err := server.New(memory.New(), opts...)
		require.NoError(t, err)
		h := s.Handler()
		require.Equal(t, http.StatusOK, request(h, "GET", "/subjects", "", "").Code)
		require.Equal(t, http.StatusNotFound, request(h, "GET", "/metrics", "", "").Code)
	}
}
