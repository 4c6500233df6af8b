package schemas_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// A part of a schema stands alone, also where it uses what an earlier part or a
// reference defines.
func TestNodeSchema(t *testing.T) {
	address := schemas.MustParse(`{"type":"record","name":"Address","namespace":"shop","fields":[{"name":"city","type":"string"}]}`)
	union, err := schemas.Parse(`[{"type":"record","name":"shop.A","fields":[{"name":"at","type":"shop.Address"}]},
		{"type":"record","name":"shop.B","fields":[{"name":"a","type":"A"},{"name":"next","type":["null","B"],"default":null}]}]`, schemas.WithReferences(address))
	require.NoError(t, err)
	for i, b := range union.Root().Branches() {
		part := b.Schema()
		require.Equal(t, b.FullName(), part.FullName())
		again, err := schemas.Parse(part.String())
		require.NoError(t, err, "branch %d: %s", i, part)
		require.True(t, schemas.Equivalent(part, again), "branch %d", i)
		require.Empty(t, part.References())
	}
}

// Not the references count, but the types that they define.
func TestEquivalent(t *testing.T) {
	const text = `{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"to","type":"Address"},{"name":"from","type":"Address"}]}`
	address := func(field string) *schemas.Schema {
		return schemas.MustParse(`{"type":"record","name":"Address","namespace":"shop","fields":[{"name":"` + field + `","type":"string"}]}`)
	}
	order := func(field string) *schemas.Schema {
		s, err := schemas.Parse(text, schemas.WithReferences(address(field)))
		require.NoError(t, err)
		return s
	}
	written, err := schemas.Parse(order("city").PrintResolved())
	require.NoError(t, err)
	require.True(t, schemas.Equivalent(order("city"), order("city")))
	require.True(t, schemas.Equivalent(order("city"), written))
	require.Equal(t, order("city").PrintResolved(), order("city").SelfContained())
	require.Equal(t, written.String(), written.SelfContained(), "the user's text, byte for byte")
	alone := schemas.MustParse(`{"name": "Alone", "type": "record", "fields": [] }`, schemas.WithReferences(address("city")))
	require.Equal(t, alone.String(), alone.SelfContained(), "it uses none of them")
	require.False(t, schemas.Equivalent(order("city"), order("town")), "the same text over another type")
	documented, err := schemas.Parse(order("city").PrintResolved()[:1] + `"doc":"An order.",` + order("city").PrintResolved()[1:])
	require.NoError(t, err)
	require.False(t, schemas.Equivalent(written, documented))
}
