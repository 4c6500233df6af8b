package avro_test

import (
	"math"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/stretchr/testify/require"
)

type optional struct {
	S  string    `avro:"s,omitzero"`
	N  int64     `avro:"n,omitzero"`
	At time.Time `avro:"at,omitzero"`
}

// reads requires that the datum of n as a long decodes to want, or that it does
// not fit.
func reads[T comparable](t *testing.T, schema string, n int64, want T, fits bool) {
	t.Helper()
	datum := avrort.AppendLong(nil, n)
	c := newCodec[T](t, schema)
	var out T
	err := c.Decode(datum, &out)
	if !fits {
		require.ErrorIs(t, err, avro.ErrRange, "%T %d", want, n)
		return
	}
	require.NoError(t, err)
	require.Equal(t, want, out)
	require.Equal(t, datum, encode(t, c, want))
}

// Numbers that do not fit are errors when read, never wrapped.
func TestIntegersAreCheckedWhenRead(t *testing.T) {
	for _, schema := range []string{`"int"`, `"long"`} {
		reads(t, schema, 127, int8(127), true)
		reads(t, schema, 128, int8(0), false)
		reads(t, schema, -129, int8(0), false)
		reads(t, schema, -128, int8(-128), true)
		reads(t, schema, 255, uint8(255), true)
		reads(t, schema, 256, uint8(0), false)
		reads(t, schema, -1, uint8(0), false)
		reads(t, schema, math.MaxInt16, int16(math.MaxInt16), true)
		reads(t, schema, math.MaxInt16+1, int16(0), false)
		reads(t, schema, math.MaxUint16, uint16(math.MaxUint16), true)
		reads(t, schema, -1, uint16(0), false)
		reads(t, schema, math.MaxInt32, int32(math.MaxInt32), true)
		reads(t, schema, -1, uint32(0), false)
		reads(t, schema, -1, uint(0), false)
		reads(t, schema, -1, uint64(0), false)
		reads(t, schema, -1, int(-1), true)
		reads(t, schema, 7, uint(7), true)
		reads(t, schema, 7, uint64(7), true)
	}
	reads(t, `"long"`, math.MaxInt32+1, int32(0), false)
	reads(t, `"long"`, math.MaxUint32, uint32(math.MaxUint32), true)
	reads(t, `"long"`, math.MaxUint32+1, uint32(0), false)
	reads(t, `"long"`, math.MaxInt64, uint64(math.MaxInt64), true)
	reads(t, `"long"`, math.MinInt64, int64(math.MinInt64), true)
	reads(t, `"long"`, math.MaxInt64, int(min(math.MaxInt64, math.MaxInt)), math.MaxInt == math.MaxInt64) //nolint:unconvert // on 32 bits the two differ
}

func refuses[T any](t *testing.T, schema string, v T) {
	t.Helper()
	c := newCodec[T](t, schema)
	out, err := c.Append(nil, &v)
	require.ErrorIs(t, err, avro.ErrRange, "%T %v", v, v)
	require.Empty(t, out)
	g := newCodec[any](t, schema)
	var a any = v
	_, err = g.Append(nil, &a)
	require.ErrorIs(t, err, avro.ErrRange, "%T %v in any", v, v)
}

// ... and when written.
func TestIntegersAreCheckedWhenWritten(t *testing.T) {
	refuses(t, `"int"`, int64(1)<<40)
	refuses(t, `"int"`, int64(math.MinInt32)-1)
	refuses(t, `"int"`, uint32(math.MaxInt32+1))
	refuses(t, `"int"`, uint64(math.MaxUint64))
	refuses(t, `"long"`, uint64(math.MaxInt64+1))
	refuses(t, `"float"`, math.MaxFloat64)
	refuses(t, `"float"`, -math.MaxFloat64)
}

func TestFloats(t *testing.T) {
	narrow := newCodec[float64](t, `"float"`)
	require.Equal(t, float64(float32(0.1)), roundTrip(t, narrow, 0.1))
	require.Equal(t, math.Inf(1), roundTrip(t, narrow, math.Inf(1)))
	require.True(t, math.IsNaN(roundTrip(t, narrow, math.NaN())))

	zero := roundTrip(t, newCodec[float64](t, `"double"`), math.Copysign(0, -1))
	require.True(t, math.Signbit(zero))
}

// Generic values may be any number that is exactly one of the schema's.
func TestGenericNumbers(t *testing.T) {
	for _, c := range []struct {
		name, schema string
		in, out      any
	}{
		{"int of any width", `"int"`, uint8(7), int32(7)},
		{"Go's int", `"long"`, 7, int64(7)},
		{"int for a double", `"double"`, 7, 7.0},
		{"int for a float", `"float"`, -7, float32(-7)},
		{"double for a float", `"float"`, 0.5, float32(0.5)},
		{"float for a double", `"double"`, float32(0.5), 0.5},
		{"a type of one's own", `"long"`, time.Duration(5), int64(5)},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.out, roundTrip(t, newCodec[any](t, c.schema), c.in))
		})
	}
	refusesAny := func(schema string, v any) {
		_, err := newCodec[any](t, schema).Append(nil, &v)
		require.Error(t, err, "%T %v", v, v)
	}
	refusesAny(`"int"`, 7.0)
	refusesAny(`"long"`, "7")
	refusesAny(`"double"`, int64(1)<<53+1)
	refusesAny(`"float"`, 1<<24+1)
	refusesAny(`"boolean"`, 1)
	refusesAny(`"string"`, 1)
	refusesAny(`"null"`, 0)
	refusesAny(`"int"`, nil)
}
