package backoff

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDelay(t *testing.T) {
	for _, test := range []struct {
		name              string
		n                 int
		first, most, want time.Duration
	}{
		{"the first", 1, 100, 1000, 100},
		{"doubled", 3, 100, 1000, 400},
		{"no more than most", 5, 100, 1000, 1000},
		{"the first is more than most", 1, 100, 50, 50},
		{"beyond the largest time", 100, 3, math.MaxInt64, math.MaxInt64},
		{"no delay", 2, 0, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, Delay(test.n, test.first, test.most)) })
	}
}

func TestJittered(t *testing.T) {
	require.Zero(t, Jittered(0))
	for range 1000 {
		d := Jittered(5)
		require.True(t, 0 <= d && d <= 5)
	}
	require.GreaterOrEqual(t, Jittered(math.MaxInt64), time.Duration(0))
}
