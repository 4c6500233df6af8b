//go:build !cgo

package kavro

// defaultDriver is the client that needs no C.
const defaultDriver = "franz"
