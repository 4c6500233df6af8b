package cache

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMap(t *testing.T) {
	m := New[string, int](3)
	for i, key := range []string{"a", "b", "c"} {
		m.Put(key, i)
	}
	m.Put("b", 10)
	require.Equal(t, 3, m.Len())
	v, ok := m.Get("b")
	require.True(t, ok)
	require.Equal(t, 10, v)
	_, ok = m.Get("z")
	require.False(t, ok)

	_, _ = m.Get("a")
	m.Put("d", 3)
	require.Equal(t, 3, m.Len())
	_, ok = m.Get("c")
	require.False(t, ok, "the one that was not read has gone")
	for _, key := range []string{"a", "b", "d"} {
		_, ok = m.Get(key)
		require.True(t, ok, key)
	}
	m.Put("e", 4)
	require.Equal(t, 3, m.Len(), "all were read: one goes all the same")
	all := map[string]int{}
	m.All(func(key string, v int) { all[key] = v })
	require.Len(t, all, 3)
	require.Equal(t, 4, all["e"])

	m.Remove(func(key string, v int) bool { return key == "e" || v == 10 })
	_, ok = m.Get("e")
	require.False(t, ok)
	for i := range 10 {
		m.Put(fmt.Sprint(i), i)
	}
	require.Equal(t, 3, m.Len())
	m.Remove(func(string, int) bool { return true })
	require.Zero(t, m.Len())
	m.Put("a", 1)
	require.Equal(t, 1, m.Len())
}

func TestBound(t *testing.T) {
	for _, max := range []int{1, 2, 255, 1000, 10_000} {
		m := New[int, int](max)
		for i := range 3 * max {
			m.Put(i, i)
			if v, ok := m.Get(i); !ok || v != i {
				t.Fatal("the newest is not there")
			}
		}
		require.Equal(t, max, m.Len())
		all := 0
		m.All(func(int, int) { all++ })
		require.Equal(t, max, all)
	}
}

// A new key costs the same however many there are, also beyond the bound: the memory that is
// allocated for it says how much was copied.
func TestNewKeysStayCheap(t *testing.T) {
	m := New[int, int](10_000)
	var before, after runtime.MemStats
	for _, from := range []int{0, 9_000, 50_000} {
		for key := m.Len(); key < from; key++ {
			m.Put(key, key)
		}
		runtime.ReadMemStats(&before)
		for i := range 1_000 {
			m.Put(from+i, i)
		}
		runtime.ReadMemStats(&after)
		require.Less(t, (after.TotalAlloc-before.TotalAlloc)/1_000, uint64(1_000), "bytes for each new key beyond %d", from)
	}
}

// Beyond the bound a part is found, and what is used more often than the rest stays.
func TestNoCliff(t *testing.T) {
	const bound = 10_000
	m := New[int, int](bound)
	use := func(from, to int) (missed int) {
		for key := from; key < to; key++ {
			if _, ok := m.Get(key); !ok {
				missed++
				m.Put(key, key)
			}
		}
		return missed
	}
	const keys = bound * 5 / 4
	missed := 0
	for range 5 {
		missed = use(0, keys)
	}
	require.Less(t, missed, keys*3/4)

	for range 5 {
		missed = use(keys, keys+bound/2) // other keys, which are few enough
	}
	require.Less(t, missed, bound/20, "old keys have gone")
}

func TestConcurrentUse(t *testing.T) {
	m := New[int, int](1000)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				m.Put(i, i)
				if v, ok := m.Get((i * 7) % 2000); ok && v != (i*7)%2000 {
					t.Errorf("%d", v)
				}
				if g == 0 && i%500 == 0 {
					m.Remove(func(k, _ int) bool { return k%2 == 0 })
				}
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, m.Len(), 1000)
}

func TestReadsAllocateNothing(t *testing.T) {
	type key struct{ context, topic string }
	m := New[key, int](10)
	keys := []key{{"", "orders"}, {"a", "bills"}}
	for i, k := range keys {
		m.Put(k, i)
	}
	for i, k := range keys {
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if v, ok := m.Get(k); !ok || v != i {
				panic(v)
			}
		}))
	}
}
