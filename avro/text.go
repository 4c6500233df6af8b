package avro

import (
	"encoding"
	"reflect"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// Types with MarshalText and UnmarshalText are strings, the symbols of enums, or
// decimals: see logical_text.go.

// isText says that values of t are read and written by methods of their own.
func isText(t reflect.Type) bool {
	pt := reflect.PointerTo(t)
	return pt.Implements(marshalerType) && pt.Implements(unmarshalerType)
}

// text compiles a type with MarshalText and UnmarshalText, for strings and enums.
func (b *planner) text(p *plan, path string) {
	if p.compiled.typ == schemas.Enum && isInteger(p.typ.Kind()) {
		b.enum(p, path)
		return
	}
	p.code = codeText
}

// appendText appends what MarshalText returns, as a string or a symbol.
func (p *plan) appendText(dst []byte, v ptr) ([]byte, error) {
	text, err := pointerAt(v, p.typ).(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return dst, &EncodeError{Err: err}
	}
	switch {
	case p.compiled.typ == schemas.Enum:
		i, err := p.compiled.symbolIndex(string(text))
		return wire.AppendLong(dst, int64(i)), err
	case p.compiled.logical.IsDecimal():
		return appendNumberText(dst, string(text), p.compiled)
	case p.compiled.typ == schemas.Fixed: // a uuid
		u, err := ParseUUID(string(text))
		return append(dst, u[:]...), err
	}
	return p.env.appendText(dst, string(text), p.compiled)
}

func (p *plan) decodeText(r *avrort.Reader, v ptr) {
	start := r.Offset()
	var text []byte
	var number Decimal
	switch {
	case p.compiled.typ == schemas.Enum:
		text = []byte(p.compiled.symbol(r))
	case p.compiled.logical.IsDecimal():
		var s string
		s, number = p.compiled.numberText(r)
		text = []byte(s)
	case p.compiled.typ == schemas.Fixed: // a uuid
		var u UUID
		r.Fixed(u[:])
		text, _ = u.MarshalText()
	default:
		text = r.Bytes(nil) // a copy: the method may keep it
	}
	valueAt(v, p.typ).SetZero()
	if r.Err() != nil {
		return
	}
	err := pointerAt(v, p.typ).(encoding.TextUnmarshaler).UnmarshalText(text)
	if err == nil && p.compiled.logical.IsDecimal() {
		err = p.keepsNumber(v, number)
	}
	if err != nil {
		r.FailAt(start, err)
	}
}
