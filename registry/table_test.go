package registry

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTable(t *testing.T) {
	tab := newTable[string, int](3)
	for i, key := range []string{"a", "b", "c"} {
		tab.put(key, i)
	}
	tab.put("b", 10)
	require.Equal(t, 3, tab.len())
	v, ok := tab.get("b")
	require.True(t, ok)
	require.Equal(t, 10, v)
	_, ok = tab.get("z")
	require.False(t, ok)

	_, _ = tab.get("a")
	tab.put("d", 3)
	require.Equal(t, 3, tab.len())
	_, ok = tab.get("c")
	require.False(t, ok, "the one that was not read has gone")
	for _, key := range []string{"a", "b", "d"} {
		_, ok = tab.get(key)
		require.True(t, ok, key)
	}
	tab.put("e", 4)
	require.Equal(t, 3, tab.len(), "all were read: one goes all the same")

	tab.remove(func(key string, v int) bool { return key == "e" || v == 10 })
	_, ok = tab.get("e")
	require.False(t, ok)
	for i := range 10 {
		tab.put(fmt.Sprint(i), i)
	}
	require.Equal(t, 3, tab.len())
	tab.remove(func(string, int) bool { return true })
	require.Zero(t, tab.len())
	tab.put("a", 1)
	require.Equal(t, 1, tab.len())
}

func TestTableIsBounded(t *testing.T) {
	for _, max := range []int{1, 2, 255, 256, 257, 1000, 10_000} {
		tab := newTable[int, int](max)
		for i := range 3 * max {
			tab.put(i, i)
			if v, ok := tab.get(i); !ok || v != i {
				t.Fatal("the newest is not there")
			}
		}
		require.LessOrEqual(t, tab.len(), max+len(tab.shards))
		require.GreaterOrEqual(t, tab.len(), max*9/10)
	}
}

func TestTableConcurrently(t *testing.T) {
	tab := newTable[int, int](1000)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				tab.put(i, i)
				if v, ok := tab.get((i * 7) % 2000); ok && v != (i*7)%2000 {
					t.Errorf("%d", v)
				}
				if g == 0 && i%500 == 0 {
					tab.remove(func(k, _ int) bool { return k%2 == 0 })
				}
			}
		})
	}
	wg.Wait()
}

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
