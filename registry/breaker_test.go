package registry

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
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
		rt, err := NewTransport("http://a", WithBreaker(5, time.Second, 8*time.Second), WithObserver(seen),
			WithRoundTripper(roundTrip(func(*http.Request) (*http.Response, error) {
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
			require.Equal(t, requests, n.of("a"), "one trial after each pause")
		}

		alive = true
		time.Sleep(8 * time.Second)
		for range 10 {
			require.NoError(t, ask())
		}
		require.Equal(t, 1, seen.of(EventClose))
	})
}

func TestOneTrialAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n counter
		rt, err := NewTransport("http://a", WithBreaker(1, time.Second, time.Second), WithRetries(0, 0, 0),
			WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
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
		trial := make(chan error)
		go func() {
			_, _, err := send(ctx, rt, "GET", "http://a/x")
			trial <- err
		}()
		synctest.Wait()
		_, _, err = send(t.Context(), rt, "GET", "http://a/x")
		require.ErrorIs(t, err, ErrCircuitOpen, "the trial is under way")
		cancel()
		require.ErrorIs(t, <-trial, context.Canceled)
		go func() {
			_, _, err := send(t.Context(), rt, "GET", "http://a/x")
			trial <- err
		}()
		require.NotErrorIs(t, <-trial, ErrCircuitOpen, "a trial that its caller gave up proves nothing: there is another")
		require.Equal(t, 3, n.of("a"))
	})
}

func TestCallerWhoGivesUpProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n counter
		rt, err := NewTransport("http://a", WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
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
				rt, err := NewTransport("http://a,http://b,http://c", WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
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
		rt, err := NewTransport("http://a,http://b", WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
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
		rt, err := NewTransport("http://a,http://b", WithRetries(0, 0, 0), WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
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
		rt, err := NewTransport("http://a,http://b", WithRandomURL(), WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
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

// The same over real connections: a port where nobody listens, a server that
// never answers, one that answers as a proxy does.
func TestFailoverOverHTTP(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dead := "http://" + nobody.Addr().String()
	require.NoError(t, nobody.Close())
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	var proxied counter
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied.count("proxy")
		http.Error(w, "<html>Bad Gateway</html>", http.StatusBadGateway)
	}))
	defer proxy.Close()
	for name, first := range map[string]string{"dead": dead, "slow": silent.URL, "502": proxy.URL} {
		t.Run(name, func(t *testing.T) {
			f := newFixture()
			id := f.register(t, "users-value", userV1)[0]
			server := httptest.NewServer(f.Faults)
			defer server.Close()
			c, err := New(first+","+server.URL, WithTimeouts(0, 3*time.Second, 0)) // of which the silent one takes all, and no other on a busy machine
			require.NoError(t, err)
			defer c.Close()
			_, err = c.SchemaByID(within(t), "", id)
			require.NoError(t, err)
			_, err = c.Subjects(within(t), "")
			require.NoError(t, err)
			_, err = c.Latest(within(t), "users-value")
			require.NoError(t, err)
			require.Equal(t, 3, f.Total())
		})
	}
	require.Equal(t, 1, proxied.of("proxy"))
}

// A registry that dies under a program which has what it needs.
func TestWarmPathNeedsNoRegistry(t *testing.T) {
	f := newFixture()
	c, server := f.serve(t)
	ctx := t.Context()
	d := Definition{Text: userV1}
	s, err := c.Register(ctx, "users-value", d)
	require.NoError(t, err)
	_, err = c.SchemaByID(ctx, "users-value", s.ID)
	require.NoError(t, err)
	_, err = c.Latest(ctx, "users-value")
	require.NoError(t, err)
	server.Close()
	for range 1000 {
		_, err = c.Register(ctx, "users-value", d)
		require.NoError(t, err)
		_, err = c.Lookup(ctx, "users-value", d)
		require.NoError(t, err)
		_, err = c.SchemaByID(ctx, "users-value", s.ID)
		require.NoError(t, err)
		_, err = c.Latest(ctx, "users-value")
		require.NoError(t, err)
	}
	_, err = c.SchemaByID(ctx, "users-value", 99)
	var unavailable *UnavailableError
	require.True(t, errors.As(err, &unavailable) && unavailable.Temporary(), "%v", err)
}
