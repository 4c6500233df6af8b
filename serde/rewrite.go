package serde

import (
	"errors"
	"fmt"
	"sync"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

// rewritten returns enc, which writes data of own, as an encoder of target, the registry's schema.
// No value is changed: a value that target cannot represent is an error with its path.
//
// The error is a [*SchemaMismatchError]. With strict, target must be able to read all data of own.
func rewritten[T any](enc encoder[T], own, target *schemas.Schema, strict bool, opts []avro.Option) (encoder[T], error) {
	if own == target || own.SelfContained() == target.SelfContained() {
		return enc, nil
	}
	if strict && own.Canonical() != target.Canonical() {
		if err := schemas.CanRead(target, own); err != nil {
			return nil, &SchemaMismatchError{Err: fmt.Errorf("the registry's schema cannot read what the program's writes: %w", err)}
		}
	}
	res, err := avro.NewExactResolution(own, target, opts...)
	if err != nil {
		return nil, &SchemaMismatchError{Err: err}
	}
	if res.Identical() {
		return enc, nil
	}
	return &rewritingEncoder[T]{enc: enc, res: res}, nil
}

// rewritingEncoder encodes with the program's schema, then rewrites the datum for the registry's.
type rewritingEncoder[T any] struct {
	enc     encoder[T]
	res     *avro.Resolution
	scratch sync.Pool // of *[]byte, each owned by one Append at a time
}

// maxScratch is the largest buffer in bytes that a pool keeps.
const maxScratch = 64 << 10

func (e *rewritingEncoder[T]) Append(dst []byte, v *T) ([]byte, error) {
	buf, _ := e.scratch.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	datum, err := e.enc.Append((*buf)[:0], v)
	if err == nil {
		if dst, err = e.res.AppendUnchecked(dst, datum); err != nil { // our own encoder wrote datum
			err = encodeError(err)
		}
	}
	if cap(datum) <= maxScratch {
		*buf = datum
		e.scratch.Put(buf)
	}
	return dst, err
}

// encodeError turns the error of a rewrite into one about the value: where in the
// datum it was says nothing to whoever wrote the value. Where a part of the two
// schemas does not match it is a *SchemaMismatchError within.
func encodeError(err error) error {
	d, ok := err.(*avro.DecodeError)
	if !ok {
		return err
	}
	return &avro.EncodeError{Path: d.Path, Err: fmt.Errorf("%w; the registry's schema is not the program's: register that, or write what the registry's has", mismatch(d.Err))}
}

// mismatch marks an error of which the two schemas are the cause, and not the
// datum.
func mismatch(err error) error {
	var resolve *avro.ResolveError
	var marked *SchemaMismatchError
	if errors.As(err, &resolve) && !errors.As(err, &marked) {
		return &SchemaMismatchError{Err: err}
	}
	return err
}
