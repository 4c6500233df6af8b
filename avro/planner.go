package avro

import (
	"encoding"
	"fmt"
	"math/big"
	"reflect"
	"time"

	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/schemas"
)

// A planner compiles plans and gathers what does not fit, so that one error says
// everything.
type planner struct {
	env        *env
	plans      map[planKey]*plan
	mismatches []Mismatch
	unwritten  []string // Go fields that the writer of a Projection lacks, by path
	projects   bool     // of a Projection
	made       []planKey
	failed     map[planKey]string // of attempts: why
	skips      skipCompiler
}

func newPlanner(e *env) *planner {
	return &planner{env: e, plans: map[planKey]*plan{}, failed: map[planKey]string{}, skips: skipCompiler{}}
}

// compile is the plan for values of type t, or a *TypeMismatchError.
func (b *planner) compile(t reflect.Type, s *compiledSchema) (*plan, error) {
	p := b.plan(t, s, "")
	if len(b.mismatches) > 0 {
		return nil, &TypeMismatchError{Type: t.String(), Schema: s.name(), Mismatches: b.mismatches}
	}
	return p, nil
}

func (b *planner) mismatch(path, format string, args ...any) {
	b.mismatches = append(b.mismatches, Mismatch{Path: path, Reason: fmt.Sprintf(format, args...)})
}

// plan compiles the plan for t and s. What does not fit is reported once, at the
// first path that leads to it.
func (b *planner) plan(t reflect.Type, s *compiledSchema, path string) *plan {
	key := planKey{t, s}
	if p := b.plans[key]; p != nil {
		return p
	}
	p := &plan{typ: t, compiled: s, env: b.env, size: t.Size()}
	b.plans[key] = p // before it is filled in: types and schemas may be recursive
	b.made = append(b.made, key)
	if !b.special(p, path) {
		b.byKind(p, path)
	}
	return p
}

var (
	anyType      = reflect.TypeFor[any]()
	unionType    = reflect.TypeFor[Union]()
	timeType     = reflect.TypeFor[time.Time]()
	clockType    = reflect.TypeFor[time.Duration]()
	ratType      = reflect.TypeFor[big.Rat]()
	decimalType  = reflect.TypeFor[Decimal]()
	uuidType     = reflect.TypeFor[UUID]()
	durationType = reflect.TypeFor[Duration]()
	anyMapType   = reflect.TypeFor[map[string]any]()

	generatedType   = reflect.TypeFor[Generated]()
	marshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// special compiles types that are not treated by their kind. It returns false
// for all others.
func (b *planner) special(p *plan, path string) bool {
	t, s := p.typ, p.compiled
	if c := b.env.cfg.customTypes[t]; c != nil {
		p.code, p.custom = codeCustom, c
		p.item = b.plan(c.base, s, path)
		return true
	}
	switch {
	case t == unionType:
		if s.typ != schemas.Union {
			b.mismatch(path, "avro.Union for %s, which is not a union", s.describe())
		}
		p.code = codeUnion
	case t.Kind() == reflect.Interface:
		b.interfaceType(p, path)
	case s.typ == schemas.Union:
		b.union(p, path)
	case t == timeType && s.logical == logical.TimestampMillis:
		p.code = codeMillis
	case t == timeType && s.logical.IsTime():
		p.code = codeTime
	case t == clockType && s.logical.IsClock():
		p.code = codeClock
	case t == ratType && s.logical.IsDecimal():
		p.code = codeRat
	case t == decimalType && s.logical.IsDecimal():
		p.code = codeDecimal
	case t == uuidType && s.typ == schemas.String:
		p.code = codeUUID
	case t == durationType && s.logical == logical.Duration:
		p.code = codeDuration
	case t == anyMapType && s.typ == schemas.Record:
		p.code = codeAnyRecord
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Pointer:
		b.mismatch(path, "%s is a pointer to a pointer", t)
	case t.Kind() == reflect.Pointer:
		p.code, p.item = codePointer, b.plan(t.Elem(), s, path)
	case b.isGenerated(t, s):
		p.code = codeGenerated
	case s.logical != logical.None:
		return b.logicalText(p, path)
	case (s.typ == schemas.String || s.typ == schemas.Enum) && isText(t):
		b.text(p, path)
	default:
		return false
	}
	return true
}

// byKind compiles types that are treated by their kind.
func (b *planner) byKind(p *plan, path string) {
	t, s := p.typ, p.compiled
	switch s.typ {
	case schemas.Null:
		if p.code = codeNull; t.Kind() == reflect.Struct && t.NumField() == 0 {
			return
		}
	case schemas.Boolean:
		if p.code = codeBool; t.Kind() == reflect.Bool {
			return
		}
	case schemas.Int, schemas.Long:
		if b.integer(p) {
			return
		}
		if b.projects && s.logical == logical.None && (t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64) {
			p.code = codePromoted
			return
		}
	case schemas.Float:
		switch t.Kind() {
		case reflect.Float32:
			p.code = codeFloat32
			return
		case reflect.Float64:
			p.code = codeNarrow
			return
		}
	case schemas.Double:
		if p.code = codeFloat64; t.Kind() == reflect.Float64 {
			return
		}
	case schemas.String, schemas.Bytes:
		if b.stringOrBytes(p) {
			return
		}
	case schemas.Fixed:
		if b.fixed(p) {
			return
		}
	case schemas.Enum:
		if b.enum(p, path) {
			return
		}
	case schemas.Record:
		switch {
		case t.Kind() == reflect.Struct:
			b.record(p, path)
			return
		case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
			b.mapRecord(p, path)
			return
		}
	case schemas.Array:
		if t.Kind() == reflect.Slice {
			b.array(p, path)
			return
		}
	case schemas.Map:
		if t.Kind() == reflect.Map && t.Key().Kind() == reflect.String {
			b.mapOf(p, path)
			return
		}
	}
	p.code = codeNone
	b.mismatch(path, "%s does not fit %s; %s", t, s.describe(), fitting(s))
}

// fitting says which Go types a schema has.
func fitting(s *compiledSchema) string {
	switch {
	case s.logical.IsTime():
		return "use time.Time or an integer"
	case s.logical.IsClock():
		return "use time.Duration or an integer"
	case s.logical.IsDecimal():
		return "use avro.Decimal, *big.Rat, a string or another type whose text is the number, or []byte for the encoded number"
	case s.logical == logical.UUID:
		return "use avro.UUID or a string"
	case s.logical == logical.Duration:
		return "use avro.Duration or [12]byte"
	}
	switch s.typ {
	case schemas.Null:
		return "use struct{} or any"
	case schemas.Boolean:
		return "use bool"
	case schemas.Int, schemas.Long:
		return "use an integer"
	case schemas.Float:
		return "use float32 or float64"
	case schemas.Double:
		return "use float64"
	case schemas.String, schemas.Bytes:
		return "use string or []byte"
	case schemas.Fixed:
		return fmt.Sprintf("use [%d]byte or []byte", s.size)
	case schemas.Enum:
		return "use a string type, or an integer type with UnmarshalText or String"
	case schemas.Record:
		return "use a struct or map[string]any"
	case schemas.Array:
		return "use a slice"
	default:
		return "use a map with string keys"
	}
}

// integer sets the code for t's kind and size.
func (b *planner) integer(p *plan) bool {
	p.kind = p.typ.Kind()
	switch p.kind {
	case reflect.Int32:
		if p.code = codeIntKind; p.compiled.typ == schemas.Int {
			p.code = codeInt32
		}
	case reflect.Int64:
		if p.code = codeIntKind; p.compiled.typ == schemas.Long {
			p.code = codeInt64
		}
	case reflect.Int:
		if p.code = codeIntKind; p.compiled.typ == schemas.Long {
			p.code = codeGoInt
		}
	case reflect.Int8, reflect.Int16, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.code = codeIntKind
	default:
		return false
	}
	// Integers are the schema's units, but those of package time have a unit of their own: a
	// time.Duration counts nanoseconds, a time.Month is no day.
	return p.typ.PkgPath() != "time" || p.compiled.logical == logical.None
}

func (b *planner) stringOrBytes(p *plan) bool {
	switch {
	case p.typ.Kind() == reflect.String && p.compiled.typ == schemas.String:
		if p.code = codeString; b.env.cfg.ValidUTF8 {
			p.code = codeUTF8String
		}
	case p.typ.Kind() == reflect.String:
		p.code = codeBytesString
	case isBytes(p.typ):
		p.code = codeBytes
	default:
		return false
	}
	return true
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem() == reflect.TypeFor[byte]()
}

func (b *planner) fixed(p *plan) bool {
	t, s := p.typ, p.compiled
	switch {
	case t.Kind() == reflect.Array && t.Elem() == reflect.TypeFor[byte]() && t.Len() == s.size:
		p.code = codeFixed
	case isBytes(t):
		p.code = codeFixedSlice
	case t.Kind() == reflect.String && s.logical == logical.UUID:
		p.code = codeUUIDString
	default:
		return false
	}
	return true
}

func (b *planner) array(p *plan, path string) {
	p.code = codeArray
	p.item = b.plan(p.typ.Elem(), p.compiled.items, path+"[]")
	p.size = p.typ.Elem().Size()
	switch {
	case p.typ.Elem() == reflect.TypeFor[int64]() && p.item.code == codeInt64:
		p.code = codeLongs
	case p.typ.Elem() == reflect.TypeFor[int32]() && p.item.code == codeInt32:
		p.code = codeInts
	case p.typ.Elem() == reflect.TypeFor[float64]() && p.item.code == codeFloat64:
		p.code = codeDoubles
	case p.typ.Elem() == reflect.TypeFor[float32]() && p.item.code == codeFloat32:
		p.code = codeFloats
	case p.typ.Elem() == reflect.TypeFor[string]() && p.item.code == codeString:
		p.code = codeStrings
	}
}

func (b *planner) mapOf(p *plan, path string) {
	p.code, p.maps = codeMap, newMapScratch(p.typ)
	p.item = b.plan(p.typ.Elem(), p.compiled.items, path+"[]")
	if p.typ.Key() != reflect.TypeFor[string]() || b.env.cfg.ValidUTF8 { // the quick ways do not check keys
		return
	}
	switch {
	case p.typ.Elem() == reflect.TypeFor[string]() && p.item.code == codeString:
		p.code = codeStringMap
	case p.typ.Elem() == reflect.TypeFor[int64]() && p.item.code == codeInt64:
		p.code = codeLongMap
	case p.typ.Elem() == reflect.TypeFor[float64]() && p.item.code == codeFloat64:
		p.code = codeDoubleMap
	case p.typ.Elem() == anyType && p.item.code == codeAny:
		p.code = codeAnyMap
	}
}
