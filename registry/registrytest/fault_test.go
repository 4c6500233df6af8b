package registrytest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
)

// startFaulty serves a registry with one schema, id 1, through faults.
func startFaulty(t *testing.T) (*registrytest.Faults, *httptest.Server) {
	m := memory.New()
	_, err := m.Register(t.Context(), "orders-value", registry.Definition{Text: `"string"`})
	require.NoError(t, err)
	f := registrytest.NewFaults(memory.Handler(m))
	srv := httptest.NewUnstartedServer(f)
	srv.Config.ErrorLog = nil
	srv.Start()
	t.Cleanup(srv.Close)
	return f, srv
}

func TestFaults(t *testing.T) {
	status := func(code int) func(*testing.T, *http.Response, string, error) {
		return func(t *testing.T, resp *http.Response, body string, err error) {
			require.NoError(t, err)
			require.Equal(t, code, resp.StatusCode)
			require.JSONEq(t, `{"error_code":503,"message":"Service Unavailable"}`, body)
		}
	}
	fine := func(t *testing.T, resp *http.Response, body string, err error) {
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Contains(t, body, `"schema"`)
	}
	failed := func(t *testing.T, _ *http.Response, _ string, err error) { require.Error(t, err) }
	for _, c := range []struct {
		name  string
		fault registrytest.Fault
		path  string
		check func(*testing.T, *http.Response, string, error)
	}{
		{"status", registrytest.Fault{Status: 503}, "/schemas/ids/1", status(503)},
		{"status on another path", registrytest.Fault{Status: 503, Path: "/schemas/ids/2"}, "/schemas/ids/1", fine},
		{"status on a pattern", registrytest.Fault{Status: 503, Path: "/schemas/*/1"}, "/schemas/ids/1", status(503)},
		{"status on another method", registrytest.Fault{Status: 503, Method: "POST"}, "/schemas/ids/1", fine},
		{"delay", registrytest.Fault{Delay: time.Millisecond}, "/schemas/ids/1", fine},
		{"reset", registrytest.Fault{Reset: true}, "/schemas/ids/1", failed},
		{"cut body", registrytest.Fault{Cut: 5}, "/schemas/ids/1", func(t *testing.T, resp *http.Response, body string, err error) {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Len(t, body, int(resp.ContentLength)-5)
		}},
		{"wrong JSON", registrytest.Fault{Body: registrytest.WrongJSON()}, "/schemas/ids/1", func(t *testing.T, resp *http.Response, body string, err error) {
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.Equal(t, *registrytest.WrongJSON(), body)
		}},
		{"a page", registrytest.Fault{Status: 502, Body: registrytest.HTMLPage(), Header: http.Header{"Content-Type": {"text/html"}, "Retry-After": {"7"}}}, "/schemas/ids/1",
			func(t *testing.T, resp *http.Response, body string, err error) {
				require.NoError(t, err)
				require.Equal(t, http.StatusBadGateway, resp.StatusCode)
				require.Equal(t, "7", resp.Header.Get("Retry-After"))
				require.Equal(t, "text/html", resp.Header.Get("Content-Type"))
				require.Contains(t, body, "<html>")
			}},
		{"a header more", registrytest.Fault{Header: http.Header{"Retry-After": {"1"}}}, "/schemas/ids/1", func(t *testing.T, resp *http.Response, body string, err error) {
			fine(t, resp, body, err)
			require.Equal(t, "1", resp.Header.Get("Retry-After"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, srv := startFaulty(t)
			f.Add(c.fault)
			resp, body, err := fetch(t, srv.Client(), srv.URL+c.path)
			c.check(t, resp, body, err)
			require.Equal(t, map[string]int{"GET " + c.path: f.Total()}, f.Requests())
		})
	}
}

// fetch returns an answer; err is that of the request or of reading the body.
func fetch(t *testing.T, c *http.Client, url string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := c.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// TestFaultsCount lets one request through, fails two, and is used up; a second
// fault follows the first.
func TestFaultsCount(t *testing.T) {
	f, srv := startFaulty(t)
	f.Add(registrytest.Fault{Path: "/schemas/*", Skip: 1, Count: 2, Status: 500})
	f.Add(registrytest.Fault{Path: "/schemas/*", Count: 1, Status: 404})
	var got []int
	for range 6 {
		resp, _, err := fetch(t, srv.Client(), srv.URL+"/schemas/types")
		require.NoError(t, err)
		got = append(got, resp.StatusCode)
	}
	require.Equal(t, []int{404, 500, 500, 200, 200, 200}, got)
	require.Equal(t, 6, f.Total())

	f.Add(registrytest.Fault{Status: 418})
	resp, _, err := fetch(t, srv.Client(), srv.URL+"/subjects")
	require.NoError(t, err)
	require.Equal(t, 418, resp.StatusCode)
	f.Clear()
	resp, _, err = fetch(t, srv.Client(), srv.URL+"/subjects")
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode)
}

// TestFaultsHang shows that a request that hangs ends when its client goes away,
// and that others do not wait for it.
func TestFaultsHang(t *testing.T) {
	f, srv := startFaulty(t)
	f.Add(registrytest.Fault{Path: "/schemas/ids/1", Hang: true})
	f.Add(registrytest.Fault{Path: "/schemas/ids/2", Delay: time.Hour})
	hung := make(chan error, 2)
	ctx, cancel := context.WithCancel(t.Context())
	for _, path := range []string{"/schemas/ids/1", "/schemas/ids/2"} {
		go func() {
			// With a body: a server that does not read it learns late that the client is gone.
			req, _ := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+path, strings.NewReader(`{"schema":"\"int\""}`))
			resp, err := srv.Client().Do(req)
			if err == nil {
				resp.Body.Close()
			}
			hung <- err
		}()
	}
	for f.Total() < 2 {
		time.Sleep(time.Millisecond)
	}
	resp, _, err := fetch(t, srv.Client(), srv.URL+"/schemas/types")
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode)
	cancel()
	require.Error(t, <-hung)
	require.Error(t, <-hung)
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	f := registrytest.NewFaults(http.NotFoundHandler())
	for name, fault := range map[string]registrytest.Fault{
		"no effect":      {Path: "/subjects"},
		"negative count": {Status: 500, Count: -1},
		"negative cut":   {Cut: -1},
		"no status":      {Status: 99},
	} {
		require.Panics(t, func() { f.Add(fault) }, name)
	}
}

// TestFaultsWhileTheyChange changes faults while requests come.
func TestFaultsWhileTheyChange(t *testing.T) {
	f, srv := startFaulty(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				resp, _, err := fetch(t, srv.Client(), srv.URL+"/schemas/ids/1")
				if err != nil || resp.StatusCode != 200 && resp.StatusCode != 503 {
					t.Errorf("%v %v", resp, err)
				}
			}
		})
	}
	for range 100 {
		f.Add(registrytest.Fault{Status: 503, Count: 1})
		f.Requests()
		f.Clear()
	}
	wg.Wait()
	require.Equal(t, 200, f.Total())
}

// TestClientMeetsFaults: what users write the faults for.
func TestClientMeetsFaults(t *testing.T) {
	f, srv := startFaulty(t)
	c, err := registry.New(srv.URL, registry.WithRetries(3, time.Microsecond, time.Millisecond))
	require.NoError(t, err)
	defer c.Close()
	f.Add(registrytest.Fault{Path: "/schemas/ids/*", Count: 2, Status: 503})
	got, err := c.SchemaByID(t.Context(), "", 1)
	require.NoError(t, err)
	require.Equal(t, "orders-value", got.Subject)
	require.Equal(t, 3, f.Total())

	f.Add(registrytest.Fault{Path: "/subjects/*", Status: 200, Body: registrytest.HTMLPage()})
	_, err = c.Versions(t.Context(), "orders-value")
	_, unavailable := errors.AsType[*registry.UnavailableError](err)
	require.True(t, unavailable, "%v", err)
	require.True(t, strings.Contains(err.Error(), "<html>"), err)
}

// TestFaultsClearedWhileTheyHang ends what hangs and what is delayed.
func TestFaultsClearedWhileTheyHang(t *testing.T) {
	f, srv := startFaulty(t)
	f.Add(registrytest.Fault{Path: "/schemas/ids/1", Hang: true})
	f.Add(registrytest.Fault{Path: "/schemas/types", Delay: time.Hour})
	hung, delayed := make(chan error), make(chan int)
	go func() {
		_, _, err := fetch(t, srv.Client(), srv.URL+"/schemas/ids/1")
		hung <- err
	}()
	go func() {
		resp, _, err := fetch(t, srv.Client(), srv.URL+"/schemas/types")
		if err != nil {
			t.Error(err)
			delayed <- 0
			return
		}
		delayed <- resp.StatusCode
	}()
	for f.Total() < 2 {
		time.Sleep(time.Millisecond)
	}
	f.Clear()
	require.Error(t, <-hung)
	require.Equal(t, 200, <-delayed)
}
