//go:build !cgo

package kavro

// defaultBase is the client that needs no C.
const defaultBase = "franz"
