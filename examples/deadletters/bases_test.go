//go:build cgo

package main

var bases = []string{"confluent", "franz"}
