//go:build !unix

package bench

import "time"

var began = time.Now()

// ProcessorTime is the time that passed, where nothing better is known.
func ProcessorTime() time.Duration { return time.Since(began) }
