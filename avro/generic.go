package avro

import (
	"math/big"
	"reflect"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/schemas"
)

// Generic values: what a schema's values are in Go when the Go type is any.
//
//	null, boolean            nil, bool
//	int, long                int32, int64
//	float, double            float32, float64
//	bytes, string            []byte, string
//	fixed, enum              []byte, string
//	array, map               []any, map[string]any
//	record                   map[string]any
//	union                    the branch's value, or Union where that would be ambiguous
//	decimal, big-decimal     *big.Rat, Decimal
//	date, timestamps         time.Time, in UTC
//	time-millis, -micros     time.Duration
//	uuid                     string if it is a string, UUID if it is a fixed
//	duration                 Duration
//
// A codec for any always makes new values: it reuses nothing of the old one.

// goClass tells the Go types of generic values apart. Two branches of a union of
// the same class cannot be told apart by their bare values.
type goClass uint8

const (
	classNull goClass = iota
	classBool
	classInt
	classLong
	classFloat
	classDouble
	classBytes
	classString
	classArray
	classMap
	classTime
	classClock
	classRat
	classDecimal
	classUUID
	classDuration
)

func (s *compiledSchema) class(raw bool) goClass {
	if !raw {
		switch {
		case s.logical.IsTime():
			return classTime
		case s.logical.IsClock():
			return classClock
		case s.logical == logical.Decimal:
			return classRat
		case s.logical == logical.BigDecimal:
			return classDecimal
		case s.logical == logical.UUID && s.typ == schemas.Fixed:
			return classUUID
		case s.logical == logical.Duration:
			return classDuration
		}
	}
	switch s.typ {
	case schemas.Null:
		return classNull
	case schemas.Boolean:
		return classBool
	case schemas.Int:
		return classInt
	case schemas.Long:
		return classLong
	case schemas.Float:
		return classFloat
	case schemas.Double:
		return classDouble
	case schemas.Bytes, schemas.Fixed:
		return classBytes
	case schemas.String, schemas.Enum:
		return classString
	case schemas.Array:
		return classArray
	default:
		return classMap
	}
}

// wrappedBranches says which branches of a union share their class with another.
func wrappedBranches(s *compiledSchema, raw bool) []bool {
	if s.typ != schemas.Union {
		return nil
	}
	count := map[goClass]int{}
	for _, branch := range s.branches {
		count[branch.class(raw)]++
	}
	wrapped := make([]bool, len(s.branches))
	for i, branch := range s.branches {
		wrapped[i] = count[branch.class(raw)] > 1
	}
	return wrapped
}

// decodeAny reads a generic value.
func (e *env) decodeAny(r *avrort.Reader, s *compiledSchema) any {
	if s.logical != logical.None && !e.cfg.rawLogical {
		if v, ok := e.decodeLogical(r, s); ok {
			return v
		}
	}
	switch s.typ {
	case schemas.Null:
		return nil
	case schemas.Boolean:
		return r.Bool()
	case schemas.Int:
		return r.Int()
	case schemas.Long:
		return r.Long()
	case schemas.Float:
		return r.Float()
	case schemas.Double:
		return r.Double()
	case schemas.Bytes:
		return r.Bytes(nil)
	case schemas.String:
		return r.String()
	case schemas.Fixed:
		b := r.ViewFixed(s.size)
		return append(make([]byte, 0, len(b)), b...)
	case schemas.Enum:
		if i := r.Enum(len(s.generic)); r.Err() == nil {
			return s.generic[i]
		}
		return nil
	case schemas.Array:
		return e.decodeAnyArray(r, s)
	case schemas.Map:
		return e.decodeAnyMap(r, s)
	case schemas.Record:
		return e.decodeAnyRecord(r, s)
	default:
		if i := r.UnionIndex(len(s.branches)); r.Err() == nil {
			return e.decodeBranch(r, s, i)
		}
		return nil
	}
}

func (e *env) decodeLogical(r *avrort.Reader, s *compiledSchema) (any, bool) {
	switch s.class(false) {
	case classTime:
		return s.logical.ToTime(s.number(r)), true
	case classClock:
		return s.clock(r), true
	case classRat:
		v := new(big.Rat)
		s.decodeRat(r, v)
		return v, true
	case classDecimal:
		return s.readDecimal(r), true
	case classUUID:
		var u UUID
		r.Fixed(u[:])
		return u, true
	case classDuration:
		return r.Duration(), true
	}
	return nil, false
}

// decodeBranch reads branch i of a union.
func (e *env) decodeBranch(r *avrort.Reader, s *compiledSchema, i int) any {
	branch := s.branches[i]
	for _, ut := range e.cfg.unionTypes {
		if ut.name == branch.name() {
			return e.decodeNamed(r, ut.typ, branch)
		}
	}
	if branch.typ == schemas.Null {
		return nil
	}
	v := e.decodeAny(r, branch)
	switch {
	case e.cfg.taggedUnions:
		return map[string]any{branch.name(): v}
	case s.wrapped[i]:
		return Union{Branch: branch.name(), Value: v}
	}
	return v
}

// decodeNamed reads a branch whose Go type WithUnionTypes gives.
func (e *env) decodeNamed(r *avrort.Reader, t reflect.Type, s *compiledSchema) any {
	to := t
	if t.Kind() == reflect.Pointer {
		to = t.Elem()
	}
	p, err := e.planFor(to, s)
	if err != nil {
		r.FailAt(r.Offset(), err)
		return nil
	}
	v := reflect.New(to)
	p.decode(r, pointerOf(v.Elem()))
	if t.Kind() == reflect.Pointer {
		return v.Interface()
	}
	return v.Elem().Interface()
}

// decodeUnion reads a union with the name of its branch.
func (e *env) decodeUnion(r *avrort.Reader, s *compiledSchema) Union {
	i := r.UnionIndex(len(s.branches))
	if r.Err() != nil {
		return Union{}
	}
	return Union{Branch: s.branches[i].name(), Value: e.decodeAny(r, s.branches[i])}
}

func (e *env) decodeAnyArray(r *avrort.Reader, s *compiledSchema) []any {
	items := []any{}
	for n := r.Block(0, s.items.min); n > 0; n = r.Block(len(items), s.items.min) {
		if len(items) == 0 {
			items = make([]any, 0, n)
		}
		for range n {
			items = append(items, e.decodeAny(r, s.items))
			if r.Err() != nil {
				return nil
			}
		}
	}
	return items
}

func (e *env) decodeAnyMap(r *avrort.Reader, s *compiledSchema) map[string]any {
	var m map[string]any
	have, least := 0, s.items.min+1
	for n := r.Block(0, least); n > 0; n = r.Block(have, least) {
		if m == nil {
			m = make(map[string]any, n)
		}
		for range n {
			k := r.String()
			v := e.decodeAny(r, s.items)
			if r.Err() != nil {
				return nil
			}
			m[k] = v
		}
		have += n
	}
	if m == nil && r.Err() == nil {
		m = map[string]any{}
	}
	return m
}

func (e *env) decodeAnyRecord(r *avrort.Reader, s *compiledSchema) map[string]any {
	if s.recursive {
		if !r.Enter() {
			return nil
		}
		defer r.Leave()
	}
	if !r.CountFields(len(s.fields)) {
		return nil
	}
	m := make(map[string]any, len(s.fields))
	for i := range s.fields {
		f := &s.fields[i]
		v := e.decodeAny(r, f.schema)
		if r.Err() != nil {
			return nil
		}
		m[f.name] = v
	}
	return m
}
