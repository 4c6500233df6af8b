package stall_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/stall"
)

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w stall.Watch
		var warned []time.Duration
		begin := time.Now()
		var mu sync.Mutex
		warn := func(since time.Time) {
			mu.Lock()
			defer mu.Unlock()
			require.Equal(t, begin, since)
			warned = append(warned, time.Since(since))
		}
		require.Zero(t, w.Since())
		w.End()
		w.Begin(warn)
		time.Sleep(20 * time.Second)
		w.Begin(warn) // no effect: it has begun already
		require.Equal(t, begin, w.Since())
		time.Sleep(100 * time.Second)
		synctest.Wait()
		require.Equal(t, []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute}, warned)
		w.End()
		require.Zero(t, w.Since())
		time.Sleep(time.Hour)
		require.Len(t, warned, 3)

		mu.Lock()
		begin = time.Now()
		mu.Unlock()
		w.Begin(warn)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		require.Len(t, warned, 4, "the next rebalance begins with the first delay")
		w.Close()
		w.Begin(warn)
		require.Zero(t, w.Since())
		time.Sleep(time.Hour)
		require.Len(t, warned, 4)
	})
}
