package registries

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
)

// TestMemory: a registry within the process has no differences.
func TestMemory(t *testing.T) {
	m := memory.New()
	t.Run("suite", func(t *testing.T) {
		registrytest.Compare(t, func(*testing.T) registrytest.Registry { return m }, nil)
	})
	t.Run("path", func(t *testing.T) { wholePath(t, kavroWith(m)) })
}

// TestRegistries checks each of the others: single calls over HTTP, the methods of
// a client, and the whole way of a record.
func TestRegistries(t *testing.T) {
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			url := s.start(t)
			t.Run("answers", func(t *testing.T) { compareAnswers(t, url, answers[s.name]) }) // first: they are of an empty registry
			t.Run("suite", func(t *testing.T) {
				registrytest.Compare(t, func(t *testing.T) registrytest.Registry { return client(t, url) }, differences[s.name])
			})
			t.Run("path", func(t *testing.T) { wholePath(t, kavroAt(url)) })
		})
	}
}

func client(t *testing.T, url string) *registry.Client {
	c, err := registry.New(url, registry.WithTimeouts(patience, patience, patience))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// compareAnswers makes the calls of registry_answers.json in their order, and
// compares status and code with what Confluent's registry answered.
func compareAnswers(t *testing.T, url string, known map[string]string) {
	calls := vectors.Load[struct {
		Case, Method, Path string
		Req                json.RawMessage
		Status             int
		Body               string
	}]("registry_answers.json")
	found := map[string]string{}
	for _, call := range calls {
		want := verdict(call.Status, []byte(call.Body))
		if got := verdict(send(t, call.Method, url+call.Path, call.Req)); got != want {
			found[call.Case] = got + ", not " + want
		}
	}
	require.Equal(t, known, found)
}

// verdict is what matters of an answer: "200", "404 40401", "200 incompatible".
func verdict(status int, body []byte) string {
	var got struct {
		Code       int   `json:"error_code"`
		Compatible *bool `json:"is_compatible"`
	}
	_ = json.Unmarshal(body, &got) // whatever it is: no code then
	switch {
	case got.Code != 0:
		return fmt.Sprint(status, " ", got.Code)
	case got.Compatible != nil && !*got.Compatible:
		return fmt.Sprint(status, " incompatible")
	}
	return fmt.Sprint(status)
}

func send(t *testing.T, method, url string, body json.RawMessage) (status int, answer []byte) {
	t.Helper()
	if string(body) == "null" {
		body = nil
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(string(body)))
	require.NoError(t, err)
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	}
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, answer
}
