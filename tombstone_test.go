package kavro_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kavrotest"
)

// A tombstone on a topic of orders: Run and a pipeline end unless they are told what
// to do with it, and hand a nil to a handler of pointers.
func TestTombstones(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		ctx := deadline(t)
		schema, output := kavro.WithValue(kavro.WithSchema(orderSchema)), kavro.WithOutputValue(kavro.WithSchema(orderSchema))
		producer, err := kavro.NewProducer[string, Order](open(t, which, env.Config()), schema)
		require.NoError(t, err)
		require.NoError(t, producer.Produce(ctx, "orders", "o-1", Order{ID: "o-1", Total: 1}))
		require.NoError(t, producer.Delete(ctx, "orders", "o-1"))
		require.NoError(t, producer.Close(ctx))
		eof := kavro.Config{"enable.partition.eof": true}

		consume := func(group string, opts ...kavro.ConsumerOption) (orders, tombstones int, err error) {
			c, err := kavro.NewConsumer[string, Order](open(t, which, env.Config(eof)), group, []string{"orders"}, append(opts, schema, kavro.WithToEnd())...)
			require.NoError(t, err)
			err = c.Run(ctx, func(_ context.Context, m *kavro.Message[string, Order]) error {
				if m.Tombstone {
					tombstones++
				} else {
					orders++
				}
				return nil
			})
			require.NoError(t, c.Close(ctx))
			return orders, tombstones, err
		}
		orders, tombstones, err := consume("stop", kavro.WithPolicy(kavro.DecodeErrors, kavro.Skip()))
		require.ErrorIs(t, err, avroconsumer.ErrTombstone)
		require.ErrorContains(t, err, "take *kavro_test.Order as the type of values")
		require.Equal(t, []int{1, 0}, []int{orders, tombstones})
		orders, tombstones, err = consume("skip", kavro.WithTombstones(kavro.SkipTombstones))
		require.NoError(t, err)
		require.Equal(t, []int{1, 0}, []int{orders, tombstones})
		orders, tombstones, err = consume("deliver", kavro.WithTombstones(kavro.DeliverTombstones))
		require.NoError(t, err)
		require.Equal(t, []int{1, 1}, []int{orders, tombstones})

		c, err := kavro.NewConsumer[string, *Order](open(t, which, env.Config(eof)), "pointers", []string{"orders"}, schema, kavro.WithToEnd())
		require.NoError(t, err)
		var got []*Order
		require.NoError(t, c.Run(ctx, func(_ context.Context, m *kavro.Message[string, *Order]) error {
			got = append(got, m.Value)
			return nil
		}))
		require.NoError(t, c.Close(ctx))
		require.Equal(t, []*Order{{ID: "o-1", Total: 1}, nil}, got)

		require.NoError(t, env.CreateTopic(ctx, "copies", 1))
		transform := func(id string, opts ...kavro.PipelineOption) error {
			p, err := kavro.NewPipeline[string, Order, string, Order](open(t, which, env.Config(eof, kavro.Config{"transactional.id": id})), id, []string{"orders"},
				append(opts, schema, output, kavro.WithToEnd())...)
			require.NoError(t, err)
			err = p.Run(ctx, func(_ context.Context, m *kavro.Message[string, Order]) ([]kavro.Record[string, Order], error) {
				return []kavro.Record[string, Order]{{Topic: "copies", Key: m.Key, Value: m.Value, Tombstone: m.Tombstone}}, nil
			})
			require.NoError(t, p.Close(ctx))
			return err
		}
		require.ErrorIs(t, transform("line"), avroconsumer.ErrTombstone)
		require.NoError(t, transform("line", kavro.WithTombstones(kavro.DeliverTombstones)))
		reader, err := kavro.NewConsumer[string, *Order](open(t, which, env.Config(eof)), "audit", []string{"copies"}, schema, kavro.WithToEnd())
		require.NoError(t, err)
		got = nil
		for m, err := range reader.Messages(ctx) {
			require.NoError(t, err)
			got = append(got, m.Value)
		}
		require.NoError(t, reader.Close(ctx))
		require.Equal(t, []*Order{{ID: "o-1", Total: 1}, nil}, got)
	})
}
