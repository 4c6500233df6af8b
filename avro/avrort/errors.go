package avrort

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/kavro/kavro/avro/internal/datapath"
	"github.com/kavro/kavro/internal/wire"
)

// What a caller may want to tell apart, with errors.Is, in a [*DecodeError] or
// an [*EncodeError].
var (
	// ErrShort: the input ends within a value.
	ErrShort = wire.ErrShort
	// ErrTrailing: bytes follow the datum.
	ErrTrailing = errors.New("bytes follow the datum")
	// ErrLimit: one of the limits set by options was reached.
	ErrLimit = errors.New("limit reached")
	// ErrRange: a number, time or length does not fit the type it is meant for.
	ErrRange = wire.ErrRange
	// ErrAmbiguous: a bare value fits several branches of a union.
	ErrAmbiguous = errors.New("ambiguous")
)

// A DecodeError says where bytes and schema disagree, or where a value does not
// fit the Go type it is decoded into.
type DecodeError struct {
	Path   string // from the top of the value: lines[2].price, tags["a"]; empty at the top
	Offset int    // in bytes from the start of the datum: in the value that could not be read, mostly its first byte
	Err    error
}

func (e *DecodeError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("byte %d: %v", e.Offset, e.Err)
	}
	return e.Path + ": " + e.Err.Error()
}

func (e *DecodeError) Unwrap() error { return e.Err }

// An EncodeError says which part of a Go value does not fit the schema.
type EncodeError struct {
	Path string // from the top of the value: lines[2].price, tags["a"]; empty at the top
	Err  error
}

func (e *EncodeError) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	return e.Path + ": " + e.Err.Error()
}

func (e *EncodeError) Unwrap() error { return e.Err }

// The paths in errors are built on the way out, one step by each level that
// returns the error, so that success pays nothing for them.

// WithinField returns err as an [*EncodeError] inside the field of a record. It
// is meant for generated code and for AppendAvro methods written by hand; nil
// stays nil.
func WithinField(err error, name string) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*EncodeError); ok { // ours, made on this very way out: nobody else holds it
		e.Path = datapath.Join(name, e.Path)
		return e
	}
	return &EncodeError{Path: name, Err: err}
}

// WithinItem is [WithinField] for item i of an array.
func WithinItem(err error, i int) error {
	if err == nil {
		return nil
	}
	return WithinField(err, "["+strconv.Itoa(i)+"]")
}

// WithinKey is [WithinField] for the value of a key of a map.
func WithinKey(err error, key string) error {
	if err == nil {
		return nil
	}
	return WithinField(err, "["+strconv.Quote(key)+"]")
}
