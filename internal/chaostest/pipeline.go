package chaostest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/serde"
)

// Pipelines is [Consumers] with pipelines: a reader of committed records sees the result of
// every event exactly once, and every bad record once among the dead letters.
func Pipelines(t *testing.T, c Cluster, d kafka.Driver) {
	r := newRig(t, c, d)
	r.fill()
	type message = avroconsumer.Message[string, event]
	type record = avroproducer.Record[string, event]
	transform := func(ctx context.Context, m *message) ([]record, error) {
		if r.chance(1000) {
			return nil, errors.New("the database said no")
		}
		return []record{{Topic: r.name("out"), Key: m.Key, Value: m.Value}}, nil
	}
	var members atomic.Int64
	live := func(ctx context.Context, id string) {
		members.Add(1)
		client := r.registryClient() // a new member starts with an empty cache
		defer client.Close()
		s, err := r.driver.NewSession(r.group(kafka.Config{"transactional.id": id, "transaction.timeout.ms": 10_000, "linger.ms": 1}), kafka.Hooks{})
		require.NoError(r, err)
		p, err := pipeline.New(s,
			serde.Deserializer[string](serde.String), r.deserializer(client),
			serde.Serializer[string](serde.String), r.serializer(client),
			pipeline.WithOwnedClient(), pipeline.WithBatch(1000, 50*time.Millisecond), pipeline.WithConcurrency(3), pipeline.WithAbortTimeout(5*time.Second),
			pipeline.WithPolicy(avroconsumer.DecodeErrors, pipeline.DeadLetter()),
			pipeline.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(10, avroconsumer.Constant(time.Millisecond))))
		require.NoError(r, err)
		if err = p.Subscribe(r.name("in")); err == nil {
			err = p.Run(ctx, transform)
		}
		if err != nil && ctx.Err() == nil {
			r.Logf("%s: %v", id, err) // the next member continues
		}
		closing, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = p.Close(closing)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	r.injectFaults(ctx, &wg)
	for i := range 3 {
		wg.Go(func() {
			for ctx.Err() == nil {
				life, die := context.WithTimeout(ctx, r.quiet(time.Second/2, 2*time.Second))
				live(life, r.name(fmt.Sprint("line-", i)))
				die()
			}
		})
	}
	r.through()
	cancel()
	wg.Wait()

	client := r.registryClient()
	defer client.Close()
	decoder := avroconsumer.NewDecoder(serde.Deserializer[string](serde.String), r.deserializer(client))
	seen := map[event]int{}
	for _, rec := range r.read(r.name("out"), total-len(r.poison)) {
		m, err := decoder.Decode(context.Background(), rec)
		require.NoError(r, err)
		seen[m.Value]++
	}
	require.Len(r, seen, total-len(r.poison))
	for e, n := range seen {
		require.Equal(r, 1, n, "%v", e)
	}
	deadLetters := map[string]int{}
	for _, rec := range r.read(r.name("in-dlt"), len(r.poison)) {
		require.True(r, r.poison[string(rec.Value)], "%q", rec.Value)
		deadLetters[string(rec.Value)]++
		require.Equal(r, 1, deadLetters[string(rec.Value)])
	}
	require.Len(r, deadLetters, len(r.poison))
	r.Logf("%d records, by %d members", total, members.Load())
}
