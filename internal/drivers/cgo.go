//go:build cgo

// Package clients names the clients of this build, for tests that run on
// each of them.
package drivers

// Names are the values of kavro.client that work here.
func Names() []string { return []string{"confluent", "franz"} }
