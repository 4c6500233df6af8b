package serde

import (
	"context"
	"fmt"
	"reflect"
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

// Beyond the bound some are computed again, never all of them.
func TestNoCliff(t *testing.T) {
	m := newOnceMap[readerKey, int]()
	calls := 0
	get := computing(&m, &calls)
	const keys = maxValues * 5 / 4
	for range 3 {
		calls = 0
		for id := range keys {
			get(id + 1)
		}
	}
	require.Less(t, calls, keys*3/4)
	require.Equal(t, maxValues, m.values.Len())

	calls = 0
	for range 3 {
		for id := range 1_000 { // what fits stays
			get(id + 1)
		}
	}
	require.LessOrEqual(t, calls, 1_000)
}

func TestWarmKeysAllocateNothing(t *testing.T) {
	m := newOnceMap[writerKey, int]()
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
	m := newOnceMap[int, int]()
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
