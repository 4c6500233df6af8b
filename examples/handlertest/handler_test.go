package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/drivers"
	"github.com/kavro/kavro/kavrotest"
)

func TestLedger(t *testing.T) {
	for _, client := range drivers.Names() {
		t.Run(client, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			env, err := kavrotest.Start(kavrotest.WithTopic("payments", 1))
			require.NoError(t, err)
			defer env.Close()

			// Records as another program would write them.
			producer, err := kavro.NewProducer[string, Payment](env.Config(), kavro.Driver(client), kavro.ValueSchema(paymentSchema))
			require.NoError(t, err)
			payment := func(account string, cents int64) avroproducer.Record[string, Payment] {
				return avroproducer.Record[string, Payment]{Topic: "payments", Key: account, Value: Payment{account, cents}}
			}
			require.NoError(t, producer.ProduceSync(ctx, payment("ada", 100), payment("bob", -1), payment("ada", 50)))
			require.NoError(t, producer.Close(ctx))

			// The handler, until the topic's end. The bad payment is skipped, and seen.
			consumer, err := kavro.NewConsumer[string, Payment](env.Group("ledger", kavro.Config{"enable.partition.eof": true}), []string{"payments"},
				kavro.Driver(client), kavro.ValueSchema(paymentSchema),
				kavro.Consumer(avroconsumer.WithToEnd(), avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Skip())))
			require.NoError(t, err)
			var ledger Ledger
			require.NoError(t, consumer.Run(ctx, ledger.Handle))
			require.NoError(t, consumer.Close(ctx))
			require.Equal(t, int64(150), ledger.Balance("ada"))
			require.Zero(t, ledger.Balance("bob"))
		})
	}
}
