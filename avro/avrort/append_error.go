package avrort

import (
	"errors"
	"fmt"
	"time"

	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/internal/count"
)

// What generated code refuses to append, each as an [*EncodeError].

var errValueNil = errors.New("nil, and the schema does not allow null")

// NilError says that a value that must be there is nil: of a union without null,
// or of a pointer.
func NilError() error { return &EncodeError{Err: errValueNil} }

// BranchError says that v is none of the types that stand for a union's branches.
func BranchError(v any) error {
	return &EncodeError{Err: fmt.Errorf("%T is not a branch of the union", v)}
}

// SymbolError says that an enum of n symbols has none at index i.
func SymbolError(i, n int) error {
	return &EncodeError{Err: fmt.Errorf("enum index %d, there %s %s: %w", i, count.Verb(n, "is", "are"), count.Of(n, "symbol"), ErrRange)}
}

// MillisError says that t is out of the range of a timestamp-millis: [Millis] returned false.
func MillisError(t time.Time) error {
	_, err := logical.UnixMillis(t)
	return err
}

// DepthError returns an error if a record lies as deep as this in others of a
// recursive type, and nil below 1,000: a value that contains itself has no end.
func DepthError(depth int) error {
	if depth < defaultMaxDepth {
		return nil
	}
	return &EncodeError{Err: fmt.Errorf("%w: records nested deeper than %d", ErrLimit, defaultMaxDepth)}
}
