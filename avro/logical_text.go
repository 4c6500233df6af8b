package avro

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// Text as a value of a logical type, and types that look like one and are none. A
// decimal given as text is the number that the text says, never the text's bytes;
// a uuid is written only if its text is one. Bytes are the encoded value as it
// is, so that types of bytes whose text or JSON is something else are a type mismatch, be
// it in one direction alone. So are types of strings with a text in one direction.

// textTypes and jsonTypes are what a type with a text or JSON of its own implements.
var (
	textTypes = []reflect.Type{marshalerType, unmarshalerType, reflect.TypeFor[encoding.TextAppender]()}
	jsonTypes = []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler]()}
)

// notDecimals and notUUIDs have a text that is never such a value.
var (
	notDecimals = []reflect.Type{timeType, uuidType}
	notUUIDs    = []reflect.Type{timeType, decimalType, ratType, bigIntType, reflect.TypeFor[big.Float]()}
	bigIntType  = reflect.TypeFor[big.Int]()
)

// logicalText compiles text for a logical type, and reports types that would be
// mistaken. It returns false for those that are treated by their kind.
func (b *planner) logicalText(p *plan, path string) bool {
	t, s := p.typ, p.compiled
	refuse := func(reason string) bool {
		p.code = codeNone
		b.mismatch(path, "%s does not fit %s, %s; %s", t, s.describe(), reason, fitting(s))
		return true
	}
	raw := isBytes(t) || t.Kind() == reflect.Array
	hasText := hasAny(t, textTypes)
	textual := s.logical.IsDecimal() || s.logical == logical.UUID && !b.env.cfg.rawLogical
	switch {
	case raw && (hasText || hasAny(t, jsonTypes)) && !isUUIDArray(t, s):
		return refuse("as its bytes are not what its text or JSON says")
	case textual && t.Kind() == reflect.String && hasText && !isText(t):
		return refuse("as it has a text of its own in one direction alone: it needs MarshalText and UnmarshalText")
	case s.logical.IsDecimal() && isAmong(t, notDecimals), s.logical == logical.UUID && isAmong(t, notUUIDs):
		return refuse("which it never is")
	case t == bigIntType && s.logical.IsDecimal() && (s.logical != logical.Decimal || s.decimal.scale != 0):
		return refuse("as it may be the number or the unscaled one")
	case s.logical.IsDecimal() && isText(t):
		p.code = codeText
	case s.logical.IsDecimal() && t.Kind() == reflect.String:
		p.code = codeNumberText
	case s.logical == logical.BigDecimal && isBytes(t):
		p.code = codeBigDecimal
	case s.logical == logical.UUID && isText(t) && !raw, s.typ == schemas.String && isText(t):
		p.code = codeText
	case s.logical != logical.UUID || s.typ != schemas.String || b.env.cfg.rawLogical:
		return false
	case t.Kind() == reflect.String:
		p.code = codeUUIDText
	case isBytes(t):
		p.code = codeUUIDBytes
	default:
		return false
	}
	return true
}

// isUUIDArray says that t's bytes are those of a UUID on a fixed, whatever its
// text looks like, or text.
func isUUIDArray(t reflect.Type, s *compiledSchema) bool {
	return s.logical == logical.UUID && t.Kind() == reflect.Array
}

// hasAny says that t, or a pointer to it, has the methods of one of some interfaces.
func hasAny(t reflect.Type, interfaces []reflect.Type) bool {
	for _, i := range interfaces {
		if reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}

func isAmong(t reflect.Type, types []reflect.Type) bool {
	for _, candidate := range types {
		if t == candidate {
			return true
		}
	}
	return false
}

// appendNumberText appends the number that text says, as a decimal.
func appendNumberText(dst []byte, text string, s *compiledSchema) ([]byte, error) {
	d, err := parseJSONDecimal(text)
	if err != nil {
		return dst, err
	}
	return appendDecimal(dst, d, s)
}

// numberText reads a decimal as text, such as 12.50, that stands for it exactly.
func (s *compiledSchema) numberText(r *avrort.Reader) (string, Decimal) {
	d := s.readDecimal(r)
	if r.Err() != nil {
		return "", d
	}
	return exactText(d), d
}

// keepsNumber says that the value at v, which was made from a decimal's text, is
// that number still: a type that rounds does not hold it.
func (p *plan) keepsNumber(v ptr, d Decimal) error {
	text, err := pointerAt(v, p.typ).(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return err
	}
	kept, err := parseJSONDecimal(string(text))
	if err != nil || !sameNumber(kept, d) {
		return fmt.Errorf("%s as %s is %s: %w", d, p.typ, short(text), ErrRange)
	}
	return nil
}

// appendText appends text as a string, which must be a UUID's if the schema says so.
func (e *env) appendText(dst []byte, text string, s *compiledSchema) ([]byte, error) {
	if s.logical == logical.UUID && !e.cfg.rawLogical {
		return appendUUIDText(dst, text)
	}
	return e.appendString(dst, text)
}

// appendUUIDText appends the text of a UUID as it is, in upper case too.
func appendUUIDText(dst []byte, text string) ([]byte, error) {
	if _, err := ParseUUID(text); err != nil {
		return dst, err
	}
	return wire.AppendString(dst, text), nil
}
