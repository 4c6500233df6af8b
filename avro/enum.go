package avro

import (
	"encoding"
	"fmt"
	"github.com/kavro/kavro/avro/avrort"
	"reflect"
)

// Enums in Go are strings (of any string type), or integers with methods that
// know their names: UnmarshalText, or String for values counted from 0 in the
// schema's order. The methods are asked once, at construction.

// enumValues maps the values of an integer type to symbols and back.
type enumValues struct {
	values []int64       // of each symbol
	index  map[int64]int // of each value
	dense  bool          // the value is the index
}

// enum compiles a string or an integer type for an enum.
func (b *planner) enum(p *plan, path string) bool {
	p.kind = p.typ.Kind()
	if p.kind == reflect.String {
		p.code = codeEnum
		return true
	}
	if !isInteger(p.kind) {
		return false
	}
	values, err := enumByText(p.typ, p.compiled.symbols)
	if values == nil && err == nil {
		values, err = enumByString(p.typ, p.compiled.symbols)
	}
	if err != nil {
		b.mismatch(path, "%s does not fit %s: %v", p.typ, p.compiled.describe(), err)
		return true
	}
	if values == nil {
		return false
	}
	p.code, p.enum = codeEnumNumber, newEnumValues(values)
	if len(p.enum.index) < len(values) {
		b.mismatch(path, "%s has one value for several symbols of %s", p.typ, p.compiled.describe())
	}
	return true
}

func isInteger(k reflect.Kind) bool { return reflect.Int <= k && k <= reflect.Uint64 }

func newEnumValues(values []int64) *enumValues {
	e := &enumValues{values: values, index: map[int64]int{}, dense: true}
	for i, v := range values {
		e.index[v] = i
		e.dense = e.dense && v == int64(i)
	}
	return e
}

// enumByText asks UnmarshalText for the value of each symbol. It returns nil if t
// has no such method.
func enumByText(t reflect.Type, symbols []string) ([]int64, error) {
	values := make([]int64, len(symbols))
	for i, symbol := range symbols {
		v := reflect.New(t)
		u, ok := v.Interface().(encoding.TextUnmarshaler)
		if !ok {
			return nil, nil
		}
		if err := u.UnmarshalText([]byte(symbol)); err != nil {
			return nil, fmt.Errorf("symbol %s: %w", symbol, err)
		}
		values[i] = integerOf(v.Elem())
	}
	return values, nil
}

// enumByString asks String for the name of each index. It returns nil if t has no
// such method.
func enumByString(t reflect.Type, symbols []string) ([]int64, error) {
	values := make([]int64, len(symbols))
	for i, symbol := range symbols {
		v := reflect.New(t)
		if !setInteger(v.Elem(), int64(i)) {
			return nil, fmt.Errorf("it cannot hold %d", i)
		}
		s, ok := v.Interface().(fmt.Stringer)
		if !ok {
			return nil, nil
		}
		if name := s.String(); name != symbol {
			return nil, fmt.Errorf("%s(%d) is %s, symbol %d of the schema is %s", t, i, name, i, symbol)
		}
		values[i] = int64(i)
	}
	return values, nil
}

func integerOf(v reflect.Value) int64 {
	if v.CanInt() {
		return v.Int()
	}
	return int64(v.Uint())
}

func setInteger(v reflect.Value, n int64) bool {
	if v.CanInt() {
		v.SetInt(n)
		return v.Int() == n
	}
	v.SetUint(uint64(n))
	return v.Uint() == uint64(n)
}

// symbolIndex is the index of a symbol. Most enums are short: comparing beats
// hashing.
func (s *compiledSchema) symbolIndex(symbol string) (int, error) {
	if len(s.symbols) <= 8 {
		for i, known := range s.symbols {
			if known == symbol {
				return i, nil
			}
		}
	} else if i, ok := s.index[symbol]; ok {
		return i, nil
	}
	return 0, fmt.Errorf("%q is not a symbol of %s", symbol, s.name())
}

func (p *plan) enumIndex(v ptr) (int, error) {
	n := integerOf(valueAt(v, p.typ))
	if p.enum.dense {
		if uint64(n) < uint64(len(p.enum.values)) {
			return int(n), nil
		}
	} else if i, ok := p.enum.index[n]; ok {
		return i, nil
	}
	return 0, fmt.Errorf("%d is not a value of %s", n, p.compiled.name())
}

// symbol reads an enum.
func (s *compiledSchema) symbol(r *avrort.Reader) string {
	if i := r.Enum(len(s.symbols)); r.Err() == nil {
		return s.symbols[i]
	}
	return ""
}
