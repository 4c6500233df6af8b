package avro

import (
	"reflect"
)

// customType is a Go type that is written as another one.
type customType struct {
	base reflect.Type
	to   func(v ptr) (ptr, error)    // a T to a new B
	from func(v ptr, base ptr) error // a B into a T
}

// WithType writes values of type T as to turns them into a B, and reads them as
// from makes them from a B. B is a type that fits the schema, such as string,
// int64 or a struct. Both functions are called by several goroutines at once. An
// error of theirs is the error of the value. A second WithType of the same T is an
// error of the constructor.
//
//	avro.WithType(
//		func(a netip.Addr) ([]byte, error) { return a.AsSlice(), nil },
//		func(b []byte) (netip.Addr, error) { ... })
func WithType[T, B any](to func(T) (B, error), from func(B) (T, error)) Option {
	c := &customType{
		base: reflect.TypeFor[B](),
		to: func(v ptr) (ptr, error) {
			base, err := to(*as[T](v))
			if err != nil {
				return addressOf(&base), &EncodeError{Err: err}
			}
			return addressOf(&base), nil
		},
		from: func(v, base ptr) error {
			value, err := from(*as[B](base))
			if err == nil {
				*as[T](v) = value
			}
			return err
		},
	}
	return func(cfg *config) {
		if cfg.customTypes[reflect.TypeFor[T]()] != nil {
			cfg.twice = append(cfg.twice, "WithType of "+reflect.TypeFor[T]().String())
		}
		types := map[reflect.Type]*customType{reflect.TypeFor[T](): c}
		for t, c := range cfg.customTypes {
			if types[t] == nil {
				types[t] = c
			}
		}
		cfg.customTypes = types
	}
}
