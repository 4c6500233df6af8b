package registry

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// reply is an answer made by hand.
func reply(status int, body string, headers ...string) *http.Response {
	h := make(http.Header)
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

var errDial = &net.OpError{Op: "dial", Err: errors.New("connection refused")}

func TestOptionsThatAreWrong(t *testing.T) {
	for _, test := range []struct {
		name string
		urls string
		opts []Option
		err  string
	}{
		{"no URL", " , ", nil, "no URL given"},
		{"no scheme", "registry:8081", nil, "want http://, https:// or mock://"},
		{"no host", "http:///x", nil, "no host"},
		{"not a URL", "http://user:secret@a b", nil, "not of the form"},
		{"mock beside others", "mock://a,http://b", nil, "has to be the only one"},
		{"two transports", "http://a", []Option{WithHTTPClient(&http.Client{}), WithRoundTripper(http.DefaultTransport)}, "exclude each other"},
		{"proxy in another's transport", "http://a", []Option{WithHTTPClient(&http.Client{}), WithProxy("http://p")}, "set it there"},
		{"proxy", "http://a", []Option{WithProxy("p:3128")}, "WithProxy: want a URL"},
		{"negative retries", "http://a", []Option{WithRetries(-1, 0, 0)}, "WithRetries: -1 is negative"},
		{"pauses the wrong way round", "http://a", []Option{WithRetries(1, time.Minute, time.Second)}, "is less than wait"},
		{"negative timeout", "http://a", []Option{WithTimeouts(-1, 0, 0)}, "WithTimeouts: -1ns is negative"},
		{"no pause", "http://a", []Option{WithBreaker(1, 0, 0)}, "WithBreaker: pause 0s is not positive"},
		{"no burst", "http://a", []Option{WithRateLimit(1, 0)}, "a burst of 0 is less than 1"},
		{"no answer", "http://a", []Option{WithMaxAnswer(0)}, "WithMaxAnswer: 0 is less than 1"},
		{"two ways to authenticate", "http://a", []Option{WithBasicAuth("u", "p"), WithBearerToken("t")}, "exclude each other"},
		{"a header that is none", "http://a", []Option{WithHeader("X Y", "z")}, `WithHeader: "X Y" is not a header`},
		{"a header of two lines", "http://a", []Option{WithHeader("X", "a\r\nY: secret")}, "is not a header"},
		{"a colon in a user", "http://a", []Option{WithBasicAuth("u:v", "p")}, "cannot contain a colon"},
		{"a line break in a token", "http://a", []Option{WithBearerToken("a\nb")}, "line break"},
		{"a token URL that is none", "http://a", []Option{WithClientCredentials("token", "i", "s")}, "not an absolute URL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.urls, test.opts...)
			require.ErrorContains(t, err, test.err)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestCallersHTTPClientIsNotTouched(t *testing.T) {
	f := newFixture()
	f.register(t, "users-value", userV1)
	hc := &http.Client{Transport: f, Timeout: time.Second}
	before := *hc
	c, err := New("http://registry", WithHTTPClient(hc))
	require.NoError(t, err)
	_, err = c.Latest(t.Context(), "users-value")
	require.NoError(t, err)
	_, err = c.Subjects(t.Context(), "")
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.Equal(t, before.Timeout, hc.Timeout)
	require.Equal(t, before.Transport, hc.Transport)
	require.Nil(t, hc.CheckRedirect)
	require.Equal(t, time.Second, c.settings.transport.AttemptTimeout)
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
	var proxied atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied.Add(1)
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
	require.EqualValues(t, 1, proxied.Load())
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
