package transport

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// counter counts attempts by host.
type counter struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *counter) count(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = make(map[string]int)
	}
	c.counts[host]++
}

func (c *counter) of(host string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[host]
}

func TestDeadRegistryIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n counter
		alive := false
		seen := &events{}
		rt, err := open("http://a", func(s *Settings) { s.BreakerMaxPause = 8 * time.Second }, seen.observe,
			base(roundTrip(func(*http.Request) (*http.Response, error) {
				n.count("a")
				if alive {
					return reply(200, ""), nil
				}
				return nil, errDial
			})))
		require.NoError(t, err)
		defer rt.Close()
		ask := func() error {
			_, _, err := send(t.Context(), rt, "GET", "http://a/x")
			return err
		}
		for range 1000 {
			err := ask()
			var unavailable *UnavailableError
			require.ErrorAs(t, err, &unavailable)
		}
		require.Equal(t, 5, n.of("a"), "five failures open the circuit; the other 995 calls cost no request")
		err = ask()
		require.ErrorIs(t, err, ErrCircuitOpen)
		require.ErrorContains(t, err, "connection refused", "says what opened it")
		var unavailable *UnavailableError
		require.ErrorAs(t, err, &unavailable)
		require.Greater(t, unavailable.RetryAfter, time.Duration(0))
		require.Equal(t, "GET", unavailable.Method)

		requests := 5
		for pause := time.Second; pause <= 32*time.Second; pause *= 2 {
			time.Sleep(min(pause, 8*time.Second))
			for range 10 {
				require.Error(t, ask())
			}
			requests++
			require.Equal(t, requests, n.of("a"), "one probe after each pause")
		}

		alive = true
		time.Sleep(8 * time.Second)
		for range 10 {
			require.NoError(t, ask())
		}
		require.Equal(t, 1, seen.of(EventHealthy))
	})
}

func TestOneProbeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n counter
		rt, err := open("http://a", func(s *Settings) { s.BreakerFailures, s.BreakerMaxPause, s.Retries = 1, time.Second, 0 },
			base(roundTrip(func(req *http.Request) (*http.Response, error) {
				n.count("a")
				if n.of("a") == 1 {
					return nil, errDial
				}
				<-req.Context().Done()
				return nil, req.Context().Err()
			})))
		require.NoError(t, err)
		defer rt.Close()
		_, _, err = send(t.Context(), rt, "GET", "http://a/x")
		require.Error(t, err)
		time.Sleep(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		probe := make(chan error)
		go func() {
			_, _, err := send(ctx, rt, "GET", "http://a/x")
			probe <- err
		}()
		synctest.Wait()
		_, _, err = send(t.Context(), rt, "GET", "http://a/x")
		require.ErrorIs(t, err, ErrCircuitOpen, "the probe is under way")
		cancel()
		require.ErrorIs(t, <-probe, context.Canceled)
		go func() {
			_, _, err := send(t.Context(), rt, "GET", "http://a/x")
			probe <- err
		}()
		require.NotErrorIs(t, <-probe, ErrCircuitOpen, "a probe that its caller gave up proves nothing: there is another")
		require.Equal(t, 3, n.of("a"))
	})
}

func TestCallerWhoGivesUpProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n counter
		rt, err := open("http://a", base(roundTrip(func(req *http.Request) (*http.Response, error) {
			n.count("a")
			<-req.Context().Done()
			return nil, req.Context().Err()
		})))
		require.NoError(t, err)
		defer rt.Close()
		for range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			_, _, err := send(ctx, rt, "GET", "http://a/x")
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		require.Equal(t, 100, n.of("a"))
	})
}

func TestFailover(t *testing.T) {
	hang := func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	for _, test := range []struct {
		name  string
		first func(*http.Request) (*http.Response, error)
	}{
		{"the first is dead", func(*http.Request) (*http.Response, error) { return nil, errDial }},
		{"the first is slow", hang},
		{"the first answers 502", func(*http.Request) (*http.Response, error) { return reply(502, "<html>"), nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n counter
				rt, err := open("http://a,http://b,http://c", base(roundTrip(func(req *http.Request) (*http.Response, error) {
					n.count(req.URL.Host)
					if req.URL.Host == "a" {
						return test.first(req)
					}
					return reply(200, req.URL.Host), nil
				})))
				require.NoError(t, err)
				defer rt.Close()
				for range 100 {
					status, body, err := send(t.Context(), rt, "GET", "http://a/x")
					require.NoError(t, err)
					require.Equal(t, 200, status)
					require.Equal(t, "b", body)
					time.Sleep(time.Second)
				}
				require.Equal(t, 1, n.of("a"), "the one that answers is remembered")
				require.Equal(t, 100, n.of("b"))
			})
		})
	}
}

func TestFailoverComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n counter
		dead := map[string]bool{"a": true}
		rt, err := open("http://a,http://b", base(roundTrip(func(req *http.Request) (*http.Response, error) {
			n.count(req.URL.Host)
			if dead[req.URL.Host] {
				return nil, errDial
			}
			return reply(200, ""), nil
		})))
		require.NoError(t, err)
		defer rt.Close()
		_, _, err = send(t.Context(), rt, "GET", "http://a/x")
		require.NoError(t, err)
		dead = map[string]bool{"b": true}
		_, _, err = send(t.Context(), rt, "GET", "http://a/x")
		require.NoError(t, err, "a host that is set aside is asked all the same when the others fail")
		require.Equal(t, 2, n.of("a"))
		require.Equal(t, 2, n.of("b"))

		dead = map[string]bool{"a": true, "b": true}
		for range 100 {
			_, _, err := send(t.Context(), rt, "GET", "http://a/x")
			require.Error(t, err)
		}
		require.LessOrEqual(t, n.of("a")+n.of("b"), 2+2+5+5+1)
		time.Sleep(time.Minute)
		dead = nil
		_, _, err = send(t.Context(), rt, "GET", "http://a/x")
		require.NoError(t, err)
	})
}

// A limit on requests is about us: another URL of the same registry is not a way
// around it.
func TestTooManyRequestsIsNotFailedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n counter
		rt, err := open("http://a,http://b", func(s *Settings) { s.Retries = 0 }, base(roundTrip(func(req *http.Request) (*http.Response, error) {
			n.count(req.URL.Host)
			return reply(429, ""), nil
		})))
		require.NoError(t, err)
		defer rt.Close()
		status, _, err := send(t.Context(), rt, "GET", "http://a/x")
		require.NoError(t, err)
		require.Equal(t, 429, status)
		require.Zero(t, n.of("b"))
	})
}

func TestRandomURL(t *testing.T) {
	var n counter
	for range 100 {
		rt, err := open("http://a,http://b", func(s *Settings) { s.RandomURL = true }, base(roundTrip(func(req *http.Request) (*http.Response, error) {
			n.count(req.URL.Host)
			return reply(200, ""), nil
		})))
		require.NoError(t, err)
		_, _, err = send(t.Context(), rt, "GET", "http://a/x")
		require.NoError(t, err)
		require.NoError(t, rt.Close())
	}
	require.NotZero(t, n.of("a"))
	require.NotZero(t, n.of("b"))
}
