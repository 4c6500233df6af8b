//go:build !(linux && cgo && !musl)

package main

import "runtime/debug"

// release gives the system back what is free in Go's heap.
func release() { debug.FreeOSMemory() }
