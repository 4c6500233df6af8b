package registry

import (
	"context"
	"crypto/tls"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

// Options of which only one can count, each twice.
func TestOptionsGivenTwice(t *testing.T) {
	for name, option := range map[string]Option{
		"WithBasicAuth": WithBasicAuth("a", "b"), "WithBearerToken": WithBearerToken("t"), "WithClientCredentials": WithClientCredentials("https://a", "b", "c"),
		"WithTokenFunc": WithTokenFunc(func(ctx context.Context) (*oauth2.Token, error) { return nil, nil }), "WithTokenSource": WithTokenSource(oauth2.StaticTokenSource(nil)),
		"WithHTTPClient": WithHTTPClient(&http.Client{}), "WithRoundTripper": WithRoundTripper(http.DefaultTransport), "WithTLS": WithTLS(&tls.Config{}), "WithProxy": WithProxy("http://p"),
		"WithRetries": WithRetries(1, 1, 1), "WithTimeouts": WithTimeouts(1, 1, 1), "WithBreaker": WithBreaker(1, 1, 1), "WithRateLimit": WithRateLimit(1, 1), "WithMaxAnswer": WithMaxAnswer(1),
		"WithLogger": WithLogger(slog.Default()), "WithCacheSize": WithCacheSize(1), "WithLatest": WithLatest(1, 1, 1), "WithMissing": WithMissing(1, 1, 1, 1), "WithMaxSchema": WithMaxSchema(1),
		"WithCacheDir": WithCacheDir(t.TempDir()), "WithSeed": WithSeed(fstest.MapFS{}),
	} {
		c, err := New("https://a", option)
		require.NoError(t, err, name)
		require.NoError(t, c.Close())
		_, err = New("https://a", option, option)
		require.EqualError(t, err, "registry: "+name+" is given twice: only one can count")

		// An option of the program wins over what a configuration says.
		c, err = New("https://a", configured{option}, option)
		require.NoError(t, err, name)
		require.NoError(t, c.Close())
	}
	c, err := New("https://a", WithHeader("A", "b"), WithHeader("A", "c"), WithObserver(&events{}), WithObserver(&events{}), WithRandomURL(), WithRandomURL())
	require.NoError(t, err, "those that add up, or say the same")
	require.NoError(t, c.Close())
}

// Options with nothing in them are no options.
func TestOptionsOfNothing(t *testing.T) {
	for name, options := range map[string][]Option{
		"WithBearerToken": {WithBearerToken("")}, "WithTokenFunc": {WithTokenFunc(nil)}, "WithTokenSource": {WithTokenSource(nil)},
		"WithHTTPClient": {WithHTTPClient(nil)}, "WithRoundTripper": {WithRoundTripper(nil), WithRoundTripper((*http.Transport)(nil))}, "WithTLS": {WithTLS(nil)}, "WithProxy": {WithProxy("")},
		"WithLogger": {WithLogger(nil)}, "WithObserver": {WithObserver(nil), WithObserver((*events)(nil)), WithObserver(ObserverFunc(nil))},
		"WithCacheDir": {WithCacheDir("")}, "WithSeed": {WithSeed(nil), WithSeed(fs.FS(fstest.MapFS(nil)))},
	} {
		for _, option := range options {
			_, err := New("https://a", option)
			require.EqualError(t, err, "registry: "+name+": nothing is given: leave the option out instead")
		}
	}
	for _, options := range [][]Option{{nil, WithMaxAnswer(1)}, {option(nil)}} {
		_, err := New("https://a", options...)
		require.EqualError(t, err, "registry: option 1 is nil")
	}
	_, err := New("https://a", WithMaxAnswer(1), nil)
	require.EqualError(t, err, "registry: option 2 is nil")
}

// What would have no effect, or half of it, is said when the client is made.
func TestOptionsWithoutEffect(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	own := WithRoundTripper(http.DefaultTransport)
	for _, test := range []struct {
		name, urls string
		opts       []Option
		err        string
	}{
		{"no user", "http://a", []Option{WithBasicAuth("", "hunter2")}, "WithBasicAuth: the user is empty"},
		{"no password", "http://a", []Option{WithBasicAuth("ann", "")}, "WithBasicAuth: the password is empty"},
		{"no id", "http://a", []Option{WithClientCredentials("https://a", "", "hunter2")}, "want an id and a secret"},
		{"no secret", "http://a", []Option{WithClientCredentials("https://a", "b", "")}, "want an id and a secret"},
		{"users in all URLs", "http://ann:hunter2@a,http://bob:hunter2@b", []Option{WithBasicAuth("c", "d")}, "WithBasicAuth has no effect: each URL has a user of its own"},
		{"and a token", "http://ann:hunter2@a", []Option{WithBearerToken("hunter2")}, "WithBearerToken has no effect: each URL has a user of its own"},
		{"two ways", "http://a", []Option{WithTokenFunc(func(context.Context) (*oauth2.Token, error) { return nil, nil }), WithClientCredentials("https://a", "b", "c")}, "exclude each other"},
		{"a header for it", "http://a", []Option{WithBearerToken("hunter2"), WithHeader("authorization", "Basic hunter2")}, "WithHeader: Authorization is what WithBearerToken sets"},
		{"Host", "http://a", []Option{WithHeader("host", "b")}, "WithHeader: Host is set by the HTTP client alone"},
		{"Content-Length", "http://a", []Option{WithHeader("Content-Length", "1")}, "is set by the HTTP client alone"},
		{"TLS", "http://a,http://b", []Option{WithTLS(&tls.Config{})}, "WithTLS has no effect: no URL begins with https://"},
		{"TLS on another transport", "https://a", []Option{own, WithTLS(&tls.Config{})}, "set it there"},
		{"connecting on another transport", "https://a", []Option{own, WithTimeouts(time.Second, 0, 0)}, "set it there"},
		{"two timeouts", "https://a", []Option{WithHTTPClient(&http.Client{Timeout: 1}), WithTimeouts(0, time.Second, 0)}, "has a timeout of its own"},
		{"cookies", "https://a", []Option{WithHTTPClient(&http.Client{Jar: jar})}, "its Jar and CheckRedirect would have no effect"},
		{"redirects", "https://a", []Option{WithHTTPClient(&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }})}, "its Jar and CheckRedirect would have no effect"},
		{"a rate of nothing", "https://a", []Option{WithRateLimit(0, 1)}, "WithRateLimit: 0 requests a second is not positive"},
		{"a rate below nothing", "https://a", []Option{WithRateLimit(-1, 1)}, "WithRateLimit: -1 requests a second is not positive"},
		{"a rate that is no number", "https://a", []Option{WithRateLimit(math.NaN(), 1)}, "is not positive"},
		{"a proxy with a path", "https://a", []Option{WithProxy("http://p/x")}, "a path or a query would have no effect"},
		{"a proxy with a query", "https://a", []Option{WithProxy("http://p?x")}, "a path or a query would have no effect"},
		{"mock, and another transport", "mock://a", []Option{own}, "have no effect on a mock:// URL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.urls, test.opts...)
			require.ErrorContains(t, err, test.err)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	// A program's options may stay as they are in its tests.
	c, err := New("mock://options-test", WithResolver(func(string) (http.RoundTripper, error) { return http.DefaultTransport, nil }), WithBasicAuth("a", "b"), WithTLS(&tls.Config{}), WithProxy("http://p"))
	require.NoError(t, err)
	require.NoError(t, c.Close())
}

// Every part of a URL counts, or is an error that says what to write instead.
func TestURLsThatAreRefused(t *testing.T) {
	for urls, message := range map[string]string{
		"localhost:8081":              "URL localhost:8081 has no scheme: want http://, https:// or mock:// in front, as in http://localhost:8081",
		"localhost":                   "URL localhost has no scheme: want http://, https:// or mock:// in front, as in http://localhost",
		"127.0.0.1:8081/base":         "as in http://127.0.0.1:8081/base",
		"[::1]:8081":                  "as in http://[::1]:8081",
		"//registry:8081":             "as in http://registry:8081",
		"registry.example.com:8081":   "as in http://registry.example.com:8081",
		"ann:hunter2@registry:8081":   "as in http://registry:8081",
		"http://a,b:8081":             "as in http://b:8081",
		"a?token=hunter2":             "as in http://a",
		"a?token=hunter2@b":           "(not shown)",
		"http:/a":                     "URL http:/a: want http:// and a host",
		"https:":                      "URL https:: want https:// and a host",
		"://a":                        "want http://, https:// or mock://",
		"ftp://ann:hunter2@a":         "URL ftp://a: want http://, https:// or mock://",
		"http://":                     "no host",
		"http://:8081":                "no host",
		"http://a:0":                  "no port has the number 0",
		"http://a:65536":              "no port has the number 65536",
		"http://a?":                   "URL http://a: a query would have no effect: remove it",
		"http://a/?token=hunter2":     "URL http://a/: a query would have no effect: remove it",
		"http://a/b#hunter2":          "URL http://a/b: a fragment would have no effect: remove it",
		"http://a#":                   "a fragment would have no effect",
		"http://ann@a":                "URL http://a: the password is empty: want user:password in front of the @",
		"http://ann:@a":               "the password is empty",
		"http://:hunter2@a":           "the user is empty",
		"http://@a":                   "the user is empty",
		"http://a%3Ab:hunter2@c":      "a user cannot contain a colon",
		"mock://ann:hunter2@a":        "URL mock://a: a user would have no effect: remove it",
		"mock://a?b=hunter2":          "a query would have no effect",
		"http://a,http://a/":          "URL http://a is given twice",
		"http://a,HTTP://A":           "is given twice",
		"http://a,http://u:hunter2@a": "URL http://a is given twice",
		"mock://a,mock://b":           "a mock:// URL has to be the only one",
		"http://a http://b":           "several URLs are separated by commas",
		"http://a;http://b":           "several URLs are separated by commas",
		"http://ann:hunt er2@a":       "a URL cannot be read",
		"http://a:hunter2":            "a URL cannot be read",
		"http://ann:hunt?er2@a:80":    "a URL cannot be read",
		"http://registry/%zz":         "a percent sign that is no escape",
		"http://a,,":                  "", " http://a , https://b:1/base/ ": "", "http://u:p@a,https://u:p@a": "", "http://a/b,http://a/c": "",
	} {
		c, err := New(urls)
		if message == "" {
			require.NoError(t, err, urls)
			require.NoError(t, c.Close())
			continue
		}
		require.ErrorContains(t, err, message, urls)
		require.NotContains(t, err.Error(), "hunter2")
		require.NotContains(t, err.Error(), "hunt")
	}
}

// A status that the registry repeats as its code is shown once.
func TestStatusAndCodeAreShownOnce(t *testing.T) {
	for body, message := range map[string]string{
		`{"error_code":401,"message":"Unauthorized"}`:   "registry: not authorised (GET http://registry/schemas/types: 401 Unauthorized)",
		`{"error_code":40101,"message":"Unauthorized"}`: "registry: not authorised (GET http://registry/schemas/types: 401 40101 Unauthorized)",
		``: "registry: not authorised (GET http://registry/schemas/types: 401 Unauthorized)",
	} {
		c, err := New("http://registry", WithRoundTripper(roundTrip(func(*http.Request) (*http.Response, error) { return reply(401, body), nil })))
		require.NoError(t, err)
		_, err = c.Types(t.Context())
		require.EqualError(t, err, message)
		require.NoError(t, c.Close())
	}
}
