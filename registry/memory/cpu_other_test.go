//go:build !unix

package memory_test

import "time"

var started = time.Now()

// cpuTime cannot be had here: the clock stands in for it.
func cpuTime() time.Duration { return time.Since(started) }
