package sched

import (
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// explore visits every state that a world can reach, and fails at the first that is wrong. A state is
// reached again by taking the same steps in a new world.
func explore(t *testing.T, c worldConfig, limit int) (states int) {
	t.Helper()
	seen := map[uint64]bool{}
	next := [][]move{nil}
	longest := 0
	var buf []byte
	for len(next) > 0 {
		path := next[len(next)-1]
		next = next[:len(next)-1]
		w := replay(c, path)
		moves := slices.Clone(w.moves())
		longest = max(longest, len(path))
		if !slices.ContainsFunc(moves, func(m move) bool { return !m.ofProgram() }) && w.rest() != "" {
			t.Fatalf("%s: nothing is left to do, and %s\n%s", c.name, w.rest(), story(path))
		}
		for i, m := range moves {
			if i > 0 {
				w = replay(c, path)
			}
			w.do(m)
			path := append(slices.Clip(path), m)
			if fault := w.check(); fault != "" {
				t.Fatalf("%s: %s\n%s", c.name, fault, story(path))
			}
			buf = w.state(buf[:0])
			hash := maphash.Bytes(testSeed, buf)
			if seen[hash] {
				continue
			}
			seen[hash] = true
			if states++; states > limit {
				t.Fatalf("%s: more than %d states", c.name, limit)
			}
			next = append(next, path)
		}
	}
	t.Logf("%s: %d states, up to %d steps", c.name, states, longest)
	return states
}

func replay(c worldConfig, path []move) *world {
	w := newWorld(c)
	for _, m := range path {
		w.do(m)
	}
	return w
}

func story(path []move) string {
	var b strings.Builder
	for _, m := range path {
		b.WriteString("  " + m.String() + "\n")
	}
	return b.String()
}

// TestExhaustively explores small worlds: all interleavings of polls, tasks, failures, rebalances,
// seeks, pauses and the end of Run.
func TestExhaustively(t *testing.T) {
	one := Work{Workers: 1}
	for _, c := range []worldConfig{
		{name: "two partitions, revoked", partitions: 2, records: 2, batch: 2, work: Work{Workers: 2},
			budget: map[moveKind]int{revoke: 1, commit: 1}},
		{name: "failures in order", partitions: 1, records: 3, batch: 3, work: one,
			budget: map[moveKind]int{retry: 1, retryNow: 1, outageOf: 2, commit: 1, failure: 1}},
		{name: "keys", partitions: 1, records: 3, keys: 2, batch: 3, work: Work{Workers: 2, Ordering: Key},
			budget: map[moveKind]int{retry: 1}},
		{name: "keys in an outage", partitions: 1, records: 2, keys: 2, batch: 2, work: Work{Workers: 2, Ordering: Key},
			budget: map[moveKind]int{outageOf: 2, loss: 1}},
		{name: "no order", partitions: 1, records: 2, batch: 2, work: Work{Workers: 2, Ordering: None},
			budget: map[moveKind]int{retry: 1, commit: 1}},
		{name: "no order in an outage", partitions: 1, records: 2, batch: 2, work: Work{Workers: 2, Ordering: None},
			budget: map[moveKind]int{outageOf: 2}},
		{name: "outages", partitions: 2, records: 1, batch: 1, work: Work{Workers: 2},
			budget: map[moveKind]int{outageOf: 3, revoke: 1}},
		{name: "seek and pause", partitions: 1, records: 3, batch: 3, work: one,
			budget: map[moveKind]int{seek: 1, pause: 1, retry: 1}},
		{name: "seek in a rebalance", partitions: 1, records: 2, batch: 2, work: one,
			budget: map[moveKind]int{seek: 2, revoke: 1, loss: 1}},
		{name: "high-water mark", partitions: 1, records: 5, batch: 2, mark: 2, work: one,
			budget: map[moveKind]int{pause: 1, retry: 1}},
		{name: "high-water marks", partitions: 2, records: 2, batch: 1, mark: 1, work: Work{Workers: 2}},
		{name: "stop", partitions: 1, records: 2, batch: 2, work: Work{Workers: 2, Ordering: None},
			budget: map[moveKind]int{stop: 1, retry: 1, end: 1, commit: 1}},
		{name: "stop in order", partitions: 1, records: 3, batch: 3, work: one,
			budget: map[moveKind]int{stop: 1, retry: 1, end: 1, commit: 1, revoke: 1}},
		{name: "batches", partitions: 1, records: 4, batch: 3, work: Work{Workers: 1, Batch: 2, Linger: 5 * time.Millisecond},
			budget: map[moveKind]int{retry: 1, outageOf: 1, revoke: 1, tick: 2}},
		{name: "batches without order", partitions: 1, records: 3, batch: 3, work: Work{Workers: 2, Batch: 2, Ordering: None, Linger: 5 * time.Millisecond},
			budget: map[moveKind]int{retry: 1, pause: 1}},
		{name: "commit by handlers", partitions: 1, records: 3, batch: 3, work: one,
			budget: map[moveKind]int{acknowledge: 2, pause: 1, seek: 1}},
		{name: "to the end", partitions: 2, records: 1, batch: 1, toEnd: true, work: Work{Workers: 2},
			budget: map[moveKind]int{retry: 1, revoke: 1, seek: 1}},
		{name: "polling", partitions: 2, records: 2, batch: 2, polling: true,
			budget: map[moveKind]int{seek: 1, pause: 1}},
		{name: "polling in an outage", partitions: 2, records: 2, batch: 2, polling: true,
			budget: map[moveKind]int{outageOf: 2}},
		{name: "polling in a rebalance", partitions: 1, records: 3, batch: 2, mark: 2, polling: true,
			budget: map[moveKind]int{revoke: 1, commit: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			explore(t, c, 100_000)
		})
	}
}

// TestAtRandom takes a million random steps in larger worlds.
func TestAtRandom(t *testing.T) {
	steps := 1_000_000
	if testing.Short() {
		steps = 100_000
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	taken := map[moveKind]int{}
	for steps > 0 {
		c := worldConfig{
			name: "random", partitions: 1 + rnd.IntN(4), records: 1 + rnd.IntN(40), keys: rnd.IntN(5), batch: 1 + rnd.IntN(10),
			mark: 1 + rnd.IntN(30), polling: rnd.IntN(4) == 0, toEnd: rnd.IntN(4) == 0,
			work: Work{Workers: 1 + rnd.IntN(4), Ordering: Ordering(rnd.IntN(3))},
		}
		if rnd.IntN(3) == 0 {
			c.work.Batch, c.work.Linger = 1+rnd.IntN(5), time.Duration(rnd.IntN(3))*2*time.Millisecond
		}
		if c.polling {
			c.work = Work{}
		}
		if c.work.Batch > 0 && c.work.Ordering == Key {
			c.work.Ordering = Partition // as RunBatch does
		}
		c.budget = map[moveKind]int{}
		for _, kind := range []moveKind{retry, outageOf, revoke, loss, seek, pause, commit, tick, acknowledge, retryNow, failure, stop} {
			c.budget[kind] = rnd.IntN(20)
			if kind == failure || kind == stop {
				c.budget[kind] = rnd.IntN(2)
			}
		}
		w := newWorld(c)
		var path []move
		for moves := w.moves(); len(moves) > 0 && len(path) < 2000; moves = w.moves() {
			if !slices.ContainsFunc(moves, func(m move) bool { return !m.ofProgram() }) {
				require.Empty(t, w.rest(), "%+v", c)
				break
			}
			m := moves[rnd.IntN(len(moves))]
			path = append(path, m)
			taken[m.kind]++
			w.do(m)
			if fault := w.check(); fault != "" {
				t.Fatalf("%+v: %s\n%s", c, fault, story(path))
			}
		}
		steps -= max(1, len(path))
	}
	for kind := range moveKinds {
		require.NotZero(t, taken[kind], "no step of this kind was taken: %s", moveNames[kind])
	}
}
