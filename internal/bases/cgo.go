//go:build cgo

// Package bases names the bases of this build, for tests that run on
// each of them.
package bases

// Names are the values of kavro.base that work here.
func Names() []string { return []string{"confluent", "franz"} }
