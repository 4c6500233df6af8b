package numtext_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/numtext"
)

// Each answer is that of Double.valueOf in Java 21.
func TestJavaDouble(t *testing.T) {
	for text, want := range map[string]float64{
		"1.5": 1.5, " 1.5 ": 1.5, "\t1.5\n": 1.5, "1e3": 1000, "1E3": 1000, "0x1p3": 8, "0x1.8p1": 3, "1.5f": 1.5, "1.5d": 1.5, "1.5D": 1.5, "1.5F": 1.5,
		"+1.5": 1.5, "-1.5": -1.5, ".5": 0.5, "5.": 5, "-.5": -0.5, "0123": 123, "1e400": math.Inf(1), "-1e400": math.Inf(-1), "1e-400": 0,
		"Infinity": math.Inf(1), "-Infinity": math.Inf(-1), "+Infinity": math.Inf(1), "9007199254740993": 9007199254740992, "0.1f": 0.1, "0xfp0": 15,
	} {
		v, ok := numtext.JavaDouble(text)
		require.True(t, ok, text)
		require.Equal(t, want, v, text)
	}
	v, ok := numtext.JavaDouble("-0")
	require.True(t, ok && v == 0 && math.Signbit(v))
	for _, text := range []string{"NaN", "+NaN", "-NaN", " NaN "} {
		v, ok := numtext.JavaDouble(text)
		require.True(t, ok, text)
		require.Equal(t, uint64(0x7ff8_0000_0000_0000), math.Float64bits(v), text)
	}
	for _, text := range []string{
		"Inf", "INF", "inf", "-INF", "nan", "NAN", "x", "", " ", "\u00a01.5", "NaNf", "Infinityf", "1_000", "0x_1p3", "0x1", "0x1.8", "1,5", "1.5L", "1.5ff", "\u0661", "null", "true", "1e", ".", "+", "- 1",
	} {
		_, ok := numtext.JavaDouble(text)
		require.False(t, ok, text)
	}
}

func TestWhole(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "1.0": 1, "1e3": 1000, "-1.5e1": -15, "9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64, "0e999999999": 0, "1000e-3": 1,
	} {
		v, ok := numtext.Whole([]byte(text))
		require.True(t, ok, text)
		require.Equal(t, want, v, text)
	}
	for _, text := range []string{"1.5", "9223372036854775808", "1e19", "1e-1", "1e999999999999", ""} {
		_, ok := numtext.Whole([]byte(text))
		require.False(t, ok, text)
	}
}
