package kavro_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/schemas"
)

type Invoice struct {
	Order string  `avro:"order"`
	Euros float64 `avro:"euros"`
}

var invoiceSchema = schemas.MustParse(`{"type":"record","name":"Invoice","namespace":"shop","fields":[
	{"name":"order","type":"string"},{"name":"euros","type":"double"}]}`)

// Orders in, invoices out, each once.
func TestPipeline(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which kavro.Option) {
		ctx := patient(t)
		const orders = 500
		producer, err := kavro.NewProducer[string, Order](env.Config(), which, kavro.ValueSchema(orderSchema))
		require.NoError(t, err)
		for i := range orders {
			require.NoError(t, producer.Produce(ctx, "orders", fmt.Sprint(i%7), Order{ID: fmt.Sprint(i), Total: int64(i)}))
		}
		require.NoError(t, producer.Close(ctx))
		require.NoError(t, env.CreateTopic(ctx, "invoices", 3))

		p, err := kavro.NewPipeline[string, Order, string, Invoice](
			env.Group("billing", kavro.Config{"transactional.id": "billing-1", "enable.partition.eof": true}), []string{"orders"}, which,
			kavro.ValueSchema(orderSchema), kavro.Output(kavro.ValueSchema(invoiceSchema)),
			kavro.Pipeline(pipeline.WithToEnd(), pipeline.WithBatch(100, 0)))
		require.NoError(t, err)
		require.NoError(t, p.Run(ctx, func(_ context.Context, msg *avroconsumer.Message[string, Order]) ([]avroproducer.Record[string, Invoice], error) {
			return []avroproducer.Record[string, Invoice]{{
				Topic: "invoices", Key: msg.Key, Value: Invoice{Order: msg.Value.ID, Euros: float64(msg.Value.Total) / 100},
			}}, nil
		}))
		require.NoError(t, p.Close(ctx))

		consumer, err := kavro.NewConsumer[string, Invoice](env.Group("audit", kavro.Config{"enable.partition.eof": true}), []string{"invoices"}, which,
			kavro.ValueSchema(invoiceSchema), kavro.Consumer(avroconsumer.WithToEnd()))
		require.NoError(t, err)
		seen := map[string]int{}
		require.NoError(t, consumer.Run(ctx, func(_ context.Context, msg *avroconsumer.Message[string, Invoice]) error {
			seen[msg.Value.Order]++
			return nil
		}))
		require.NoError(t, consumer.Close(ctx))
		require.Len(t, seen, orders)
		for id, n := range seen {
			require.Equal(t, 1, n, "order %s", id)
		}
	})
}
