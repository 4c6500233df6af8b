package goavro

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
)

// A checker finds values that goavro would write as others:
//
//   - decimals that it cuts to the schema's scale;
//   - text for a logical type, written as its bytes;
//   - doubles that become an infinity as a float;
//   - integers that a float or double rounds;
//   - times before 1970 as a date, which it counts to the day after.
//
// What does not look like a value of its type is left to goavro.
type checker struct {
	open map[*schemas.Node]int // how many records of a type the value is within
}

func (c *checker) value(n *schemas.Node, v any) error {
	l := n.Logical().Name
	switch v := v.(type) {
	case string:
		if l == "decimal" || l == "big-decimal" || n.Type() == schemas.Fixed && l != "" {
			return fmt.Errorf("text for %s (%s): its bytes would be written; use *big.Rat, or []byte for the encoded value", n.BranchName(), l)
		}
	case *big.Rat:
		if v != nil && l == "decimal" {
			return checkScale(v, n.Logical().Scale)
		}
	case float64:
		if n.Type() == schemas.Float && math.IsInf(float64(float32(v)), 0) && !math.IsInf(v, 0) {
			return fmt.Errorf("%g as float: %w", v, avro.ErrRange)
		}
	case time.Time:
		if l == "date" && v.Unix() < 0 && v.Unix()%86400 != 0 {
			return errors.New("goavro counts a time before 1970 to the day after; use midnight UTC")
		}
	case int:
		return checkExact(n, int64(v))
	case int32:
		return checkExact(n, int64(v))
	case int64:
		return checkExact(n, v)
	default:
		return c.parts(n, reflect.ValueOf(v))
	}
	return nil
}

// checkScale says whether a decimal of so many digits after the point holds r. More
// digits than the precision goavro reads, and writes.
func checkScale(r *big.Rat, scale int) error {
	if digits, exact := r.FloatPrec(); !exact || digits > scale {
		return fmt.Errorf("%v needs more than %d digits after the point: %w", r, scale, avro.ErrRange)
	}
	return nil
}

// checkExact says whether n is exact as a float or double.
func checkExact(n *schemas.Node, v int64) error {
	bits := 64
	switch n.Type() {
	case schemas.Float:
		bits = 24
	case schemas.Double:
		bits = 53
	}
	if bits < 64 && (v < -1<<bits || v > 1<<bits) {
		return fmt.Errorf("%d as %s: %w", v, n.Type(), avro.ErrRange)
	}
	return nil
}

// parts checks what an array, a map, a record or a union holds.
func (c *checker) parts(n *schemas.Node, v reflect.Value) error {
	if n.Type() == schemas.Array && v.Kind() == reflect.Slice {
		for i := range v.Len() {
			if err := c.value(n.Items(), v.Index(i).Interface()); err != nil {
				return avrort.WithinItem(err, i)
			}
		}
	}
	if v.Kind() != reflect.Map || v.Type().Key().Kind() != reflect.String {
		return nil
	}
	switch n.Type() {
	case schemas.Union:
		return c.branch(n, v)
	case schemas.Map:
		for iter := v.MapRange(); iter.Next(); {
			if err := c.value(n.Items(), iter.Value().Interface()); err != nil {
				return avrort.WithinKey(err, iter.Key().String())
			}
		}
	case schemas.Record:
		return c.record(n, v)
	}
	return nil
}

// branch checks the value of a branch, which a map with one key names: goavro puts
// the logical type's name behind that of its type.
func (c *checker) branch(n *schemas.Node, v reflect.Value) error {
	if v.Len() != 1 {
		return nil
	}
	key := v.MapKeys()[0]
	for _, b := range n.Branches() {
		name := key.String()
		if name == b.BranchName() || name == b.Type().String()+"."+b.Logical().Name {
			return avrort.WithinField(c.value(b, v.MapIndex(key).Interface()), b.BranchName())
		}
	}
	return nil
}

// record checks the fields that a record has. A record that lies too deep in others
// of its type is an error: goavro would overflow the stack on a value that contains
// itself.
func (c *checker) record(n *schemas.Node, v reflect.Value) error {
	c.open[n]++
	defer func() { c.open[n]-- }()
	if err := avrort.DepthError(c.open[n]); err != nil {
		return err
	}
	for _, f := range n.Fields() {
		value := v.MapIndex(reflect.ValueOf(f.Name()).Convert(v.Type().Key()))
		if !value.IsValid() {
			continue
		}
		if err := c.value(f.Type(), value.Interface()); err != nil {
			return avrort.WithinField(err, f.Name())
		}
	}
	return nil
}
