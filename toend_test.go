package kavro_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
)

// Where a transaction was written last, the last offset is its marker's: whatever reads to the
// end finds it all the same, without a key of the program's.
func TestToEndOfTransactions(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		ctx := deadline(t)
		for _, topic := range []string{"in", "out", "in-dlt"} {
			require.NoError(t, env.CreateTopic(ctx, topic, 1))
		}
		client := open(t, which, env.Config())
		producer, err := kavro.NewProducer[string, string](client, kavro.WithConfig(kavro.Config{"transactional.id": "writer"}))
		require.NoError(t, err)
		require.NoError(t, producer.Transaction(ctx, func(ctx context.Context) error { return producer.Produce(ctx, "in", "k", "v") }))

		var got []string
		handle := func(_ context.Context, m *kavro.Message[string, string]) error {
			got = append(got, m.Value)
			return nil
		}
		c, err := kavro.NewConsumer[string, string](client, "run", []string{"in"}, kavro.WithToEnd())
		require.NoError(t, err)
		require.NoError(t, c.Run(ctx, handle))
		require.Equal(t, []string{"v"}, got)

		c, err = kavro.NewConsumer[string, string](client, "messages", []string{"in"}, kavro.WithToEnd())
		require.NoError(t, err)
		for m, err := range c.Messages(ctx) {
			require.NoError(t, err)
			require.NoError(t, handle(ctx, m))
		}
		require.Equal(t, []string{"v", "v"}, got)

		require.NoError(t, client.Copy(ctx, "copy", []string{"in"}, kavro.WithToEnd(), kavro.WithCopyTopic(func(string) string { return "out" }),
			kavro.WithConfig(kavro.Config{"transactional.id": "copy"})))
		p, err := kavro.NewPipeline[string, string, string, string](client, "pipeline", []string{"out"}, kavro.WithToEnd(),
			kavro.WithConfig(kavro.Config{"transactional.id": "pipeline"}))
		require.NoError(t, err)
		require.NoError(t, p.Run(ctx, func(ctx context.Context, m *kavro.Message[string, string]) ([]kavro.Record[string, string], error) {
			return nil, handle(ctx, m)
		}))
		require.Equal(t, []string{"v", "v", "v"}, got)
	})
}

// What reads to the end and is forbidden to see ends is an error, wherever that is said.
func TestToEndContradicted(t *testing.T) {
	const want = `configuration: enable.partition.eof: false contradicts WithToEnd, which would wait for ever where the last offset holds no record`
	off := kavro.Config{"enable.partition.eof": "false"}
	client := open(t, "franz", nowhere)
	_, err := kavro.NewConsumer[string, string](client, "", nil, kavro.WithToEnd(), kavro.WithConfig(off))
	require.EqualError(t, err, want)
	_, err = kavro.NewPipeline[string, string, string, string](client, "", nil, kavro.WithToEnd(), kavro.WithConfig(off))
	require.EqualError(t, err, want)
	_, err = client.Replay(t.Context(), "", []string{"in-dlt"}, kavro.WithConfig(off))
	require.ErrorContains(t, err, "false contradicts Replay")
}

// A topic that does not exist has no end: Replay and Copy to the end say so at once, and name it.
func TestToEndOfMissingTopics(t *testing.T) {
	each(t, func(t *testing.T, _ *kavrotest.Env, which string) {
		env := kavrotest.New(t, kavrotest.WithoutTopicCreation(), kavrotest.WithTopic("orders", 1))
		client := open(t, which, env.Config())
		txn := kavro.WithConfig(kavro.Config{"transactional.id": "replays"})
		for group, opts := range map[string][]kavro.ReplayOption{"plain": nil, "dry": {kavro.WithDryRun()}, "transactional": {txn}} {
			n, err := client.Replay(deadline(t), group, []string{"orders-dlt", "orders", "others-dlt"}, opts...)
			require.ErrorIs(t, err, kavro.ErrUnknownTopic)
			require.ErrorContains(t, err, "orders-dlt: ")
			require.ErrorContains(t, err, "others-dlt: ")
			require.Zero(t, n)
		}
		_, err := client.Replay(deadline(t), "there", []string{"orders"})
		require.NoError(t, err)
		err = client.Copy(deadline(t), "copy", []string{"nothing"}, kavro.WithToEnd(), kavro.WithCopyTopic(func(string) string { return "copies" }))
		require.ErrorIs(t, err, kavro.ErrUnknownTopic)
		require.ErrorContains(t, err, "nothing: ")
	})
}
