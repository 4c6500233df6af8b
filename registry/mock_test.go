package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
)

// TestMock gives two clients of one name one registry, and a third of another name
// another one.
func TestMock(t *testing.T) {
	scope := t.Name()
	defer registry.ForgetMock(scope)
	open := func(url string) *registry.Client {
		c, err := registry.New(url)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		return c
	}
	a, b, other := open("mock://"+scope), open("mock://"+scope), open("mock://other-"+scope)
	defer registry.ForgetMock("other-" + scope)
	got, err := a.Register(t.Context(), "s", registry.Definition{Text: `"int"`})
	require.NoError(t, err)
	found, err := b.SchemaByID(t.Context(), "", got.ID)
	require.NoError(t, err)
	require.Equal(t, got.GUID, found.GUID)
	_, err = other.SchemaByID(t.Context(), "", got.ID)
	require.Error(t, err)

	versions, err := registry.Mock(scope).Versions(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, []int{1}, versions)
	require.Same(t, registry.Mock(scope), registry.Mock(scope))

	before := registry.Mock(scope)
	registry.ForgetMock(scope)
	require.NotSame(t, before, registry.Mock(scope))
	_, err = b.Versions(t.Context(), "s")
	require.NoError(t, err, "who has it keeps it")
}
