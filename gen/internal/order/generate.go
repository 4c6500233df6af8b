// Package order is what kavro gen writes for a record that benchmarks use, kept
// to measure and to be read.
package order

//go:generate go run github.com/kavro/kavro/cmd/kavro gen -single order order.avsc
