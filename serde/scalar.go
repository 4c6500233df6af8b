package serde

import (
	"context"
	"fmt"
	"reflect"
)

// PlainFor returns the plain serde of a scalar type: string, []byte, [16]byte (a UUID), bool, int16,
// int32, int64, float32, float64, [NoKey], or a type declared as one of these, such as type OrderID
// string. It is nil for other types, and for types with a schema.
//
// The error is for scalar types without a plain encoding, and names the type to use instead: for
// int, whose size depends on the platform, int8, and unsigned and complex numbers.
func PlainFor[T any]() (Plain[T], error) {
	t := reflect.TypeFor[T]()
	if _, ok := reflect.New(t).Interface().(carrier); ok {
		return nil, nil
	}
	switch t.Kind() {
	case reflect.String:
		return plainAs[T](String, reflect.Value.String, reflect.Value.SetString), nil
	case reflect.Bool:
		return plainAs[T](Bool, reflect.Value.Bool, reflect.Value.SetBool), nil
	case reflect.Int16:
		return plainAs[T](Int16, integer[int16], setInteger[int16]), nil
	case reflect.Int32:
		return plainAs[T](Int32, integer[int32], setInteger[int32]), nil
	case reflect.Int64:
		return plainAs[T](Int64, integer[int64], setInteger[int64]), nil
	case reflect.Float32:
		return plainAs[T](Float32, float[float32], setFloat[float32]), nil
	case reflect.Float64:
		return plainAs[T](Float64, float[float64], setFloat[float64]), nil
	case reflect.Slice:
		if t.Elem() == reflect.TypeFor[byte]() {
			return plainAs[T](Bytes, reflect.Value.Bytes, reflect.Value.SetBytes), nil
		}
	case reflect.Array:
		if t.Len() == 16 && t.Elem() == reflect.TypeFor[byte]() {
			return plainAs[T](UUID, sixteen, setSixteen), nil
		}
	case reflect.Struct:
		if same, ok := None.(Plain[T]); ok {
			return same, nil
		}
	}
	if use := insteadOf(t.Kind()); use != "" {
		return nil, fmt.Errorf("serde: %v has no plain form in Kafka: use %s, or write it as Avro, with a schema", t, use)
	}
	return nil, nil
}

// insteadOf names the types to use instead of a scalar without a plain form, "" for
// kinds that are no scalars.
func insteadOf(k reflect.Kind) string {
	switch k {
	case reflect.Int, reflect.Uint32, reflect.Uint64, reflect.Uint, reflect.Uintptr:
		return "int64 or int32"
	case reflect.Int8, reflect.Uint8:
		return "int16"
	case reflect.Uint16:
		return "int32"
	case reflect.Complex64, reflect.Complex128:
		return "[]byte"
	}
	return ""
}

// plainAs returns p as the serde of T, which is B or declared as B.
func plainAs[T, B any](p Plain[B], get func(reflect.Value) B, set func(reflect.Value, B)) Plain[T] {
	if same, ok := p.(Plain[T]); ok {
		return same
	}
	return &declared[T, B]{p.(*plain[B]), get, set}
}

// declared is the plain serde of a type T that is declared as B.
type declared[T, B any] struct {
	plain *plain[B]
	get   func(reflect.Value) B
	set   func(reflect.Value, B)
}

func (d *declared[T, B]) Append(_ context.Context, dst []byte, to *Target, v *T) ([]byte, error) {
	return d.plain.append(dst, to, d.get(reflect.ValueOf(v).Elem()))
}

func (d *declared[T, B]) Decode(_ context.Context, payload []byte, from *Target, v *T) error {
	b, err := d.plain.decode(payload, from)
	d.set(reflect.ValueOf(v).Elem(), b)
	return err
}

func integer[B int16 | int32 | int64](v reflect.Value) B       { return B(v.Int()) }
func setInteger[B int16 | int32 | int64](v reflect.Value, b B) { v.SetInt(int64(b)) }
func float[B float32 | float64](v reflect.Value) B             { return B(v.Float()) }
func setFloat[B float32 | float64](v reflect.Value, b B)       { v.SetFloat(float64(b)) }
func sixteen(v reflect.Value) [16]byte                         { return [16]byte(v.Bytes()) }
func setSixteen(v reflect.Value, b [16]byte)                   { copy(v.Bytes(), b[:]) }
