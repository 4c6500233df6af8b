package kavro_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

var errUnpaid = errors.New("unpaid")

// produceOrders writes orders with these ids to topic orders, in one partition.
func produceOrders(t *testing.T, client *kavro.Client, ids ...string) {
	p, err := kavro.NewProducer[string, Order](client, kavro.WithValue(kavro.WithSchema(orderSchema)))
	require.NoError(t, err)
	for _, id := range ids {
		require.NoError(t, p.Produce(deadline(t), "orders", "k", Order{ID: id}))
	}
	require.NoError(t, p.Close(deadline(t)))
}

// consumeOrders returns the ids that a group gets of a topic until its end. handle may fail.
func consumeOrders(t *testing.T, client *kavro.Client, group, topic string, handle func(id string) error, opts ...kavro.ConsumerOption) []string {
	var ids []string
	c, err := kavro.NewConsumer[string, Order](client, group, []string{topic}, append(opts, kavro.WithToEnd())...)
	require.NoError(t, err)
	require.NoError(t, c.Run(deadline(t), func(_ context.Context, m *kavro.Message[string, Order]) error {
		if handle != nil {
			if err := handle(m.Value.ID); err != nil {
				return err
			}
		}
		ids = append(ids, m.Value.ID)
		return nil
	}))
	require.NoError(t, c.Close(deadline(t)))
	return ids
}

// newShop has the orders 1, 2 and 3, of which 1 and 3 became dead letters of group billing.
func newShop(t *testing.T, env *kavrotest.Env, which string) *kavro.Client {
	client := open(t, which, env.Config(kavro.Config{"enable.partition.eof": true}))
	require.NoError(t, env.CreateTopic(deadline(t), "orders", 1))
	require.NoError(t, env.CreateTopic(deadline(t), "orders-dlt", 1))
	produceOrders(t, client, "1", "2", "3")
	ids := consumeOrders(t, client, "billing", "orders", func(id string) error {
		if id != "2" {
			return errUnpaid
		}
		return nil
	}, kavro.WithDeadLetters())
	require.Equal(t, []string{"2"}, ids)
	return client
}

// Replay sends dead letters to the topic they came from: every group gets them. What is done
// is not done again. The configuration's auto.offset.reset is not about it.
func TestReplay(t *testing.T) {
	for _, txn := range []string{"", "replay"} {
		t.Run("transactional.id="+txn, func(t *testing.T) {
			each(t, func(t *testing.T, env *kavrotest.Env, which string) {
				newShop(t, env, which)
				client := open(t, which, env.Config(kavro.Config{"enable.partition.eof": true, "auto.offset.reset": "latest", "transactional.id": txn}))
				var last kavro.Replayed
				n, err := client.Replay(deadline(t), "replay", []string{"orders-dlt"}, kavro.WithReplayProgress(func(n kavro.Replayed) { last = n }))
				require.NoError(t, err)
				require.Equal(t, kavro.Replayed{Read: 2, Sent: 2}, n)
				require.Equal(t, n, last)
				n, err = client.Replay(deadline(t), "replay", []string{"orders-dlt"})
				require.NoError(t, err)
				require.Zero(t, n)

				client = open(t, which, env.Config(kavro.Config{"enable.partition.eof": true}))
				require.Equal(t, []string{"1", "3"}, consumeOrders(t, client, "billing", "orders", nil))
				require.Equal(t, []string{"1", "2", "3", "1", "3"}, consumeOrders(t, client, "audit", "orders", nil))
			})
		})
	}
}

// Replay's options: another topic, some dead letters, and a look at what would be sent.
func TestReplayOptions(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		client := newShop(t, env, which)
		third := kavro.WithReplayFilter(func(d kavro.DeadLetterRecord) bool { return d.Offset == 2 && d.Group == "billing" })
		want := kavro.Replayed{Read: 2, Sent: 1}
		n, err := client.Replay(deadline(t), "replay", []string{"orders-dlt"}, third, kavro.WithDryRun())
		require.NoError(t, err)
		require.Equal(t, want, n)

		n, err = client.Replay(deadline(t), "replay", []string{"orders-dlt"}, third,
			kavro.WithReplayTopic(func(d kavro.DeadLetterRecord) string { return d.Topic + "-" + d.Group }))
		require.NoError(t, err)
		require.Equal(t, want, n, "the dry run committed nothing")
		require.Equal(t, []string{"3"}, consumeOrders(t, client, "billing", "orders-billing", nil))
	})
}

// A record that is no dead letter ends Replay, unless a policy says otherwise.
func TestReplayOfSomethingElse(t *testing.T) {
	env := kavrotest.New(t, kavrotest.WithTopic("orders", 1))
	client := open(t, "franz", env.Config(kavro.Config{"group.id": "replay"}))
	produceOrders(t, client, "1")
	n, err := client.Replay(deadline(t), "", []string{"orders"})
	require.EqualError(t, err, "orders [0] offset 0: value (schema 1): not a dead letter: there is no header __dlq.errors.topic")
	require.Zero(t, n)
	n, err = client.Replay(deadline(t), "", []string{"orders"}, kavro.WithPolicy(kavro.DecodeErrors, kavro.Skip()))
	require.NoError(t, err)
	require.Zero(t, n)
}

// Within one cluster Copy needs a topic, and copies what there is, bytes and headers.
func TestCopy(t *testing.T) {
	for _, txn := range []string{"", "copy"} {
		t.Run("transactional.id="+txn, func(t *testing.T) {
			each(t, func(t *testing.T, env *kavrotest.Env, which string) {
				newShop(t, env, which)
				client := open(t, which, env.Config(kavro.Config{"enable.partition.eof": true, "transactional.id": txn}))
				copies := int64(0)
				require.NoError(t, client.Copy(deadline(t), "mirror", []string{"orders"}, kavro.WithToEnd(), kavro.WithSamePartition(),
					kavro.WithCopyTopic(func(topic string) string { return topic + "-copy" }), kavro.WithCopyProgress(func(n int64) { copies = n })))
				require.Equal(t, int64(3), copies)
				client = open(t, which, env.Config(kavro.Config{"enable.partition.eof": true}))
				require.Equal(t, []string{"1", "2", "3"}, consumeOrders(t, client, "audit", "orders-copy", nil))
			})
		})
	}
}

// Copy to another cluster, whose registry has other ids.
func TestCopyToAnotherCluster(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		client := newShop(t, env, which)
		away := kavrotest.New(t)
		other := open(t, which, away.Config())
		p, err := kavro.NewProducer[string, int64](other, kavro.WithValue(kavro.WithSchema(schemas.MustParse(`"long"`))))
		require.NoError(t, err)
		require.NoError(t, p.ProduceSync(deadline(t), kavro.Record[string, int64]{Topic: "others", Value: 1}))
		require.NoError(t, p.Close(deadline(t)))

		require.NoError(t, client.Copy(deadline(t), "mirror", []string{"orders"}, kavro.WithToEnd(), kavro.WithCopyTo(other), kavro.WithTranslatedSchemas(nil)))
		c, err := kavro.NewConsumer[string, Order](other, "audit", []string{"orders"})
		require.NoError(t, err)
		for _, id := range []string{"1", "2", "3"} {
			msg, err := c.Poll(deadline(t))
			require.NoError(t, err)
			require.Equal(t, id, msg.Value.ID)
			frame, _, err := serde.SplitRecord(msg.Raw.Value, serde.Value, nil)
			require.NoError(t, err)
			require.Equal(t, 2, frame.ID)
		}
		require.NoError(t, c.Close(deadline(t)))
	})
}

// Copy without an end is ended by its context, or by Close of either client.
func TestCopyEnds(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		newShop(t, env, which)
		for _, by := range []string{"context", "client", "other client"} {
			client, other := open(t, which, env.Config()), open(t, which, kavrotest.New(t).Config())
			ctx, cancel := context.WithCancel(deadline(t))
			copied, ended := make(chan struct{}), make(chan error, 1)
			go func() {
				ended <- client.Copy(ctx, "mirror", []string{"orders"}, kavro.WithCopyTo(other), kavro.WithBatch(1, 0),
					kavro.WithCopyProgress(func(n int64) {
						if n == 1 {
							close(copied)
						}
					}))
			}()
			<-copied
			switch by {
			case "context":
				cancel()
				require.ErrorIs(t, <-ended, context.Canceled)
			case "client":
				require.NoError(t, client.Close(deadline(t)))
				require.ErrorIs(t, <-ended, kavro.ErrClosed)
			default:
				require.NoError(t, other.Close(deadline(t)))
				require.ErrorIs(t, <-ended, kavro.ErrClosed)
				require.NoError(t, client.Ping(deadline(t)), "the other one lives on")
			}
			cancel()
			produceOrders(t, open(t, which, env.Config()), fmt.Sprint("more for ", by)) // so that the next one has something
		}
	})
}

// What is wrong with a Replay or a Copy is told before anything is read.
func TestTransfersThatAreWrong(t *testing.T) {
	client := open(t, "franz", kavro.Config{"bootstrap.servers": "127.0.0.1:1", "transactional.id": "t"})
	ctx := within(t, 10*time.Second)
	_, err := client.Replay(ctx, "", []string{"orders-dlt"}, kavro.WithReplayTopic(nil), kavro.WithReplayFilter(nil), kavro.WithReplayFilter(nil))
	for _, part := range []string{"kavro: WithReplayTopic: the function is nil", "kavro: WithReplayFilter: is given twice", "group.id"} {
		require.ErrorContains(t, err, part)
	}
	err = client.Copy(ctx, "g", []string{"orders"}, kavro.WithTranslatedSchemas(nil))
	require.ErrorContains(t, err, "kavro: Copy: WithCopyTo or WithCopyTopic is needed")
	require.ErrorContains(t, err, "configuration: schema.registry.url: is not set")
	err = client.Copy(ctx, "g", []string{"orders"}, kavro.WithCopyTo(nil), kavro.WithCopyTopic(func(string) string { return "copies" }))
	require.EqualError(t, err, "kavro: WithCopyTo: the client is nil")

	p, err := kavro.NewProducer[string, string](client)
	require.NoError(t, err)
	_, err = client.Replay(ctx, "g", []string{"orders-dlt"})
	require.EqualError(t, err, `configuration: transactional.id: "t" is that of another producer of this client, which would be fenced`)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, client.Copy(ended, "g", []string{"orders"}, kavro.WithCopyTo(open(t, "franz", nowhere))), context.Canceled, "no transaction, no id")
	require.NoError(t, p.Close(ctx))
	var none *kavro.Client
	_, err = none.Replay(ctx, "g", []string{"orders-dlt"})
	require.EqualError(t, err, "kavro: the client is nil: make one with Open")
}
