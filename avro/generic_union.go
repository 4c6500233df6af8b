package avro

import (
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// Which branch of a union a bare value is for is decided by its Go type alone,
// never by trying to encode it: two records, or a string and an enum, take a
// [Union] to tell them apart.
//
// A branch fits a value exactly (int64 and long), or loosely (int64 and int, if
// the number fits; int64 and double). The best fit wins; two equally good ones
// are ErrAmbiguous.

type fit uint8

const (
	noFit    fit = iota
	farFit       // another kind of number, or bytes for text
	nearFit      // another size of number
	exactFit     // what decoding gives, or a type of the user's that fits
	namedFit     // WithUnionTypes names it
)

// appendAnyUnion appends a generic value of a union.
func (e *env) appendAnyUnion(dst []byte, v any, s *compiledSchema, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return appendNull(dst, s)
	case Union:
		return e.appendUnion(dst, v, s, depth)
	case map[string]any:
		if e.cfg.taggedUnions && len(v) == 1 {
			for name, value := range v {
				if _, ok := s.index[name]; ok {
					return e.appendUnion(dst, Union{name, value}, s, depth)
				}
			}
		}
	}
	i, err := e.branchFor(v, s)
	if err != nil {
		return dst, err
	}
	dst = wire.AppendLong(dst, int64(i))
	if s.branches[i].typ == schemas.Null {
		return dst, nil
	}
	return e.appendAny(dst, v, s.branches[i], depth)
}

// appendUnion appends a value that names its branch.
func (e *env) appendUnion(dst []byte, u Union, s *compiledSchema, depth int) ([]byte, error) {
	i, ok := s.index[u.Branch]
	if !ok {
		return dst, fmt.Errorf("the union has no branch %q; its branches are %s", u.Branch, s.branchNames())
	}
	return e.appendAny(wire.AppendLong(dst, int64(i)), u.Value, s.branches[i], depth)
}

func (s *compiledSchema) branchNames() string {
	names := make([]string, len(s.branches))
	for i, branch := range s.branches {
		names[i] = branch.describe()
	}
	return strings.Join(names, ", ")
}

// branchFor is the branch of a union that a bare value is for.
func (e *env) branchFor(v any, s *compiledSchema) (int, error) {
	if s.nullAt >= 0 && isNilValue(v) {
		return s.nullAt, nil
	}
	best, at, also := noFit, -1, -1
	for i, branch := range s.branches {
		switch f := e.fit(v, branch); {
		case f > best:
			best, at, also = f, i, -1
		case f == best && f > noFit:
			also = i
		}
	}
	switch {
	case best == noFit:
		return 0, fmt.Errorf("%T fits no branch of the union of %s", v, s.branchNames())
	case also >= 0:
		return 0, fmt.Errorf("%w: %T fits %s and %s; name the branch by avro.Union", ErrAmbiguous, v, s.branches[at].describe(), s.branches[also].describe())
	}
	return at, nil
}

// fit is how well a branch fits a value's Go type.
func (e *env) fit(v any, s *compiledSchema) fit {
	for _, ut := range e.cfg.unionTypes {
		if ut.name == s.name() && ut.typ == reflect.TypeOf(v) {
			return namedFit
		}
	}
	if e.isCustom(v) {
		return e.fitOther(v, s)
	}
	switch v := v.(type) {
	case bool:
		return fitAmong(s.typ, exactFit, schemas.Boolean)
	case int32, int16, int8, uint16, uint8:
		return max(fitAmong(s.typ, exactFit, schemas.Int), fitAmong(s.typ, nearFit, schemas.Long), fitAmong(s.typ, farFit, schemas.Double, schemas.Float))
	case int, int64, uint, uint32, uint64:
		return max(fitAmong(s.typ, exactFit, schemas.Long), fitAmong(s.typ, nearFit, schemas.Int), fitAmong(s.typ, farFit, schemas.Double, schemas.Float))
	case float32:
		return max(fitAmong(s.typ, exactFit, schemas.Float), fitAmong(s.typ, nearFit, schemas.Double))
	case float64:
		return max(fitAmong(s.typ, exactFit, schemas.Double), fitAmong(s.typ, nearFit, schemas.Float))
	case string:
		if s.typ == schemas.Fixed && (s.logical == logical.UUID || s.logical.IsDecimal()) {
			return farFit
		}
		return max(fitAmong(s.typ, exactFit, schemas.String, schemas.Enum), fitAmong(s.typ, farFit, schemas.Bytes))
	case []byte:
		if s.typ == schemas.Fixed && len(v) != s.size {
			return noFit
		}
		return max(fitAmong(s.typ, exactFit, schemas.Bytes, schemas.Fixed), fitAmong(s.typ, farFit, schemas.String))
	case map[string]any:
		return fitAmong(s.typ, exactFit, schemas.Map, schemas.Record)
	case []any:
		return fitAmong(s.typ, exactFit, schemas.Array)
	case time.Time:
		return fitIf(s.logical.IsTime())
	case time.Duration:
		return fitIf(s.logical.IsClock())
	case *big.Rat, Decimal:
		return fitIf(s.logical.IsDecimal())
	}
	return e.fitOther(v, s)
}

func fitAmong(t schemas.Type, f fit, types ...schemas.Type) fit {
	for _, candidate := range types {
		if t == candidate {
			return f
		}
	}
	return noFit
}

func fitIf(ok bool) fit {
	if ok {
		return exactFit
	}
	return noFit
}

// fitOther is fit for types of the user's: a branch fits if a plan can be
// compiled. Compiling is done once for each type and branch.
func (e *env) fitOther(v any, s *compiledSchema) fit {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	p, err := e.planFor(t, s)
	if err != nil {
		return noFit
	}
	switch p.code {
	case codeIntKind, codeNarrow:
		return nearFit
	case codeBytesString, codeNumberText, codeUUIDString:
		return farFit
	case codeText: // text as a string, before text as a number
		if s.typ != schemas.String && s.typ != schemas.Enum {
			return farFit
		}
	case codeBytes, codeUUIDBytes, codeBigDecimal:
		return fitBytes(s)
	}
	return exactFit
}

func fitBytes(s *compiledSchema) fit {
	if s.typ == schemas.String {
		return farFit
	}
	return exactFit
}
