package avroconsumer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

// ledger records what was processed, and fails the test when a guarantee is broken.
type ledger struct {
	mu      sync.Mutex
	keys    [][]string       // of each record, by partition and offset
	done    [][]bool         // by partition and offset: handled, or its dead letter acknowledged
	before  []map[string]int // by partition and key: records of the key that are done, counted from the first
	order   [][]int          // of each record: its number among those of its key
	handled int
	broken  error
}

func (l *ledger) object(format string, args ...any) {
	if l.broken == nil {
		l.broken = fmt.Errorf(format, args...)
	}
}

// begin checks that no record of the same key was skipped.
func (l *ledger) begin(p int32, offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if key := l.keys[p][offset]; l.order[p][offset] > l.before[p][key] {
		l.object("partition %d offset %d: an earlier record of key %s is not done", p, offset, key)
	}
}

func (l *ledger) finish(p int32, offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handled++
	if !l.done[p][offset] {
		l.done[p][offset] = true
		key := l.keys[p][offset]
		l.before[p][key] = max(l.before[p][key], l.order[p][offset]+1)
	}
}

// committed checks that all records before the offsets are processed.
func (l *ledger) committed(next []kafka.Offset) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range next {
		for i := range o.Offset {
			if !l.done[o.Partition][i] {
				l.object("partition %d: %d committed, %d is unfinished", o.Partition, o.Offset, i)
				break
			}
		}
	}
}

// chaosDeadLetters writes to the cluster; an acknowledged record is processed.
type chaosDeadLetters struct {
	*ledger
	to *avroconsumer.DeadLetters
}

func (c chaosDeadLetters) WriteDeadLetter(ctx context.Context, e *avroconsumer.RecordError) error {
	c.begin(e.Raw.Partition, e.Raw.Offset)
	if err := c.to.WriteDeadLetter(ctx, e); err != nil {
		return err
	}
	c.finish(e.Raw.Partition, e.Raw.Offset)
	return nil
}

// Members join, leave and are expelled, the registry is unavailable, handlers and commits
// fail: every record is processed, each key in order, every bad one is among the dead
// letters unchanged, and no committed offset is ever after an unprocessed record.
func TestChaos(t *testing.T) {
	for _, cooperative := range []bool{false, true} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprintf("cooperative %v seed %d", cooperative, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { chaos(t, seed, cooperative, 6, 3000) })
			})
		}
	}
}

func chaos(t *testing.T, seed uint64, cooperative bool, partitions, perPartition int) {
	w := newWorld(t, partitions)
	rnd := rand.New(rand.NewPCG(seed, 7))
	l := &ledger{}
	poison := map[string]bool{}
	for p := range partitions {
		var keys []string
		var order []int
		counts := map[string]int{}
		for i := range perPartition {
			key, value := fmt.Sprint("key", rnd.IntN(20)), fmt.Sprint(p, "-", i)
			switch n := rnd.IntN(100); {
			case n == 0:
				value = "poison " + value
				poison[value] = true
			case n < 10:
				value = "cold " + value
			}
			w.Append("t", int32(p), kafka.Record{Key: []byte(key), Value: []byte(value)})
			keys, order = append(keys, key), append(order, counts[key])
			counts[key]++
		}
		l.keys, l.order = append(l.keys, keys), append(l.order, order)
		l.done, l.before = append(l.done, make([]bool, perPartition)), append(l.before, map[string]int{})
	}

	var mu sync.Mutex // of rnd
	chance := func(percent int) bool {
		mu.Lock()
		defer mu.Unlock()
		return rnd.IntN(100) < percent
	}
	between := func(least, most time.Duration) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return least + time.Duration(rnd.Int64N(int64(most-least)))
	}
	dead := w.Producer(fakekafka.ProducerConfig{Delay: 5 * time.Millisecond})
	policy := avroconsumer.DeadLetter(chaosDeadLetters{l, avroconsumer.NewDeadLetters(dead)})

	handle := func(ctx context.Context, m *message) error {
		l.begin(m.Partition, m.Offset)
		if chance(50) {
			time.Sleep(between(time.Millisecond, 80*time.Millisecond))
		}
		if chance(1) {
			if chance(20) {
				panic("oops")
			}
			return errHandler
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.finish(m.Partition, m.Offset)
		return nil
	}
	live := func(ctx context.Context, b *fakekafka.Consumer) {
		c := w.wrap(b, avroconsumer.WithConcurrency(8, avroconsumer.Key), avroconsumer.WithAutoCommit(200*time.Millisecond),
			avroconsumer.WithInFlight(200, 1<<20), avroconsumer.WithDrainTimeout(50*time.Millisecond),
			avroconsumer.WithPolicy(avroconsumer.DecodeErrors, policy),
			avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(20, avroconsumer.Exponential(time.Millisecond, 50*time.Millisecond))))
		require.NoError(t, c.Subscribe("t"))
		_ = c.Run(ctx, handle) // ends for any of many reasons: another member continues
		_ = c.Close(context.Background())
	}
	ctx, cancel := context.WithCancel(t.Context())
	var members sync.WaitGroup
	var lives atomic.Int64
	for range 3 {
		members.Go(func() {
			for ctx.Err() == nil {
				b := w.member(func(c *fakekafka.ConsumerConfig) {
					c.Cooperative = cooperative
					c.OnCommit = func(_ context.Context, next []kafka.Offset) error {
						l.committed(next)
						if chance(5) {
							return &kafka.Error{Code: 27, Partition: -1, Err: errors.New("rebalance in progress")}
						}
						return nil
					}
				})
				life, die := context.WithTimeout(ctx, between(time.Second/5, 3*time.Second))
				lives.Add(1)
				if chance(30) {
					time.AfterFunc(between(time.Second/5, 2*time.Second), func() { w.Group("g").Expel(b) })
				}
				live(life, b)
				die()
			}
		})
	}
	members.Go(func() {
		for ctx.Err() == nil {
			time.Sleep(between(time.Second, 5*time.Second))
			w.outage.down.Store(true)
			time.Sleep(between(time.Second, 4*time.Second))
			w.outage.down.Store(false)
			if chance(30) {
				w.Group("g").Rebalance()
			}
		}
	})

	through := func() bool {
		for p := range partitions {
			if w.committed(int32(p)) != int64(perPartition) {
				return false
			}
		}
		return true
	}
	for limit := 0; !through(); limit++ {
		time.Sleep(time.Second)
		l.mu.Lock()
		err := l.broken
		l.mu.Unlock()
		require.NoError(t, err)
		require.Less(t, limit, 3600, "an hour is enough")
	}
	cancel()
	members.Wait()
	time.Sleep(time.Minute) // handlers that were given up on

	l.mu.Lock()
	defer l.mu.Unlock()
	require.NoError(t, l.broken)
	for p := range l.done {
		require.NotContains(t, l.done[p], false)
	}
	written := map[string]bool{}
	for _, r := range w.Records("t-dlt") {
		require.True(t, strings.HasPrefix(string(r.Value), "poison "), "%s", r.Value)
		written[string(r.Value)] = true
	}
	require.Equal(t, poison, written)
	require.NoError(t, dead.Close(context.Background()))
	t.Logf("%d records, handled %d times, by %d members", partitions*perPartition, l.handled, lives.Load())
}
