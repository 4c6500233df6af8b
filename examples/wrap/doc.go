//go:build !cgo

// This example needs cgo: it wraps a client of confluent-kafka-go.
package main

func main() { println("examples/wrap needs cgo: it wraps a client of confluent-kafka-go") }
