package registry

import (
	"bytes"
	"log/slog"
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
		step("and left alone", types, "request ", "open ")
		step("for a while", types)
		f.down.Store(false)
		time.Sleep(time.Minute)
		step("up again", types, "request ", "close ")
		require.Contains(t, log.String(), "URL set aside")
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
	c, err := New("http://registry", nil)
	require.NoError(t, err, "no option")
	require.NoError(t, c.Close())
}
