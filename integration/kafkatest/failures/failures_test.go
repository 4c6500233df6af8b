// Package failures kills Apache Kafka in the middle of everything, starts it
// again, and counts.
package failures

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/integration/internal/events"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry/memory"
)

// eachDriver runs a test on each client, with a broker of its own.
func eachDriver(t *testing.T, test func(t *testing.T, client string, broker *apache.Broker)) {
	for _, b := range []string{"confluent", "franz"} {
		t.Run(b, func(t *testing.T) {
			broker, err := apache.Start()
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, broker.Close()) })
			test(t, b, broker)
		})
	}
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), events.Patience)
	t.Cleanup(cancel)
	return ctx
}

func conf(b *apache.Broker, more ...kavro.Config) kavro.Config {
	return events.Conf(append([]kavro.Config{{
		"bootstrap.servers": b.Address, "linger.ms": 5, "reconnect.backoff.max.ms": 300, "retry.backoff.max.ms": 300,
		"message.timeout.ms": int((events.Patience + time.Minute).Milliseconds()),
	}}, more...)...)
}

// The broker is killed three times, and frozen three times for longer than a
// client waits for an answer, while 200,000 records are produced and consumed:
// every record is reported as delivered, and is in the log once and in order; the
// consumer handles each at least once, and passes over none.
func TestKilledBroker(t *testing.T) {
	eachDriver(t, func(t *testing.T, b string, broker *apache.Broker) {
		const partitions, each = 4, 50_000
		ctx, reg := testContext(t), memory.New()
		broker.CreateTopic(t, "events", partitions)
		l := events.NewLedger(partitions, each)
		c, err := events.NewConsumer(b, reg, conf(broker, kavro.Config{"group.id": "g", "auto.offset.reset": "earliest", "socket.timeout.ms": 1000}),
			[]string{"events"}, kavro.WithConcurrency(8), kavro.WithAutoCommit(100*time.Millisecond))
		require.NoError(t, err)
		running, stop := context.WithCancel(ctx)
		ran := make(chan error, 1)
		go func() {
			ran <- c.Run(running, func(_ context.Context, m *events.Message) error {
				l.Handled(m.Partition, m.Value.N)
				return nil
			})
		}()

		p, err := events.NewProducer(b, reg, conf(broker, kavro.Config{"socket.timeout.ms": 1000}))
		require.NoError(t, err)
		var delivered, failed atomic.Int64
		filled := make(chan error, 1)
		go func() { filled <- produce(ctx, p, partitions, each, &delivered, &failed) }()

		const harms = 6
		for i := range harms {
			for delivered.Load() < int64(partitions*each*(i+1)/(harms+2)) {
				time.Sleep(time.Millisecond)
				require.NoError(t, ctx.Err())
				require.Zero(t, failed.Load())
				select {
				case err := <-filled:
					require.NoError(t, err, "%d delivered", delivered.Load())
				default:
				}
			}
			if i%2 == 0 {
				broker.Kill9()
				require.NoError(t, broker.Restart())
				continue
			}
			require.NoError(t, broker.Freeze())
			time.Sleep(3 * time.Second)
			require.NoError(t, broker.Thaw())
		}
		require.NoError(t, <-filled)
		require.NoError(t, p.Close(ctx))
		require.EqualValues(t, partitions*each, delivered.Load())
		require.Zero(t, failed.Load())
		stored, err := events.Stored(ctx, broker.Address, "events", partitions)
		require.NoError(t, err)
		require.NoError(t, events.Exactly(stored, each))

		require.NoError(t, l.Await(0, ctx.Done()))
		stop()
		require.ErrorIs(t, <-ran, context.Canceled)
		require.NoError(t, c.Close(ctx))
		_, repeats, broken, _ := l.State()
		require.NoError(t, broken)
		t.Logf("%d records: none lost, none repeated in the log, %d handled again", partitions*each, repeats)
	})
}

// produce sends n events to each partition, without waiting for reports.
func produce(ctx context.Context, p *events.Producer, partitions, n int, delivered, failed *atomic.Int64) error {
	report := func(d avroproducer.Delivery) {
		if d.Err != nil {
			failed.Add(1)
		} else {
			delivered.Add(1)
		}
	}
	for i := range n {
		for q := range int32(partitions) {
			rec := events.Record{Topic: "events", Partition: &q, Value: events.Event{N: int64(i), Note: "a note"}, OnDelivery: report}
			if err := p.ProduceRecord(ctx, rec); err != nil {
				return err
			}
		}
	}
	return p.Flush(ctx)
}

// What cannot be delivered while the broker is away fails as the time-out says,
// and is not in the log afterwards; what is produced then is.
func TestBrokerAway(t *testing.T) {
	eachDriver(t, func(t *testing.T, b string, broker *apache.Broker) {
		const timedOut = -192
		ctx, reg := testContext(t), memory.New()
		broker.CreateTopic(t, "events", 1)
		p, err := events.NewProducer(b, reg, conf(broker, kavro.Config{"message.timeout.ms": 2000}))
		require.NoError(t, err)
		send := func(n int64) error {
			return p.ProduceSync(ctx, events.Record{Topic: "events", Value: events.Event{N: n}})
		}
		for send(0) != nil { // on a machine this busy, even this may take longer than 2 s
			require.NoError(t, ctx.Err())
		}
		broker.Kill9()
		for range 100 {
			require.NoError(t, p.Produce(ctx, "events", "", events.Event{N: -1}, avroproducer.OnDelivery(func(avroproducer.Delivery) {})))
		}
		err = send(-1)
		var away *kafka.Error
		require.True(t, errors.As(err, &away), "%v", err)
		require.EqualValues(t, timedOut, away.Code, "%v", err)
		require.NoError(t, p.Flush(ctx))
		require.NoError(t, broker.Restart())
		for send(1) != nil {
			require.NoError(t, ctx.Err())
		}
		require.NoError(t, p.Close(ctx))
		stored, err := events.Stored(ctx, broker.Address, "events", 1)
		require.NoError(t, err)
		require.NotContains(t, stored[0], int64(-1))
		require.Contains(t, stored[0], int64(0))
		require.Contains(t, stored[0], int64(1))
	})
}

// A transaction whose broker is killed between its last record and its commit is
// committed once the broker is back.
func TestTransactionOverAKill(t *testing.T) {
	eachDriver(t, func(t *testing.T, b string, broker *apache.Broker) {
		ctx, reg := testContext(t), memory.New()
		broker.CreateTopic(t, "events", 1)
		p, err := events.NewProducer(b, reg, conf(broker, kavro.Config{"transactional.id": "bank", "transaction.timeout.ms": 600_000}))
		require.NoError(t, err)
		back := make(chan error, 1)
		require.NoError(t, p.Transaction(ctx, func(ctx context.Context) error {
			for i := range 100 {
				if err := p.Produce(ctx, "events", "", events.Event{N: int64(i)}); err != nil {
					return err
				}
			}
			if err := p.Flush(ctx); err != nil {
				return err
			}
			broker.Kill9()
			go func() { back <- broker.Restart() }()
			return nil
		}))
		require.NoError(t, <-back)
		require.NoError(t, p.Close(ctx))
		stored, err := events.Stored(ctx, broker.Address, "events", 1, events.Committed)
		require.NoError(t, err)
		require.NoError(t, events.Exactly(stored, 100))
	})
}
