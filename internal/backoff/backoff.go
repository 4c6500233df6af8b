// Package backoff computes delays between attempts.
package backoff

import (
	"math"
	"math/rand/v2"
	"time"
)

// Delay is the delay before the n-th retry, n from 1: first, doubled with each further one, up to
// most.
func Delay(n int, first, most time.Duration) time.Duration {
	d := first
	for range n - 1 {
		if d *= 2; d >= most || d < 0 {
			return most
		}
	}
	return min(d, most)
}

// Jittered is a random time of up to d, 0 included: full jitter.
func Jittered(d time.Duration) time.Duration { return rand.N(min(d, math.MaxInt64-1) + 1) }
