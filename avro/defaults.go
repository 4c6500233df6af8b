package avro

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/kavro/kavro/avro/internal/resolution"
	"github.com/kavro/kavro/internal/jsontext"
	"github.com/kavro/kavro/internal/numtext"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// AppendDefault appends the default of a record's field in Avro's binary
// encoding. dst is returned as it was if the field has no default, or one that
// does not fit its type, which schemas that were parsed leniently may have.
//
// Fields that a record's default leaves out are filled by their own. Of a union
// the first branch that the default fits is taken. As in Java, a fixed default
// of the wrong length is cut, or filled up with zeros, and a string for a field of
// type float or double is what Double.valueOf makes of it: "NaN", "-Infinity", "1.5".
func AppendDefault(dst []byte, f *schemas.Field) ([]byte, error) {
	def, ok := f.Default()
	if !ok {
		return dst, fmt.Errorf("field %s has no default", f.Name())
	}
	return appendDefault(dst, f.Type(), def)
}

func appendDefault(dst []byte, n *schemas.Node, def json.RawMessage) ([]byte, error) {
	w := defaultWriter{limit: len(dst) + maxDefault + 8*len(def), steps: maxDefaultSteps}
	out, err := w.field(dst, n, def)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// The bytes of a default, and the work to find them, are bounded: those of
// records within records multiply.
const (
	maxDefault      = 1 << 16 // bytes, more than eight times its JSON
	maxDefaultSteps = 1 << 20 // values looked at
	maxDefaultDepth = 1000    // records within records
)

var errDefaultEndless = fmt.Errorf("%w: the default is too large, or contains itself", ErrLimit)

type defaultWriter struct {
	limit int // how long dst may get
	steps int // how many more values may be looked at
	depth int // records around the value
}

// field writes the default of a field.
func (w *defaultWriter) field(dst []byte, n *schemas.Node, def json.RawMessage) ([]byte, error) {
	w.steps -= len(def) / 16 // what is scanned counts, whether or not it is used
	t, err := scanJSON(def)
	if err != nil {
		return dst, err
	}
	defer t.release()
	if isFloat(n) && t.Kind(0) == jsontext.String {
		return appendDefaultText(dst, n, t)
	}
	return w.value(dst, n, t, 0)
}

func isFloat(n *schemas.Node) bool { return n.Type() == schemas.Float || n.Type() == schemas.Double }

// appendDefaultText appends the default of a float or double that is given as a
// string: what JSON has no number for. As in Java, only a field's own type has it,
// not what is within arrays, maps, records and unions.
func appendDefaultText(dst []byte, n *schemas.Node, t *jsonText) ([]byte, error) {
	v, ok := numtext.JavaDouble(string(t.textView(0)))
	if !ok {
		return dst, fmt.Errorf("%s is no default of type %s", short(t.Raw(0)), resolution.Describe(n))
	}
	return appendFloatAs(dst, n, v), nil
}

func appendFloatAs(dst []byte, n *schemas.Node, v float64) []byte {
	if n.Type() == schemas.Float {
		return wire.AppendFloat(dst, float32(v))
	}
	return wire.AppendDouble(dst, v)
}

func (w *defaultWriter) value(dst []byte, n *schemas.Node, t *jsonText, v int) ([]byte, error) {
	if w.steps--; w.steps < 0 || len(dst) > w.limit {
		return dst, errDefaultEndless
	}
	kind := t.Kind(v)
	wrong := func() ([]byte, error) {
		return dst, fmt.Errorf("%s is no default of type %s", short(t.Raw(v)), resolution.Describe(n))
	}
	switch n.Type() {
	case schemas.Null:
		if kind != jsontext.Null {
			return wrong()
		}
		return dst, nil
	case schemas.Boolean:
		if kind != jsontext.True && kind != jsontext.False {
			return wrong()
		}
		return wire.AppendBool(dst, kind == jsontext.True), nil
	case schemas.Int, schemas.Long:
		if kind != jsontext.Number {
			return wrong()
		}
		i, err := parseWhole(t.Raw(v))
		if err != nil || n.Type() == schemas.Int && (i < math.MinInt32 || i > math.MaxInt32) {
			return wrong()
		}
		return wire.AppendLong(dst, i), nil
	case schemas.Float, schemas.Double:
		if kind != jsontext.Number {
			return wrong()
		}
		return appendDefaultFloat(dst, n, t.Raw(v)), nil
	case schemas.Array:
		if kind != jsontext.Array {
			return wrong()
		}
		return w.array(dst, n, t, v)
	case schemas.Map:
		if kind != jsontext.Object {
			return wrong()
		}
		return w.mapping(dst, n, t, v)
	case schemas.Record:
		if kind != jsontext.Object {
			return wrong()
		}
		return w.record(dst, n, t, v)
	case schemas.Union:
		return w.union(dst, n, t, v)
	}
	if kind != jsontext.String { // what is left is written as a string
		return wrong()
	}
	switch n.Type() {
	case schemas.String:
		text := t.textView(v)
		return wire.AppendBytes(dst, text), nil
	case schemas.Bytes:
		b, err := t.latin1(nil, v)
		return wire.AppendBytes(dst, b), err
	case schemas.Fixed:
		b, err := t.latin1(nil, v)
		if n.Size() > w.limit-len(dst) {
			return dst, errDefaultEndless
		}
		b = append(b, make([]byte, max(n.Size()-len(b), 0))...)
		return append(dst, b[:n.Size()]...), err
	default:
		for i, s := range n.Symbols() {
			if s == string(t.textView(v)) {
				return wire.AppendLong(dst, int64(i)), nil
			}
		}
		return wrong()
	}
}

// appendDefaultFloat rounds as Java does: a float's default goes through a
// double, and what is too large becomes an infinity.
func appendDefaultFloat(dst []byte, n *schemas.Node, text []byte) []byte {
	v, err := parseFloat(text, 64)
	if err != nil {
		v = math.Inf(1)
		if text[0] == '-' {
			v = math.Inf(-1)
		}
	}
	return appendFloatAs(dst, n, v)
}

func (w *defaultWriter) array(dst []byte, n *schemas.Node, t *jsonText, v int) ([]byte, error) {
	count := t.Len(v)
	if count > 0 {
		dst = wire.AppendLong(dst, int64(count))
	}
	var err error
	for item := v + 1; item < t.Next(v); item = t.Next(item) {
		if dst, err = w.value(dst, n.Items(), t, item); err != nil {
			return dst, err
		}
	}
	return append(dst, 0), nil
}

func (w *defaultWriter) mapping(dst []byte, n *schemas.Node, t *jsonText, v int) ([]byte, error) {
	count := t.Len(v)
	if count > 0 {
		dst = wire.AppendLong(dst, int64(count))
	}
	var err error
	for key := v + 1; key < t.Next(v); key = t.Next(key + 1) {
		dst = wire.AppendBytes(dst, t.textView(key))
		if dst, err = w.value(dst, n.Items(), t, key+1); err != nil {
			return dst, err
		}
	}
	return append(dst, 0), nil
}

func (w *defaultWriter) record(dst []byte, n *schemas.Node, t *jsonText, v int) ([]byte, error) {
	if w.depth++; w.depth > maxDefaultDepth {
		return dst, errDefaultEndless
	}
	defer func() { w.depth-- }()
	given := make(map[string]int, t.Len(v))
	for key := v + 1; key < t.Next(v); key = t.Next(key + 1) {
		given[string(t.textView(key))] = key + 1
	}
	var err error
	for _, f := range n.Fields() {
		def, filled := f.Default()
		if at, ok := given[f.Name()]; ok {
			dst, err = w.value(dst, f.Type(), t, at)
		} else if filled {
			dst, err = w.field(dst, f.Type(), def)
		} else {
			err = errors.New("no value for its field " + f.Name() + ", which has no default itself")
		}
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (w *defaultWriter) union(dst []byte, n *schemas.Node, t *jsonText, v int) ([]byte, error) {
	start := len(dst)
	for i, b := range n.Branches() {
		out, err := w.value(wire.AppendLong(dst[:start], int64(i)), b, t, v)
		if err == nil {
			return out, nil
		}
		if errors.Is(err, errDefaultEndless) {
			return dst, err
		}
	}
	return dst, fmt.Errorf("%s is no default of any branch of %s", short(t.Raw(v)), resolution.Describe(n))
}
