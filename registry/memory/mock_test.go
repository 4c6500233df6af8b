package memory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
)

// TestMock gives two clients of one name one registry, and a third of another name
// another one.
func TestMock(t *testing.T) {
	scope := t.Name()
	defer memory.Drop(scope)
	open := func(url string) *registry.Client {
		c, err := registry.New(url, registry.WithResolver(memory.Resolve))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		return c
	}
	a, b, other := open("mock://"+scope), open("mock://"+scope), open("mock://other-"+scope)
	defer memory.Drop("other-" + scope)
	got, err := a.Register(t.Context(), "s", registry.Definition{Text: `"int"`})
	require.NoError(t, err)
	found, err := b.SchemaByID(t.Context(), "", got.ID)
	require.NoError(t, err)
	require.Equal(t, got.GUID, found.GUID)
	_, err = other.SchemaByID(t.Context(), "", got.ID)
	require.Error(t, err)

	versions, err := memory.Mock(scope).Versions(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, []int{1}, versions)
	require.Same(t, memory.Mock(scope), memory.Mock(scope))

	before := memory.Mock(scope)
	memory.Drop(scope)
	require.NotSame(t, before, memory.Mock(scope))
	_, err = b.Versions(t.Context(), "s")
	require.NoError(t, err, "who has it keeps it")
}

// Two clients of one mock:// URL share a registry; nothing listens anywhere.
func TestMockURL(t *testing.T) {
	t.Cleanup(func() { memory.Drop("client-test") })
	a, err := registry.New("mock://client-test", registry.WithResolver(memory.Resolve))
	require.NoError(t, err)
	defer a.Close()
	b, err := registry.New(" mock://client-test ", registry.WithResolver(memory.Resolve))
	require.NoError(t, err)
	defer b.Close()
	s, err := a.Register(t.Context(), "users-value", registry.Definition{Text: `"int"`})
	require.NoError(t, err)
	got, err := b.SchemaByID(t.Context(), "users-value", s.ID)
	require.NoError(t, err)
	require.Equal(t, `"int"`, got.Text)
	_, err = b.SchemaByID(t.Context(), "users-value", 99)
	var notFound *registry.NotFoundError
	require.ErrorAs(t, err, &notFound)
	require.Equal(t, 40403, notFound.Code)
	require.Same(t, memory.Mock("client-test"), memory.Mock("client-test"))
}

// Without a resolver, a mock:// URL is an error that says what to do.
func TestMockURLWithoutResolver(t *testing.T) {
	_, err := registry.New("mock://nobody")
	require.ErrorContains(t, err, "registry.WithResolver(memory.Resolve)")
}
