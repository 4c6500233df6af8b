package avro

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"sync"
	"time"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// A View reads one value out of data of one schema, the writer's, such as the field that a filter looks
// at. What is before the value is skipped, what is behind it is not looked at, and nothing else is decoded.
//
// The type T of the value is as for a [Projection]: an int64 is read from int or long, a string from an
// enum too. Plain types, strings, []byte, times and enums cost no allocation.
//
// It is safe for concurrent use.
type View[T any] struct {
	root     *viewNode
	compiled *compiledSchema
	env      *env
	scratch  sync.Pool // of *viewScratch[T]
}

// viewScratch is what values are decoded with that need a Reader.
type viewScratch[T any] struct {
	r     *avrort.Reader
	value T
}

// NewView compiles the way to the value at path in data of writer, which may not be nil. Paths are those of
// errors, with names, items and keys of maps:
//
//	customer.address.city    lines[0].price    tags["channel"]
//
// A field's name may be an alias in the writer's schema. The empty path is all of the datum. A union is
// passed through: every branch that has the rest of the path, and a value there that is read as T, is read,
// whichever the datum has. A branch may be named, as in Avro's JSON encoding: payment.Card.number, or
// payment["shop.Card"].number. Its name comes before the name of a field.
//
// The error is a [*TypeMismatchError] if the schema has no such path, with the nearest name, or no value there
// that is read as T; other errors say what is wrong with the path or an option.
func NewView[T any](writer *schemas.Schema, path string, opts ...Option) (*View[T], error) {
	if writer == nil {
		return nil, errors.New("avro: NewView: the schema is nil")
	}
	c, err := prepare[T](writer, opts)
	if err != nil {
		return nil, err
	}
	root, err := compileView(reflect.TypeFor[T](), c.compiled, c.env, path)
	if err != nil {
		return nil, err
	}
	v := &View[T]{root: root, compiled: c.compiled, env: c.env}
	v.scratch.New = func() any { return &viewScratch[T]{r: avrort.NewReader(nil, &c.env.cfg.Settings)} }
	return v, nil
}

// Get reads the value out of a datum. ok is false if the datum has no such value: a union has null or another
// branch, an array has fewer items, a map lacks the key. A union at the end of the path that is null is ok, and
// nil, if T is a pointer or an interface.
//
// A string or []byte shares the memory of datum: clone what is kept longer than datum stays as it is.
//
// The error is a [*DecodeError]: datum is wrong somewhere up to the end of the value, so that it cannot be
// decoded, or the value is out of T's range. From a datum that can be decoded, Get reads what decoding it reads.
func (v *View[T]) Get(datum []byte) (value T, ok bool, err error) {
	k := skipRun{src: datum, lim: &v.env.cfg.Settings}
	leaf, at := v.root.find(&k)
	switch {
	case at == wrong:
		return value, false, validate(avrort.NewReader(datum, k.lim), v.compiled, datum, &v.env.cfg)
	case leaf == nil:
		return value, false, nil
	case leaf.view(datum, at, k.lim.MaxBytes, addressOf(&value)):
		return value, true, nil
	}
	return v.decode(leaf, datum, at)
}

// decode reads a value that view does not read, and finds what is wrong with one.
func (v *View[T]) decode(leaf *plan, datum []byte, at int) (value T, ok bool, err error) {
	s := v.scratch.Get().(*viewScratch[T])
	s.r.Rewind(datum)
	s.r.Advance(at)
	leaf.decode(s.r, addressOf(&s.value))
	err = s.r.Err()
	s.r.Rewind(nil)
	if err == nil {
		value, ok = s.value, true
	}
	var zero T
	s.value = zero
	v.scratch.Put(s)
	return value, ok, located(err, v.compiled, datum, &v.env.cfg)
}

// view reads a value of a plain type at an offset of a datum. It returns false for other types, and for what
// is wrong.
func (p *plan) view(src []byte, at, maxBytes int, to ptr) bool {
	switch p.code {
	case codeBool:
		b, _, err := wire.Bool(src, at)
		*as[bool](to) = b
		return err == nil
	case codeInt32:
		n, _, err := wire.Int(src, at)
		*as[int32](to) = n
		return err == nil
	case codeInt64:
		n, _, err := wire.Long(src, at)
		*as[int64](to) = n
		return err == nil
	case codeGoInt:
		n, _, err := wire.Long(src, at)
		*as[int](to) = int(n)
		return err == nil && int64(int(n)) == n
	case codeFloat32:
		f, _, err := wire.Float(src, at)
		*as[float32](to) = f
		return err == nil
	case codeFloat64:
		if len(src)-at < 8 {
			return false
		}
		*as[float64](to) = math.Float64frombits(binary.LittleEndian.Uint64(src[at:]))
		return true
	case codeString, codeBytesString:
		b, _, err := wire.Bytes(src, at)
		*as[string](to) = stringOver(b)
		return err == nil && len(b) <= maxBytes
	case codeBytes:
		b, _, err := wire.Bytes(src, at)
		*as[[]byte](to) = b
		return err == nil && len(b) <= maxBytes
	case codeFixedSlice:
		b, _, err := wire.Fixed(src, at, p.compiled.size)
		*as[[]byte](to) = b
		return err == nil
	case codeEnum:
		i, next := index(src, at, len(p.compiled.symbols))
		if next == wrong || len(p.compiled.symbols) == 0 {
			return false
		}
		*as[string](to) = p.compiled.symbols[i]
		return true
	case codeMillis:
		n, _, err := wire.Long(src, at)
		*as[time.Time](to) = time.UnixMilli(n).UTC()
		return err == nil
	case codeTime:
		n, _, err := wire.Long(src, at)
		*as[time.Time](to) = p.compiled.logical.ToTime(n)
		return err == nil && p.compiled.checkInt(n) == nil
	case codeIntKind:
		n, _, err := wire.Long(src, at)
		if p.kind == reflect.Int64 && err == nil && p.compiled.checkInt(n) == nil {
			*as[int64](to) = n
			return true
		}
	}
	return false
}
