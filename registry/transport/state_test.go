package transport

import (
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// ejections are the URLs that observers know to be ejected, as a gauge counts them.
type ejections struct {
	now  map[string]int
	last Event
}

func (e *ejections) observe(s *Settings) {
	e.now = make(map[string]int)
	s.Observe = func(event Event) {
		switch event.Kind {
		case EventEjected:
			e.now[event.URL]++
			e.last = event
		case EventHealthy:
			e.now[event.URL]--
			e.last = event
		}
	}
}

// Ejected is what a URL is or is not, however often it fails, and nothing is once the transport
// is closed.
func TestEjectedIsAState(t *testing.T) {
	for _, test := range []struct {
		name, urls string
		failures   int
		want       map[string]int
	}{
		{"an only URL", "http://a", 1, map[string]int{"http://a": 1}},
		{"an only URL before its circuit opens", "http://a", 1000, map[string]int{}},
		{"one of two", "http://a,http://b", 1, map[string]int{"http://a": 1, "http://b": 1}},
		{"circuits that never open", "http://a,http://b,http://c", 0, map[string]int{"http://a": 1, "http://b": 1, "http://c": 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				alive := false
				var seen ejections
				rt, err := open(test.urls, seen.observe, func(s *Settings) { s.Retries, s.BreakerFailures = 0, test.failures },
					base(roundTrip(func(*http.Request) (*http.Response, error) {
						if alive {
							return reply(200, ""), nil
						}
						return nil, errDial
					})))
				require.NoError(t, err)
				ask := func() {
					for range 10 {
						_, _, err := send(t.Context(), rt, "GET", "http://a/x")
						require.Equal(t, alive, err == nil)
						time.Sleep(time.Hour)
					}
				}
				ask()
				require.Equal(t, test.want, seen.now)
				alive = true
				ask() // the first that answers is remembered, and the others are not asked
				for url := range test.want {
					require.Contains(t, []int{0, 1}, seen.now[url], url)
				}
				alive = false
				ask()
				require.Equal(t, test.want, seen.now)

				require.NoError(t, rt.Close())
				require.NoError(t, rt.Close())
				for url, n := range seen.now {
					require.Zero(t, n, "%s, of a transport that is closed", url)
				}
				if len(test.want) > 0 {
					require.ErrorIs(t, seen.last.Err, ErrClosed)
				}
			})
		})
	}
}

// The one request that is let through to a host ends, whatever becomes of it.
func TestAttemptEndsThatDoesNotReturn(t *testing.T) {
	for name, end := range map[string]func(){
		"a panic":                  func() { panic("a base's own mistake") },
		"the end of its goroutine": func() { runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var next func() (*http.Response, error)
				rt, err := open("http://a", func(s *Settings) { s.Retries, s.BreakerFailures = 0, 1 },
					base(roundTrip(func(*http.Request) (*http.Response, error) { return next() })))
				require.NoError(t, err)
				defer rt.Close()
				next = func() (*http.Response, error) { return nil, errDial }
				_, _, err = send(t.Context(), rt, "GET", "http://a/x")
				require.ErrorIs(t, err, errDial)
				time.Sleep(time.Minute)

				next = func() (*http.Response, error) { end(); return nil, errDial }
				done := make(chan any)
				go func() {
					defer close(done)
					defer func() { _ = recover() }()
					_, _, _ = send(t.Context(), rt, "GET", "http://a/x")
				}()
				<-done

				next = func() (*http.Response, error) { return reply(200, ""), nil }
				_, _, err = send(t.Context(), rt, "GET", "http://a/x")
				require.NoError(t, err)
			})
		})
	}
}
