package wire_test

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/kavro/kavro/internal/wire"
	"github.com/stretchr/testify/require"
)

func TestLong(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		v         int64
	}{
		{"zero", "00", 0},
		{"minus one", "01", -1},
		{"two bytes", "8001", 64},
		{"largest int", "feffffff0f", math.MaxInt32},
		{"largest long", "feffffffffffffffff01", math.MaxInt64},
		{"smallest long", "ffffffffffffffffff01", math.MinInt64},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.hex, hex.EncodeToString(wire.AppendLong(nil, c.v)))
			src, _ := hex.DecodeString(c.hex)
			v, next, err := wire.Long(src, 0)
			require.NoError(t, err)
			require.Equal(t, c.v, v)
			require.Equal(t, len(src), next)
			for cut := range src {
				_, next, err = wire.Long(src[:cut], 0)
				require.ErrorIs(t, err, wire.ErrShort)
				require.Zero(t, next)
			}
		})
	}
}

func TestLongRejects(t *testing.T) {
	for _, text := range []string{"ffffffffffffffffffff", "ffffffffffffffffff02", "80808080808080808080808000"} {
		src, _ := hex.DecodeString(text)
		_, _, err := wire.Long(src, 0)
		require.ErrorIs(t, err, wire.ErrVarint, text)
	}
	for _, v := range []int64{math.MaxInt32 + 1, math.MinInt32 - 1, math.MaxInt64} {
		_, _, err := wire.Int(wire.AppendLong(nil, v), 0)
		require.ErrorIs(t, err, wire.ErrVarint)
	}
	for _, text := range []string{"808080808000", "ffffffff1f", "8080808080"} {
		src, _ := hex.DecodeString(text)
		_, _, err := wire.Int(src, 0)
		require.ErrorIs(t, err, wire.ErrVarint, text)
	}
}

func TestEveryLengthOfVarint(t *testing.T) {
	for bit := range 64 {
		for _, v := range []int64{1 << bit, 1<<bit - 1, -1 << bit, math.MinInt64 >> bit} {
			enc := wire.AppendLong([]byte("x"), v)
			require.Equal(t, enc, wire.AppendLong(append(make([]byte, 0, 20), 'x'), v), "with space to spare")
			got, next, err := wire.Long(enc, 1)
			require.NoError(t, err)
			require.Equal(t, v, got)
			require.Equal(t, len(enc), next)
			got, next, err = wire.Long(append(enc, "\xff\x00\xff\x00\xff\x00\xff\x00"...), 1) // not at the end of the input
			require.NoError(t, err)
			require.Equal(t, v, got)
			require.Equal(t, len(enc), next)
			if v != int64(int32(v)) {
				continue
			}
			small, next, err := wire.Int(enc, 1)
			require.NoError(t, err)
			require.Equal(t, int32(v), small)
			require.Equal(t, len(enc), next)
		}
	}
}

func TestLongReadsRedundantBytes(t *testing.T) {
	for _, more := range []string{"", "after the value"} {
		v, next, err := wire.Long(append([]byte{0x82, 0x80, 0x00}, more...), 0)
		require.NoError(t, err)
		require.Equal(t, int64(1), v)
		require.Equal(t, 3, next)
	}
}

func TestBytesRejects(t *testing.T) {
	_, _, err := wire.Bytes([]byte{0x01}, 0)
	require.ErrorIs(t, err, wire.ErrNegative)
	_, _, err = wire.Bytes(wire.AppendLong(nil, math.MaxInt64), 0)
	require.ErrorIs(t, err, wire.ErrShort)
	_, _, err = wire.Bool([]byte{2}, 0)
	require.ErrorIs(t, err, wire.ErrBoolean)
}

// FuzzLong checks the law: what was read, appended, reads back the same.
func FuzzLong(f *testing.F) {
	f.Add([]byte{0x80, 0x01})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, src []byte) {
		v, next, err := wire.Long(src, 0)
		if err != nil {
			return
		}
		again, _, err := wire.Long(wire.AppendLong(nil, v), 0)
		require.NoError(t, err)
		require.Equal(t, v, again)
		require.LessOrEqual(t, len(wire.AppendLong(nil, v)), next)
	})
}

func TestAppendStringWithAndWithoutSpace(t *testing.T) {
	for _, size := range []int{0, 1, 63, 64, 200} {
		text := strings.Repeat("a", size)
		want := append(wire.AppendLong(nil, int64(size)), text...)
		for _, space := range []int{0, 1, size, size + 1, size + 2, 500} {
			require.Equal(t, want, wire.AppendString(make([]byte, 0, space), text))
		}
	}
}

func TestEveryNaNIsJavas(t *testing.T) {
	require.Equal(t, "000000000000f87f", hex.EncodeToString(wire.AppendDouble(nil, math.NaN())))
	require.Equal(t, "0000c07f", hex.EncodeToString(wire.AppendFloat(nil, math.Float32frombits(0x7fc00001))))
}
