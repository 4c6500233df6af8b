package chaostest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// ledger records which records are processed, and violations of the guarantees.
type ledger struct {
	mu       sync.Mutex
	done     [partitions][]bool
	next     map[string]int64 // by key: the number after the last processed event
	handled  int
	violated error
}

func (l *ledger) finish(p int32, offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[p][offset] = true
	l.handled++
}

// committed checks a commit: all records before it must be processed.
func (l *ledger) committed(next []kafka.Offset) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range next {
		for i := range o.Offset {
			if !l.done[o.Partition][i] {
				l.violated = errors.Join(l.violated, errors.New("a commit is after an unprocessed record"))
				break
			}
		}
	}
}

func (l *ledger) event(e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.N > l.next[e.Key] {
		l.violated = errors.Join(l.violated, errors.New("an event of "+e.Key+" was skipped"))
	}
	l.next[e.Key] = max(l.next[e.Key], e.N+1)
}

// watching is a client consumer whose commits the ledger checks.
type watching struct {
	kafka.Consumer
	ledger *ledger
}

func (w watching) Commit(ctx context.Context, next []kafka.Offset) error {
	w.ledger.committed(next)
	return w.Consumer.Commit(ctx, next)
}

// deadLetters writes dead letters; a record is processed when its dead letter is acknowledged.
type deadLetters struct {
	*avroconsumer.DeadLetters
	ledger *ledger
}

func (l deadLetters) WriteDeadLetter(ctx context.Context, e *avroconsumer.RecordError) error {
	err := l.DeadLetters.WriteDeadLetter(ctx, e)
	if err == nil {
		l.ledger.finish(e.Raw.Partition, e.Raw.Offset)
	}
	return err
}

// Consumers processes 200,000 records in 6 partitions with three members that join and leave,
// 1 % bad records, 1 % failing handlers, closed connections, and a registry that is
// unavailable for seconds. Every record is handled at least once, each key in order, every bad
// record is among the dead letters unchanged, and no commit is ever after an unprocessed
// record.
func Consumers(t *testing.T, c Cluster, d kafka.Driver) {
	r := newRig(t, c, d)
	r.fill()
	l := &ledger{next: map[string]int64{}}
	for p := range l.done {
		l.done[p] = make([]bool, r.ends[p])
	}
	p, err := r.driver.NewProducer(r.conf(kafka.Config{"linger.ms": 1}), kafka.Hooks{})
	require.NoError(r, err)
	dead := avroconsumer.DeadLetter(deadLetters{avroconsumer.NewDeadLetters(p, avroconsumer.WithDeadLetterGroup(r.name("g"))), l})

	handle := func(ctx context.Context, m *avroconsumer.Message[string, event]) error {
		if r.chance(1000) {
			return errors.New("the database said no")
		}
		if r.chance(8_000) {
			time.Sleep(r.between(time.Millisecond, 10*time.Millisecond))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.event(m.Value)
		l.finish(m.Partition, m.Offset)
		return nil
	}
	var members atomic.Int64
	live := func(ctx context.Context) {
		members.Add(1)
		client := r.registryClient() // a new member starts with an empty cache
		defer client.Close()
		b, err := r.driver.NewConsumer(r.group(), kafka.Hooks{})
		require.NoError(r, err)
		c, err := avroconsumer.New(watching{b, l}, serde.Deserializer[string](serde.String), r.deserializer(client),
			avroconsumer.WithOwnedClient(), avroconsumer.WithConcurrency(16, avroconsumer.Key),
			avroconsumer.WithAutoCommit(100*time.Millisecond), avroconsumer.WithDrainTimeout(2*time.Second),
			avroconsumer.WithPolicy(avroconsumer.DecodeErrors, dead),
			avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(10, avroconsumer.Exponential(time.Millisecond, 50*time.Millisecond))))
		require.NoError(r, err)
		require.NoError(r, c.Subscribe(r.name("in")))
		if err := c.Run(ctx, handle); err != nil && ctx.Err() == nil {
			r.Logf("Run: %v", err)
		}
		closing, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = c.Close(closing) // a closed connection may fail its last commit
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	r.injectFaults(ctx, &wg)
	for range 3 {
		wg.Go(func() {
			for ctx.Err() == nil {
				life, die := context.WithTimeout(ctx, r.quiet(time.Second/2, 3*time.Second))
				live(life)
				die()
			}
		})
	}
	r.through()
	cancel()
	wg.Wait()
	require.NoError(r, p.Close(context.Background()))

	require.NoError(r, l.violated)
	for p := range l.done {
		require.NotContains(r, l.done[p], false)
	}
	found := map[string]bool{}
	for _, rec := range r.read(r.name("in-dlt"), len(r.poison)) {
		require.True(r, r.poison[string(rec.Value)], "%q", rec.Value)
		found[string(rec.Value)] = true
	}
	require.Equal(r, r.poison, found)
	r.Logf("%d records, handled %d times, by %d members", total, l.handled, members.Load())
}
