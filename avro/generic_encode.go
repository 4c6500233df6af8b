package avro

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// Encoding takes more Go types than decoding gives: any integer that fits, any
// slice, map or struct, strings for bytes and the reverse. The common types are
// told apart by type switches, which need no reflection and no lookup. For all others
// a plan is compiled for the first value of the type, and kept: see planFor. That is
// a lookup for each value, and a copy where the value has no address.

// appendAny appends a generic value.
func (e *env) appendAny(dst []byte, v any, s *compiledSchema, depth int) ([]byte, error) {
	switch s.typ {
	case schemas.Union:
		return e.appendAnyUnion(dst, v, s, depth)
	case schemas.Null:
		if v != nil && !isNilValue(v) {
			return dst, errNotNull
		}
		return dst, nil
	}
	if e.cfg.customTypes == nil {
		if out, err, ok := e.appendUsual(dst, v, s, depth); ok {
			return out, err
		}
	}
	if !e.isCustom(v) {
		if out, err, ok := e.appendKnown(dst, v, s, depth); ok {
			return out, err
		}
	}
	return e.appendOther(dst, v, s, depth)
}

// appendUsual appends values of the types that decoding gives. It returns false
// for all others.
func (e *env) appendUsual(dst []byte, v any, s *compiledSchema, depth int) (out []byte, err error, ok bool) {
	switch s.typ {
	case schemas.Boolean:
		if v, ok := v.(bool); ok {
			return wire.AppendBool(dst, v), nil, true
		}
	case schemas.Int:
		if v, ok := v.(int32); ok {
			return wire.AppendLong(dst, int64(v)), nil, true
		}
	case schemas.Long:
		if v, ok := v.(int64); ok {
			return wire.AppendLong(dst, v), nil, true
		}
	case schemas.Double:
		if v, ok := v.(float64); ok {
			return wire.AppendDouble(dst, v), nil, true
		}
	case schemas.String:
		if v, ok := v.(string); ok {
			out, err = e.appendText(dst, v, s)
			return out, err, true
		}
	case schemas.Array:
		if v, ok := v.([]any); ok {
			out, err = e.appendAnyArray(dst, v, s, depth)
			return out, err, true
		}
	case schemas.Map:
		if v, ok := v.(map[string]any); ok {
			out, err = e.appendAnyMap(dst, v, s, depth)
			return out, err, true
		}
	case schemas.Record:
		if v, ok := v.(map[string]any); ok {
			out, err = e.appendAnyRecord(dst, v, s, depth)
			return out, err, true
		}
	}
	return dst, nil, false
}

// isCustom says that WithType has the type of v.
func (e *env) isCustom(v any) bool {
	return e.cfg.customTypes != nil && e.cfg.customTypes[reflect.TypeOf(v)] != nil
}

// appendKnown appends values of the types that decoding gives, and their
// cousins. It returns false for all others.
func (e *env) appendKnown(dst []byte, v any, s *compiledSchema, depth int) ([]byte, error, bool) {
	switch v := v.(type) {
	case nil:
		return dst, errNil, true
	case bool:
		if s.typ == schemas.Boolean {
			return wire.AppendBool(dst, v), nil, true
		}
	case string:
		return e.appendAnyString(dst, v, s)
	case []byte:
		switch s.typ {
		case schemas.String:
			if s.logical == logical.UUID {
				dst, err := e.appendText(dst, string(v), s)
				return dst, err, true
			}
			return wire.AppendBytes(dst, v), nil, true
		case schemas.Bytes:
			dst, err := e.appendBytes(dst, v, s)
			return dst, err, true
		case schemas.Fixed:
			dst, err := appendFixed(dst, v, s)
			return dst, err, true
		}
	case float32:
		return appendFloat(dst, float64(v), s)
	case float64:
		return appendFloat(dst, v, s)
	case map[string]any:
		switch s.typ {
		case schemas.Record:
			dst, err := e.appendAnyRecord(dst, v, s, depth)
			return dst, err, true
		case schemas.Map:
			dst, err := e.appendAnyMap(dst, v, s, depth)
			return dst, err, true
		}
	case []any:
		if s.typ == schemas.Array {
			dst, err := e.appendAnyArray(dst, v, s, depth)
			return dst, err, true
		}
	case time.Time:
		if s.logical.IsTime() {
			n, err := s.logical.FromTime(v)
			return wire.AppendLong(dst, n), err, true
		}
	case time.Duration:
		if s.logical.IsClock() {
			n, err := s.logical.FromClock(v)
			return wire.AppendLong(dst, n), err, true
		}
	case *big.Rat:
		if v != nil && s.logical.IsDecimal() {
			dst, err := appendRat(dst, v, s)
			return dst, err, true
		}
	default:
		if n, ok, fits := anyInt(v); ok {
			if !fits {
				return dst, fmt.Errorf("%v as %s: %w", v, s.describe(), ErrRange), true
			}
			return appendInt(dst, n, s)
		}
	}
	return dst, nil, false
}

func (e *env) appendAnyString(dst []byte, v string, s *compiledSchema) ([]byte, error, bool) {
	var err error
	switch {
	case s.typ == schemas.String:
		dst, err = e.appendText(dst, v, s)
	case s.logical.IsDecimal():
		dst, err = appendNumberText(dst, v, s)
	case s.typ == schemas.Bytes:
		dst = wire.AppendString(dst, v)
	case s.typ == schemas.Enum:
		var i int
		i, err = s.symbolIndex(v)
		dst = wire.AppendLong(dst, int64(i))
	case s.typ == schemas.Fixed && s.logical == logical.UUID:
		var u UUID
		u, err = ParseUUID(v)
		dst = append(dst, u[:]...)
	case s.typ == schemas.Fixed && s.logical == logical.None:
		if len(v) != s.size {
			return dst, fmt.Errorf("%s for %s of %d: %w", count.Of(len(v), "byte"), s.name(), s.size, ErrRange), true
		}
		dst = append(dst, v...)
	default:
		return dst, nil, false
	}
	return dst, err, true
}

// appendFloat appends a float as a float, rounded, or a double.
func appendFloat(dst []byte, v float64, s *compiledSchema) ([]byte, error, bool) {
	switch s.typ {
	case schemas.Double:
		return wire.AppendDouble(dst, v), nil, true
	case schemas.Float:
		f, err := narrow(v)
		return wire.AppendFloat(dst, f), err, true
	}
	return dst, nil, false
}

// appendInt appends an integer, which must fit; a float or double must hold it
// exactly.
func appendInt(dst []byte, n int64, s *compiledSchema) ([]byte, error, bool) {
	switch s.typ {
	case schemas.Int, schemas.Long:
		if err := s.checkInt(n); err != nil {
			return dst, err, true
		}
		return wire.AppendLong(dst, n), nil, true
	case schemas.Double:
		if n < -1<<53 || n > 1<<53 {
			return dst, fmt.Errorf("%d as double: %w", n, ErrRange), true
		}
		return wire.AppendDouble(dst, float64(n)), nil, true
	case schemas.Float:
		if n < -1<<24 || n > 1<<24 {
			return dst, fmt.Errorf("%d as float: %w", n, ErrRange), true
		}
		return wire.AppendFloat(dst, float32(n)), nil, true
	}
	return dst, nil, false
}

// anyInt is the value of any of Go's own integer types. fits is false beyond 63
// bits.
func anyInt(v any) (n int64, ok, fits bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true, true
	case int8:
		return int64(v), true, true
	case int16:
		return int64(v), true, true
	case int32:
		return int64(v), true, true
	case int64:
		return v, true, true
	case uint:
		return int64(v), true, uint64(v) <= math.MaxInt64
	case uint8:
		return int64(v), true, true
	case uint16:
		return int64(v), true, true
	case uint32:
		return int64(v), true, true
	case uint64:
		return int64(v), true, v <= math.MaxInt64
	}
	return 0, false, false
}

func (e *env) appendAnyArray(dst []byte, items []any, s *compiledSchema, depth int) ([]byte, error) {
	dst = wire.AppendBlock(dst, len(items))
	longs := s.items.typ == schemas.Long && e.cfg.customTypes == nil
	var err error
	for i, item := range items {
		if n, ok := item.(int64); ok && longs { // kept in the loop: there may be very many
			dst = wire.AppendLong(dst, n)
		} else if dst, err = e.appendAny(dst, item, s.items, depth); err != nil {
			return dst, avrort.WithinItem(err, i)
		}
	}
	return wire.AppendBlocksEnd(dst, len(items)), nil
}

func (e *env) appendAnyMap(dst []byte, m map[string]any, s *compiledSchema, depth int) ([]byte, error) {
	dst = wire.AppendBlock(dst, len(m))
	var err error
	for k, v := range m {
		if dst, err = e.appendString(dst, k); err == nil {
			dst, err = e.appendAny(dst, v, s.items, depth)
		}
		if err != nil {
			return dst, avrort.WithinKey(err, k)
		}
	}
	return wire.AppendBlocksEnd(dst, len(m)), nil
}

// appendAnyRecord appends a record from a map. A field that the map does not have
// is its default's; a key that is no field is an error.
func (e *env) appendAnyRecord(dst []byte, m map[string]any, s *compiledSchema, depth int) ([]byte, error) {
	if s.recursive {
		if depth++; depth > e.cfg.MaxDepth {
			return dst, errTooDeep(depth)
		}
	}
	if m == nil {
		return dst, errNil
	}
	plain := e.cfg.customTypes == nil && !e.cfg.ValidUTF8
	found := 0
	var err error
	for i := range s.fields {
		f := &s.fields[i]
		v, ok := m[f.name]
		switch {
		case ok:
			found++
			if text, ok := v.(string); ok && f.schema.typ == schemas.String && f.schema.logical == logical.None && plain { // most fields; kept in the loop
				dst = wire.AppendString(dst, text)
				continue
			}
			if n, ok := v.(int64); ok && f.schema.typ == schemas.Long && plain {
				dst = wire.AppendLong(dst, n)
				continue
			}
			if inner, ok := v.(map[string]any); ok && f.schema.typ == schemas.Record && plain {
				dst, err = e.appendAnyRecord(dst, inner, f.schema, depth)
			} else {
				dst, err = e.appendAny(dst, v, f.schema, depth)
			}
		case f.has:
			dst = append(dst, f.def...)
		default:
			err = errMissing(s)
		}
		if err != nil {
			return dst, avrort.WithinField(err, f.name)
		}
	}
	if found < len(m) {
		for k := range m {
			if _, ok := s.index[k]; !ok {
				return dst, avrort.WithinField(errNoField(s), k)
			}
		}
	}
	return dst, nil
}

// appendOther appends a value of any other type, by a plan.
func (e *env) appendOther(dst []byte, v any, s *compiledSchema, depth int) ([]byte, error) {
	value := reflect.ValueOf(v)
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return dst, errNil
		}
		p, err := e.planFor(value.Type().Elem(), s)
		if err != nil {
			return dst, err
		}
		return p.append(dst, pointerOf(value.Elem()), depth)
	}
	p, err := e.planFor(value.Type(), s)
	if err != nil {
		return dst, err
	}
	at := reflect.New(value.Type()).Elem() // a value in an interface has no address of its own
	at.Set(value)
	return p.append(dst, pointerOf(at), depth)
}

// planFor is the plan for a Go type met in a generic value. Errors are kept too: a type that
// does not match would be compiled again for each of its values. Kept plans are as many as the
// program has types.
func (e *env) planFor(t reflect.Type, s *compiledSchema) (*plan, error) {
	key := planKey{t, s}
	known, ok := e.plans.Load(key)
	if !ok {
		var made any
		p, err := newPlanner(e).compile(t, s)
		if made = p; err != nil {
			made = err
		}
		known, _ = e.plans.LoadOrStore(key, made)
	}
	if p, ok := known.(*plan); ok {
		return p, nil
	}
	return nil, known.(error)
}

// isNilValue says that v holds a nil pointer, map, slice or the like.
func isNilValue(v any) bool {
	switch value := reflect.ValueOf(v); value.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return value.IsNil()
	}
	return false
}
