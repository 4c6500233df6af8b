package registry

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestObserver follows one client through a day, event by event.
func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		id := f.register(t, "users-value", userV1)[0]
		var seen []Event
		var log bytes.Buffer
		c, err := New("http://ann:secret@registry", WithRoundTripper(f), WithObserver(ObserverFunc(func(e Event) { seen = append(seen, e) })),
			WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		require.NoError(t, err)
		defer c.Close()
		step := func(name string, call func() error, want ...string) {
			t.Helper()
			seen = nil
			err := call()
			synctest.Wait()
			var got []string
			for _, e := range seen {
				got = append(got, e.Kind.String()+" "+e.Cache)
			}
			require.Equal(t, want, got, "%s: %v", name, err)
		}
		byID := func(id int) func() error {
			return func() error { _, err := c.SchemaByID(t.Context(), "", id); return err }
		}
		latest := func() error { _, err := c.Latest(t.Context(), "users-value"); return err }

		step("cold", byID(id), "miss id", "request ")
		require.Equal(t, Event{Kind: EventRequest, Method: "GET", URL: "http://registry/schemas/ids/1", Status: 200, Attempt: 1}, seen[1])
		require.Equal(t, "schema id 1", seen[0].Key)
		step("warm", byID(id), "hit id")
		step("unknown", byID(41), "miss id", "request ", "unknown id")
		step("unknown still", byID(41), "unknown id")
		require.Error(t, seen[0].Err)
		f.Add(Fault{Status: 503, Count: 1})
		step("retried", latest, "miss latest", "request ", "retry ", "request ")
		require.Equal(t, 503, seen[1].Status)
		require.Equal(t, 2, seen[3].Attempt)
		step("new", latest, "hit latest")
		time.Sleep(time.Minute)
		step("old", latest, "stale latest", "request ")
		require.GreaterOrEqual(t, seen[0].Age, time.Minute)
		step("not kept", func() error { _, err := c.Types(t.Context()); return err }, "request ")

		f.down.Store(true)
		types := func() error { _, err := c.Types(t.Context()); return err }
		step("down", types, "request ", "retry ", "request ", "retry ", "request ", "retry ", "request ")
		step("and left alone", types, "request ", "ejected ")
		step("for a while", types)
		f.down.Store(false)
		time.Sleep(time.Minute)
		step("up again", types, "request ", "healthy ")
		require.Contains(t, log.String(), "URL ejected")
		require.Contains(t, log.String(), "URL answers again")
		require.NotContains(t, log.String(), "secret")
	})
	require.Equal(t, "unknown kind", EventKind(200).String())
}

func TestClientOptions(t *testing.T) {
	for _, test := range []struct {
		name string
		opt  Option
		err  string
	}{
		{"cache size", WithCacheSize(0), "WithCacheSize: 0 is less than 1"},
		{"latest size", WithLatest(0, 0, 0), "WithLatest: size 0 is less than 1"},
		{"latest stale", WithLatest(0, -1, 1), "WithLatest: maxStale -1ns is negative"},
		{"missing size", WithMissing(0, 0, 0, 0), "WithMissing: size 0 is less than 1"},
		{"missing time", WithMissing(0, -1, 0, 1), "WithMissing: -1ns is negative"},
		{"the transport's", WithRetries(-1, 0, 0), "WithRetries: -1 is negative"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New("http://registry", test.opt)
			require.ErrorContains(t, err, test.err)
		})
	}
}

// Every observer is told everything, in the order in which they were given.
func TestObserversAddUp(t *testing.T) {
	f := newFixture()
	id := f.register(t, "users-value", userV1)[0]
	var told []string
	observer := func(name string) Option {
		return WithObserver(ObserverFunc(func(e Event) { told = append(told, name+" "+e.Kind.String()) }))
	}
	url := WithObserver(ObserverFunc(func(e Event) {
		if e.Kind == EventRequest {
			require.Equal(t, "http://registry/schemas/ids/1", e.URL, "without a query")
		}
	}))
	c := f.client(t, url, observer("a"), observer("b"), observer("c"))
	_, err := c.SchemaByID(t.Context(), "users-value", id)
	require.NoError(t, err)
	require.Equal(t, []string{"a miss", "b miss", "c miss", "a request", "b request", "c request"}, told)
}

// One attempt is one event, whatever number of callers waits for its answer, and
// so is what is logged of an outage.
func TestAnOutageIsToldOncePerAttempt(t *testing.T) {
	const callers = 50
	for name, call := range map[string]func(c *Client, ctx context.Context) error{
		"SchemaByID": func(c *Client, ctx context.Context) error { _, err := c.SchemaByID(ctx, "", 41); return err },
		"Latest":     func(c *Client, ctx context.Context) error { _, err := c.Latest(ctx, "s"); return err },
		"Version":    func(c *Client, ctx context.Context) error { _, err := c.Version(ctx, "s", 3); return err },
		"Lookup": func(c *Client, ctx context.Context) error {
			_, err := c.Lookup(ctx, "s", Definition{Text: userV1})
			return err
		},
		"Register": func(c *Client, ctx context.Context) error {
			_, err := c.Register(ctx, "s", Definition{Text: userV1})
			return err
		},
		"Associated": func(c *Client, ctx context.Context) error { _, err := c.Associated(ctx, "", "t", "value"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &events{}
				var sent atomic.Int64
				var log bytes.Buffer
				c, err := New("http://registry", WithObserver(seen), WithBreaker(0, 1, 1), WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
					WithRoundTripper(roundTrip(func(*http.Request) (*http.Response, error) {
						sent.Add(1)
						time.Sleep(time.Second)
						return nil, errRefused
					})))
				require.NoError(t, err)
				defer c.Close()
				errs := make([]error, callers)
				var wg sync.WaitGroup
				for i := range errs {
					wg.Go(func() { errs[i] = call(c, t.Context()) })
				}
				wg.Wait()
				for _, err := range errs {
					var unavailable *UnavailableError
					require.ErrorAs(t, err, &unavailable)
				}
				require.EqualValues(t, 4, sent.Load(), "an attempt and three more, for all")
				require.Equal(t, 4, seen.of(EventRequest))
				require.Equal(t, 3, seen.of(EventRetry))
				require.Empty(t, log.String(), "what is returned is not logged as well")
			})
		})
	}
}
