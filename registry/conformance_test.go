package registry_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
)

// TestClientConformance runs what Memory has to pass through a client over real
// HTTP: its caches must not show.
func TestClientConformance(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registrytest.Registry {
		server := httptest.NewServer(memory.Handler(memory.New()))
		t.Cleanup(server.Close)
		c, err := registry.New(server.URL)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		return c
	}, registrytest.AllConfluent)
}
