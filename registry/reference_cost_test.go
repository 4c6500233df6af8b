package registry

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a client allocates for a schema grows with what it refers to, not with its
// square: each text is parsed once, with the names of those before it.
func TestReferencesAreParsedOnce(t *testing.T) {
	cost := func(n int) uint64 {
		f := newFixture()
		var held []Definition
		var refs []Reference
		for i := range n {
			name := fmt.Sprintf("T%d", i)
			held = append(held, Definition{Text: wideRecord(name, 20)})
			refs = append(refs, Reference{Name: name, Subject: name, Version: 1})
		}
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

// wideRecord is a record that defines many types and has these fields besides.
func wideRecord(name string, types int, fields ...string) string {
	for k := range types {
		fields = append(fields, fmt.Sprintf(`{"name":"f%d","type":{"type":"fixed","name":"%s_%d","size":1}}`, k, name, k))
	}
	return fmt.Sprintf(`{"type":"record","name":%q,"fields":[%s]}`, name, strings.Join(fields, ","))
}

// allocated is how many bytes f allocates in all, freed ones included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
