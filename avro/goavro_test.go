package avro_test

import (
	"encoding/hex"
	"math/big"
	"strconv"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// refusedGoavro says that this platform has no goavro codec, as it should be where
// Go's int has 32 bits.
func refusedGoavro(t *testing.T) bool {
	t.Helper()
	_, err := avro.NewGoavroCodec(schemas.MustParse(`"int"`))
	require.Equal(t, strconv.IntSize < 64, err != nil, "%v", err)
	return err != nil
}

func newGoavro(t *testing.T, schema string) *avro.GoavroCodec {
	t.Helper()
	c, err := avro.NewGoavroCodec(schemas.MustParse(schema))
	require.NoError(t, err)
	return c
}

func TestGoavroNativeValues(t *testing.T) {
	if refusedGoavro(t) {
		return
	}
	c := newGoavro(t, `{"type": "record", "name": "shop.R", "fields": [
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

	ours := newCodec[any](t, c.Schema().String(), avro.WithTaggedUnions())
	require.NoError(t, ours.Decode(datum[6:], &out))
	require.Equal(t, v, out, "the same as ours in tagged form")
}

func TestGoavroErrors(t *testing.T) {
	if refusedGoavro(t) {
		return
	}
	c := newGoavro(t, `"int"`)
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
	_, err = avro.NewGoavroCodec(nil)
	require.Error(t, err)
}

// No malformed vector gets through, whatever goavro makes of it.
func TestGoavroMalformedVectors(t *testing.T) {
	if refusedGoavro(t) {
		return
	}
	tried := 0
	for _, v := range vectors.Load[malformedVector]("malformed.json") {
		s, err := schemas.Parse(string(v.Schema), schemas.Lenient())
		if err != nil || v.Contested || v.Repeat > 1 {
			continue
		}
		c, err := avro.NewGoavroCodec(s)
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
func TestGoavroReferences(t *testing.T) {
	if refusedGoavro(t) {
		return
	}
	line := schemas.MustParse(`{"type": "record", "name": "shop.Line", "fields": [{"name": "qty", "type": "int"}]}`)
	order := schemas.MustParse(`{"type": "record", "name": "shop.Order", "fields": [
		{"name": "first", "type": "Line"},
		{"name": "rest", "type": {"type": "array", "items": "Line"}},
		{"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}, "default": "B"}]}`, schemas.WithReferences(line))
	c, err := avro.NewGoavroCodec(order)
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
func TestGoavroAgrees(t *testing.T) {
	if refusedGoavro(t) {
		return
	}
	tried := 0
	for _, v := range vectors.Load[encodeVector]("encode.json") {
		s := schemas.MustParse(string(v.Schema), schemas.Lenient())
		c, err := avro.NewGoavroCodec(s)
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
