package goavro_test

import (
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strconv"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/goavro"
	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// refused says that this platform has no goavro codec, as it should be where
// Go's int has 32 bits.
func refused(t *testing.T) bool {
	t.Helper()
	_, err := goavro.NewCodec(schemas.MustParse(`"int"`))
	require.Equal(t, strconv.IntSize < 64, err != nil, "%v", err)
	return err != nil
}

func newCodec(t *testing.T, schema string) *goavro.Codec {
	t.Helper()
	c, err := goavro.NewCodec(schemas.MustParse(schema))
	require.NoError(t, err)
	return c
}

func TestNativeValues(t *testing.T) {
	if refused(t) {
		return
	}
	c := newCodec(t, `{"type": "record", "name": "shop.R", "fields": [
		{"name": "note", "type": ["null", "string"]},
		{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
		{"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 5, "scale": 2}}]}`)
	v := any(map[string]any{
		"note":  map[string]any{"string": "n"},
		"at":    time.UnixMilli(1700000000123).UTC(),
		"price": big.NewRat(1999, 100),
	})
	datum, err := c.Append([]byte("before"), &v)
	require.NoError(t, err)
	require.Equal(t, "before", string(datum[:6]))
	var out any
	require.NoError(t, c.Decode(datum[6:], &out))
	require.Equal(t, v, out)
	require.Equal(t, "shop.R", c.Schema().FullName())

	ours, err := avro.NewCodec[any](c.Schema(), avro.WithTaggedUnions())
	require.NoError(t, err)
	require.NoError(t, ours.Decode(datum[6:], &out))
	require.Equal(t, v, out, "the same as ours in tagged form")
}

func TestErrors(t *testing.T) {
	if refused(t) {
		return
	}
	c := newCodec(t, `"int"`)
	var out any
	for name, datum := range map[string]string{
		"beyond 32 bits": "8080808010",
		"six bytes":      "808080808000",
		"cut short":      "80",
		"trailing":       "0000",
	} {
		src, _ := hex.DecodeString(datum)
		var e *avro.DecodeError
		require.ErrorAs(t, c.Decode(src, &out), &e, name)
	}
	wrong := any("text")
	dst, err := c.Append([]byte("x"), &wrong)
	var e *avro.EncodeError
	require.ErrorAs(t, err, &e)
	require.Equal(t, "x", string(dst))
	_, err = c.Append(nil, nil)
	require.Error(t, err)
	require.Error(t, c.Decode([]byte{0}, nil))
	_, err = goavro.NewCodec(nil)
	require.Error(t, err)
}

// vector is one of malformed.json or encode.json.
type vector struct {
	Name       string          `json:"name"`
	Schema     json.RawMessage `json:"schema"`
	Hex        string          `json:"hex"`
	Repeat     int             `json:"repeat"`
	Contested  bool            `json:"contested"`
	DecodeOnly bool            `json:"decode_only"`
}

// No malformed vector gets through, whatever goavro makes of it.
func TestMalformedVectors(t *testing.T) {
	if refused(t) {
		return
	}
	tried := 0
	for _, v := range vectors.Load[vector]("malformed.json") {
		s, err := schemas.Parse(string(v.Schema), schemas.Lenient())
		if err != nil || v.Contested || v.Repeat > 1 {
			continue
		}
		c, err := goavro.NewCodec(s)
		if err != nil {
			continue // goavro does not take the schema
		}
		tried++
		datum, err := hex.DecodeString(v.Hex)
		require.NoError(t, err)
		var out any
		require.Error(t, c.Decode(datum, &out), v.Name)
	}
	require.Greater(t, tried, 140)
}

// goavro takes one text, so what a schema refers to is written into it.
func TestReferences(t *testing.T) {
	if refused(t) {
		return
	}
	line := schemas.MustParse(`{"type": "record", "name": "shop.Line", "fields": [{"name": "qty", "type": "int"}]}`)
	order := schemas.MustParse(`{"type": "record", "name": "shop.Order", "fields": [
		{"name": "first", "type": "Line"},
		{"name": "rest", "type": {"type": "array", "items": "Line"}},
		{"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}, "default": "B"}]}`, schemas.WithReferences(line))
	c, err := goavro.NewCodec(order)
	require.NoError(t, err)
	v := any(map[string]any{"first": map[string]any{"qty": 1}, "rest": []any{map[string]any{"qty": 2}}})
	datum, err := c.Append(nil, &v)
	require.NoError(t, err)
	require.Equal(t, "\x02\x02\x04\x00\x02", string(datum))
}

// goavroDiffers are vectors that goavro does not write as it read them.
var goavroDiffers = map[string]string{
	"twmb.TestFixedDecimalZero#1":          "it cannot write a decimal of 0 as a fixed",
	"twmb.TestDeepNestingDecimalAtDepth#1": "it cannot write a decimal of 0 as a fixed",
	"twmb.TestBytesDecimalEmptyBytes#1":    "it writes no bytes as one",
}

// Where goavro takes the schema, it and the codec of any write and read the same.
func TestAgrees(t *testing.T) {
	if refused(t) {
		return
	}
	tried := 0
	for _, v := range vectors.Load[vector]("encode.json") {
		s := schemas.MustParse(string(v.Schema), schemas.Lenient())
		c, err := goavro.NewCodec(s)
		if err != nil {
			continue
		}
		datum, err := hex.DecodeString(v.Hex)
		require.NoError(t, err)
		var native any
		if err := c.Decode(datum, &native); err != nil {
			require.ErrorContains(t, err, "goavro: ", v.Name) // a sound datum that goavro cannot read
			continue
		}
		tried++
		enc, err := c.Append(nil, &native)
		if why, ok := goavroDiffers[v.Name]; ok {
			require.NotEqual(t, v.Hex, hex.EncodeToString(enc), "%s: %s no more", v.Name, why)
			continue
		}
		require.NoError(t, err, v.Name)
		if !v.DecodeOnly {
			require.Equal(t, v.Hex, hex.EncodeToString(enc), v.Name)
		}
	}
	require.Greater(t, tried, 300)
}

// goavro's native values too are what is written, or an error.
func TestWritesNoOtherValue(t *testing.T) {
	if refused(t) {
		return
	}
	const decimalFixed = `{"type": "fixed", "name": "F", "size": 3, "logicalType": "decimal", "precision": 6, "scale": 2}`
	const bigDecimal = `{"type": "bytes", "logicalType": "big-decimal"}`
	const amount = `{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}`
	record := func(typ string) string {
		return `{"type":"record","name":"R","fields":[{"name":"v","type":{"type":"array","items":["null",` + typ + `]}}]}`
	}
	for _, c := range []struct {
		schema, branch string
		value          any
		ok             bool
	}{
		{amount, "bytes.decimal", big.NewRat(25, 2), true},
		{amount, "bytes.decimal", big.NewRat(12345, 1000), false},
		{amount, "bytes.decimal", big.NewRat(1, 3), false},
		{amount, "bytes.decimal", "12.50", false},
		{decimalFixed, "F", big.NewRat(25, 2), true},
		{decimalFixed, "F", big.NewRat(12345, 1000), false},
		{decimalFixed, "F", "F.1", false},
		{bigDecimal, "bytes", "12.50", false},
		{`{"type":"fixed","name":"D","size":12,"logicalType":"duration"}`, "D", "P1M2DT3.004S", false},
		{`{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}`, "U", "0123456789abcdef", false},
		{`"float"`, "float", 1e300, false},
		{`"float"`, "float", 0.5, true},
		{`"float"`, "float", int64(1<<24 + 1), false},
		{`"double"`, "double", int64(1<<53 + 1), false},
		{`"double"`, "double", int64(1 << 53), true},
		{`{"type": "long", "logicalType": "time-micros"}`, "long.time-micros", time.Second, true},
		{`{"type": "int", "logicalType": "date"}`, "int.date", time.Date(1969, 12, 30, 12, 0, 0, 0, time.UTC), false},
		{`{"type": "int", "logicalType": "date"}`, "int.date", time.Date(1969, 12, 30, 0, 0, 0, 0, time.UTC), true},
		{`{"type": "int", "logicalType": "date"}`, "int.date", time.Date(2024, 12, 30, 12, 0, 0, 0, time.UTC), true},
	} {
		for schema, v := range map[string]any{
			c.schema:         c.value,
			record(c.schema): map[string]any{"v": []any{map[string]any{c.branch: c.value}}},
			`{"type":"map","values":` + c.schema + `}`: map[string]any{"k": c.value},
		} {
			datum, err := newCodec(t, schema).Append(nil, &v)
			if !c.ok {
				require.Error(t, err, "%v as %s: %x", c.value, schema, datum)
				continue
			}
			require.NoError(t, err, "%v as %s", c.value, schema)
		}
	}
}

// goavro takes the schema, and fills in what JSON has a number for.
func TestFloatDefaults(t *testing.T) {
	if refused(t) {
		return
	}
	withDefault := func(def string) string {
		return `{"type":"record","name":"R","fields":[{"name":"a","type":"double","default":` + def + `}]}`
	}
	empty := any(map[string]any{})
	out, err := newCodec(t, withDefault(`"1.5"`)).Append(nil, &empty)
	require.NoError(t, err)
	require.Equal(t, "000000000000f83f", hex.EncodeToString(out))
	_, err = newCodec(t, withDefault(`"NaN"`)).Append(nil, &empty)
	require.Error(t, err)
}
