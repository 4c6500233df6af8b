package memory_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
)

func TestHandlerConformance(t *testing.T) {
	srv := httptest.NewServer(memory.Handler(memory.New()))
	defer srv.Close()
	registrytest.RunHTTP(t, srv.Client(), srv.URL, registrytest.AllConfluent)
}

// ask makes a request to a handler itself.
func ask(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	return w
}

func TestHandlerLimitsBodies(t *testing.T) {
	h := memory.Handler(memory.New(memory.WithMaxText(100)), memory.WithMaxBody(1000))
	w := ask(h, "POST", "/subjects/s/versions", `{"schema":"`+strings.Repeat(" ", 1000)+`"}`)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.JSONEq(t, `{"error_code":413,"message":"Request body is too large"}`, w.Body.String())

	w = ask(h, "POST", "/subjects/s/versions", `{"schema":"`+strings.Repeat(" ", 101)+`"}`)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `"error_code":42209`)

	for _, path := range []string{"/subjects/s", "/compatibility/subjects/s/versions", "/config", "/mode", "/associations"} {
		method := "POST"
		if path == "/config" || path == "/mode" {
			method = "PUT"
		}
		w := ask(h, method, path, strings.Repeat("[", 900))
		require.Equal(t, http.StatusBadRequest, w.Code, path)
		w = ask(h, method, path, strings.Repeat("[", 1001))
		require.Equal(t, http.StatusRequestEntityTooLarge, w.Code, path)
		w = ask(h, method, path, "")
		require.Equal(t, http.StatusUnprocessableEntity, w.Code, path)
		w = ask(h, method, path, " null ")
		require.Equal(t, http.StatusUnprocessableEntity, w.Code, path)
		w = ask(h, method, path, "\x1f\x8b\x08 a gzip body")
		require.Equal(t, http.StatusBadRequest, w.Code, path)
	}
}

func TestHandlerMalformedBodies(t *testing.T) {
	h := memory.Handler(memory.New())
	for body, message := range map[string]string{
		`{`:                             "Malformed request: unexpected end of JSON input",
		`[1]`:                           "Malformed request: a JSON array, want an object",
		`{"schema":{"type":"string"}}`:  "Malformed request: schema is a JSON object",
		`{"schema":"\"int\"","id":"1"}`: "Malformed request: id is a JSON string",
	} {
		w := ask(h, "POST", "/subjects/s/versions", body)
		require.Equal(t, http.StatusBadRequest, w.Code, body)
		require.JSONEq(t, fmt.Sprintf(`{"error_code":400,"message":%q}`, message), w.Body.String())
	}
}

// TestHandlerDeepSchema sends a schema nested as deeply as a body can hold.
func TestHandlerDeepSchema(t *testing.T) {
	h := memory.Handler(memory.New())
	const depth = 100_000
	deep := strings.Repeat(`{\"type\":\"array\",\"items\":`, depth/10) + `\"int\"` + strings.Repeat("}", depth/10)
	w := ask(h, "POST", "/subjects/s/versions", `{"schema":"`+deep+`"}`)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `"error_code":42201`)
	w = ask(h, "POST", "/subjects/s/versions", `{"metadata":`+strings.Repeat("[", depth)+`}`)
	require.Equal(t, http.StatusBadRequest, w.Code)
}

func TestHandlerMethods(t *testing.T) {
	m := memory.New()
	_, err := m.Register(t.Context(), "s", registry.Definition{Text: `"int"`})
	require.NoError(t, err)
	srv := httptest.NewServer(memory.Handler(m))
	defer srv.Close()
	resp, err := srv.Client().Head(srv.URL + "/schemas/ids/1")
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Positive(t, resp.ContentLength)

	h := memory.Handler(m)
	w := ask(h, "PATCH", "/subjects/s", "")
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "POST, DELETE", w.Header().Get("Allow"))
	require.Equal(t, http.StatusBadRequest, ask(h, "GET", "/subjects//versions", "").Code)
}

func TestHandlerContentTypes(t *testing.T) {
	h := memory.Handler(memory.New())
	for accept, want := range map[string]string{
		"":                 "application/vnd.schemaregistry.v1+json",
		"*/*":              "application/vnd.schemaregistry.v1+json",
		"application/json": "application/json",
		"application/vnd.schemaregistry.v1+json, application/json": "application/vnd.schemaregistry.v1+json",
	} {
		r := httptest.NewRequest("GET", "/subjects", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, want, w.Header().Get("Content-Type"), accept)
	}
}

// TestHandlerBasic asks what registries other than Confluent's answer.
func TestHandlerBasic(t *testing.T) {
	h := memory.Handler(memory.New(), memory.BasicAPI())
	w := ask(h, "POST", "/subjects/s/versions", `{"schema":"\"int\""}`)
	require.JSONEq(t, `{"id":1}`, w.Body.String())
	require.JSONEq(t, `{"schema":"\"int\""}`, ask(h, "GET", "/schemas/ids/1", "").Body.String())
	require.JSONEq(t, `{"subject":"s","version":1,"id":1,"schema":"\"int\""}`, ask(h, "GET", "/subjects/s/versions/1", "").Body.String())
	require.JSONEq(t, `{"subject":"s","version":1,"id":1,"schema":"\"int\""}`, ask(h, "POST", "/subjects/s", `{"schema":"\"int\""}`).Body.String())
	for _, path := range []string{"/schemas/guids/00000000-0000-0000-0000-000000000000", "/contexts", "/associations/resources/-/t", "/v1/metadata/version"} {
		require.Equal(t, http.StatusNotFound, ask(h, "GET", path, "").Code, path)
	}
}

// TestHandlerAnswersAreNotShared changes what one request got and looks at the next.
func TestHandlerAnswersAreNotShared(t *testing.T) {
	h := memory.Handler(memory.New())
	ask(h, "POST", "/subjects/s/versions", `{"schema":"\"int\""}`)
	first := ask(h, "GET", "/schemas/ids/1", "")
	body := first.Body.Bytes()
	want := bytes.Clone(body)
	for i := range body {
		body[i] = 'x'
	}
	require.Equal(t, string(want), ask(h, "GET", "/schemas/ids/1", "").Body.String())
}
