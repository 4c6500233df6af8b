package avro_test

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

func logicalSchema(typ, logical string) string {
	return `{"type": "` + typ + `", "logicalType": "` + logical + `"}`
}

func TestTimes(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	local := time.Date(2024, 2, 29, 23, 30, 15, 123456789, zone) // 21:30 UTC
	for _, c := range []struct {
		name, typ, logical string
		in                 time.Time
		n                  int64
		out                time.Time
	}{
		{"date", "int", "date", local, 19782, time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
		{"date before 1970", "int", "date", time.Date(1969, 12, 31, 1, 0, 0, 0, time.UTC), -1, time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)},
		{"date, Go's zero", "int", "date", time.Time{}, -719162, time.Time{}},
		{"millis", "long", "timestamp-millis", local, 1709242215123, time.Date(2024, 2, 29, 21, 30, 15, 123e6, time.UTC)},
		{"micros", "long", "timestamp-micros", local, 1709242215123456, time.Date(2024, 2, 29, 21, 30, 15, 123456e3, time.UTC)},
		{"nanos", "long", "timestamp-nanos", local, 1709242215123456789, time.Date(2024, 2, 29, 21, 30, 15, 123456789, time.UTC)},
		{"local millis", "long", "local-timestamp-millis", local, 1709249415123, time.Date(2024, 2, 29, 23, 30, 15, 123e6, time.UTC)},
		{"local micros", "long", "local-timestamp-micros", local, 1709249415123456, time.Date(2024, 2, 29, 23, 30, 15, 123456e3, time.UTC)},
		{"local nanos", "long", "local-timestamp-nanos", local, 1709249415123456789, time.Date(2024, 2, 29, 23, 30, 15, 123456789, time.UTC)},
		{"before the epoch, towards the past", "long", "timestamp-millis", time.Unix(0, -1), -1, time.UnixMilli(-1).UTC()},
		{"the last nano", "long", "timestamp-nanos", time.Unix(0, math.MaxInt64), math.MaxInt64, time.Unix(0, math.MaxInt64).UTC()},
		{"the first nano", "long", "timestamp-nanos", time.Unix(0, math.MinInt64), math.MinInt64, time.Unix(0, math.MinInt64).UTC()},
		{"the first milli", "long", "timestamp-millis", time.UnixMilli(math.MinInt64), math.MinInt64, time.UnixMilli(math.MinInt64).UTC()},
		{"the last milli", "long", "timestamp-millis", time.UnixMilli(math.MaxInt64), math.MaxInt64, time.UnixMilli(math.MaxInt64).UTC()},
	} {
		t.Run(c.name, func(t *testing.T) {
			schema := logicalSchema(c.typ, c.logical)
			codec := newCodec[time.Time](t, schema)
			datum := encode(t, codec, c.in)
			require.Equal(t, avrort.AppendLong(nil, c.n), datum)
			require.Equal(t, c.out, roundTrip(t, codec, c.in))
			require.Equal(t, c.out, roundTrip[any](t, newCodec[any](t, schema), c.in))
			require.Equal(t, datum, encode(t, newCodec[int64](t, schema), c.n), "a plain number is the raw value")
		})
	}
}

func TestTimesOutOfRange(t *testing.T) {
	far := time.Date(5000000, 1, 1, 0, 0, 0, 0, time.UTC)
	for schema, v := range map[string]time.Time{
		logicalSchema("long", "timestamp-nanos"):       time.Unix(0, math.MaxInt64).Add(1),
		logicalSchema("long", "local-timestamp-nanos"): time.Unix(0, math.MinInt64).UTC().Add(-1),
		logicalSchema("long", "timestamp-micros"):      time.UnixMicro(math.MaxInt64).Add(time.Microsecond),
		logicalSchema("long", "timestamp-millis"):      time.UnixMilli(math.MaxInt64).Add(time.Millisecond),
		logicalSchema("int", "date"):                   far.AddDate(3000000, 0, 0),
	} {
		refuses(t, schema, v)
	}
	_, err := avro.NewCodec[time.Duration](schemas.MustParse(logicalSchema("long", "timestamp-millis")))
	require.ErrorContains(t, err, "use time.Time or an integer")
}

func TestTimesOfDay(t *testing.T) {
	millis := newCodec[time.Duration](t, logicalSchema("int", "time-millis"))
	require.Equal(t, 1500*time.Millisecond, roundTrip(t, millis, 1500*time.Millisecond+999))
	micros := newCodec[any](t, logicalSchema("long", "time-micros"))
	require.Equal(t, 24*time.Hour-time.Microsecond, roundTrip[any](t, micros, 24*time.Hour-1))

	refuses(t, logicalSchema("int", "time-millis"), -time.Millisecond)
	refuses(t, logicalSchema("long", "time-micros"), 24*time.Hour)
	var d time.Duration
	require.ErrorIs(t, millis.Decode(avrort.AppendLong(nil, 86400000), &d), avro.ErrRange)
	require.ErrorIs(t, millis.Decode(avrort.AppendLong(nil, -1), &d), avro.ErrRange)
}

const (
	decimalBytes = `{"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}`
	decimalFixed = `{"type": "fixed", "name": "F", "size": 3, "logicalType": "decimal", "precision": 6, "scale": 2}`
	bigDecimal   = `{"type": "bytes", "logicalType": "big-decimal"}`
)

func TestDecimals(t *testing.T) {
	for _, c := range []struct {
		text, bytes, fixed string
	}{
		{"0.00", "\x02\x00", "\x00\x00\x00"},
		{"1.27", "\x02\x7f", "\x00\x00\x7f"},
		{"1.28", "\x04\x00\x80", "\x00\x00\x80"},
		{"-1.28", "\x02\x80", "\xff\xff\x80"},
		{"-1.29", "\x04\xff\x7f", "\xff\xff\x7f"},
		{"-0.01", "\x02\xff", "\xff\xff\xff"},
		{"2.56", "\x04\x01\x00", "\x00\x01\x00"},
		{"-2.56", "\x04\xff\x00", "\xff\xff\x00"},
		{"-327.68", "\x04\x80\x00", "\xff\x80\x00"},
		{"9999.99", "\x06\x0f\x42\x3f", "\x0f\x42\x3f"},
	} {
		t.Run(c.text, func(t *testing.T) {
			d, err := avro.ParseDecimal(c.text)
			require.NoError(t, err)
			rat, ok := new(big.Rat).SetString(c.text)
			require.True(t, ok)
			for schema, datum := range map[string]string{decimalBytes: c.bytes, decimalFixed: c.fixed} {
				require.Equal(t, datum, string(encode(t, newCodec[avro.Decimal](t, schema), d)))
				require.Equal(t, c.text, roundTrip(t, newCodec[avro.Decimal](t, schema), d).String())
				require.Equal(t, datum, string(encode(t, newCodec[*big.Rat](t, schema), rat)))
				require.Zero(t, rat.Cmp(roundTrip(t, newCodec[*big.Rat](t, schema), rat)))
				require.Zero(t, rat.Cmp(roundTrip[any](t, newCodec[any](t, schema), rat).(*big.Rat)))
				require.Equal(t, datum, string(encode[any](t, newCodec[any](t, schema), d)))
			}
		})
	}
}

// Digits are neither rounded away nor cut off.
func TestDecimalsThatDoNotFit(t *testing.T) {
	for _, text := range []string{"0.001", "10000.00", "-10000"} {
		d, err := avro.ParseDecimal(text)
		require.NoError(t, err)
		rat, err := d.Rat()
		require.NoError(t, err)
		refuses(t, decimalBytes, d)
		refuses(t, decimalFixed, d)
		refuses(t, decimalBytes, *rat)
	}
	refuses(t, decimalBytes, *big.NewRat(1, 3))
	refuses(t, bigDecimal, *big.NewRat(1, 3))
	refuses(t, `{"type": "fixed", "name": "F", "size": 3, "logicalType": "decimal", "precision": 6, "scale": 2}`, avro.Decimal{Unscaled: big.NewInt(1), Scale: math.MinInt32})

	c := newCodec[*big.Rat](t, decimalBytes)
	var none *big.Rat
	_, err := c.Append(nil, &none)
	require.ErrorContains(t, err, "nil")
	n := newCodec[*big.Rat](t, `["null", `+decimalBytes+`]`)
	require.Nil(t, roundTrip(t, n, nil))
	require.Equal(t, "3/2", roundTrip(t, n, big.NewRat(3, 2)).String())
}

func TestBigDecimals(t *testing.T) {
	c := newCodec[avro.Decimal](t, bigDecimal)
	d := avro.NewDecimal(-1250, 2)
	require.Equal(t, "\x08\x04\xfb\x1e\x04", string(encode(t, c, d)), "unscaled as bytes, scale as an int, both within bytes")
	require.Equal(t, d, roundTrip(t, c, d))
	require.Equal(t, avro.NewDecimal(5, -3), roundTrip(t, c, avro.NewDecimal(5, -3)))
	require.Equal(t, d, roundTrip[any](t, newCodec[any](t, bigDecimal), d))
	require.Equal(t, "-25/2", roundTrip(t, newCodec[*big.Rat](t, bigDecimal), big.NewRat(-25, 2)).String())

	for name, datum := range map[string]string{
		"empty":                   "\x00",
		"no scale":                "\x04\x02\x01",
		"number longer than that": "\x04\x08\x01",
		"more behind the scale":   "\x08\x02\x01\x00\x00",
	} {
		require.ErrorContains(t, c.Decode([]byte(datum), new(avro.Decimal)), "not a big-decimal", name)
	}
	// A few bytes do not make a number of gigabytes.
	huge := encode(t, c, avro.NewDecimal(1, math.MinInt32))
	require.NoError(t, c.Decode(huge, &d))
	require.Equal(t, "1e2147483648", d.String())
	var rat *big.Rat
	require.ErrorIs(t, newCodec[*big.Rat](t, bigDecimal).Decode(huge, &rat), avro.ErrRange)
}

func TestDecimalText(t *testing.T) {
	for text, want := range map[string]string{"12.50": "12.50", "-0.05": "-0.05", "7": "7", "+1.0": "1.0", ".5": "0.5", "-.5": "-0.5", "0": "0"} {
		d, err := avro.ParseDecimal(text)
		require.NoError(t, err, text)
		require.Equal(t, want, d.String())
		var again avro.Decimal
		require.NoError(t, again.UnmarshalText([]byte(d.String())))
		require.Equal(t, d, again)
	}
	for _, text := range []string{"", ".", "-", "1e5", "0x1f", "1_000", "1.2.3", "a", " 1", strings.Repeat("9", 100000)} {
		_, err := avro.ParseDecimal(text)
		require.Error(t, err, text)
	}
	require.Equal(t, "0", avro.Decimal{}.String())
	require.Equal(t, "500", avro.NewDecimal(5, -2).String())
	require.Zero(t, avro.NewDecimal(50, 1).Cmp(avro.NewDecimal(5, 0)))
	require.Positive(t, avro.NewDecimal(51, 1).Cmp(avro.NewDecimal(5, 0)))
}

func TestUUIDs(t *testing.T) {
	const text = "0123ABcd-89ab-cdef-0123-456789abcdef"
	u, err := avro.ParseUUID(text)
	require.NoError(t, err)
	require.Equal(t, strings.ToLower(text), u.String())
	onString, onFixed := logicalSchema("string", "uuid"), `{"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}`
	for _, schema := range []string{onString, onFixed} {
		require.Equal(t, u, roundTrip(t, newCodec[avro.UUID](t, schema), u))
		require.Equal(t, u.String(), roundTrip(t, newCodec[string](t, schema), u.String()))
		_, err := newCodec[any](t, schema).Append(nil, ptrTo[any](u.String()))
		require.NoError(t, err)
	}
	require.Equal(t, u, roundTrip[any](t, newCodec[any](t, onFixed), u))
	require.Equal(t, text, roundTrip[any](t, newCodec[any](t, onString), text), "text stays as it is")
	require.Equal(t, [16]byte(u), roundTrip(t, newCodec[[16]byte](t, onFixed), [16]byte(u)))

	for _, bad := range []string{"", "0123", strings.ReplaceAll(text, "-", "+"), strings.Replace(text, "A", "g", 1)} {
		_, err := avro.ParseUUID(bad)
		require.Error(t, err, bad)
		require.Error(t, newCodec[avro.UUID](t, onString).Decode(avrort.AppendString(nil, bad), new(avro.UUID)))
		_, err = newCodec[string](t, onFixed).Append(nil, &bad)
		require.Error(t, err, bad)
	}
	var v avro.UUID
	require.NoError(t, v.UnmarshalText([]byte(text)))
	require.Equal(t, u, v)
}

func TestDurations(t *testing.T) {
	const schema = `{"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"}`
	d := avro.Duration{Months: 1, Days: 2, Millis: 3004}
	require.Equal(t, "\x01\x00\x00\x00\x02\x00\x00\x00\xbc\x0b\x00\x00", string(encode(t, newCodec[avro.Duration](t, schema), d)))
	require.Equal(t, d, roundTrip(t, newCodec[avro.Duration](t, schema), d))
	require.Equal(t, d, roundTrip[any](t, newCodec[any](t, schema), d))
	require.Equal(t, "P1M2DT3.004S", d.String())
	require.Error(t, newCodec[avro.Duration](t, schema).Decode(make([]byte, 11), &d))
}

// Raw values are always taken, and given on request.
func TestRawLogicalTypes(t *testing.T) {
	raw := newCodec[any](t, logicalSchema("int", "date"), avro.WithRawLogicalTypes())
	require.Equal(t, int32(19782), roundTrip[any](t, raw, 19782))
	require.Equal(t, int32(0), roundTrip[any](t, raw, time.Unix(0, 0).UTC()))
	require.Equal(t, []byte{1, 0}, roundTrip[any](t, newCodec[any](t, decimalBytes, avro.WithRawLogicalTypes()), avro.NewDecimal(256, 2)))
	require.Equal(t, []byte{1, 0}, roundTrip(t, newCodec[[]byte](t, decimalBytes), []byte{1, 0}))
	require.Equal(t, [3]byte{0, 1, 0}, roundTrip(t, newCodec[[3]byte](t, decimalFixed), [3]byte{0, 1, 0}))
}

// An unknown logical type, or one on the wrong type, is not there.
func TestOtherLogicalTypesAreTheBaseType(t *testing.T) {
	require.Equal(t, "x", roundTrip[any](t, newCodec[any](t, logicalSchema("string", "timestamp-millis")), "x"))
	require.Equal(t, int64(5), roundTrip[any](t, newCodec[any](t, logicalSchema("long", "date")), int64(5)))
}
