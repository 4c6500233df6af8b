package registry

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The warm path of every record.
func TestHitsDoNotAllocate(t *testing.T) {
	f := newFixture()
	c := f.client(t)
	ctx := t.Context()
	d := Definition{Text: userV1}
	s, err := c.Register(ctx, "users-value", d)
	require.NoError(t, err)
	other, err := c.Register(ctx, ":.ctx:users-value", d)
	require.NoError(t, err)
	for name, call := range map[string]func(){
		"SchemaByID":   func() { _, err = c.SchemaByID(ctx, "users-value", s.ID) },
		"in a context": func() { _, err = c.SchemaByID(ctx, ":.ctx:users-value", other.ID) },
		"Version":      func() { _, err = c.Version(ctx, "users-value", 1) },
		"Latest":       func() { _, err = c.Latest(ctx, "users-value") },
		"Lookup":       func() { _, err = c.Lookup(ctx, "users-value", d) },
		"Register":     func() { _, err = c.Register(ctx, "users-value", d) },
	} {
		call()
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(100, call), name)
	}
}

func BenchmarkHit(b *testing.B) {
	f := newFixture()
	c := f.client(b)
	ids := f.register(b, "users-value", userV1, userV2, userLast)
	for _, id := range ids {
		_, err := c.SchemaByID(b.Context(), "users-value", id)
		require.NoError(b, err)
	}
	ctx := b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := c.SchemaByID(ctx, "users-value", ids[i%len(ids)]); err != nil {
				b.Error(err)
			}
		}
	})
}
