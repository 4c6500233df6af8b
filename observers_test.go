package kavro_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
)

// counters observe everything, as promkavro.Metrics does: by one method for each layer.
type counters struct{ delivered, handled, requests atomic.Int64 }

func (c *counters) ProducerObserver() avroproducer.Observer { return countingProducer{counters: c} }
func (c *counters) ConsumerObserver() avroconsumer.Observer { return countingConsumer{counters: c} }
func (c *counters) RegistryObserver() registry.Observer {
	return registry.ObserverFunc(func(e registry.Event) {
		if e.Kind == registry.EventRequest {
			c.requests.Add(1)
		}
	})
}

type countingProducer struct {
	avroproducer.NopObserver
	*counters
}

func (c countingProducer) Delivered(_ any, _ *kafka.Record, _ time.Duration, err error) {
	if err == nil {
		c.delivered.Add(1)
	}
}

type countingConsumer struct {
	avroconsumer.NopObserver
	*counters
}

func (c countingConsumer) Handled(context.Context, *kafka.Record, time.Duration, error) {
	c.handled.Add(1)
}

// policies observes consumers only: it is the observer of one package itself.
type policies struct {
	avroconsumer.NopObserver
	applied []avroconsumer.Action
}

func (p *policies) PolicyApplied(_ *avroconsumer.RecordError, _ avroconsumer.Class, a avroconsumer.Action) {
	p.applied = append(p.applied, a)
}

// Metrics, a log and an observer of the program's own stand side by side. Those of Open see
// all that is made from the client; that of one constructor sees what it makes.
func TestObserversSideBySide(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		var metrics, second counters
		log, own := &lines{}, &policies{}
		client := open(t, which, env.Config(kavro.Config{"enable.partition.eof": true}),
			kavro.WithObserver(&metrics), kavro.WithObserver(&second),
			kavro.WithObserver(kavro.LogObserver(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))))
		require.NoError(t, client.CreateTopics(deadline(t), kavro.NewTopic{Name: "orders", Partitions: 1}))
		produceOrders(t, client, "1", "2", "3")
		refuse := func(id string) error {
			if id == "2" {
				return errUnpaid
			}
			return nil
		}
		consumeOrders(t, client, "billing", "orders", refuse, kavro.WithPolicy(kavro.HandlerErrors, kavro.Skip()), kavro.WithObserver(own))
		consumeOrders(t, client, "audit", "orders", nil)

		for _, c := range []*counters{&metrics, &second} {
			require.Equal(t, int64(3), c.delivered.Load())
			require.Equal(t, int64(6), c.handled.Load())
			require.Equal(t, int64(3), c.requests.Load(), "the schema is looked up, registered, and fetched")
		}
		require.Equal(t, []avroconsumer.Action{avroconsumer.Skipped}, own.applied)
		require.Equal(t, 3, log.count("kavro: record delivered"))
		require.Equal(t, 5, log.count("kavro: record handled"))
		require.Equal(t, 3, log.count("kavro: registry request"))
		require.Equal(t, 1, log.count(`level=WARN msg="kavro: record failed" topic=orders partition=0 offset=1 class=handler action=skipped error="orders [0] offset 1: handler: unpaid"`))
		require.Equal(t, 1, log.count("level=WARN"))
		require.NotContains(t, log.String(), "ID:", "no values")

		// Replay is observed as a pipeline is.
		n, err := client.Replay(deadline(t), "replay", []string{"orders"}, kavro.WithObserver(own), kavro.WithPolicy(kavro.DecodeErrors, kavro.Skip()))
		require.NoError(t, err)
		require.Zero(t, n)
		require.Len(t, own.applied, 4)
	})
}

// An observer that sees nothing of what is made is an error, and so is a value that is none.
func TestObserversOfNothing(t *testing.T) {
	client := open(t, "franz", nowhere)
	_, err := kavro.NewProducer[string, string](client, kavro.WithObserver(&policies{}))
	require.EqualError(t, err, "kavro: WithObserver: a *kavro_test.policies observes no producer")
	_, err = client.Replay(within(t, time.Second), "g", nil, kavro.WithObserver(registry.ObserverFunc(func(registry.Event) {})))
	require.ErrorContains(t, err, "kavro: WithObserver: a registry.ObserverFunc observes no replay")
}

// A record that took long and failed in nothing says that it was slow.
func TestLogObserverOfSlowRecords(t *testing.T) {
	var text bytes.Buffer
	observer := kavro.LogObserver(slog.New(slog.NewTextHandler(&text, nil))).(kavro.ConsumerObserver).ConsumerObserver()
	record := &kafka.Record{Topic: "orders", Partition: 1, Offset: 7}
	observer.Handled(t.Context(), record, time.Millisecond, nil)
	require.Empty(t, text.String(), "debug")
	observer.Handled(t.Context(), record, 2*time.Second, nil)
	require.Contains(t, text.String(), `level=WARN msg="kavro: slow: record handled" topic=orders partition=1 offset=7 took=2s`)
	text.Reset()
	observer.Committed(nil, 2*time.Second, kavro.ErrUnreachable)
	require.NotContains(t, text.String(), "slow", "the error is what is wrong")
}

// LogObserver without a logger writes to slog.Default() as it is then.
func TestLogObserverOfTheDefault(t *testing.T) {
	observer := kavro.LogObserver(nil).(kavro.RegistryObserver).RegistryObserver()
	var text bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, nil)))
	observer.Observe(registry.Event{Kind: registry.EventRequest, Method: "GET"})
	require.Empty(t, text.String(), "debug")
	observer.Observe(registry.Event{Kind: registry.EventRequest, Method: "GET", Duration: 2 * time.Second})
	require.True(t, strings.HasSuffix(text.String(), "level=WARN msg=\"kavro: slow: registry request\" method=GET took=2s\n"), "%s", &text)
}
