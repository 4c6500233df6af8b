package franz

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func TestQuota(t *testing.T) {
	tests := []struct {
		name            string
		records, bytes  int64
		taken           []int64 // sizes that fit at once
		size            int64   // one that does not
		enough, tooFew  int     // how many must be released for it, and how many are too few
		afterwardsTaken int64
	}{
		{name: "one record", records: 1, bytes: 100, taken: []int64{5}, size: 5, enough: 1, afterwardsTaken: 1},
		{name: "records", records: 3, bytes: 100, taken: []int64{1, 1, 1}, size: 1, enough: 1, afterwardsTaken: 3},
		{name: "bytes", records: 100, bytes: 10, taken: []int64{4, 4}, size: 4, enough: 1, afterwardsTaken: 2},
		{name: "larger than all room waits for an empty queue", records: 100, bytes: 10, taken: []int64{1, 1}, size: 50, enough: 2, tooFew: 1, afterwardsTaken: 1},
		{name: "an eighth must be free", records: 16, bytes: 100, taken: make([]int64, 16), size: 0, enough: 2, tooFew: 1, afterwardsTaken: 15},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQuota(tt.records, tt.bytes)
				for _, size := range tt.taken {
					require.NoError(t, q.acquire(t.Context(), size))
				}
				short, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				require.ErrorIs(t, q.acquire(short, tt.size), context.DeadlineExceeded)

				got := make(chan error, 1)
				go func() { got <- q.acquire(t.Context(), tt.size) }()
				synctest.Wait()
				for i := range tt.enough {
					if i == tt.tooFew {
						require.Empty(t, got)
					}
					q.release(tt.taken[i])
					synctest.Wait()
				}
				require.NoError(t, <-got)
				require.Equal(t, tt.afterwardsTaken, q.inUse())
			})
		})
	}
}

func TestQuotaClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuota(1, 100)
		require.NoError(t, q.acquire(t.Context(), 1))
		got := make(chan error, 1)
		go func() { got <- q.acquire(t.Context(), 1) }()
		synctest.Wait()
		q.close()
		require.ErrorIs(t, <-got, kafka.ErrClosed)
		require.ErrorIs(t, q.acquire(t.Context(), 1), kafka.ErrClosed)
		require.False(t, isOver(q.idle))
		q.release(1)
		require.True(t, isOver(q.idle))
		require.ErrorIs(t, q.acquire(t.Context(), 1), kafka.ErrClosed)
	})
}

// The bounds hold under concurrency, and every call returns.
func TestQuotaContended(t *testing.T) {
	const limit = 10
	q := newQuota(limit, 1000)
	var in, most atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 500 {
				if q.acquire(t.Context(), 1) != nil {
					return
				}
				now := in.Add(1)
				for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
				}
				in.Add(-1)
				q.release(1)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, most.Load(), int64(limit))
	require.Zero(t, q.inUse())
	require.Equal(t, q.acquired.bytes.Load(), q.released.bytes.Load())
}

func isOver(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watchdog{}
		var barks atomic.Int64
		w.start(time.Minute, func() { barks.Add(1) })
		for range 3 { // polled often enough
			time.Sleep(50 * time.Second)
			require.True(t, w.enter())
			w.leave()
		}
		require.True(t, w.enter())
		time.Sleep(time.Hour) // a Poll may take as long as it likes
		w.leave()
		require.Zero(t, barks.Load())

		time.Sleep(2*time.Minute + time.Second)
		synctest.Wait()
		require.Equal(t, int64(1), barks.Load())
		require.True(t, w.expired())
		require.False(t, w.enter())
		time.Sleep(time.Hour)
		require.Equal(t, int64(1), barks.Load())
		w.stop()
	})
	synctest.Test(t, func(t *testing.T) {
		w := &watchdog{}
		w.start(time.Minute, func() { t.Error("stopped") })
		w.stop()
		time.Sleep(time.Hour)
		require.False(t, w.expired())
	})
	w := &watchdog{} // that of a session
	require.True(t, w.enter())
	w.leave()
	require.False(t, w.expired())
	w.stop()
}

func TestDeadlines(t *testing.T) {
	require.True(t, context.Background() == newDeadlines(0).from(time.Now()))
	newDeadlines(0).stop()
	synctest.Test(t, func(t *testing.T) {
		d := newDeadlines(16 * time.Second)
		defer d.stop()
		first := d.from(time.Now())
		time.Sleep(time.Second - time.Millisecond)
		require.True(t, first == d.from(time.Now()), "shared for a sixteenth")
		time.Sleep(time.Millisecond)
		second := d.from(time.Now())
		require.True(t, first != second)
		time.Sleep(16*time.Second - time.Millisecond)
		require.NoError(t, first.Err(), "never too early")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		require.ErrorIs(t, first.Err(), context.DeadlineExceeded)
		require.NoError(t, second.Err())
	})
}
