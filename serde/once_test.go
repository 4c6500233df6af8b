package serde

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// compute counts what it computes.
func computing(m *onceMap[readerKey, int], calls *int) func(id int) {
	return func(id int) {
		v, err := m.compute(context.Background(), readerKey{frame: FrameID{ID: id}}, func(context.Context) (int, error) {
			*calls++
			return id, nil
		})
		if err != nil || v != id {
			panic(fmt.Sprint(v, err))
		}
	}
}

// A new key costs the same however many there are: the memory that is allocated
// for it says how much was copied.
func TestNewKeysStayCheap(t *testing.T) {
	var m onceMap[readerKey, int]
	calls := 0
	get := computing(&m, &calls)
	var before, after runtime.MemStats
	for _, from := range []int{0, 9_000, 50_000} {
		for id := max(calls, 1); id < from; id++ {
			get(id)
		}
		runtime.ReadMemStats(&before)
		for id := range 1_000 {
			get(from + id + 1)
		}
		runtime.ReadMemStats(&after)
		require.Less(t, (after.TotalAlloc-before.TotalAlloc)/1_000, uint64(10_000), "bytes for each new key beyond %d", from)
	}
}

// Beyond the bound some are computed again, never all of them.
func TestNoCliff(t *testing.T) {
	var m onceMap[readerKey, int]
	calls := 0
	get := computing(&m, &calls)
	const keys = shards * maxShard * 5 / 4
	for range 3 {
		calls = 0
		for id := range keys {
			get(id + 1)
		}
	}
	require.Less(t, calls, keys*9/10)
	kept := 0
	for i := range m.shards {
		if all := m.shards[i].Load(); all != nil {
			kept += len(*all)
		}
	}
	require.LessOrEqual(t, kept, shards*maxShard)
	require.Greater(t, kept, shards*maxShard/2)

	calls = 0
	for range 3 {
		for id := range 1_000 { // what fits stays
			get(id + 1)
		}
	}
	require.LessOrEqual(t, calls, 1_000)
}

func TestWarmKeysAllocateNothing(t *testing.T) {
	var m onceMap[writerKey, int]
	keys := []writerKey{{topic: "a"}, {topic: "b", schema: `"string"`}, {topic: "c", typ: reflect.TypeFor[int]()}}
	for i, k := range keys {
		_, err := m.compute(t.Context(), k, func(context.Context) (int, error) { return i, nil })
		require.NoError(t, err)
	}
	for i, k := range keys {
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if v, ok := m.get(k); !ok || v != i {
				panic(v)
			}
		}))
	}
}

// Failures are remembered, but not without bound, and those who wait for a
// computation are not forgotten meanwhile.
func TestFailuresAreBounded(t *testing.T) {
	synctest.Test(t, testFailuresAreBounded)
}

func testFailuresAreBounded(t *testing.T) {
	var m onceMap[int, int]
	release, waiting := make(chan struct{}), make(chan int)
	go func() {
		v, _ := m.compute(context.Background(), 0, func(context.Context) (int, error) {
			waiting <- 0
			<-release
			return 7, nil
		})
		waiting <- v
	}()
	<-waiting
	for k := range 5 * maxCalls {
		_, err := m.compute(t.Context(), k+1, func(context.Context) (int, error) { return 0, errPanicked })
		require.Error(t, err)
		require.LessOrEqual(t, len(m.calls), maxCalls+1)
	}
	done := make(chan int)
	go func() {
		v, _ := m.compute(context.Background(), 0, func(context.Context) (int, error) { return 8, nil })
		done <- v
	}()
	synctest.Wait() // until the second caller has joined
	close(release)
	require.Equal(t, 7, <-waiting)
	require.Equal(t, 7, <-done, "it was under way")
}
