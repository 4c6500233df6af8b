package avro_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/stretchr/testify/require"
)

func TestLimits(t *testing.T) {
	const list = `{"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}]}`
	chain := func(n int) []byte { return append(bytes.Repeat([]byte{2}, n-1), 0) }
	nulls := `{"type": "array", "items": {"type": "array", "items": "null"}}`
	for _, c := range []struct {
		name, schema string
		opt          avro.Option
		fits, beyond []byte
	}{
		{"bytes of a string", `"string"`, avro.WithMaxBytes(3), []byte("\x06abc"), []byte("\x08abcd")},
		{"bytes", `"bytes"`, avro.WithMaxBytes(100), append([]byte{0xc8, 1}, make([]byte, 100)...), append([]byte{0xca, 1}, make([]byte, 101)...)},
		{"items of an array", `{"type": "array", "items": "int"}`, avro.WithMaxItems(2), []byte{4, 0, 0, 0}, []byte{6, 0, 0, 0, 0}},
		{"items in several blocks", `{"type": "array", "items": "int"}`, avro.WithMaxItems(2), []byte{2, 0, 2, 0, 0}, []byte{4, 0, 0, 2, 0, 0}},
		{"items of a map", `{"type": "map", "values": "int"}`, avro.WithMaxItems(1), []byte{2, 0, 0, 0}, []byte{4, 0, 0, 0, 0, 0}},
		{"empty items, of all arrays together", nulls, avro.WithMaxEmptyItems(5), []byte{4, 4, 0, 6, 0, 0}, []byte{4, 4, 0, 8, 0, 0}},
		{"depth", list, avro.WithMaxDepth(3), chain(3), chain(4)},
		{"the default depth", list, nil, chain(1000), chain(1001)},
		{"the default of empty items", nulls, nil, []byte{2, 0x80, 0x80, 8, 0, 0}, []byte{2, 0x82, 0x80, 8, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := []avro.Option{}
			if c.opt != nil {
				opts = append(opts, c.opt)
			}
			codec := newCodec[any](t, c.schema, opts...)
			var v any
			require.NoError(t, codec.Decode(c.fits, &v))
			require.ErrorIs(t, codec.Decode(c.beyond, &v), avro.ErrLimit)
		})
	}
}

// What a depth that was reached says stays readable.
func TestPathsOfDeepErrorsAreCut(t *testing.T) {
	c := newCodec[any](t, `{"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}]}`)
	var v any
	err := c.Decode(bytes.Repeat([]byte{2}, 5000), &v)
	require.ErrorIs(t, err, avro.ErrLimit)
	require.Less(t, len(err.Error()), 700)
	require.True(t, strings.HasPrefix(err.Error(), "...next."), err.Error())
}

// Counts within counts cannot claim the same bytes twice: a datum of a hundred
// thousand bytes does not get room for a hundred thousand items at each level.
func TestNestedClaims(t *testing.T) {
	c := newCodec[any](t, `{"type": "record", "name": "T", "fields": [{"name": "kids", "type": {"type": "array", "items": "T"}}]}`, avro.WithMaxDepth(1<<20))
	datum := bytes.Repeat(avrort.AppendLong(nil, 30000), 30000) // each level claims 30,000 more
	var v any
	var err error
	require.Less(t, allocatedBytes(func() { err = c.Decode(datum, &v) }), uint64(16<<20))
	require.ErrorIs(t, err, avro.ErrShort)
}

// memoryFactors are the bytes that decoding allocates for each byte of the worst
// datum: documented in docs/avro.md.
func TestMemoryIsAMultipleOfTheInput(t *testing.T) {
	const size = 1 << 17
	ones := func(s string) []byte { // an array of as many items s as fit, in one block
		n := size / len(s)
		return append(append(avrort.AppendLong(nil, int64(n)), strings.Repeat(s, n)...), 0)
	}
	for _, c := range []struct {
		name, schema, item string
		factor             uint64
	}{
		{"array of int", `{"type": "array", "items": "int"}`, "\x01", 40},
		{"array of empty strings", `{"type": "array", "items": "string"}`, "\x00", 50},
		{"array of strings of one byte", `{"type": "array", "items": "string"}`, "\x02a", 30},
		{"array of empty arrays", `{"type": "array", "items": {"type": "array", "items": "int"}}`, "\x00", 60},
		{"array of empty maps", `{"type": "array", "items": {"type": "map", "values": "int"}}`, "\x00", 90},
		{"array of records of one byte", `{"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "b", "type": "boolean"}]}}`, "\x01", 450},
		{"map of int", `{"type": "map", "values": "int"}`, "\x04ab\x00", 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			codec := newCodec[any](t, c.schema)
			datum := ones(c.item)
			var v any
			var err error
			allocated := allocatedBytes(func() { err = codec.Decode(datum, &v) })
			require.NoError(t, err)
			require.Less(t, allocated, c.factor*size, fmt.Sprintf("%d per byte", allocated/size))
		})
	}
}

// However deep a type is, its items are known to take bytes.
func TestItemsOfDeepTypesAreNotEmpty(t *testing.T) {
	fields := []string{`{"name": "f0", "type": {"type": "record", "name": "R0", "fields": [{"name": "n", "type": "int"}]}}`}
	for i := 1; i < 300; i++ {
		fields = append(fields, fmt.Sprintf(`{"name": "f%d", "type": {"type": "record", "name": "R%d", "fields": [{"name": "r", "type": "R%d"}]}}`, i, i, i-1))
	}
	fields = append(fields, `{"name": "last", "type": {"type": "array", "items": "R299"}}`)
	c := newCodec[any](t, `{"type": "record", "name": "Top", "fields": [`+strings.Join(fields, ", ")+`]}`, avro.WithMaxEmptyItems(0))
	var v any
	require.NoError(t, c.Decode(append(make([]byte, 300), 4, 2, 2, 0), &v))
}
