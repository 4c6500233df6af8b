package registry

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is registered, looked up or checked is the text without comments. Texts of
// other types have comments of their own.
func TestCommentsAreNotSent(t *testing.T) {
	var sent []string
	idOnly := false
	_, handler := Hooks.NewMemory(0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var asked struct{ Schema string }
		if err == nil && r.Method == http.MethodPost && json.Unmarshal(body, &asked) == nil {
			sent = append(sent, asked.Schema)
		}
		if idOnly {
			io.WriteString(w, `{"id":7}`)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	const text, plain = "\ufeff// first\n{\"type\": \"string\", /* second */ \"x\": \"// third\"}", `{"type": "string",  "x": "// third"}`
	c, err := New(server.URL)
	require.NoError(t, err)
	defer c.Close()
	ctx, d := t.Context(), Definition{Text: text}
	require.NoError(t, c.CheckCompatibility(ctx, "s", d))
	registered, err := c.Register(ctx, "s", d)
	require.NoError(t, err)
	require.NotContains(t, registered.Text, "first")
	found, err := c.Lookup(ctx, "s", Definition{Text: text + " // another"})
	require.NoError(t, err)
	require.Equal(t, registered.ID, found.ID)
	require.Equal(t, []string{plain, plain, plain}, sent)

	_, err = c.Register(ctx, "s", Definition{Text: "// nothing but this"})
	require.ErrorContains(t, err, "want a JSON value")
	require.Len(t, sent, 3, "a text of comments alone is not the empty one, which stands for the version before")

	idOnly = true
	alone, err := c.Register(ctx, "other", d)
	require.NoError(t, err)
	require.Equal(t, plain, alone.Text)
	proto := Definition{Type: "PROTOBUF", Text: "// kept\nsyntax = \"proto3\";"}
	_, err = c.Register(ctx, "proto", proto)
	require.NoError(t, err)
	require.Equal(t, proto.Text, sent[len(sent)-1])
}
