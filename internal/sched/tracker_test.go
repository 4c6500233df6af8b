package sched

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTracker(t *testing.T) {
	type step struct {
		add  int64 // offset of a record that was polled, if done is empty
		done []uint64
	}
	tests := []struct {
		name    string
		steps   []step
		next    int64
		ok      bool
		pending int
		oldest  int64 // -1: none
	}{
		{name: "nothing polled", oldest: -1},
		{name: "polled, unprocessed", steps: []step{{add: 5}}, pending: 1, oldest: 5},
		{name: "in order", steps: []step{{add: 5}, {add: 6}, {done: []uint64{0, 1}}}, next: 7, ok: true, oldest: -1},
		{name: "the second first commits nothing", steps: []step{{add: 5}, {add: 6}, {done: []uint64{1}}}, pending: 1, oldest: 5},
		{name: "then the first commits both", steps: []step{{add: 5}, {add: 6}, {done: []uint64{1, 0}}}, next: 7, ok: true, oldest: -1},
		{name: "gaps are no records", steps: []step{{add: 5}, {add: 9}, {add: 100}, {done: []uint64{0, 1}}}, next: 10, ok: true, pending: 1, oldest: 100},
		{name: "twice is once", steps: []step{{add: 5}, {add: 6}, {done: []uint64{0, 0, 0}}}, next: 6, ok: true, pending: 1, oldest: 6},
		{name: "late news of the past", steps: []step{{add: 5}, {done: []uint64{0}}, {add: 6}, {done: []uint64{0}}}, next: 6, ok: true, pending: 1, oldest: 6},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			var tr tracker
			for _, s := range tc.steps {
				if s.done == nil {
					tr.add(s.add, 3, 0)
				}
				for _, seq := range s.done {
					tr.done(seq)
				}
			}
			next, epoch, ok := tr.prefix()
			require.Equal(t, tc.ok, ok)
			require.Equal(t, tc.next, next)
			if ok {
				require.Equal(t, int32(3), epoch)
			}
			require.Equal(t, tc.pending, tr.pending)
			offset, _, ok := tr.oldest()
			require.Equal(t, tc.oldest >= 0, ok)
			if ok {
				require.Equal(t, tc.oldest, offset)
			}
		})
	}
}

// FuzzTracker: in whatever order records are processed, the prefix ends after the last record
// before the first unprocessed one.
func FuzzTracker(f *testing.F) {
	for seed := range uint64(6) {
		f.Add(seed, uint16(150))
	}
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var tr tracker
		var offsets []int64
		var done []bool
		offset := int64(rnd.IntN(100))
		for range n {
			if rnd.IntN(2) == 0 {
				offset += 1 + int64(rnd.IntN(3)*rnd.IntN(3)) // now and then a gap
				require.Equal(t, uint64(len(offsets)), tr.add(offset, -1, 0))
				offsets, done = append(offsets, offset), append(done, false)
			} else if len(done) > 0 {
				i := max(0, len(done)-1-rnd.IntN(40)) // recent ones, in any order, some twice
				tr.done(uint64(i))
				done[i] = true
			}
			first := 0
			for first < len(done) && done[first] {
				first++
			}
			next, _, ok := tr.prefix()
			require.Equal(t, first > 0, ok)
			if first > 0 {
				require.Equal(t, offsets[first-1]+1, next)
			}
			pending := 0
			for i, d := range done {
				require.Equal(t, d, tr.isDone(uint64(i)))
				if !d {
					pending++
					require.LessOrEqual(t, next, offsets[i], "never ahead of an unfinished record")
				}
			}
			require.Equal(t, pending, tr.pending)
		}
	})
}

func TestFifo(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var q fifo[int]
	var model []int
	for i := range 20_000 {
		switch r := rnd.IntN(100); {
		case r < 52 && i < 15_000:
			q.push(i)
			model = append(model, i)
		case r < 55:
			q.pushFront(-i)
			model = append([]int{-i}, model...)
		case len(model) > 0:
			require.Equal(t, model[0], q.pop())
			model = model[1:]
		}
		require.Equal(t, len(model), q.len())
		if len(model) > 0 {
			require.Equal(t, model[len(model)-1], *q.at(len(model) - 1))
		}
	}
	q.clear()
	require.Zero(t, q.len())
}
