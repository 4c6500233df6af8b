package kavro_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/serde"
)

// A field that no writer has is zero, and the client's logger is told: once, and not the
// logger of another that was given one.
func TestMisspeltFieldIsLogged(t *testing.T) {
	type order struct {
		ID    string `avro:"id"`
		Total int64  `avro:"totl"`
	}
	ctx := deadline(t)
	env := kavrotest.New(t, kavrotest.WithTopic("orders", 1))
	var ofClient, own bytes.Buffer
	client := open(t, "franz", env.Config(), kavro.WithLogger(slog.New(slog.NewTextHandler(&ofClient, nil))))
	producer, err := kavro.NewProducer[string, Order](client, kavro.WithValue(kavro.WithSchema(orderSchema)))
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, producer.Produce(ctx, "orders", "k", Order{ID: "a", Total: 42}))
	}
	require.NoError(t, producer.Flush(ctx))
	read := func(group string, opts ...kavro.ConsumerOption) {
		c, err := kavro.NewConsumer[string, order](client, group, []string{"orders"}, append(opts, kavro.WithToEnd())...)
		require.NoError(t, err)
		require.NoError(t, c.Run(ctx, func(_ context.Context, m *kavro.Message[string, order]) error {
			require.Equal(t, order{ID: "a"}, m.Value)
			return nil
		}))
		require.NoError(t, c.Close(ctx))
	}
	read("first")
	const said = `fields=[totl] type=kavro_test.order schema=shop.Order id=1`
	require.Equal(t, 1, bytes.Count(ofClient.Bytes(), []byte(said)), ofClient.String())
	read("second", kavro.WithValueDeserializer(serde.WithLogger(slog.New(slog.NewTextHandler(&own, nil)))))
	require.Equal(t, 1, bytes.Count(own.Bytes(), []byte(said)), own.String())
	require.Equal(t, 1, bytes.Count(ofClient.Bytes(), []byte(said)), "only one was told")
}

// Types that no schema fits are errors of the constructors, however deep the fault is, and
// whichever constructor.
func TestTypesThatFitNoSchema(t *testing.T) {
	type misspelt struct {
		ID string `avro:"id,requird"`
	}
	type deep struct {
		Lines []struct{ Done chan int }
	}
	client := open(t, "franz", kavro.Config{"bootstrap.servers": "127.0.0.1:1", "schema.registry.url": "mock://types", "transactional.id": "t"})
	_, err := kavro.NewConsumer[string, misspelt](client, "g", []string{"t"})
	require.EqualError(t, err, `kavro: value: kavro_test.misspelt fits no schema: ID: unknown option "requird" in the tag; did you mean "required"?`)
	_, err = kavro.NewConsumer[string, chan int](client, "g", []string{"t"})
	require.EqualError(t, err, `kavro: value: chan int fits no schema: chan int has no Avro type`)
	_, err = kavro.NewConsumer[deep, misspelt](client, "g", []string{"t"}, kavro.WithValue(kavro.WithLatest()))
	require.EqualError(t, err, `kavro: key: kavro_test.deep fits no schema: Lines[].Done: chan int has no Avro type; leave the field out with the tag avro:"-"
kavro: value: kavro_test.misspelt fits no schema: ID: unknown option "requird" in the tag; did you mean "required"?`)
	_, err = kavro.NewProducer[string, *deep](client, kavro.WithValue(kavro.WithLatest()))
	require.EqualError(t, err, `kavro: value: *kavro_test.deep fits no schema: Lines[].Done: chan int has no Avro type; leave the field out with the tag avro:"-"`)
	_, err = kavro.NewPipeline[string, deep, string, misspelt](client, "g", []string{"t"}, kavro.WithOutputValue(kavro.WithLatest()))
	require.ErrorContains(t, err, "kavro: value: kavro_test.deep fits no schema")
	require.ErrorContains(t, err, "kavro: output value: kavro_test.misspelt fits no schema")
}
