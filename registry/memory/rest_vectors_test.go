package memory_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/registry/memory"
)

// registryAnswer is one call against Confluent's registry, and its answer.
type registryAnswer struct {
	Case   string          `json:"case"`
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Req    json.RawMessage `json:"req"`
	Status int             `json:"status"`
	Body   string          `json:"body"`
}

// TestRegistryAnswers makes the calls of the vectors in their order, over HTTP,
// and finds the same status and the same content in the body.
func TestRegistryAnswers(t *testing.T) {
	m := memory.New()
	srv := httptest.NewServer(memory.Handler(m, memory.WithClusterID("MkU3OEVBNTcwNTJENDM2Qk")))
	defer srv.Close()
	calls := vectors.Load[registryAnswer]("registry_answers.json")
	require.Len(t, calls, 150)
	same := 0
	for _, call := range calls {
		t.Run(call.Case, func(t *testing.T) {
			body := call.Req
			if string(body) == "null" {
				body = nil
			}
			a := send(t, call.Method, srv.URL+call.Path, string(body))
			require.Equal(t, call.Status, a.status, a.body)
			require.Equal(t, "application/vnd.schemaregistry.v1+json", a.header.Get("Content-Type"))
			require.Equal(t, content(t, call.Body), content(t, a.body))
			same++
		})
	}
	require.Equal(t, 150, same)
}

// content is a body without what is not a fact: times, the build that answers,
// and the words in which a schema is said to be invalid.
func content(t *testing.T, body string) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(body), &v), body)
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	for _, item := range list {
		object, _ := item.(map[string]any)
		if ts, ok := object["ts"]; ok {
			require.Greater(t, ts, 1e12)
			object["ts"] = 0
		}
		delete(object, "commitId")
		if object["error_code"] == 42201. {
			before, words, found := cutLast(object["message"].(string), ", details: ")
			require.True(t, found)
			require.NotEmpty(t, words)
			object["message"] = before
		}
	}
	return v
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// httpAnswer is all of an answer.
type httpAnswer struct {
	status int
	header http.Header
	body   string
}

// send makes one request, with a body of JSON unless it is empty.
func send(t *testing.T, method, url, body string) httpAnswer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return httpAnswer{status: resp.StatusCode, header: resp.Header, body: string(got)}
}
