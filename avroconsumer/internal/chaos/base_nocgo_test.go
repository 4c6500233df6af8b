//go:build !cgo

package chaos

var cgoBases []factory
