//go:build !cgo

package kavro_test

var bases = []string{"franz"}
