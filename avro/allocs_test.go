package avro_test

import (
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/stretchr/testify/require"
)

// Budgets of allocations; a path that gets dearer fails here.
func TestAllocations(t *testing.T) {
	structs, generated, generic := newCodec[Order](t, orderText), newCodec[genOrder](t, orderText), newCodec[any](t, orderText)
	v := sampleOrder()
	g := genOrder{v}
	datum := encode(t, structs, v)
	var a any
	require.NoError(t, generic.Decode(datum, &a))
	buf := make([]byte, 0, 1024)
	var out Order
	var genOut genOrder
	require.NoError(t, structs.Decode(datum, &out))
	require.NoError(t, generated.Decode(datum, &genOut))
	var fresh *Order
	for _, c := range []struct {
		name   string
		budget float64
		run    func() error
	}{
		{"append a struct", 0, func() error { _, err := structs.Append(buf, &v); return err }},
		{"append a generated type", 0, func() error { _, err := generated.Append(buf, &g); return err }},
		{"append a generic value", 0, func() error { _, err := generic.Append(buf, &a); return err }},
		{"decode a struct, and its own 1", 6, func() error { fresh = new(Order); return structs.Decode(datum, fresh) }},
		{"decode into a struct that is reused: the map's strings", 1, func() error { return structs.Decode(datum, &out) }},
		{"decode into a generated type that is reused", 1, func() error { return generated.Decode(datum, &genOut) }},
		{"decode a generic value", 29, func() error { return generic.Decode(datum, &a) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			requireAllocs(t, c.budget, func() {
				if err := c.run(); err != nil {
					panic(err)
				}
			})
		})
	}
}

// Every kind of field is written without an allocation, unions and maps of
// structs included, and read into a value that is reused without one, if its
// strings are the same and maps are aside.
func TestAllocationsOfEveryKind(t *testing.T) {
	type inner struct{ N int64 }
	type all struct {
		Inner  *inner
		Items  []inner
		Longs  []int64
		Bytes  []byte
		Fixed  [4]byte
		Enum   suitNumber
		Narrow uint16
		Either Method
	}
	c := newCodec[all](t, `{"type": "record", "name": "R", "fields": [
		{"name": "inner", "type": ["null", {"type": "record", "name": "I", "fields": [{"name": "n", "type": "long"}]}]},
		{"name": "items", "type": {"type": "array", "items": "I"}},
		{"name": "longs", "type": ["null", {"type": "array", "items": "long"}]},
		{"name": "bytes", "type": "bytes"},
		{"name": "fixed", "type": {"type": "fixed", "name": "F", "size": 4}},
		{"name": "enum", "type": `+suitText+`},
		{"name": "narrow", "type": "int"},
		{"name": "either", "type": ["null", {"type": "record", "name": "Card", "fields": [{"name": "number", "type": "string"}]}]}]}`,
		avro.WithUnionTypes(avro.UnionType[*Card]("Card")))
	v := all{&inner{1}, []inner{{2}, {3}}, []int64{4, 5}, []byte{6}, [4]byte{7}, 1, 8, &Card{"9"}}
	buf := make([]byte, 0, 1024)
	requireAllocs(t, 0, func() { _, _ = c.Append(buf, &v) })
	datum := encode(t, c, v)
	out := roundTrip(t, c, v)
	require.Equal(t, v, out)
	requireAllocs(t, 2, func() { _ = c.Decode(datum, &out) }) // the union's value and its string

	m := newCodec[map[string]inner](t, `{"type": "map", "values": {"type": "record", "name": "I", "fields": [{"name": "n", "type": "long"}]}}`)
	entries := map[string]inner{"a": {1}, "b": {2}}
	requireAllocs(t, 0, func() { _, _ = m.Append(buf, &entries) })
}

// requireAllocs requires that f allocates no more than budget times.
func requireAllocs(t *testing.T, budget float64, f func()) {
	t.Helper()
	if got := testing.AllocsPerRun(200, f); exactAllocations {
		require.LessOrEqual(t, got, budget)
	}
}
