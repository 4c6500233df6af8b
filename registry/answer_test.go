package registry

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/oneline"
	"github.com/kavro/kavro/schemas"
)

// responseIn is what a registry answered, from whichever error has it.
func responseIn(err error) (Response, string) {
	if e, ok := errors.AsType[*NotFoundError](err); ok {
		return e.Response, "not found"
	}
	if e, ok := errors.AsType[*UnavailableError](err); ok {
		return e.Response, "unavailable"
	}
	if e, ok := errors.AsType[*UnauthorizedError](err); ok {
		return e.Response, "unauthorized"
	}
	if e, ok := errors.AsType[*ConflictError](err); ok {
		return e.Response, "conflict"
	}
	if e, ok := errors.AsType[*InvalidError](err); ok {
		return e.Response, "invalid"
	}
	return Response{}, fmt.Sprintf("%T", err)
}

// Bodies of errors as they are met: of registries, and of what stands in front
// of them.
var errorBodies = []struct {
	name    string
	body    string
	code    int
	message string // "" is the status in words
}{
	{"Confluent's", `{"error_code":40403,"message":"Schema 41 not found"}`, 40403, "Schema 41 not found"},
	{"more fields", `{"error_code":40403,"message":"m","details":{"a":1},"name":"x"}`, 40403, "m"},
	{"a bare string (Karapace)", `"Not Found"`, 0, "Not Found"},
	{"a list for a message (Karapace)", `{"error_code":422,"message":["loc: body","field required",{"x":1}]}`, 422, `loc: body; field required; {"x":1}`},
	{"detail for a message", `{"detail":"Not authenticated"}`, 0, "Not authenticated"},
	{"error for a message", `{"error":"invalid_token"}`, 0, "invalid_token"},
	{"HTML", "\n  <html>\n<body>Bad Gateway</body></html>\n", 0, "<html>"},
	{"plain text", "upstream connect error\r\nreset", 0, "upstream connect error"},
	{"empty", "", 0, ""},
	{"blank", " \n \n", 0, ""},
	{"null", "null", 0, "null"},
	{"a number", "17", 0, "17"},
	{"a code that is a text", `{"error_code":"40403","message":"m"}`, 0, "m"},
	{"a message that is a number", `{"error_code":1,"message":5}`, 1, "5"},
	{"cut short", `{"error_code":40403,"mess`, 0, `{"error_code":40403,"mess`},
	{"not text at all", "\xff\xfe\x00\x01binary", 0, "binary"},
	{"lines that would forge a log", `{"error_code":1,"message":"a\nb\u001b[31m"}`, 1, "a b [31m"},
}

func TestErrorsByStatus(t *testing.T) {
	kinds := map[int]string{
		400: "invalid", 401: "unauthorized", 403: "unauthorized", 404: "not found", 405: "invalid", 407: "unauthorized",
		408: "unavailable", 409: "conflict", 415: "invalid", 422: "invalid", 429: "unavailable", 500: "unavailable",
		501: "invalid", 502: "unavailable", 503: "unavailable", 504: "unavailable", 304: "invalid",
	}
	for status, kind := range kinds {
		for _, b := range errorBodies {
			t.Run(fmt.Sprintf("%d %s", status, b.name), func(t *testing.T) {
				rt := roundTrip(func(*http.Request) (*http.Response, error) { return reply(status, b.body, "Retry-After", "3"), nil })
				c, err := New("http://ann:secret@registry/base", WithRoundTripper(rt), quick(), WithBreaker(0, 1, 1))
				require.NoError(t, err)
				defer c.Close()
				for name, call := range map[string]func() error{
					"our own":  func() error { _, err := c.SchemaByID(t.Context(), "", 41); return err },
					"a list's": func() error { _, err := c.Versions(t.Context(), "s"); return err },
				} {
					err := call()
					r, got := responseIn(err)
					require.Equal(t, kind, got, "%s: %v", name, err)
					require.Equal(t, status, r.Status)
					require.Equal(t, b.code, r.Code)
					require.Equal(t, "GET", r.Method)
					require.True(t, strings.HasPrefix(r.URL, "http://registry/base/s"), r.URL)
					switch {
					case status == 304:
						require.Equal(t, "redirected", r.Message)
					case b.message == "":
						require.Equal(t, http.StatusText(status), r.Message)
					default:
						require.Equal(t, b.message, r.Message)
					}
					if u, ok := errors.AsType[*UnavailableError](err); ok {
						require.EqualValues(t, 3e9, u.RetryAfter)
					}
					if n, ok := errors.AsType[*NotFoundError](err); ok {
						require.NotEmpty(t, n.What)
					}
				}
			})
		}
	}
}

// A 2xx answer that no registry gives is as good as none: the registry is not
// reached, and what was asked for may well exist.
func TestMalformedAnswers(t *testing.T) {
	calls := map[string]func(c *Client) error{
		"by id":         func(c *Client) error { _, err := c.SchemaByID(t.Context(), "", 1); return err },
		"latest":        func(c *Client) error { _, err := c.Latest(t.Context(), "s"); return err },
		"register":      func(c *Client) error { _, err := c.Register(t.Context(), "s", Definition{Text: userV1}); return err },
		"lookup":        func(c *Client) error { _, err := c.Lookup(t.Context(), "s", Definition{Text: userV1}); return err },
		"subjects":      func(c *Client) error { _, err := c.Subjects(t.Context(), ""); return err },
		"prefix":        func(c *Client) error { _, err := c.Subjects(t.Context(), "a"); return err },
		"versions":      func(c *Client) error { _, err := c.Versions(t.Context(), "s"); return err },
		"text":          func(c *Client) error { _, err := c.Text(t.Context(), "s", 1); return err },
		"level":         func(c *Client) error { _, err := c.Compatibility(t.Context(), "s"); return err },
		"config":        func(c *Client) error { _, err := c.Config(t.Context(), "s"); return err },
		"mode":          func(c *Client) error { _, err := c.Mode(t.Context(), "s"); return err },
		"compatibility": func(c *Client) error { return c.CheckCompatibility(t.Context(), "s", Definition{Text: userV1}) },
		"set level":     func(c *Client) error { return c.SetCompatibility(t.Context(), "s", schemas.Full) },
	}
	for name, body := range map[string]string{
		"HTML":       "<!DOCTYPE html>\n<html>Please log in</html>",
		"empty":      "",
		"cut short":  `{"schema":"\"int\"","id`,
		"a string":   `"hello"`,
		"wrong type": `{"schema":17,"id":"x","is_compatible":"maybe","compatibilityLevel":[],"compatibility":{},"mode":4}`,
	} {
		for call, f := range calls {
			t.Run(name+", "+call, func(t *testing.T) {
				c, err := New("http://registry", quick(), WithRoundTripper(roundTrip(func(*http.Request) (*http.Response, error) { return reply(200, body), nil })))
				require.NoError(t, err)
				defer c.Close()
				err = f(c)
				r, kind := responseIn(err)
				require.Equal(t, "unavailable", kind, "%v", err)
				require.Equal(t, 200, r.Status)
				require.NotEmpty(t, r.Message)
			})
		}
	}
}

// null is nothing: an empty list, or an answer that is missing; never a panic.
func TestNullAnswers(t *testing.T) {
	c, err := New("http://registry", quick(), WithRoundTripper(roundTrip(func(*http.Request) (*http.Response, error) { return reply(200, "null"), nil })))
	require.NoError(t, err)
	defer c.Close()
	ctx := t.Context()
	names, err := c.Subjects(ctx, "")
	require.NoError(t, err)
	require.Empty(t, names)
	numbers, err := c.Versions(ctx, "s")
	require.NoError(t, err)
	require.Empty(t, numbers)
	ids, err := c.ReferencedBy(ctx, "s", 1)
	require.NoError(t, err)
	require.Empty(t, ids)
	for name, call := range map[string]func() error{
		"text":      func() error { _, err := c.Text(ctx, "s", 1); return err },
		"level":     func() error { _, err := c.Compatibility(ctx, "s"); return err },
		"set level": func() error { return c.SetCompatibility(ctx, "s", schemas.Full) },
		"by id":     func() error { _, err := c.SchemaByID(ctx, "", 1); return err },
		"register":  func() error { _, err := c.Register(ctx, "s", Definition{Text: userV1}); return err },
		"verdict":   func() error { return c.CheckCompatibility(ctx, "s", Definition{Text: userV1}) },
	} {
		_, kind := responseIn(call())
		require.Equal(t, "unavailable", kind, name)
	}
}

func TestRedirects(t *testing.T) {
	f := newFixture()
	f.register(t, "users-value", userV1)
	to := "http://registry/subjects"
	c, err := New("http://registry", quick(), WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path == "/subjects" {
			return f.RoundTrip(req)
		}
		return reply(302, "", "Location", to), nil
	})))
	require.NoError(t, err)
	defer c.Close()
	var names []string
	require.NoError(t, c.Do(t.Context(), "GET", "/moved", nil, &names))
	require.Equal(t, []string{"users-value"}, names)

	to = "https://login.example/?next=registry"
	err = c.Do(t.Context(), "GET", "/moved", nil, &names)
	_, kind := responseIn(err)
	require.Equal(t, "invalid", kind)
	require.ErrorContains(t, err, "https://login.example/")
	err = c.Do(t.Context(), "POST", "/moved", map[string]int{"a": 1}, nil)
	_, kind = responseIn(err)
	require.Equal(t, "invalid", kind, "a POST does not become a GET")
	require.ErrorContains(t, err, "redirected to https://login.example/")
}

func TestDo(t *testing.T) {
	f := newFixture()
	c := f.client(t)
	var raw []byte
	require.NoError(t, c.Do(t.Context(), "PUT", "/config", []byte(`{"compatibility":"NONE"}`), &raw))
	require.JSONEq(t, `{"compatibility":"NONE"}`, string(raw))
	var conf struct {
		Level string `json:"compatibilityLevel"`
	}
	require.NoError(t, c.Do(t.Context(), "GET", "/config?defaultToGlobal=true", nil, &conf))
	require.Equal(t, "NONE", conf.Level)
	require.NoError(t, c.Do(t.Context(), "PUT", "/mode", struct {
		Mode string `json:"mode"`
	}{"READONLY"}, nil))
	_, kind := responseIn(c.Do(t.Context(), "GET", "/nothing", nil, nil))
	require.Equal(t, "not found", kind)
	_, kind = responseIn(c.Do(t.Context(), "GET", "config", nil, nil))
	require.Equal(t, "invalid", kind)
	require.Error(t, c.Do(t.Context(), "PUT", "/config", func() {}, nil))
}

// An error is told by its status alone, so it is the same however often it takes.
func TestErrorAfterRetriesIsTheLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.Add(Fault{Status: 503, Body: HTMLPage()})
		c := f.client(t)
		_, err := c.SchemaByID(t.Context(), "", 1)
		r, kind := responseIn(err)
		require.Equal(t, "unavailable", kind)
		require.Equal(t, 503, r.Status)
		require.Equal(t, "<html>", r.Message)
		require.Equal(t, 4, f.Total())
	})
}

// Whatever the body of an error is, the message is one line of valid text.
func FuzzReadErrorResponse(f *testing.F) {
	for _, b := range errorBodies {
		f.Add([]byte(b.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, message := readErrorResponse(body)
		if !utf8.ValidString(message) || strings.ContainsAny(message, "\r\n\x1b") || strings.TrimSpace(message) != message {
			t.Fatalf("%q", message)
		}
		if short := oneline.Short(message, 100); len(short) > 103 || !utf8.ValidString(short) {
			t.Fatalf("%q", short)
		}
	})
}

// Whatever a registry sends for a schema, what comes out holds together: a text,
// parsed if it is Avro; or an error that is one of ours.
func FuzzSchemaAnswer(f *testing.F) {
	f.Add([]byte(`{"subject":"s","version":1,"id":1,"guid":"g","schemaType":"AVRO","schema":"\"int\"","deleted":false,"ts":1}`))
	f.Add([]byte(`{"schema":"syntax","schemaType":"PROTOBUF","references":[{"name":"a","subject":"b","version":1}]}`))
	f.Add([]byte(`{"schema":"\"int\"","references":null,"metadata":{"tags":{"a":["b"]},"properties":{}},"ruleSet":{"domainRules":[{"name":"r"}]}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := New("http://registry", quick(), WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
			return reply(200, string(body)), nil
		})))
		require.NoError(t, err)
		defer c.Close()
		s, err := c.SchemaByID(t.Context(), "", 7)
		if err != nil {
			_, kind := responseIn(err)
			var parse *schemas.ParseError
			var reference referenceError
			if kind != "unavailable" && !errors.As(err, &parse) && !errors.As(err, &reference) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		require.Equal(t, 7, s.ID)
		require.Equal(t, s.Type == "AVRO", s.Schema != nil)
		if s.Schema != nil {
			require.Equal(t, s.Text, s.Schema.String())
		}
	})
}

// Bodies that do not end, at once or drop by drop, over real connections: each
// call ends by itself with a typed error, whatever the status.
func TestBodiesWithoutEnd(t *testing.T) {
	for _, status := range []int{200, 404, 503} {
		for name, pause := range map[string]time.Duration{"a flood": 0, "drop by drop": 10 * time.Millisecond} {
			t.Run(fmt.Sprintf("%d, %s", status, name), func(t *testing.T) {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(status)
					fmt.Fprint(w, `{"error_code":40403,"message":"`)
					for r.Context().Err() == nil {
						if _, err := fmt.Fprint(w, strings.Repeat("x", 1<<10)); err != nil {
							return
						}
						w.(http.Flusher).Flush()
						time.Sleep(pause)
					}
				}))
				defer server.Close()
				c, err := New(server.URL, quick(), WithMaxAnswer(1<<20), WithTimeouts(0, 300*time.Millisecond, 0))
				require.NoError(t, err)
				defer c.Close()
				for call, f := range map[string]func() error{
					"our own":  func() error { _, err := c.SchemaByID(within(t), "", 1); return err },
					"a list's": func() error { _, err := c.Versions(within(t), "s"); return err },
				} {
					_, kind := responseIn(f())
					require.Equal(t, "unavailable", kind, call)
				}
			})
		}
	}
}
