//go:build unix

package bench

import (
	"syscall"
	"time"
)

// ProcessorTime is what the process has used of its processors so far.
func ProcessorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // it cannot fail for one's own process
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
