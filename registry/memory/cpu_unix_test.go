//go:build unix

package memory_test

import (
	"syscall"
	"time"
)

// cpuTime is what the process has spent so far. On a machine that is shared it
// says more than a clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
