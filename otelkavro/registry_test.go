package otelkavro_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/otelkavro"
	"github.com/kavro/kavro/registry"
)

func TestRegistry(t *testing.T) {
	s := newScene(t)
	telemetry, err := otelkavro.New(s.opts...)
	require.NoError(t, err)
	r := telemetry.RegistryObserver()
	for _, e := range []registry.Event{
		{Kind: registry.EventRequest, Method: "GET", URL: "http://registry:8081/schemas/ids/1", Status: 200},
		{Kind: registry.EventRequest, Method: "GET", URL: "https://registry/schemas/ids/2", Status: 404},
		{Kind: registry.EventRequest, Method: "POST", URL: "http://registry/subjects/secret", Err: errors.New("refused")},
		{Kind: registry.EventRetry}, {Kind: registry.EventHit, Cache: "id"}, {Kind: registry.EventEjected, URL: "http://a"},
		{Kind: registry.EventEjected, URL: "http://b"}, {Kind: registry.EventHealthy, URL: "http://a"},
	} {
		r.Observe(e)
	}
	require.Equal(t, map[string]uint64{
		"http.request.method=GET,http.response.status_code=200,server.address=registry,server.port=8081":               1,
		"error.type=404,http.request.method=GET,http.response.status_code=404,server.address=registry,server.port=443": 1,
		"error.type=*errors.errorString,http.request.method=POST,server.address=registry,server.port=80":               1,
	}, s.points("http.client.request.duration"))
	require.Equal(t, map[string]uint64{"kavro.cache=id,kavro.result=hit": 1}, s.points("kavro.registry.cache"))
	require.Equal(t, map[string]uint64{"": 1}, s.points("kavro.registry.retries"))
	require.Equal(t, map[string]uint64{"": 1}, s.points("kavro.registry.ejected"))
}

// A URL counts while it is ejected, once, whatever becomes of the client.
func TestRegistryEjected(t *testing.T) {
	s := newScene(t)
	telemetry, err := otelkavro.New(s.opts...)
	require.NoError(t, err)
	reg := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer reg.Close()
	c, err := registry.New(reg.URL, registry.WithObserver(telemetry.RegistryObserver()), registry.WithRetries(0, 0, 0), registry.WithBreaker(1, 1, 1))
	require.NoError(t, err)
	for range 3 {
		_, err := c.Subjects(t.Context(), "")
		require.Error(t, err)
		require.Equal(t, map[string]uint64{"": 1}, s.points("kavro.registry.ejected"))
	}
	require.NoError(t, c.Close())
	require.Equal(t, map[string]uint64{"": 0}, s.points("kavro.registry.ejected"))
}
