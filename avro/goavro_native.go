package avro

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"time"

	"github.com/kavro/kavro/schemas"
)

// checkNative finds values that goavro would write as others: decimals that it cuts
// to the schema's scale; text for a logical type,
// written as its bytes; doubles that become an infinity as a float; integers that a
// float or double rounds; and a time before 1970 as a date, which it counts to the
// day after.
// What does not look like a value of its type is left to goavro.
func (s *shape) checkNative(v any, depth, maxDepth int) error {
	if s.recursive {
		if depth++; depth > maxDepth {
			return errTooDeep(depth)
		}
	}
	if s.typ == schemas.Union {
		return s.checkNativeBranch(v, depth, maxDepth)
	}
	switch v := v.(type) {
	case string:
		if s.logical.isDecimal() || s.typ == schemas.Fixed && s.logical != noLogical {
			return fmt.Errorf("text for %s: its bytes would be written; use *big.Rat, or []byte for the encoded value", s.describe())
		}
	case *big.Rat:
		if v != nil && s.logical == decimalLogical {
			_, err := s.decimal.fromRat(v)
			if !errors.Is(err, errPrecision) { // it reads more digits than the precision, and writes them
				return err
			}
		}
	case float64:
		if s.typ == schemas.Float {
			_, err := narrow(v)
			return err
		}
	case time.Time:
		if s.logical == dateLogical && v.Unix() < 0 && v.Unix()%86400 != 0 {
			return errors.New("goavro counts a time before 1970 to the day after; use midnight UTC")
		}
	case int, int32, int64:
		n, _, _ := anyInt(v)
		if s.typ == schemas.Float || s.typ == schemas.Double {
			_, err, _ := appendInt(nil, n, s)
			return err
		}
	default:
		return s.checkNativeParts(reflect.ValueOf(v), depth, maxDepth)
	}
	return nil
}

// checkNativeBranch checks the value of a branch, which a map with one key names:
// goavro puts the logical type's name behind that of its type.
func (s *shape) checkNativeBranch(v any, depth, maxDepth int) error {
	m := reflect.ValueOf(v)
	if m.Kind() != reflect.Map || m.Len() != 1 || m.Type().Key().Kind() != reflect.String {
		return nil
	}
	key := m.MapKeys()[0]
	for _, branch := range s.branches {
		name := key.String()
		if name == branch.name() || name == branch.typ.String()+"."+branch.node.Logical().Name {
			return within(branch.checkNative(m.MapIndex(key).Interface(), depth, maxDepth), branch.name())
		}
	}
	return nil
}

// checkNativeParts checks what an array, a map or a record holds.
func (s *shape) checkNativeParts(v reflect.Value, depth, maxDepth int) error {
	switch {
	case s.typ == schemas.Array && v.Kind() == reflect.Slice:
		for i := range v.Len() {
			if err := s.items.checkNative(v.Index(i).Interface(), depth, maxDepth); err != nil {
				return WithinItem(err, i)
			}
		}
	case v.Kind() != reflect.Map || v.Type().Key().Kind() != reflect.String:
	case s.typ == schemas.Map:
		for iter := v.MapRange(); iter.Next(); {
			if err := s.items.checkNative(iter.Value().Interface(), depth, maxDepth); err != nil {
				return WithinKey(err, iter.Key().String())
			}
		}
	case s.typ == schemas.Record:
		for _, f := range s.fields {
			value := v.MapIndex(reflect.ValueOf(f.name).Convert(v.Type().Key()))
			if !value.IsValid() {
				continue
			}
			if err := f.shape.checkNative(value.Interface(), depth, maxDepth); err != nil {
				return within(err, f.name)
			}
		}
	}
	return nil
}
