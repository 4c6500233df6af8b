package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
)

func TestLedger(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	env := kavrotest.New(t, kavrotest.WithTopic("payments", 1))
	client, err := kavro.Open(env.Config())
	require.NoError(t, err)

	// Records as another program would write them.
	producer, err := kavro.NewProducer[string, Payment](client, kavro.WithValue(kavro.WithSchema(paymentSchema)))
	require.NoError(t, err)
	payment := func(account string, cents int64) kavro.Record[string, Payment] {
		return kavro.Record[string, Payment]{Topic: "payments", Key: account, Value: Payment{account, cents}}
	}
	require.NoError(t, producer.ProduceSync(ctx, payment("ada", 100), payment("bob", -1), payment("ada", 50)))
	require.NoError(t, producer.Close(ctx))

	// The handler, until the topic's end. The bad payment is skipped, and seen.
	consumer, err := kavro.NewConsumer[string, Payment](client, "ledger", []string{"payments"},
		kavro.WithToEnd(), kavro.WithPolicy(kavro.HandlerErrors, kavro.Skip()))
	require.NoError(t, err)
	var ledger Ledger
	require.NoError(t, consumer.Run(ctx, ledger.Handle))
	require.NoError(t, client.Close(ctx))
	require.Equal(t, int64(150), ledger.Balance("ada"))
	require.Zero(t, ledger.Balance("bob"))
}
