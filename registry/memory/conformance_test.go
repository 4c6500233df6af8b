package memory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
)

func TestMemoryConformance(t *testing.T) {
	registrytest.Run(t, func(*testing.T) registrytest.Registry { return memory.New() }, registrytest.AllConfluent)
}

// TestDurableConformance runs the same on a registry that writes a log.
func TestDurableConformance(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registrytest.Registry {
		m, err := memory.Open(t.TempDir())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, m.Close()) })
		return m
	}, registrytest.AllConfluent)
}
