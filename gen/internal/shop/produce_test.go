package shop_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/gen/internal/shop"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// A type whose file refers to another file is produced without further ado: its
// schema is registered in one piece, and found from then on.
func TestProduceTypesOfSeveralFiles(t *testing.T) {
	r := memory.New()
	s, err := serde.NewAvroSerializer[shop.Purchase](r)
	require.NoError(t, err)
	require.NoError(t, s.Warmup(t.Context(), serde.Value, "purchases"))
	to := &serde.Target{Topic: "purchases", Part: serde.Value}
	payload, err := s.Append(t.Context(), nil, to, shop.NewPurchase())
	require.NoError(t, err)
	require.Equal(t, 1, to.Schema.Version)
	require.Empty(t, to.Schema.References)
	require.True(t, schemas.Equivalent(new(shop.Purchase).AvroSchema(), to.Schema.Schema))

	d, err := serde.NewAvroDeserializer[shop.Purchase](r, serde.WithLatest())
	require.NoError(t, err)
	var v shop.Purchase
	require.NoError(t, d.Decode(t.Context(), payload, &serde.Target{Topic: "purchases", Part: serde.Value}, &v))
	require.Equal(t, shop.NewPurchase(), &v)

	again, err := serde.NewAvroSerializer[shop.Purchase](r, serde.WithAutoRegister(false))
	require.NoError(t, err)
	require.NoError(t, again.Warmup(t.Context(), serde.Value, "purchases"))
}
