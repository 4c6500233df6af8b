package registry

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

// contextCalls ask for version 3 of a subject, or what has id 41 there, in every way
// that gives an id or a version.
func contextCalls(t *testing.T) map[string]func(c *Client, subject string) (*SubjectSchema, error) {
	d := Definition{Text: `"int"`}
	return map[string]func(c *Client, subject string) (*SubjectSchema, error){
		"latest":       func(c *Client, s string) (*SubjectSchema, error) { return c.Latest(t.Context(), s) },
		"with deleted": func(c *Client, s string) (*SubjectSchema, error) { return c.Version(t.Context(), s, -1, WithDeleted()) },
		"metadata": func(c *Client, s string) (*SubjectSchema, error) {
			return c.LatestWithMetadata(t.Context(), s, map[string]string{"team": "a"})
		},
		"version":  func(c *Client, s string) (*SubjectSchema, error) { return c.Version(t.Context(), s, 3) },
		"lookup":   func(c *Client, s string) (*SubjectSchema, error) { return c.Lookup(t.Context(), s, d) },
		"register": func(c *Client, s string) (*SubjectSchema, error) { return c.Register(t.Context(), s, d) },
		"text": func(c *Client, s string) (*SubjectSchema, error) {
			text, err := c.Text(t.Context(), s, 3)
			return &SubjectSchema{ID: 41, Definition: Definition{Text: text}}, err
		},
	}
}

// contextClient is a client of a registry that has one answer, of a subject.
func contextClient(t *testing.T, urls, subject, references string, opts ...Option) *Client {
	c, err := New(urls, append(opts, quick(), WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
		if strings.Contains(req.URL.Path, "/config/") {
			return reply(404, `{"error_code":40408,"message":"no config"}`), nil
		}
		return reply(200, `{"subject":"`+subject+`","version":3,"id":41,"schema":"\"int\"","metadata":{"properties":{"team":"a"}},"references":[`+references+`]}`), nil
	})))...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// An answer is of the context that the subject names, or the URL: ids are those of a context.
func TestAnswersOfAnotherContext(t *testing.T) {
	for _, test := range []struct {
		urls, asked, answered string
		ok                    bool
	}{
		{"http://r", "s", "s", true},
		{"http://r", "s", ":.:s", true},
		{"http://r", "s", ":.x:s", false},
		{"http://r/base", "s", ":.x:s", false},
		{"http://r", ":.:s", ":.x:s", false},
		{"http://r", ":.x:s", ":.x:s", true},
		{"http://r", ":.x:s", ":.y:s", false},
		{"http://r", ":.x:s", "s", true}, // some leave the context out
		{"http://r/contexts/.x", "s", ":.x:s", true},
		{"http://r/contexts/.x/", "s", ":.x:s", true},
		{"http://r/base/contexts/.x", "s", ":.x:s", true},
		{"http://r/contexts/:.x:", "s", ":.x:s", true},
		{"http://r/contexts/%3A.x%3A", "s", ":.x:s", true},
		{"http://r/contexts/x", "s", ":.x:s", true}, // as registries read it
		{"http://r/contexts/.x", "s", "s", true},
		{"http://r/contexts/.x", "s", ":.y:s", false},
		{"http://r/contexts/.x", "s", ":.xx:s", false},
		{"http://r/contexts/.x", ":.y:s", ":.y:s", true},
		{"http://r/contexts/.x", ":.y:s", ":.x:s", false},
		{"http://r/contexts/.", "s", ":.x:s", false},
		{"http://r/contexts/.x/more", "s", ":.x:s", false},
		{"http://r/mycontexts/.x", "s", ":.x:s", false},
		{"http://r/contexts/.x,http://q/contexts/.x", "s", ":.x:s", true},
		{"http://r/contexts/.x,http://q", "s", ":.x:s", false},
		{"http://r/contexts/.x,http://q/contexts/.y", "s", ":.y:s", false},
	} {
		for name, call := range contextCalls(t) {
			s, err := call(contextClient(t, test.urls, test.answered, ""), test.asked)
			_, malformed := errors.AsType[*MalformedResponseError](err)
			require.Equal(t, test.ok, err == nil, "%s, %s: %v, %v", name, test, s, err)
			require.Equal(t, !test.ok, malformed, "%s, %s: %v", name, test, err)
		}
	}
}

// By id, a name without a context may be found in any, and no name is the default one.
func TestIDsOfAnotherContext(t *testing.T) {
	for _, test := range []struct {
		urls, asked, answered string
		ok                    bool
	}{
		{"http://r", "s", ":.x:s", true},
		{"http://r", "", "other", true},
		{"http://r", "", ":.x:s", false},
		{"http://r", ":.y:", ":.x:s", false},
		{"http://r/contexts/.x", "", ":.x:s", true},
		{"http://r/contexts/.x", "s", ":.x:t", true},
		{"http://r/contexts/.x", "s", ":.y:s", false},
	} {
		_, err := contextClient(t, test.urls, test.answered, "").SchemaByID(t.Context(), test.asked, 41)
		_, malformed := errors.AsType[*MalformedResponseError](err)
		require.Equal(t, test.ok, err == nil, "%s: %v", test, err)
		require.Equal(t, !test.ok, malformed, "%s: %v", test, err)
	}
}

// A file that was kept is of a context as an answer is.
func TestKeptAnswersOfAnotherContext(t *testing.T) {
	for urls, ok := range map[string]bool{"http://r": false, "http://r/contexts/.x": true, "http://r/contexts/.y": false} {
		for kind, key := range map[string]string{"latest": latestKey{subject: "s"}.full(), "version": versionKey{subject: "s", version: 3}.full()} {
			s := &storedAnswer{Kind: kind, Key: key, Where: "s", At: time.Now(), Answer: schemaAnswer{Subject: ":.x:s", Version: 3, ID: 41, Schema: text(`"int"`)}}
			content, err := s.encode()
			require.NoError(t, err)
			c, err := New(urls, quick(), WithSeed(fstest.MapFS{fileName(kind, key): {Data: content}}), WithRoundTripper(roundTrip(func(*http.Request) (*http.Response, error) { return nil, errDial })))
			require.NoError(t, err)
			_, err = contextCalls(t)[kind](c, "s")
			require.Equal(t, ok, err == nil, "%s %s: %v", urls, kind, err)
			require.NoError(t, c.Close())
		}
	}
}

// A version does not refer to itself, however it is named.
func TestReferencesToTheVersionItself(t *testing.T) {
	ref := func(subject, version string) string {
		return `{"name":"n","subject":"` + subject + `","version":` + version + `}`
	}
	for _, test := range []struct {
		urls, asked, answered, references string
	}{
		{"http://r", "s", "s", ref("s", "3")},
		{"http://r", "s", "", ref("s", "3")},
		{"http://r", "s", "s", ref(":.:s", "3")},
		{"http://r", "s", "s", ref("r", "3") + "," + ref("s", "3")},
		{"http://r", ":.x:s", ":.x:s", ref("s", "3")},
		{"http://r", ":.x:s", "s", ref(":.x:s", "3")},
		{"http://r/contexts/.x", "s", "s", ref(":.x:s", "3")},
		{"http://r/contexts/.x", "s", ":.x:s", ref("s", "3")},
	} {
		for name, call := range contextCalls(t) {
			_, err := call(contextClient(t, test.urls, test.answered, test.references), test.asked)
			require.ErrorContains(t, err, "it refers to itself, version 3", "%s, %s", name, test)
			require.ErrorAs(t, err, new(*MalformedResponseError))
		}
	}
	for _, other := range []Reference{{"n", ":.x:s", 3}, {"n", "S", 3}, {"n", "s", 2}, {"n", "s", -1}} {
		a := &schemaAnswer{Subject: "s", Version: 3, ID: 41, Schema: text(`"int"`), References: []Reference{other}}
		require.NoError(t, latestKey{subject: "s"}.expected().check(a), other)
	}
}
