// Package groups runs groups on Apache Kafka whose members come and go.
package groups

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/integration/internal/events"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry/memory"
)

var broker *apache.Broker

func TestMain(m *testing.M) { os.Exit(apache.Main(m, &broker)) }

// The ways to share partitions: one that takes all from all (eager), one that takes
// only what moves (cooperative), and KIP-848.
var protocols = []struct {
	name string
	conf kavro.Config
}{
	{"range", kavro.Config{"partition.assignment.strategy": "range", "session.timeout.ms": 60_000, "heartbeat.interval.ms": 100}},
	{"cooperative-sticky", kavro.Config{"partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": 60_000, "heartbeat.interval.ms": 100}},
	{"consumer", kavro.Config{"group.protocol": "consumer"}},
}

// 100,000 records in 12 partitions; of 4 members one leaves and one joins, 20
// times. Everyone leaves in good order, so nothing is lost, nothing is handled
// twice, and each partition is handled in order.
func TestJoinsAndLeaves(t *testing.T) {
	for _, b := range []string{"confluent", "franz"} {
		for _, p := range protocols {
			t.Run(b+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				joinsAndLeaves(t, b, "joins-"+b+"-"+p.name, p.conf)
			})
		}
	}
}

func joinsAndLeaves(t *testing.T, client, topic string, protocol kavro.Config) {
	const (
		partitions, each = 12, 8400
		members, changes = 4, 20
	)
	ctx, cancel := context.WithTimeout(t.Context(), events.Patience)
	defer cancel()
	reg := memory.New()
	broker.CreateTopic(t, topic, partitions)
	fill(ctx, t, client, reg, topic, partitions, each)

	l := events.NewLedger(partitions, each)
	conf := events.Conf(kavro.Config{
		"bootstrap.servers": broker.Address, "group.id": topic, "auto.offset.reset": "earliest",
		"fetch.wait.max.ms": 50, "max.partition.fetch.bytes": 20_000, // so that nobody holds a whole partition at once
	}, protocol)
	var group []*member
	join := func() {
		c, err := events.NewConsumer(client, reg, conf, []string{topic}, kavro.WithConcurrency(4), kavro.WithDrainTimeout(time.Minute))
		require.NoError(t, err)
		m := &member{consumer: c, ended: make(chan error, 1)}
		running, leave := context.WithCancel(ctx)
		m.leave = leave
		go func() {
			m.ended <- c.Run(running, func(_ context.Context, m *events.Message) error {
				l.Handled(m.Partition, m.Value.N)
				return nil
			})
		}()
		group = append(group, m)
	}
	for range members {
		join()
	}
	for i := range changes {
		require.NoError(t, l.Await(partitions*each*(changes-i)/(changes+1), ctx.Done()))
		group[0].quit(ctx, t)
		group = group[1:]
		join()
	}
	require.NoError(t, l.Await(0, ctx.Done()))
	for _, m := range group {
		m.quit(ctx, t)
	}
	_, repeats, broken, _ := l.State()
	require.NoError(t, broken)
	require.Zero(t, repeats)
}

type member struct {
	consumer *events.Consumer
	leave    context.CancelFunc
	ended    chan error
}

// quit leaves in good order.
func (m *member) quit(ctx context.Context, t *testing.T) {
	m.leave()
	require.ErrorIs(t, <-m.ended, context.Canceled)
	require.NoError(t, m.consumer.Close(ctx))
}

// fill writes n events to each partition.
func fill(ctx context.Context, t *testing.T, client string, reg kavro.SchemaRegistry, topic string, partitions, n int) {
	p, err := events.NewProducer(client, reg, kavro.Config{"bootstrap.servers": broker.Address, "linger.ms": 5})
	require.NoError(t, err)
	for i := range n {
		for q := range int32(partitions) {
			require.NoError(t, p.ProduceRecord(ctx, events.Record{Topic: topic, Partition: &q, Value: events.Event{N: int64(i), Note: "a note"}}))
		}
	}
	require.NoError(t, p.Close(ctx))
}

// What the new protocol leaves to the broker cannot be set by a member: a clear
// error from the constructor.
func TestConsumerProtocolRefuses(t *testing.T) {
	for _, b := range []string{"confluent", "franz"} {
		for key, value := range map[string]any{"session.timeout.ms": 10_000, "heartbeat.interval.ms": 100, "partition.assignment.strategy": "range"} {
			conf := kavro.Config{"bootstrap.servers": broker.Address, "group.id": "g", "group.protocol": "consumer", key: value}
			_, err := events.NewConsumer(b, memory.New(), conf, nil)
			var refused *kafka.ConfigError
			require.True(t, errors.As(err, &refused), "%s: %s: %v", b, key, err)
			require.Equal(t, key, refused.Key)
		}
	}
}
