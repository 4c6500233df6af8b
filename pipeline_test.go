package kavro_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
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
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		bill(t, env, which, nil, func() {})
	})
}

// The same where one transform takes so long that the group goes on without the
// pipeline: its transaction is aborted, and it joins again.
func TestPipelineThatMissesItsPollInterval(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		const interval = 2 * time.Second // a busy machine polls in time
		late, calls := 0, 0
		bill(t, env, which, kavro.Config{"session.timeout.ms": interval.Milliseconds(), "max.poll.interval.ms": interval.Milliseconds()}, func() {
			if calls++; calls == 150 { // in the second batch
				late = calls
				time.Sleep(2 * interval) // librdkafka looks once a second
			}
		})
		require.Greater(t, calls, 500, "the batch of the call %d came again", late)
	})
}

// bill makes an invoice of each of 500 orders, and looks whether there is one of
// each. before is called for each order that is billed.
func bill(t *testing.T, env *kavrotest.Env, which string, conf kavro.Config, before func()) {
	ctx := deadline(t)
	const orders = 500
	producer, err := kavro.NewProducer[string, Order](open(t, which, env.Config()), kavro.WithValue(kavro.WithSchema(orderSchema)))
	require.NoError(t, err)
	for i := range orders {
		require.NoError(t, producer.Produce(ctx, "orders", fmt.Sprint(i%7), Order{ID: fmt.Sprint(i), Total: int64(i)}))
	}
	require.NoError(t, producer.Close(ctx))
	require.NoError(t, env.CreateTopic(ctx, "invoices", 3))

	p, err := kavro.NewPipeline[string, Order, string, Invoice](open(t, which, env.Config(kavro.Config{"transactional.id": "billing-1", "enable.partition.eof": true}, conf)), "billing", []string{"orders"},
		kavro.WithValue(kavro.WithSchema(orderSchema)), kavro.WithOutputValue(kavro.WithSchema(invoiceSchema)), kavro.WithToEnd(), kavro.WithBatch(100, 0))
	require.NoError(t, err)
	require.NoError(t, p.Run(ctx, func(_ context.Context, msg *kavro.Message[string, Order]) ([]kavro.Record[string, Invoice], error) {
		before()
		return []kavro.Record[string, Invoice]{{
			Topic: "invoices", Key: msg.Key, Value: Invoice{Order: msg.Value.ID, Euros: float64(msg.Value.Total) / 100},
		}}, nil
	}))
	require.NoError(t, p.Close(ctx))

	consumer, err := kavro.NewConsumer[string, Invoice](open(t, which, env.Config(kavro.Config{"enable.partition.eof": true})), "audit", []string{"invoices"}, kavro.WithValue(kavro.WithSchema(invoiceSchema)), kavro.WithToEnd())
	require.NoError(t, err)
	seen := map[string]int{}
	require.NoError(t, consumer.Run(ctx, func(_ context.Context, msg *kavro.Message[string, Invoice]) error {
		seen[msg.Value.Order]++
		return nil
	}))
	require.NoError(t, consumer.Close(ctx))
	require.Len(t, seen, orders)
	for id, n := range seen {
		require.Equal(t, 1, n, "order %s", id)
	}
}
