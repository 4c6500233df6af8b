package transport

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
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

var (
	errDial  = &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	errReset = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
)

// send makes one request through a transport.
func send(ctx context.Context, rt http.RoundTripper, method, url string) (status int, body string, err error) {
	var in io.Reader
	if method == http.MethodPost {
		in = strings.NewReader("the body")
	}
	req, err := http.NewRequestWithContext(ctx, method, url, in)
	if err != nil {
		return 0, "", err
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func TestRetries(t *testing.T) {
	cut := func() *http.Response {
		r := reply(200, "")
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), &failingReader{io.ErrUnexpectedEOF}))
		return r
	}
	for _, test := range []struct {
		name     string
		method   string
		first    func() (*http.Response, error) // then all is well
		attempts int32
		status   int
	}{
		{"connection refused", "GET", func() (*http.Response, error) { return nil, errDial }, 2, 200},
		{"connection reset", "POST", func() (*http.Response, error) { return nil, errReset }, 2, 200},
		{"answer cut short", "GET", func() (*http.Response, error) { return cut(), nil }, 2, 200},
		{"408", "GET", func() (*http.Response, error) { return reply(408, ""), nil }, 2, 200},
		{"429", "POST", func() (*http.Response, error) { return reply(429, ""), nil }, 2, 200},
		{"500", "PUT", func() (*http.Response, error) { return reply(500, ""), nil }, 2, 200},
		{"502", "GET", func() (*http.Response, error) { return reply(502, ""), nil }, 2, 200},
		{"503", "GET", func() (*http.Response, error) { return reply(503, ""), nil }, 2, 200},
		{"504", "GET", func() (*http.Response, error) { return reply(504, ""), nil }, 2, 200},
		{"501 is for ever", "GET", func() (*http.Response, error) { return reply(501, ""), nil }, 1, 501},
		{"404 is an answer", "GET", func() (*http.Response, error) { return reply(404, ""), nil }, 1, 404},
		{"409 is an answer", "POST", func() (*http.Response, error) { return reply(409, ""), nil }, 1, 409},
		{"422 is an answer", "POST", func() (*http.Response, error) { return reply(422, ""), nil }, 1, 422},
		{"a delete that was never sent", "DELETE", func() (*http.Response, error) { return nil, errDial }, 2, 200},
		{"a delete that may have been made", "DELETE", func() (*http.Response, error) { return nil, errReset }, 1, 0},
		{"a delete that was turned away", "DELETE", func() (*http.Response, error) { return reply(503, ""), nil }, 2, 200},
		{"a delete that failed inside", "DELETE", func() (*http.Response, error) { return reply(500, ""), nil }, 1, 500},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var attempts atomic.Int32
				rt, err := open("http://a", base(roundTrip(func(req *http.Request) (*http.Response, error) {
					if test.method == "POST" {
						body, err := io.ReadAll(req.Body)
						require.NoError(t, err)
						require.Equal(t, "the body", string(body), "every time")
					}
					if attempts.Add(1) == 1 {
						return test.first()
					}
					return reply(200, "ok"), nil
				})))
				require.NoError(t, err)
				defer rt.Close()
				status, _, err := send(t.Context(), rt, test.method, "http://a/x")
				require.Equal(t, test.status, status, "%v", err)
				require.Equal(t, test.attempts, attempts.Load())
				if status == 0 {
					var unavailable *UnavailableError
					require.ErrorAs(t, err, &unavailable)
					require.Equal(t, "http://a/x", unavailable.URL)
				}
			})
		})
	}
}

type failingReader struct{ err error }

func (r *failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestRetriesEnd(t *testing.T) {
	for _, test := range []struct {
		name     string
		opts     []func(*Settings)
		answer   func() (*http.Response, error)
		deadline time.Duration // of the caller; 0: none
		attempts int
		took     func(time.Duration) bool // on the test's own clock
	}{
		{
			name: "after three", answer: func() (*http.Response, error) { return reply(500, ""), nil }, attempts: 4,
			took: func(d time.Duration) bool { return d <= (250+500+1000)*time.Millisecond },
		},
		{
			name: "a pause is no longer than its bound", answer: func() (*http.Response, error) { return reply(500, ""), nil }, attempts: 11,
			opts: []func(*Settings){func(s *Settings) { s.Retries, s.RetryWait, s.RetryMaxWait = 10, time.Second, 2*time.Second }},
			took: func(d time.Duration) bool { return d > time.Second && d <= 20*time.Second },
		},
		{
			name: "the registry's wish is heeded", answer: func() (*http.Response, error) { return reply(429, "", "Retry-After", "7"), nil }, attempts: 4,
			took: func(d time.Duration) bool { return d >= 21*time.Second && d < 22*time.Second },
		},
		{
			name: "unless it goes past the deadline of the call", answer: func() (*http.Response, error) { return reply(503, "", "Retry-After", "31"), nil }, attempts: 1,
			took: func(d time.Duration) bool { return d == 0 },
		},
		{
			name: "or that of the caller", answer: func() (*http.Response, error) { return reply(503, "", "Retry-After", "5"), nil }, attempts: 2,
			deadline: 8 * time.Second, took: func(d time.Duration) bool { return d >= 5*time.Second && d < 6*time.Second },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				seen := &events{}
				rt, err := open("http://a", append(test.opts, func(s *Settings) { s.BreakerFailures = 0 }, seen.observe,
					base(roundTrip(func(*http.Request) (*http.Response, error) {
						attempts++
						return test.answer()
					})))...)
				require.NoError(t, err)
				defer rt.Close()
				ctx := t.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				start := time.Now()
				status, _, err := send(ctx, rt, "GET", "http://a/x")
				require.NoError(t, err)
				require.NotEqual(t, 200, status)
				require.Equal(t, test.attempts, attempts)
				require.True(t, test.took(time.Since(start)), "%v", time.Since(start))
				require.Equal(t, attempts, seen.of(EventRequest))
				require.GreaterOrEqual(t, seen.of(EventRetry), attempts-1)
			})
		})
	}
}

func TestDeadlines(t *testing.T) {
	hang := roundTrip(func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	})
	synctest.Test(t, func(t *testing.T) {
		rt, err := open("http://a", base(hang))
		require.NoError(t, err)
		defer rt.Close()
		start := time.Now()
		_, _, err = send(t.Context(), rt, "GET", "http://a/x")
		var unavailable *UnavailableError
		require.ErrorAs(t, err, &unavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Contains(t, err.Error(), "GET http://a/x")
		require.LessOrEqual(t, time.Since(start), 30*time.Second, "the call's")
		require.Greater(t, time.Since(start), 10*time.Second, "more than one attempt's")

		ctx, cancel := context.WithCancelCause(t.Context())
		mine := errors.New("changed my mind")
		time.AfterFunc(time.Second, func() { cancel(mine) })
		_, _, err = send(ctx, rt, "GET", "http://a/x")
		require.Equal(t, mine, err, "the caller's own")
	})
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt, err := open("http://a", func(s *Settings) { s.Rate, s.Burst = 2, 3 }, base(roundTrip(func(*http.Request) (*http.Response, error) {
			return reply(200, ""), nil
		})))
		require.NoError(t, err)
		defer rt.Close()
		start := time.Now()
		for _, want := range []time.Duration{0, 0, 0, 500, 1000, 1500} {
			_, _, err := send(t.Context(), rt, "GET", "http://a/x")
			require.NoError(t, err)
			require.Equal(t, want*time.Millisecond, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, _, err = send(ctx, rt, "GET", "http://a/x")
		require.Error(t, err)
		require.Equal(t, 1500*time.Millisecond, time.Since(start), "a wait that cannot end in time is not begun")
		time.Sleep(time.Hour)
		start = time.Now()
		for range 3 {
			_, _, err := send(t.Context(), rt, "GET", "http://a/x")
			require.NoError(t, err)
		}
		require.Zero(t, time.Since(start), "after a rest")
	})
}

func TestRequestsAsTheyGoOut(t *testing.T) {
	var got *http.Request
	rt, err := open("https://registry/base/,https://other", func(s *Settings) { s.Header = http.Header{"X-Team": {"payments", "cards"}} },
		base(roundTrip(func(req *http.Request) (*http.Response, error) {
			got = req
			return reply(200, ""), nil
		})))
	require.NoError(t, err)
	defer rt.Close()
	require.Equal(t, "https://registry/base", rt.URL())

	req, err := http.NewRequest("POST", "https://registry/base/subjects/a%2Fb+c/versions?normalize=true", strings.NewReader("{}"))
	require.NoError(t, err)
	before := req.Clone(t.Context())
	resp, err := rt.RoundTrip(req)
	require.NoError(t, err)
	require.Same(t, req, resp.Request)
	require.Equal(t, "https://registry/base/subjects/a%2Fb%2Bc/versions?normalize=true", got.URL.String())
	require.Equal(t, []string{"payments", "cards"}, got.Header.Values("X-Team"))
	require.Equal(t, contentType, got.Header.Get("Content-Type"))
	require.EqualValues(t, 2, got.ContentLength)
	require.Equal(t, before.Header, req.Header, "the caller's request is not touched")
	require.Equal(t, before.URL, req.URL)

	req.Header.Set("Accept", "text/plain")
	req.Body = io.NopCloser(strings.NewReader("{}"))
	_, err = rt.RoundTrip(req)
	require.NoError(t, err)
	require.Equal(t, "text/plain", got.Header.Get("Accept"), "nor overruled")

	for _, outside := range []string{"https://elsewhere/subjects", "http://registry/base/subjects", "https://registry/basement"} {
		got = nil
		_, _, err = send(t.Context(), rt, "GET", outside)
		require.Error(t, err)
		require.Nil(t, got, outside)
	}
}

func TestAnswerThatIsTooLarge(t *testing.T) {
	attempts := 0
	rt, err := open("http://a", func(s *Settings) { s.MaxAnswer = 10 }, base(roundTrip(func(req *http.Request) (*http.Response, error) {
		attempts++
		return reply(200, strings.Repeat("x", 10+len(req.URL.RawQuery))), nil
	})))
	require.NoError(t, err)
	defer rt.Close()
	_, body, err := send(t.Context(), rt, "GET", "http://a/x")
	require.NoError(t, err)
	require.Len(t, body, 10)
	_, _, err = send(t.Context(), rt, "GET", "http://a/x?1")
	require.ErrorIs(t, err, errTooLarge)
	require.Equal(t, 2, attempts, "asking again would not make it smaller")

	rt, err = open("http://a", func(s *Settings) { s.MaxAnswer = math.MaxInt64 }, base(roundTrip(func(*http.Request) (*http.Response, error) {
		return reply(200, "all of it"), nil
	})))
	require.NoError(t, err)
	defer rt.Close()
	_, body, err = send(t.Context(), rt, "GET", "http://a/x")
	require.NoError(t, err)
	require.Equal(t, "all of it", body)
}
