package avro

import "github.com/kavro/kavro/avro/avrort"

// Errors and types of package avrort that users of codecs name. They are declared
// there, since generated code needs them and imports that package alone.
type (
	// A DecodeError says where bytes and schema disagree, or where a value does not
	// fit the Go type it is decoded into: its Path in the value and its Offset in bytes.
	DecodeError = avrort.DecodeError
	// An EncodeError says which part of a Go value, its Path, does not fit the schema.
	EncodeError = avrort.EncodeError
	// A Decimal is an exact decimal number: Unscaled x 10^-Scale.
	Decimal = avrort.Decimal
	// A Duration is the logical type duration: months, days and milliseconds.
	Duration = avrort.Duration
	// A UUID is 16 bytes, most significant first.
	UUID = avrort.UUID
)

// What a caller may want to tell apart, with errors.Is, in a [*DecodeError] or
// an [*EncodeError].
var (
	// ErrShort: the input ends within a value.
	ErrShort = avrort.ErrShort
	// ErrTrailing: bytes follow the datum.
	ErrTrailing = avrort.ErrTrailing
	// ErrLimit: one of the limits set by options was reached.
	ErrLimit = avrort.ErrLimit
	// ErrRange: a number, time or length does not fit the type it is meant for.
	ErrRange = avrort.ErrRange
	// ErrAmbiguous: a bare value fits several branches of a union.
	ErrAmbiguous = avrort.ErrAmbiguous
)

// NewDecimal returns unscaled x 10^-scale.
func NewDecimal(unscaled int64, scale int) Decimal { return avrort.NewDecimal(unscaled, scale) }

// ParseDecimal reads a number in plain notation, such as -12.50: digits with an
// optional sign and point, at most 32,768 of them. The scale is the number of
// digits after the point.
func ParseDecimal(s string) (Decimal, error) { return avrort.ParseDecimal(s) }

// ParseUUID reads the 36 characters of a UUID's text, in either case.
func ParseUUID(s string) (UUID, error) { return avrort.ParseUUID(s) }
