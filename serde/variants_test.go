package serde_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// variantsOf makes both directions with the same variants.
func variantsOf(t *testing.T, r *memory.Registry, opts []serde.Option, ser ...serde.SerializerOption) (*serde.AvroSerializer[event], *serde.AvroDeserializer[event]) {
	s, err := serde.NewAvroSerializer[event](r, append(serializerOptions(opts), ser...)...)
	require.NoError(t, err)
	d, err := serde.NewAvroDeserializer[event](r, deserializerOptions(opts)...)
	require.NoError(t, err)
	return s, d
}

var bothVariants = []serde.Option{serde.WithVariant[Order](orderV1), serde.WithVariant[paid](paidSchema)}

// union is the schema of a topic whose subject lists its types, in an order, with
// others among them.
func union(t *testing.T, r *memory.Registry) {
	register(t, r, "orders-value", `["null",`+paidSchema.String()+`,{"type":"record","name":"shop.Other","fields":[]},`+orderV1.String()+`]`)
}

// What a producer with variants writes into the union of its subject, a consumer
// with the same variants reads.
func TestVariantsInAUnion(t *testing.T) {
	r := memory.New()
	union(t, r)
	values := []event{Order{ID: "o", Total: 1}, &paid{ID: "p"}}
	for name, opts := range map[string][]serde.SerializerOption{
		"latest":  {serde.WithLatest(), serde.WithAutoRegister(false)},
		"id":      {serde.WithSchemaID(1)},
		"version": {serde.WithVersion(1)},
	} {
		t.Run(name, func(t *testing.T) {
			s, d := variantsOf(t, r, bothVariants, opts...)
			require.NoError(t, s.Warmup(t.Context(), serde.Value, "orders"))
			for _, v := range values {
				payload := encode[event](t, s, v)
				require.Equal(t, []byte{0, 0, 0, 0, 1}, payload[:5])
				require.Equal(t, v, decode[event](t, d, payload))
				require.Equal(t, v, decode[event](t, deserializer[event](t, r, append(deserializerOptions(bothVariants), serde.WithLatest())...), payload))
			}
		})
	}
	// The union may be the program's own, too: it is registered.
	r = memory.New()
	own := schemas.MustParse(`[` + orderV1.String() + `,` + paidSchema.String() + `]`)
	s, d := variantsOf(t, r, bothVariants, serde.WithSchema(own))
	for _, v := range values {
		require.Equal(t, v, decode[event](t, d, encode[event](t, s, v)))
	}
	latest, err := r.Latest(t.Context(), "orders-value")
	require.NoError(t, err)
	require.Equal(t, own.Canonical(), latest.Schema.Canonical())
}

// Data of a union that were written in other ways.
func TestVariantsOfOthers(t *testing.T) {
	r := memory.New()
	union(t, r)
	_, d := variantsOf(t, r, bothVariants)
	frame := "\x00\x00\x00\x00\x01"
	require.Nil(t, decode[event](t, d, []byte(frame+"\x00")), "null")
	require.Equal(t, event(Order{ID: "a", Total: 3}), decode[event](t, d, []byte(frame+"\x06\x02a\x06")))
	for _, c := range []struct {
		name, datum, err string
		mismatch         bool
	}{
		{"a type that no variant names", "\x04", "shop.Other is none of the 2 types that WithVariant names", true},
		{"no branch", "\x08", "union index 4, there are 4", false},
		{"no index", "", "orders value (schema 1): ", false},
		{"trailing bytes", "\x00x", "bytes follow the datum", false},
		{"cut short", "\x06\x08a", "id: ", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := event(Order{ID: "reused"})
			err := d.Decode(t.Context(), []byte(frame+c.datum), target(), &v)
			require.ErrorContains(t, err, c.err)
			var mismatch *serde.SchemaMismatchError
			require.Equal(t, c.mismatch, asError(err, &mismatch))
			var datum *avro.DecodeError
			if asError(err, &datum) {
				require.LessOrEqual(t, datum.Offset, len(c.datum))
			}
		})
	}
}

// Variants read evolved branches, by name and by alias, and defaults fill them.
func TestVariantsEvolve(t *testing.T) {
	r := memory.New()
	register(t, r, "orders-value", `[`+orderV1.String()+`,{"type":"record","name":"shop.Payed","fields":[{"name":"id","type":"string"},{"name":"by","type":"string"}]}]`)
	renamed := schemas.MustParse(`{"type":"record","name":"Paid","namespace":"shop","aliases":["Payed"],"fields":[{"name":"id","type":"string"}]}`)
	d, err := serde.NewAvroDeserializer[any](r, serde.WithVariant[OrderV2](orderV2), serde.WithVariant[paid](renamed))
	require.NoError(t, err)
	require.Equal(t, any(OrderV2{ID: "a", Total: 3, Currency: "EUR"}), decode[any](t, d, []byte("\x00\x00\x00\x00\x01\x00\x02a\x06")))
	require.Equal(t, any(paid{ID: "a"}), decode[any](t, d, []byte("\x00\x00\x00\x00\x01\x02\x02a\x02b")))
}

// A variant may be no record, and a union may hold such.
func TestVariantsOfScalars(t *testing.T) {
	r := memory.New()
	register(t, r, "orders-value", `["string","long",`+orderV1.String()+`]`)
	opts := []serde.Option{serde.WithVariant[string](nil), serde.WithVariant[int64](nil), serde.WithVariant[Order](orderV1)}
	s, err := serde.NewAvroSerializer[any](r, append(serializerOptions(opts), serde.WithLatest(), serde.WithAutoRegister(false))...)
	require.NoError(t, err)
	d, err := serde.NewAvroDeserializer[any](r, deserializerOptions(opts)...)
	require.NoError(t, err)
	for _, v := range []any{"ada", int64(7), Order{ID: "o", Total: 1}} {
		require.Equal(t, v, decode[any](t, d, encode[any](t, s, v)))
	}
	// What no variant names is written as the registry's schema has it.
	require.Equal(t, any(Order{ID: "m", Total: 2}), decode[any](t, d, encode[any](t, s, avro.Union{Branch: "shop.Order", Value: map[string]any{"id": "m", "total": int64(2)}})))
}

// Several types under one subject of an older version: nothing is lost here either.
func TestVariantsKeepEverything(t *testing.T) {
	r := memory.New()
	register(t, r, "orders-value", `[`+orderV1.String()+`,`+paidSchema.String()+`]`)
	s, err := serde.NewAvroSerializer[any](r, serde.WithVariant[OrderV2](orderV2), serde.WithLatest(), serde.WithAutoRegister(false))
	require.NoError(t, err)
	encode[any](t, s, OrderV2{ID: "a", Currency: "EUR"})
	v := any(OrderV2{ID: "a", Currency: "CHF"})
	_, err = s.Append(t.Context(), nil, target(), &v)
	require.ErrorContains(t, err, "currency: the field is set")

	// A type that the union lacks is not written as one that looks like it.
	other := schemas.MustParse(`{"type":"record","name":"Refund","namespace":"shop","fields":[` + orderFields + `]}`)
	s, err = serde.NewAvroSerializer[any](r, serde.WithVariant[Order](other), serde.WithLatest(), serde.WithUncheckedLatest())
	require.NoError(t, err)
	var mismatch *serde.SchemaMismatchError
	v = Order{ID: "a"}
	_, err = s.Append(t.Context(), nil, target(), &v)
	require.ErrorAs(t, err, &mismatch)
	require.ErrorAs(t, s.Warmup(t.Context(), serde.Value, "orders"), &mismatch)
}

// A variant's definition holds what a registry keeps beside the text.
func TestVariantDefinitions(t *testing.T) {
	r := newCounting()
	address := schemas.MustParse(`{"type":"record","name":"Address","namespace":"shop","fields":[{"name":"city","type":"string"}]}`)
	_, err := r.Registry.Register(t.Context(), "address", registry.Definition{Text: address.String()})
	require.NoError(t, err)
	moved, err := schemas.Parse(`{"type":"record","name":"Moved","namespace":"shop","fields":[{"name":"to","type":"Address"}]}`, schemas.WithReferences(address))
	require.NoError(t, err)
	type Address struct {
		City string `avro:"city"`
	}
	type Moved struct {
		To Address `avro:"to"`
	}
	opts := []serde.Option{
		serde.WithSubject(serde.TopicRecordName),
		serde.WithVariant[Order](orderV1),
		serde.WithVariantDefinition[Moved](moved, registry.Definition{
			References: []registry.Reference{{Name: "shop.Address", Subject: "address", Version: 1}},
			Metadata:   &registry.Metadata{Properties: map[string]string{"owner": "logistics"}},
		}),
	}
	s, err := serde.NewAvroSerializer[any](r, serializerOptions(opts)...)
	require.NoError(t, err)
	d, err := serde.NewAvroDeserializer[any](r, deserializerOptions(opts)...)
	require.NoError(t, err)
	for _, v := range []any{Order{ID: "o"}, Moved{Address{"Bern"}}} {
		require.Equal(t, v, decode[any](t, d, encode[any](t, s, v)))
	}
	kept, err := r.Latest(t.Context(), "orders-shop.Moved")
	require.NoError(t, err)
	require.Equal(t, moved.String(), kept.Text, "the user's text, byte for byte")
	require.Equal(t, "address", kept.References[0].Subject)
	require.Equal(t, "logistics", kept.Metadata.Properties["owner"])
	require.Equal(t, []string{"lookup orders-shop.Order", "register orders-shop.Order", "id 2", "lookup orders-shop.Moved", "register orders-shop.Moved", "id 3"}, r.calls)
}

// Topics of one type each are not filled with the schemas of the others.
func TestWarmupOfVariants(t *testing.T) {
	r := newCounting()
	register(t, r.Registry, "orders-value", orderV1.String())
	register(t, r.Registry, "payments-value", paidSchema.String())
	register(t, r.Registry, "others-value", `"string"`)
	s, _ := variantsOf(t, r.Registry, bothVariants)
	require.NoError(t, s.Warmup(t.Context(), serde.Value, "orders", "payments", "new"))
	subjects, err := r.Subjects(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []string{"orders-value", "others-value", "payments-value"}, subjects)

	s, _ = variantsOf(t, r.Registry, bothVariants, serde.WithLatest(), serde.WithAutoRegister(false))
	require.NoError(t, s.Warmup(t.Context(), serde.Value, "orders", "payments"))
	var mismatch *serde.SchemaMismatchError
	require.ErrorAs(t, s.Warmup(t.Context(), serde.Value, "others"), &mismatch)
	var missing *registry.NotFoundError
	require.ErrorAs(t, s.Warmup(t.Context(), serde.Value, "new"), &missing)

	// A union of the program's own has a place for all of them, or says for which it has none.
	s, _ = variantsOf(t, r.Registry, bothVariants, serde.WithSchema(schemas.MustParse(`["null",`+orderV1.String()+`]`)))
	require.ErrorAs(t, s.Warmup(t.Context(), serde.Value, "new"), &mismatch)
	require.ErrorContains(t, mismatch, "Paid")
}
