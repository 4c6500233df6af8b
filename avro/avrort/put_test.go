package avrort_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/stretchr/testify/require"
)

// requirePut requires that a value is put as it is appended, into no more bytes than it needs.
func requirePut(t *testing.T, want []byte, need int, put func(b []byte, n int) int) {
	t.Helper()
	b, n := avrort.Open([]byte("before"), need)
	n = put(b[:n+need], n)
	require.Equal(t, append([]byte("before"), want...), b[:n])
}

func TestPut(t *testing.T) {
	const varint, small = 10, 5
	for _, v := range []int64{0, 1, -1, 63, 64, -64, -65, 1 << 13, 1<<20 - 1, -1 << 31, 1<<31 - 1, 1 << 48, 1 << 55, -1 << 56, math.MaxInt64, math.MinInt64} {
		requirePut(t, avrort.AppendLong(nil, v), varint, func(b []byte, n int) int { return avrort.PutLong(b, n, v) })
		requirePut(t, avrort.AppendInt(nil, int32(v)), small, func(b []byte, n int) int { return avrort.PutInt(b, n, int32(v)) })
	}
	for _, size := range []int{0, 1, 63, 64, 8191, 8192, 100_000} {
		s := strings.Repeat("x", size)
		requirePut(t, avrort.AppendString(nil, s), varint+size, func(b []byte, n int) int { return avrort.PutString(b, n, s) })
		requirePut(t, avrort.AppendBytes(nil, []byte(s)), varint+size, func(b []byte, n int) int { return avrort.PutBytes(b, n, []byte(s)) })
	}
	for _, v := range []float64{0, math.Copysign(0, -1), 1.5, -1e300, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(), math.Float64frombits(0xfff0000000000001)} {
		requirePut(t, avrort.AppendDouble(nil, v), 8, func(b []byte, n int) int { return avrort.PutDouble(b, n, v) })
		requirePut(t, avrort.AppendFloat(nil, float32(v)), 4, func(b []byte, n int) int { return avrort.PutFloat(b, n, float32(v)) })
	}
	for _, v := range []bool{true, false} {
		requirePut(t, avrort.AppendBool(nil, v), 1, func(b []byte, n int) int { return avrort.PutBool(b, n, v) })
	}
	requirePut(t, nil, 0, func(b []byte, n int) int { return avrort.PutEnd(b, n, 0) })
	requirePut(t, []byte{0}, 1, func(b []byte, n int) int { return avrort.PutEnd(b, n, 3) })
}

// Millis are those of AppendTimestampMillis, and in range where that has no error.
func TestMillis(t *testing.T) {
	edge := int64(math.MaxInt64/1000 + 1)
	for _, s := range []int64{0, 1, -1, 1_700_000_000, -62_135_596_800, edge - 2, edge - 1, edge, -edge + 1, -edge, -edge - 1, 1 << 60, -1 << 60} {
		for _, nanos := range []int64{0, 1, 999_999, 1_000_000, 191_999_999, 192_000_000, 807_000_000, 808_000_000, 999_999_999} {
			at := time.Unix(s, nanos)
			want, err := avrort.AppendTimestampMillis(nil, at)
			ms, ok := avrort.Millis(at)
			require.Equal(t, err == nil, ok, "%d s, %d ns", s, nanos)
			require.Equal(t, err, avrort.MillisError(at))
			if ok {
				require.Equal(t, want, avrort.AppendLong(nil, ms))
			}
		}
	}
}

// Open keeps what is before, and has room whatever the capacity.
func TestOpen(t *testing.T) {
	for capacity := 3; capacity < 20; capacity++ {
		dst := append(make([]byte, 0, capacity), "abc"...)
		b, n := avrort.Open(dst, 10)
		require.Equal(t, 3, n)
		require.GreaterOrEqual(t, len(b)-n, 10)
		require.Equal(t, "abc", string(b[:n]))
	}
	b, n := avrort.Open(nil, 0)
	require.Empty(t, b)
	require.Zero(t, n)
}
