package avrort_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/stretchr/testify/require"
)

func newReader(t *testing.T, datum []byte) *avrort.Reader {
	t.Helper()
	return avrort.NewReader(datum, nil)
}

func TestReaderReadsEveryType(t *testing.T) {
	datum := avrort.AppendBool(nil, true)
	datum = avrort.AppendInt(datum, -300)
	datum = avrort.AppendLong(datum, 1<<40)
	datum = avrort.AppendFloat(datum, 1.5)
	datum = avrort.AppendDouble(datum, 2.5)
	datum = avrort.AppendString(datum, "text")
	datum = avrort.AppendBytes(datum, []byte{1, 2})
	datum = append(datum, 3, 4)           // fixed of 2
	datum = avrort.AppendInt(datum, 2)    // enum
	datum = avrort.AppendLong(datum, 100) // union index of more than one byte
	datum = append(datum, 2, 9, 0)        // a block of one item

	r := newReader(t, datum)
	require.True(t, r.Bool())
	require.EqualValues(t, -300, r.Int())
	require.Equal(t, int64(1)<<40, r.Long())
	require.EqualValues(t, 1.5, r.Float())
	require.EqualValues(t, 2.5, r.Double())
	require.Equal(t, "text", r.String())
	require.Equal(t, []byte{1, 2}, r.Bytes(nil))
	var fixed [2]byte
	r.Fixed(fixed[:])
	require.Equal(t, [2]byte{3, 4}, fixed)
	require.Equal(t, 2, r.Enum(3))
	require.Equal(t, 100, r.UnionIndex(101))
	require.Equal(t, 1, r.Block(0, 1))
	require.EqualValues(t, -5, r.Int())
	require.Zero(t, r.Block(1, 1))
	require.NoError(t, r.Done())
}

// After the first error everything is zero, and the error stays.
func TestReaderErrorsStay(t *testing.T) {
	r := newReader(t, []byte{2})
	first := errors.New("first")
	r.Long()
	r.Fail(first)
	r.Fail(errors.New("second"))
	require.Zero(t, r.Long())
	require.Zero(t, r.Int())
	require.False(t, r.Bool())
	require.Zero(t, r.Float())
	require.Zero(t, r.Double())
	require.Empty(t, r.String())
	require.Empty(t, r.ReuseString("old"))
	require.Empty(t, r.Bytes([]byte("old")))
	require.Zero(t, r.Enum(1))
	require.Zero(t, r.UnionIndex(1))
	require.Zero(t, r.Block(0, 0))
	require.False(t, r.Enter())
	fixed := []byte{1}
	r.Fixed(fixed)
	require.Equal(t, []byte{0}, fixed)
	require.ErrorIs(t, r.Err(), first)
	require.ErrorIs(t, r.Done(), first)
}

func TestStringsShareMemory(t *testing.T) {
	datum := avrort.AppendString(avrort.AppendString(nil, "first"), "second")
	old := strings.Clone("first")
	texts := func(read func(r *avrort.Reader), s *avrort.Settings) float64 { // allocations but for the reader's
		without := testing.AllocsPerRun(100, func() { _ = avrort.NewReader(datum, s) })
		return testing.AllocsPerRun(100, func() {
			r := avrort.NewReader(datum, s)
			read(r)
		}) - without
	}
	both := func(r *avrort.Reader) {
		if a, b := r.String(), r.String(); a != "first" || b != "second" {
			panic(a + b)
		}
	}
	copied := avrort.DefaultSettings()
	copied.CopiedStrings = true
	require.Equal(t, 1.0, texts(both, nil))
	require.Equal(t, 2.0, texts(both, &copied))
	require.Equal(t, 0.0, texts(func(r *avrort.Reader) { _ = r.ReuseString(old) }, nil), "the same string is kept")
	r := newReader(t, datum)
	require.Equal(t, "first", r.ReuseString("other"))
	require.Equal(t, "second", r.ReuseString("sécond"))
}

// Large data are copied a piece at a time, so that a string keeps no more than that.
func TestStringsOfLargeData(t *testing.T) {
	var datum []byte
	var want []string
	for i := range 3000 {
		want = append(want, strings.Repeat("x", i%97))
		datum = avrort.AppendString(datum, want[i])
	}
	want = append(want, strings.Repeat("y", 10000), "z")
	datum = avrort.AppendString(avrort.AppendString(datum, want[3000]), "z")
	r := newReader(t, datum)
	for i := range want {
		require.Equal(t, want[i], r.String())
	}
	require.NoError(t, r.Done())
}

func TestExtend(t *testing.T) {
	s := avrort.Extend([]int(nil), 2)
	require.Equal(t, []int{0, 0}, s)
	s[0], s[1] = 1, 2
	require.Equal(t, []int{1, 2, 0}, avrort.Extend(s, 1)[:3])
	require.Equal(t, []int{1, 2}, avrort.Extend(s[:0], 2), "earlier items are left for reading over")
	require.NotNil(t, avrort.Extend([]int(nil), 0))
}
