package registry

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a client allocates for a schema grows with what it refers to, not with its
// square: each text is parsed once, with the names of those before it.
func TestReferencesAreParsedOnce(t *testing.T) {
	cost := func(n int) uint64 {
		f := newFixture()
		held, refs := shapes[0].build(n)
		for i, d := range held {
			_, err := f.Memory.Register(t.Context(), fmt.Sprintf("T%d", i), d)
			require.NoError(t, err)
		}
		use, err := f.Memory.Register(t.Context(), "u", Definition{Text: fmt.Sprintf(`["T0","T%d"]`, n-1), References: refs})
		require.NoError(t, err)
		return allocated(func() {
			got, err := f.client(t).SchemaByID(t.Context(), "u", use.ID)
			require.NoError(t, err)
			require.Len(t, got.Schema.References(), n)
		})
	}
	cost(5) // what is made once
	small, large := cost(20), cost(200)
	require.Less(t, large, 14*small)
}
