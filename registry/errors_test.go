package registry

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever is known, the text of an error has no empty part.
func TestErrorTexts(t *testing.T) {
	const url = "http://r/s"
	broken := errors.New("write: broken pipe")
	for want, err := range map[string]error{
		"registry: unavailable":                                              &UnavailableError{},
		"registry: unavailable (503)":                                        &UnavailableError{Response: Response{Status: 503}},
		"registry: unavailable (503 50003 m)":                                &UnavailableError{Response: Response{Status: 503, Code: 50003, Message: "m"}, RetryAfter: time.Second},
		"registry: unavailable (503 m)":                                      &UnavailableError{Response: Response{Status: 503, Code: 503, Message: "m"}},
		"registry: unavailable (50003)":                                      &UnavailableError{Response: Response{Code: 50003}},
		"registry: unavailable (the token source gave no token)":             &UnavailableError{Response: Response{Message: "the token source gave no token"}},
		"registry: unavailable (GET http://r/s)":                             &UnavailableError{Response: Response{Method: "GET", URL: url}},
		"registry: unavailable (GET http://r/s: 503)":                        &UnavailableError{Response: Response{Method: "GET", URL: url, Status: 503}},
		"registry: unavailable (GET http://r/s: 503 m)":                      &UnavailableError{Response: Response{Method: "GET", URL: url, Status: 503, Message: "m"}},
		"registry: unavailable (GET: m)":                                     &UnavailableError{Response: Response{Method: "GET", Message: "m"}},
		"registry: unavailable (http://r/s: m)":                              &UnavailableError{Response: Response{URL: url, Message: "m"}},
		"registry: unavailable: write: broken pipe":                          &UnavailableError{Err: broken},
		"registry: unavailable: GET: write: broken pipe":                     &UnavailableError{Response: Response{Method: "GET"}, Err: broken},
		"registry: unavailable: http://r/s: write: broken pipe":              &UnavailableError{Response: Response{URL: url}, Err: broken},
		"registry: unavailable: GET http://r/s: write: broken pipe":          &UnavailableError{Response: Response{Method: "GET", URL: url, Status: 200, Message: "m"}, Err: broken},
		"registry: unavailable (m)":                                          &UnavailableError{Response: Response{Message: "m"}, Err: errors.New("")},
		"registry: unavailable: malformed response":                          &UnavailableError{Err: &MalformedResponseError{}},
		"malformed response for x":                                           &MalformedResponseError{What: "x"},
		"malformed response: r":                                              &MalformedResponseError{Reason: "r"},
		"malformed response for x: r":                                        &MalformedResponseError{What: "x", Reason: "r"},
		"registry: what was asked for does not exist":                        &NotFoundError{},
		"registry: subject s does not exist (404)":                           &NotFoundError{What: "subject s", Response: Response{Status: 404}},
		"registry: subject s does not exist (GET http://r/s: 404 40401 m)":   &NotFoundError{What: "subject s", Response: Response{Method: "GET", URL: url, Status: 404, Code: 40401, Message: "m"}},
		"registry: not authorised":                                           &UnauthorizedError{},
		"registry: not authorised (GET http://r/s: 401)":                     &UnauthorizedError{Response: Response{Method: "GET", URL: url, Status: 401}},
		"registry: conflict":                                                 &ConflictError{},
		"registry: conflict (409)":                                           &ConflictError{Response: Response{Status: 409}},
		"registry: refused":                                                  &InvalidError{},
		"registry: refused (POST: a path has to begin with a slash: config)": &InvalidError{Response: Response{Method: "POST", Message: "a path has to begin with a slash: config"}},
	} {
		require.EqualError(t, err, want)
	}
	for bits := range 1 << 6 { // every shape of the one that most see
		r := Response{}
		e := &UnavailableError{}
		for i, set := range []func(){
			func() { r.Method = "GET" }, func() { r.URL = url }, func() { r.Status = 503 }, func() { r.Code = 50003 }, func() { r.Message = "m" }, func() { e.Err = broken },
		} {
			if bits>>i&1 == 1 {
				set()
			}
		}
		e.Response = r
		for _, empty := range []string{"  ", " :", ": )", "()", "( ", " )", "::", ": : "} {
			require.NotContains(t, e.Error(), empty, "%+v", e)
		}
		require.Equal(t, strings.TrimRight(e.Error(), " :"), e.Error())
	}

	// A closed Memory has no URL.
	m, _ := Hooks.NewMemory(0)
	require.NoError(t, m.Close())
	_, err := m.Register(t.Context(), "s", Definition{Text: `"int"`})
	require.ErrorAs(t, err, new(*UnavailableError))
	require.NotContains(t, err.Error(), ":  ")
}
