//go:build linux && cgo && !musl

package main

// #include <malloc.h>
import "C"

import "runtime/debug"

// release gives the system back what is free, in Go's heap and in C's: glibc keeps
// what librdkafka's queues took while a broker was away, some hundred megabytes.
func release() {
	debug.FreeOSMemory()
	C.malloc_trim(0)
}
