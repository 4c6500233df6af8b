package registry_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
)

// A 404 without the error code of a registry says that perhaps none answers at the URL,
// whatever was asked for and whatever the body holds; one with a code says what is
// missing.
func TestNoRegistryAtThisURL(t *testing.T) {
	for name, body := range map[string]string{
		"nothing": "", "text": "404 page not found\n", "HTML": "<html><title>404</title></html>",
		"JSON of another server":   `{"error": "Not Found", "message": "no handler"}`,
		"the router of a registry": `{"error_code": 404, "message": "HTTP 404 Not Found"}`, // of Confluent's, for a path that is none
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNotFound)
				_, _ = w.Write([]byte(body))
			}))
			defer s.Close()
			c, err := registry.New(s.URL + "/wrong")
			require.NoError(t, err)
			defer c.Close()
			_, registering := c.Register(t.Context(), "s", registry.Definition{Text: `"int"`})
			_, reading := c.SchemaByID(t.Context(), "", 7)
			_, latest := c.Latest(t.Context(), "s")
			_, listing := c.Subjects(t.Context(), "")
			for _, err := range []error{registering, reading, latest, listing} {
				var missing *registry.NotFoundError
				require.ErrorAs(t, err, &missing)
				require.ErrorContains(t, err, "no registry may be answering at this URL")
				require.ErrorContains(t, err, s.URL+"/wrong")
				require.NotContains(t, err.Error(), "does not exist")
			}
		})
	}
	s := httptest.NewServer(memory.Handler(memory.New()))
	defer s.Close()
	c, err := registry.New(s.URL)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.SchemaByID(t.Context(), "", 7)
	require.ErrorContains(t, err, "schema id 7 does not exist")
}
