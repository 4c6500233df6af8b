package avro_test

import (
	"math"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/stretchr/testify/require"
)

// Arrays of numbers that are read as wholes come in any number of blocks, and end
// where they end.
func TestArraysOfNumbers(t *testing.T) {
	r := avrort.NewReader([]byte{2, 2, 3, 6, 0x80, 1, 6, 0, 5}, nil)
	require.Equal(t, []int64{1, 64, 3}, r.Longs(nil))
	require.Equal(t, int32(-3), r.Int())
	require.NoError(t, r.Done())

	longs := []int64{0, -1, 63, 64, math.MaxInt32, math.MinInt64, math.MaxInt64, 5, 6, 7, 8, 9, 10}
	ints := []int32{0, -1, 8191, 8192, math.MaxInt32, math.MinInt32}
	floats := []float32{0, -1.5, math.MaxFloat32}
	doubles := []float64{0, -1.5, math.MaxFloat64}
	datum := avrort.AppendDoubles(avrort.AppendFloats(avrort.AppendInts(avrort.AppendLongs(nil, longs), ints), floats), doubles)
	r = avrort.NewReader(datum, nil)
	old := make([]int64, 3, 20)
	got := r.Longs(old)
	require.Equal(t, longs, got)
	require.Same(t, &old[0], &got[0], "memory is used again")
	require.Equal(t, ints, r.Ints(nil))
	require.Equal(t, floats, r.Floats(nil))
	require.Equal(t, doubles, r.Doubles(nil))
	require.NoError(t, r.Done())

	for cut := range datum { // wherever it is cut short, that is the error
		r := avrort.NewReader(datum[:cut], nil)
		r.Longs(nil)
		r.Ints(nil)
		r.Floats(nil)
		r.Doubles(nil)
		require.ErrorIs(t, r.Err(), avro.ErrShort, cut)
	}
	r = avrort.NewReader([]byte{0, 0, 0, 0}, nil)
	require.Nil(t, r.Longs(nil))
	require.NotNil(t, r.Ints([]int32{}))
	require.Nil(t, r.Floats(nil))
	require.Nil(t, r.Doubles(nil))
}

// An item that is wrong is reported where it is.
func TestArrayOfNumbersSaysWhichIsWrong(t *testing.T) {
	c := newCodec[[]int32](t, `{"type": "array", "items": "int"}`)
	datum := append([]byte{6, 2}, 0xfe, 0xff, 0xff, 0xff, 0x1f, 2, 0, 0, 0, 0, 0, 0, 0)
	var v []int32
	err := c.Decode(datum, &v)
	var e *avro.DecodeError
	require.ErrorAs(t, err, &e)
	require.Equal(t, "[1]", e.Path)
	require.Equal(t, 2, e.Offset)
}
