package kavro_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
)

// What is wrong with options of this package, with those of the packages below, with keys and with
// types is told at once, whichever of them is found first.
func TestEverythingThatIsWrongIsJoined(t *testing.T) {
	client := open(t, "franz", kavro.Config{"bootstrap.servers": "127.0.0.1:1", "schema.registry.url": "mock://joined", "transactional.id": "t"})
	key := func(k string, v any) kavro.ConfigOption { return kavro.WithConfig(kavro.Config{k: v}) }
	none := []string{"t"}

	_, err := kavro.NewProducer[string, string](client, kavro.WithObserver(3), kavro.WithMaxFailures(-1))
	require.EqualError(t, err, "kavro: WithObserver: an int observes no producer\navroproducer: WithMaxFailures: -1 is negative")

	_, err = kavro.NewProducer[string, Order](client, key("linger.ms", -5), kavro.WithMaxFailures(-1))
	require.ErrorContains(t, err, "linger.ms")
	require.ErrorContains(t, err, "kavro_test.Order carries no schema")
	require.ErrorContains(t, err, "WithMaxFailures: -1 is negative")

	_, err = kavro.NewConsumer[string, string](client, "g", none, kavro.WithObserver(3), kavro.WithConcurrency(0))
	require.EqualError(t, err, "kavro: WithObserver: an int observes no consumer\navroconsumer: WithConcurrency: 0 workers, want at least 1")

	_, err = kavro.NewConsumer[string, string](client, "", none, key("session.timeout.ms", -1), kavro.WithConcurrency(0))
	require.ErrorContains(t, err, "session.timeout.ms")
	require.ErrorContains(t, err, "WithConcurrency: 0 workers")
	require.ErrorContains(t, err, "group.id: NewConsumer needs a group")

	_, err = kavro.NewPipeline[string, string, string, Order](client, "g", none, key("session.timeout.ms", -1), kavro.WithBatch(0, -time.Second))
	for _, want := range []string{"session.timeout.ms", "kavro_test.Order carries no schema", "WithBatch: 0 records", "WithBatch: -1s is negative"} {
		require.ErrorContains(t, err, want)
	}
	_, err = client.Replay(t.Context(), "g", none, key("session.timeout.ms", -1), kavro.WithBatch(0, 0))
	require.ErrorContains(t, err, "session.timeout.ms")
	require.ErrorContains(t, err, "WithBatch: 0 records")
}

// Whatever joins a group says that it has none, by its own name and once.
func TestNoGroup(t *testing.T) {
	client := open(t, "franz", kavro.Config{"bootstrap.servers": "127.0.0.1:1", "transactional.id": "t"})
	_, err := kavro.NewConsumer[string, string](client, "", []string{"t"})
	require.EqualError(t, err, "configuration: group.id: NewConsumer needs a group: give its argument, or this key")
	_, err = kavro.NewPipeline[string, string, string, string](client, "", nil)
	require.EqualError(t, err, "configuration: group.id: NewPipeline needs a group: give its argument, or this key")
	_, err = client.Replay(t.Context(), "", []string{"t-dlt"})
	require.EqualError(t, err, "configuration: group.id: Replay needs a group: give its argument, or this key")
	err = client.Copy(t.Context(), "", []string{"t"}, kavro.WithCopyTopic(func(string) string { return "u" }))
	require.EqualError(t, err, "configuration: group.id: Copy needs a group: give its argument, or this key")
	c, err := kavro.NewConsumer[string, string](client, "", nil)
	require.NoError(t, err, "it may be assigned partitions")
	require.NoError(t, c.Close(t.Context()))
}
