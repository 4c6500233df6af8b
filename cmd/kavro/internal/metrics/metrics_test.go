package metrics

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/server"
)

func TestMetrics(t *testing.T) {
	m := New()
	s, err := server.New(memory.New(), server.WithMetrics(m))
	require.NoError(t, err)
	request := func(method, path, body string) string {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		return w.Body.String()
	}
	request("POST", "/subjects/secret-name/versions", `{"schema":"\"int\""}`)
	request("GET", "/schemas/ids/1", "")
	request("GET", "/schemas/ids/1", "")
	request("GET", "/schemas/ids/2", "")
	request("BREW", "/coffee/secret-name", "")
	text := request("GET", "/metrics", "")
	for _, line := range []string{
		`kavro_registry_requests_total{code="200",method="GET",route="/schemas/ids/*"} 2`,
		`kavro_registry_requests_total{code="404",method="GET",route="/schemas/ids/*"} 1`,
		`kavro_registry_requests_total{code="200",method="POST",route="/subjects/*/versions"} 1`,
		`kavro_registry_requests_total{code="404",method="other",route="none"} 1`,
		`kavro_registry_request_seconds_count{route="/schemas/ids/*"} 3`,
		`kavro_registry_request_seconds_bucket{route="/schemas/ids/*",le="0.25"} 3`,
		`kavro_registry_subjects 1`,
		`kavro_registry_versions 1`,
		`kavro_registry_schemas 1`,
		`kavro_registry_contexts 1`,
		`kavro_registry_log_not_written 0`,
		`kavro_registry_requests_in_flight 1`, // this one
		`# TYPE kavro_registry_request_seconds histogram`,
		`# TYPE kavro_registry_requests_refused_total counter`,
	} {
		require.Contains(t, text, line+"\n")
	}
	require.Contains(t, text, "go_goroutines ")
	require.NotContains(t, text, "secret-name")
	problems, err := testutil.GatherAndLint(m.all)
	require.NoError(t, err)
	require.Empty(t, problems)
}
