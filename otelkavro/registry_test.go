package otelkavro_test

import (
	"errors"
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
		{Kind: registry.EventRetry}, {Kind: registry.EventHit, Cache: "id"}, {Kind: registry.EventEjected}, {Kind: registry.EventEjected}, {Kind: registry.EventHealthy},
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
