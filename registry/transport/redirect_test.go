package transport

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// A redirect to a URL of the transport's goes where it says, however it writes that.
func TestRedirectBetweenOwnURLs(t *testing.T) {
	const follower, leader = "http://a/base", "http://b:80/other"
	moved := func(to string) func(*http.Request) (*http.Response, error) {
		return func(*http.Request) (*http.Response, error) { return reply(307, "", "Location", to), nil }
	}
	for _, test := range []struct {
		name    string
		a, b    func(*http.Request) (*http.Response, error) // nil: it answers
		body    string                                      // "": an error
		err     string
		inOrder []string
	}{
		{"another host", moved("http://b:80/other/x?q=1"), nil, "b /other/x q=1", "", []string{"a", "b:80"}},
		{"in capitals", moved("HTTP://B:80/other/x"), nil, "b /other/x ", "", []string{"a", "b:80"}},
		{"without its scheme's port", moved("http://b/other/x"), nil, "b /other/x ", "", []string{"a", "b:80"}},
		{"without a scheme", moved("//b/other/x"), nil, "b /other/x ", "", []string{"a", "b:80"}},
		{"a path of the one that answered", func(*http.Request) (*http.Response, error) { return nil, errDial },
			func(req *http.Request) (*http.Response, error) {
				if req.URL.Path == "/other/x" {
					return reply(307, "", "Location", "/other/x/"), nil
				}
				return reply(200, "moved to "+req.URL.Path), nil
			}, "moved to /other/x/", "", []string{"a", "b:80", "b:80"}},
		{"one that does not answer, which only it can", moved("http://b/other/x"),
			func(*http.Request) (*http.Response, error) { return nil, errDial },
			"", "http://b:80/other/x: dial", []string{"a", "b:80", "b:80"}},
		{"there and back", moved("http://b/other/x"), moved("http://a/base/x"), "", "", []string{"a", "b:80", "a", "b:80", "a", "b:80"}},
		{"elsewhere", moved("http://c/base/x"), nil, "", "redirected to http://c/base/x", []string{"a"}},
		{"another path of the same server", moved("http://b/x"), nil, "", "redirected to http://b/x", []string{"a"}},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(test.name+", "+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var asked []string
					rt, err := open(follower+","+leader, func(s *Settings) { s.Retries = 1 },
						base(roundTrip(func(req *http.Request) (*http.Response, error) {
							asked = append(asked, req.URL.Host)
							answer := map[string]func(*http.Request) (*http.Response, error){"a": test.a, "b": test.b}[req.URL.Hostname()]
							if answer != nil {
								return answer(req)
							}
							sent := ""
							if req.Body != nil {
								body, err := io.ReadAll(req.Body)
								require.NoError(t, err)
								require.Equal(t, "the body", string(body))
								sent = " and the body"
							}
							return reply(200, req.URL.Hostname()+" "+req.URL.Path+" "+req.URL.RawQuery+sent), nil
						})))
					require.NoError(t, err)
					defer rt.Close()
					var in io.Reader
					if method == http.MethodPost {
						in = strings.NewReader("the body")
					}
					req, err := http.NewRequestWithContext(t.Context(), method, follower+"/x", in)
					require.NoError(t, err)
					answer, err := rt.Do(req, Call{})
					require.Equal(t, test.inOrder, asked)
					switch {
					case test.err != "":
						require.ErrorContains(t, err, test.err)
					case test.body == "":
						require.NoError(t, err)
						require.Equal(t, 307, answer.Status)
					default:
						require.NoError(t, err)
						require.Equal(t, test.body, strings.TrimSuffix(string(answer.Body), " and the body"))
					}
				})
			})
		}
	}
}

// A client of net/http, which follows redirects itself, gets there, too.
func TestRedirectOfHTTPClient(t *testing.T) {
	rt, err := open("http://a,http://b", base(roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.URL.Host == "a" {
			return reply(307, "", "Location", "http://b/x"), nil
		}
		return reply(200, "from b"), nil
	})))
	require.NoError(t, err)
	defer rt.Close()
	resp, err := (&http.Client{Transport: rt}).Get("http://a/x")
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "from b", string(body))
}

// Two ways to write one URL are that URL twice.
func TestSameURLTwice(t *testing.T) {
	for _, urls := range []string{"http://a,http://A", "http://a,http://a:80/", "https://[::1]/x,HTTPS://[::1]:443/x"} {
		_, err := ParseURLs(urls)
		require.ErrorContains(t, err, "is given twice", urls)
	}
	for _, urls := range []string{"http://a,https://a", "http://a,http://a:443", "http://a/x,http://a/X"} {
		_, err := ParseURLs(urls)
		require.NoError(t, err, urls)
	}
}
