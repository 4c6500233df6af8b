package transport

import (
	"net/http"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// open makes a transport with the default settings, changed by set.
func open(urls string, set ...func(*Settings)) (*Transport, error) {
	s := Defaults()
	for _, f := range set {
		f(&s)
	}
	return New(urls, s)
}

// base sends single requests with rt.
func base(rt http.RoundTripper) func(*Settings) {
	return func(s *Settings) { s.Base = rt }
}

// roundTrip is an http.RoundTripper that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// events counts what a transport does, by kind.
type events struct {
	counts [EventHealthy + 1]atomic.Int64
}

func (e *events) observe(s *Settings) { s.Observe = func(event Event) { e.counts[event.Kind].Add(1) } }

func (e *events) of(kind EventKind) int { return int(e.counts[kind].Load()) }
