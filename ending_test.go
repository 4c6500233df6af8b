package kavro_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
)

// On both clients, what everyone writes is right: a producer that is closed with a
// context that has ended delivers, a consumer commits and leaves its group, and a pipeline
// leaves as well.
func TestCloseWithAContextThatHasEnded(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		schema := kavro.WithValue(kavro.WithSchema(orderSchema))
		require.NoError(t, env.CreateTopic(deadline(t), "orders", 1))
		require.NoError(t, env.CreateTopic(deadline(t), "copies", 1))
		produce := func(from, to int) {
			ctx, cancel := context.WithCancel(deadline(t))
			producer, err := kavro.NewProducer[string, Order](open(t, which, env.Config(kavro.Config{"linger.ms": 200})), schema)
			require.NoError(t, err)
			for i := from; i < to; i++ {
				require.NoError(t, producer.Produce(ctx, "orders", "k", Order{ID: fmt.Sprint(i)}))
			}
			cancel()
			require.NoError(t, producer.Close(ctx))
		}
		// read returns what comes until n have, and ends as a program does.
		read := func(n int) (ids []string) {
			ctx, cancel := context.WithCancel(deadline(t))
			consumer, err := kavro.NewConsumer[string, Order](open(t, which, env.Config()), "billing", []string{"orders"}, schema)
			require.NoError(t, err)
			defer func() {
				require.ErrorIs(t, ctx.Err(), context.Canceled)
				require.NoError(t, consumer.Close(ctx))
			}()
			require.ErrorIs(t, consumer.Run(ctx, func(_ context.Context, m *kavro.Message[string, Order]) error {
				if ids = append(ids, m.Value.ID); len(ids) == n {
					cancel()
				}
				return nil
			}), context.Canceled)
			return ids
		}
		produce(0, 3)
		require.Equal(t, []string{"0", "1", "2"}, read(3))
		produce(3, 5)
		require.Equal(t, []string{"3", "4"}, read(2), "what was processed is committed, and the partition is free")

		transform := func(n int) (ids []string) {
			ctx, cancel := context.WithCancel(deadline(t))
			p, err := kavro.NewPipeline[string, Order, string, Order](open(t, which, env.Config(kavro.Config{"transactional.id": "line"})), "line", []string{"orders"},
				schema, kavro.WithOutputValue(kavro.WithSchema(orderSchema)))
			require.NoError(t, err)
			ended := make(chan error, 1)
			done := make(chan struct{})
			go func() {
				ended <- p.Run(ctx, func(_ context.Context, m *kavro.Message[string, Order]) ([]kavro.Record[string, Order], error) {
					if ids = append(ids, m.Value.ID); len(ids) == n {
						close(done)
					}
					return []kavro.Record[string, Order]{{Topic: "copies", Key: m.Key, Value: m.Value}}, nil
				})
			}()
			<-done
			offsets, ok := p.Client().(kafka.Offsets)
			require.True(t, ok)
			for at := int64(-1); at < int64(n); { // the round that is under way
				o, err := offsets.Committed(deadline(t), kafka.TopicPartition{Topic: "orders"})
				require.NoError(t, err)
				at = o[0].Offset
			}
			cancel()
			require.NoError(t, p.Close(ctx))
			require.ErrorIs(t, <-ended, context.Canceled)
			return ids
		}
		require.Len(t, transform(5), 5)
		produce(5, 6)
		require.Equal(t, []string{"5"}, transform(1))
	})
}
