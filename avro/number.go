package avro

import (
	"fmt"
	"math"
	"reflect"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
)

// Numbers that do not fit are errors in both directions, never wrapped.

// loadInt is the integer at v; it must fit the schema's int or long.
func (p *plan) loadInt(v ptr) (int64, error) {
	var n int64
	switch p.kind {
	case reflect.Int:
		n = int64(*as[int](v))
	case reflect.Int8:
		n = int64(*as[int8](v))
	case reflect.Int16:
		n = int64(*as[int16](v))
	case reflect.Int32:
		n = int64(*as[int32](v))
	case reflect.Int64:
		n = *as[int64](v)
	case reflect.Uint8:
		n = int64(*as[uint8](v))
	case reflect.Uint16:
		n = int64(*as[uint16](v))
	case reflect.Uint32:
		n = int64(*as[uint32](v))
	default:
		u := uint64(0)
		if p.kind == reflect.Uint {
			u = uint64(*as[uint](v))
		} else {
			u = *as[uint64](v)
		}
		if u > math.MaxInt64 {
			return 0, fmt.Errorf("%d as %s: %w", u, p.compiled.typ, ErrRange)
		}
		n = int64(u)
	}
	return n, p.compiled.checkInt(n)
}

// checkInt says whether n is in the range of the schema's int or long.
func (s *compiledSchema) checkInt(n int64) error {
	if s.typ == schemas.Int && n != int64(int32(n)) {
		return fmt.Errorf("%d as int: %w", n, ErrRange)
	}
	return nil
}

// narrow rounds to a float; what is finite stays so.
func narrow(f float64) (float32, error) {
	n := float32(f)
	if math.IsInf(float64(n), 0) && !math.IsInf(f, 0) {
		return 0, fmt.Errorf("%g as float: %w", f, ErrRange)
	}
	return n, nil
}

func (p *plan) decodeInt(r *avrort.Reader, v ptr) {
	start := r.Offset()
	n := p.compiled.number(r)
	ok := true
	switch p.kind {
	case reflect.Int:
		*as[int](v) = int(n)
		ok = int64(int(n)) == n
	case reflect.Int8:
		*as[int8](v) = int8(n)
		ok = int64(int8(n)) == n
	case reflect.Int16:
		*as[int16](v) = int16(n)
		ok = int64(int16(n)) == n
	case reflect.Int32:
		*as[int32](v) = int32(n)
		ok = int64(int32(n)) == n
	case reflect.Int64:
		*as[int64](v) = n
	case reflect.Uint:
		*as[uint](v) = uint(n)
		ok = n >= 0 && uint64(n) <= math.MaxUint
	case reflect.Uint8:
		*as[uint8](v) = uint8(n)
		ok = int64(uint8(n)) == n
	case reflect.Uint16:
		*as[uint16](v) = uint16(n)
		ok = int64(uint16(n)) == n
	case reflect.Uint32:
		*as[uint32](v) = uint32(n)
		ok = int64(uint32(n)) == n
	case reflect.Uint64:
		*as[uint64](v) = uint64(n)
		ok = n >= 0
	}
	if !ok {
		r.FailAt(start, fmt.Errorf("%d as %s: %w", n, p.typ, ErrRange))
	}
}

// number reads an int or a long.
func (s *compiledSchema) number(r *avrort.Reader) int64 {
	if s.typ == schemas.Int {
		return int64(r.Int())
	}
	return r.Long()
}
