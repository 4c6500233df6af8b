package pipeline_test

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
	"github.com/kavro/kavro/pipeline"
)

// Members join, leave and are expelled, the registry is unavailable, functions, deliveries and
// transactions fail: a reader of committed records sees the result of every record exactly
// once, and every bad one once among the dead letters.
func TestChaos(t *testing.T) {
	for _, cooperative := range []bool{false, true} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("cooperative %v seed %d", cooperative, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { chaos(t, seed, cooperative) })
			})
		}
	}
}

// same compares without printing thousands of lines.
func same(t *testing.T, want, got map[string]int) {
	t.Helper()
	require.Len(t, got, len(want))
	for v, n := range want {
		require.Equal(t, n, got[v], "%q", v)
	}
}

func chaos(t *testing.T, seed uint64, cooperative bool) {
	const partitions, perPartition = 6, 2000
	p := newPlant(t, partitions)
	rnd := rand.New(rand.NewPCG(seed, 9))
	want, deadLetters := map[string]int{}, map[string]int{}
	for i := range partitions {
		for j := range perPartition {
			v := fmt.Sprint(i, "-", j)
			switch n := rnd.IntN(100); {
			case n == 0:
				v = "poison " + v
				deadLetters[v]++
			case n < 5:
				v = "cold " + v
				fallthrough
			default:
				want["<"+v+">"]++
			}
			p.fill(int32(i), v)
		}
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
	abortable := &kafka.Error{Code: 59, Partition: -1, AbortTxn: true, Err: errors.New("abort first")}
	retriable := &kafka.Error{Code: -185, Partition: -1, Retriable: true, Err: errors.New("timed out")}
	lost := &kafka.Error{Code: 7, Topic: "out", Partition: 0, Retriable: true, Err: errors.New("timed out")}

	transform := func(ctx context.Context, m *message) ([]record, error) {
		if chance(10) {
			time.Sleep(between(time.Millisecond, 40*time.Millisecond))
		}
		if chance(1) {
			return nil, errHandler
		}
		return echo(ctx, m)
	}
	var lives atomic.Int64
	live := func(ctx context.Context, id string) {
		s := p.Session(id,
			fakekafka.ConsumerConfig{Group: "g", FromStart: true, Cooperative: cooperative},
			fakekafka.ProducerConfig{Delay: time.Millisecond, Fail: func(*kafka.Record) error {
				if chance(1) && chance(5) {
					return lost
				}
				return nil
			}})
		s.Txn().Hook = func(op string) error {
			switch {
			case op == "commit" && chance(5):
				return abortable
			case op != "abort" && chance(5):
				return retriable
			}
			return nil
		}
		if chance(30) {
			time.AfterFunc(between(time.Second/5, 2*time.Second), func() { p.Group("g").Expel(s.Consumer) })
		}
		l, err := pipeline.New(s, text{p.down}, text{p.down}, text{p.down}, text{p.down},
			pipeline.WithOwnedClient(), pipeline.WithBatch(100, 20*time.Millisecond), pipeline.WithConcurrency(3), pipeline.WithAbortTimeout(time.Second),
			pipeline.WithPolicy(avroconsumer.DecodeErrors, pipeline.DeadLetter()),
			pipeline.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(20, avroconsumer.Constant(time.Millisecond))))
		require.NoError(t, err)
		require.NoError(t, l.Subscribe("in"))
		lives.Add(1)
		_ = l.Run(ctx, transform) // ends for any of many reasons: the next one continues
		_ = l.Close(context.Background())
	}

	ctx, cancel := context.WithCancel(t.Context())
	var members sync.WaitGroup
	for i := range 3 {
		members.Go(func() {
			for ctx.Err() == nil {
				life, die := context.WithTimeout(ctx, between(time.Second/2, 5*time.Second))
				live(life, fmt.Sprint("line-", i))
				die()
			}
		})
	}
	members.Go(func() {
		for ctx.Err() == nil {
			time.Sleep(between(time.Second, 5*time.Second))
			p.down.Store(true)
			time.Sleep(between(time.Second, 3*time.Second))
			p.down.Store(false)
			if chance(30) {
				p.Group("g").Rebalance()
			}
		}
	})
	through := func() bool {
		for i := range partitions {
			if p.committed(int32(i)) != perPartition {
				return false
			}
		}
		return true
	}
	for limit := 0; !through(); limit++ {
		require.Less(t, limit, 3600, "an hour is enough")
		time.Sleep(time.Second)
	}
	cancel()
	members.Wait()

	count := func(topic string) map[string]int {
		out := map[string]int{}
		for _, v := range p.values(topic) {
			out[v]++
		}
		return out
	}
	same(t, want, count("out"))
	same(t, deadLetters, count("in-dlt"))
	for _, v := range p.values("in-dlt") {
		require.True(t, strings.HasPrefix(v, "poison "))
	}
	t.Logf("%d records, in the lives of %d members", partitions*perPartition, lives.Load())
}
