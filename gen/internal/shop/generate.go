// Package shop is what kavro gen writes for schemas of several namespaces that
// refer to each other, kept to be read and tested.
package shop

//go:generate go run github.com/kavro/kavro/cmd/kavro gen -package shop=. avro
