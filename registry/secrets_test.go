package registry

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An answer of any status that holds what was sent, wherever it does.
func TestSecretsInAnswersAreNotShown(t *testing.T) {
	const password = `hunter2"secret`
	basic := base64.StdEncoding.EncodeToString([]byte("ann:" + password))
	quoted := func(text string) string { return fmt.Sprintf("%q", text) }
	schema := func(text string) string {
		return `{"subject":"s","id":1,"version":1,"schema":` + quoted(text) + `}`
	}
	for name, answer := range map[string]func() *http.Response{
		"a redirect elsewhere":        func() *http.Response { return reply(302, "", "Location", "http://else/"+url.PathEscape(password)) },
		"a redirect that is a choice": func() *http.Response { return reply(300, "", "Location", "http://else/?p="+url.QueryEscape(password)) },
		"a text":                      func() *http.Response { return reply(200, password+" "+basic) },
		"a subject": func() *http.Response {
			return reply(200, `{"id":1,"version":1,"schema":"\"int\"","subject":`+quoted(password)+`}`)
		},
		"a long subject": func() *http.Response {
			return reply(200, `{"id":1,"version":1,"schema":"\"int\"","subject":`+quoted(strings.Repeat("x", 90)+password)+`}`)
		},
		"a number": func() *http.Response { return reply(200, `{"id":`+quoted(password)+`}`) },
		"a type": func() *http.Response {
			return reply(200, `{"subject":"s","id":1,"version":1,"schema":"\"int\"","schemaType":`+quoted(password)+`}`)
		},
		"a schema that is a name": func() *http.Response { return reply(200, schema(quoted(password))) },
		"a schema with such a field": func() *http.Response {
			return reply(200, schema(`{"type":"record","name":"R","fields":[{"name":"a","type":"`+basic+`"}]}`))
		},
		"an error":                     func() *http.Response { return reply(422, `{"error_code":42201,"message":`+quoted(password)+`}`) },
		"an error of many words":       func() *http.Response { return reply(500, `{"message":{"was":`+quoted(password)+`}}`) },
		"an error that is cut short":   func() *http.Response { return reply(422, strings.Repeat("x", 190)+basic) },
		"an error too long to be read": func() *http.Response { return reply(422, strings.Repeat("x", 195)+password+strings.Repeat("y", 2<<20)) },
		"a conflict":                   func() *http.Response { return reply(409, `{"message":`+quoted(errorResponse(password))+`}`) },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := New("http://registry", WithBasicAuth("ann", password), quick(),
				WithRoundTripper(roundTrip(func(*http.Request) (*http.Response, error) { return answer(), nil })))
			require.NoError(t, err)
			defer c.Close()
			_, latest := c.Latest(t.Context(), "s")
			_, byID := c.SchemaByID(t.Context(), "", 1)
			_, registered := c.Register(t.Context(), "s", Definition{Text: `"long"`})
			verdict := c.CheckCompatibility(t.Context(), "s", Definition{Text: `"long"`})
			require.Error(t, latest)
			for _, err := range []error{latest, byID, registered, verdict} {
				for ; err != nil; err = errors.Unwrap(err) {
					text := fmt.Sprintf("%v %+v", err, err)
					require.NotContains(t, text, "hunter2", text)
					require.NotContains(t, text, basic[:8], text)
				}
			}
		})
	}
}

// errorResponse is a registry's message about a schema that is incompatible, with a name in it.
func errorResponse(name string) string {
	return "Schema being registered is incompatible with an earlier schema for subject \"s\", details: [{errorType:'NAME_MISMATCH', description:'The name of the schema has changed (path '/name')', additionalInfo:'expected: " + name + "'}]"
}

// Nor does a verdict show them.
func TestSecretsInVerdictsAreNotShown(t *testing.T) {
	const password = "hunter2secret"
	for _, message := range []string{password, errorResponse(password)} {
		c, err := New("http://registry", WithBasicAuth("ann", password), quick(),
			WithRoundTripper(roundTrip(func(*http.Request) (*http.Response, error) {
				return reply(200, fmt.Sprintf(`{"is_compatible":false,"messages":[%q]}`, message)), nil
			})))
		require.NoError(t, err)
		defer c.Close()
		verdict := c.CheckCompatibility(t.Context(), "s", Definition{Text: `"long"`})
		require.ErrorContains(t, verdict, "***")
		require.NotContains(t, verdict.Error(), "hunter2")
	}
}
