package avro_test

import (
	"encoding/json"
	"fmt"
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

// What generated code calls for a logical type gives the bytes that a codec of
// the same schema gives, and reads them as it does.
func TestLogicalHelpers(t *testing.T) {
	at := time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("", 3600))
	long := func(name string) string { return fmt.Sprintf(`{"type": "long", "logicalType": %q}`, name) }
	checkTime(t, `{"type": "int", "logicalType": "date"}`, at, avrort.AppendDate, (*avrort.Reader).Date)
	checkTime(t, long("timestamp-millis"), at, avrort.AppendTimestampMillis, (*avrort.Reader).TimestampMillis)
	checkTime(t, long("timestamp-micros"), at, avrort.AppendTimestampMicros, (*avrort.Reader).TimestampMicros)
	checkTime(t, long("timestamp-nanos"), at, avrort.AppendTimestampNanos, (*avrort.Reader).TimestampNanos)
	checkTime(t, long("local-timestamp-millis"), at, avrort.AppendLocalTimestampMillis, (*avrort.Reader).TimestampMillis)
	checkTime(t, long("local-timestamp-micros"), at, avrort.AppendLocalTimestampMicros, (*avrort.Reader).TimestampMicros)
	checkTime(t, long("local-timestamp-nanos"), at, avrort.AppendLocalTimestampNanos, (*avrort.Reader).TimestampNanos)
	checkTime(t, `{"type": "int", "logicalType": "time-millis"}`, 86399999*time.Millisecond, avrort.AppendTimeMillis, (*avrort.Reader).TimeMillis)
	checkTime(t, long("time-micros"), 24*time.Hour-time.Microsecond, avrort.AppendTimeMicros, (*avrort.Reader).TimeMicros)
}

func checkTime[T any](t *testing.T, schema string, v T, appendIt func([]byte, T) ([]byte, error), read func(*avrort.Reader) T) {
	t.Helper()
	c, err := avro.NewCodec[T](schemas.MustParse(schema))
	require.NoError(t, err, schema)
	want, err := c.Append(nil, &v)
	require.NoError(t, err, schema)
	have, err := appendIt(nil, v)
	require.NoError(t, err, schema)
	require.Equal(t, want, have, schema)
	r := avrort.NewReader(have, nil)
	var back T
	require.NoError(t, c.Decode(want, &back))
	require.Equal(t, back, read(r), schema)
	require.NoError(t, r.Done())
}

func TestLogicalHelpersRefuse(t *testing.T) {
	far := time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		out []byte
		err error
	}{
		"date":   result(avrort.AppendDate([]byte("x"), time.Unix(math.MaxInt32*86400+86400, 0).UTC())),
		"micros": result(avrort.AppendTimestampMicros([]byte("x"), far)),
		"nanos":  result(avrort.AppendLocalTimestampNanos([]byte("x"), far)),
		"clock":  result(avrort.AppendTimeMicros([]byte("x"), -1)),
		"digits": result(avrort.AppendDecimal([]byte("x"), avro.NewDecimal(1000, 2), 3, 2)),
		"scale":  result(avrort.AppendDecimal([]byte("x"), avro.NewDecimal(1, 3), 9, 2)),
		"size":   result(avrort.AppendFixedDecimal([]byte("x"), avro.NewDecimal(128, 0), 1, 9, 0)),
	} {
		require.ErrorIs(t, c.err, avro.ErrRange, name)
		require.Equal(t, "x", string(c.out), name)
	}
	r := avrort.NewReader(avrort.AppendLong(nil, 86_400_000), nil)
	require.Zero(t, r.TimeMillis())
	require.ErrorIs(t, r.Err(), avro.ErrRange)
}

func result(out []byte, err error) struct {
	out []byte
	err error
} {
	return struct {
		out []byte
		err error
	}{out, err}
}

// Every number of digits around each limit: exactly those that fit are written.
func TestDecimalHelpersDrawTheLine(t *testing.T) {
	for precision := 1; precision <= 60; precision++ {
		limit, _ := new(big.Int).SetString("1"+strings.Repeat("0", precision), 10)
		most := new(big.Int).Sub(limit, big.NewInt(1))
		for _, sign := range []int64{1, -1} {
			v := avro.Decimal{Unscaled: new(big.Int).Mul(most, big.NewInt(sign)), Scale: 2}
			datum, err := avrort.AppendDecimal(nil, v, precision, 2)
			require.NoError(t, err, "%v", v)
			r := avrort.NewReader(datum, nil)
			require.Zero(t, r.Decimal(2).Cmp(v))
			require.NoError(t, r.Done())

			fixed, err := avrort.AppendFixedDecimal(nil, v, 32, precision, 2)
			require.NoError(t, err)
			require.Len(t, fixed, 32)
			r = avrort.NewReader(fixed, nil)
			require.Zero(t, r.FixedDecimal(32, 2).Cmp(v))

			v.Unscaled = new(big.Int).Mul(limit, big.NewInt(sign))
			_, err = avrort.AppendDecimal(nil, v, precision, 2)
			require.ErrorIs(t, err, avro.ErrRange, "%v", v)
		}
	}
}

func TestOtherLogicalHelpers(t *testing.T) {
	u, err := avro.ParseUUID("01234567-89ab-cdef-0123-456789abcdef")
	require.NoError(t, err)
	d := avro.Duration{Months: 1, Days: 2, Millis: math.MaxUint32}
	big := avro.NewDecimal(-123456, -3)
	datum, err := avrort.AppendBigDecimal(avrort.AppendDuration(avrort.AppendUUID(nil, u), d), big)
	require.NoError(t, err)
	r := avrort.NewReader(datum, nil)
	require.Equal(t, u, r.UUID())
	require.Equal(t, d, r.Duration())
	require.Equal(t, big, r.BigDecimal())
	require.NoError(t, r.Done())
}

func TestErrorsOfGeneratedCode(t *testing.T) {
	for want, err := range map[string]error{
		"int is not a branch of the union":                              avrort.BranchError(1),
		"enum index 9, there are 3 symbols: out of range":               avrort.SymbolError(9, 3),
		"limit reached: records nested deeper than 1000":                avrort.DepthError(1000),
		avrort.WithinField(avrort.NilError(), "a").Error()[len("a: "):]: avrort.NilError(),
	} {
		require.EqualError(t, err, want)
		var e *avro.EncodeError
		require.ErrorAs(t, err, &e)
	}
	require.NoError(t, avrort.DepthError(999))
}

func TestBranchJSON(t *testing.T) {
	text, err := avrort.MarshalBranch(`shop."Card"`, map[string]int{"a": 1})
	require.NoError(t, err)
	require.Equal(t, `{"shop.\"Card\"":{"a":1}}`, string(text))
	branch, value, err := avrort.UnmarshalBranch(text)
	require.NoError(t, err)
	require.Equal(t, `shop."Card"`, branch)
	require.JSONEq(t, `{"a": 1}`, string(value))
	for _, null := range []string{"", "null"} {
		branch, value, err = avrort.UnmarshalBranch([]byte(null))
		require.NoError(t, err)
		require.Empty(t, branch)
		require.Empty(t, value)
	}
	for _, wrong := range []string{"{}", `{"a": 1, "b": 2}`, "[]", "1", "{"} {
		_, _, err = avrort.UnmarshalBranch([]byte(wrong))
		require.Error(t, err, wrong)
	}
	marshal := func(v int) (json.RawMessage, error) { return avrort.MarshalBranch("int", v) }
	items, err := avrort.MarshalItems([]int{1, 2}, marshal)
	require.NoError(t, err)
	require.Equal(t, `[{"int":1},{"int":2}]`, string(items))
	entries, err := avrort.MarshalEntries(map[string]int{"a": 1}, marshal)
	require.NoError(t, err)
	require.Equal(t, `{"a":{"int":1}}`, string(entries))
	none, err := avrort.MarshalItems(nil, marshal)
	require.NoError(t, err)
	require.Equal(t, "null", string(none))
}
