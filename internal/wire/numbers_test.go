package wire_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kavro/kavro/internal/wire"
	"github.com/stretchr/testify/require"
)

// Many at a time give the bytes that one after the other gives, whatever room
// there is, and read back the same.
func TestManyNumbersAreAsOne(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for size := range 40 {
		longs, ints := make([]int64, size), make([]int32, size)
		doubles, floats := make([]float64, size), make([]float32, size)
		var longBytes, intBytes, doubleBytes, floatBytes []byte
		for i := range size {
			longs[i] = int64(random.Uint64()) >> random.IntN(64)
			ints[i] = int32(random.Uint32()) >> random.IntN(32)
			doubles[i], floats[i] = random.NormFloat64(), float32(random.NormFloat64())
			if random.IntN(9) == 0 {
				doubles[i], floats[i] = math.NaN(), float32(math.NaN())
			}
			longBytes, intBytes = wire.AppendLong(longBytes, longs[i]), wire.AppendLong(intBytes, int64(ints[i]))
			doubleBytes, floatBytes = wire.AppendDouble(doubleBytes, doubles[i]), wire.AppendFloat(floatBytes, floats[i])
		}
		for _, space := range []int{0, 1, 7, 8, 9, 10, 11, 30, 100, 1000} {
			dst := append(make([]byte, 0, space+1), 'x')
			require.Equal(t, "x"+string(longBytes), string(wire.AppendLongs(dst, longs)))
			require.Equal(t, "x"+string(intBytes), string(wire.AppendInts(dst, ints)))
			require.Equal(t, "x"+string(doubleBytes), string(wire.AppendDoubles(dst, doubles)))
			require.Equal(t, "x"+string(floatBytes), string(wire.AppendFloats(dst, floats)))
		}
		for cut := range len(longBytes) + 1 {
			requireManyLongs(t, longBytes[:cut], longs)
		}
		for cut := range len(intBytes) + 1 {
			requireManyInts(t, intBytes[:cut], ints)
		}
		backDoubles, backFloats := make([]float64, size), make([]float32, size)
		wire.Doubles(backDoubles, doubleBytes)
		wire.Floats(backFloats, floatBytes)
		require.Equal(t, doubleBytes, wire.AppendDoubles(nil, backDoubles))
		require.Equal(t, floatBytes, wire.AppendFloats(nil, backFloats))
	}
}

// What was read is right, and it stops only near the end.
func requireManyLongs(t *testing.T, src []byte, want []int64) {
	t.Helper()
	dst := make([]int64, len(want))
	n, next := wire.Longs(dst, src, 0)
	require.Equal(t, want[:n], dst[:n])
	require.Equal(t, next, len(wire.AppendLongs(nil, want[:n])))
	if n < len(want) && next <= len(src)-8 {
		require.GreaterOrEqual(t, len(wire.AppendLong(nil, want[n])), 9, "eight bytes at a time are read")
	}
}

func requireManyInts(t *testing.T, src []byte, want []int32) {
	t.Helper()
	dst := make([]int32, len(want))
	n, next := wire.Ints(dst, src, 0)
	require.Equal(t, want[:n], dst[:n])
	require.Equal(t, next, len(wire.AppendInts(nil, want[:n])))
	if n < len(want) {
		require.Greater(t, next, len(src)-8)
	}
}

// What is wrong is left to those who say so.
func TestManyNumbersStopBeforeAWrongOne(t *testing.T) {
	dst := make([]int32, 3)
	for _, wrong := range []int64{math.MaxInt32 + 1, math.MinInt64} {
		src := append(wire.AppendLong([]byte{2}, wrong), make([]byte, 8)...)
		n, next := wire.Ints(dst, src, 0)
		require.Equal(t, []int{1, 1}, []int{n, next})
		_, _, err := wire.Int(src, next)
		require.ErrorIs(t, err, wire.ErrVarint)
	}
	long := []byte{2, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0, 0, 0, 0, 0} // six bytes for a zero
	n, next := wire.Ints(dst, long, 0)
	require.Equal(t, []int{1, 1}, []int{n, next})
}
