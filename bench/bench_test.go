package bench

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Every entry does what it says before it is timed.
func TestEntries(t *testing.T) {
	for _, e := range Entries() {
		t.Run(e.Shape+"/"+e.Op+"/"+e.Library, func(t *testing.T) {
			require.NoError(t, e.Run())
			require.NoError(t, e.Check())
		})
	}
}

func BenchmarkEntries(b *testing.B) {
	for _, e := range Entries() {
		b.Run(e.Shape+"/"+e.Op+"/"+e.Library, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
