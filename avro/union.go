package avro

import (
	"reflect"
	"sync"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/schemas"
)

// How a union looks in Go:
//
//	["null", X], [X, "null"]   *T, []T, map[string]V (nil is null), or T with the tag option omitzero
//	[X]                        T
//	any other                  an interface, whose branches WithUnionTypes names;
//	                           any, for a generic value; or Union
//
// A generic value is the bare value of its branch, where no other branch of the
// union has the same Go type, else a [Union].

// A Union is a value of a union that names its branch: for unions whose bare
// value would not tell, such as one of two records read as maps.
type Union struct {
	Branch string // the full name of a named type, otherwise the type's name
	Value  any
}

// A UnionBranch says which Go type stands for a branch of unions: see [UnionType].
type UnionBranch struct {
	name string
	typ  reflect.Type
}

// UnionType makes T the Go type of the union branch called name: the full name
// of a named type ("shop.Card"), or the name of a type ("long"). T may be a
// pointer to a struct; a nil one cannot be written.
func UnionType[T any](name string) UnionBranch {
	return UnionBranch{name, reflect.TypeFor[T]()}
}

// WithUnionTypes names the Go types of union branches, for fields whose type is
// an interface, a sealed one or any: a value is written as the branch of its
// type, and read into a value of that type.
//
// A branch that the interface has no type for is an error when it is met, since
// schemas grow branches; in a field of type any it is a generic value instead,
// if no type is given for any of the union's branches, or with
// [WithGenericBranches]. A second type for a branch is an error of the constructor.
func WithUnionTypes(branches ...UnionBranch) Option {
	return func(c *config) {
		for i, b := range branches {
			for _, other := range append(c.unionTypes[:len(c.unionTypes):len(c.unionTypes)], branches[:i]...) {
				if other.name == b.name {
					c.twice = append(c.twice, "WithUnionTypes of "+b.name)
				}
			}
		}
		c.unionTypes = append(c.unionTypes[:len(c.unionTypes):len(c.unionTypes)], branches...)
	}
}

// WithGenericBranches reads union branches that [WithUnionTypes] does not name as
// generic values, in fields of type any.
func WithGenericBranches() Option {
	return func(c *config) { c.genericBranches = true }
}

// WithTaggedUnions gives generic union values other than null the form
// map[string]any{"branch": value}, as Avro's JSON encoding has it. Encoding then
// takes a map of one entry that is named like a branch for that form.
func WithTaggedUnions() Option {
	return func(c *config) { c.taggedUnions = true }
}

// ifacePlan is a union in an interface.
type ifacePlan struct {
	branches []ifaceBranch // as in the schema
	generic  bool          // branches without a type are generic values
	bare     bool          // the schema is no union, but one of the branches
	empty    bool          // the interface has no methods: anything may be in it
}

type ifaceBranch struct {
	typ     reflect.Type // nil: no type is given
	plan    *plan        // of typ, or of what it points at
	pointer bool
	scratch *sync.Pool // of *branchScratch; nil if typ is a pointer
}

// interfaceType compiles an interface, for any schema.
func (b *planner) interfaceType(p *plan, path string) {
	t, s := p.typ, p.compiled
	given := 0
	u := &ifacePlan{empty: t.NumMethod() == 0, bare: b.projects && s.typ != schemas.Union}
	branches, index := s.branches, s.index
	if u.bare {
		branches, index = []*compiledSchema{s}, map[string]int{s.name(): 0}
	}
	if s.typ == schemas.Union || u.bare {
		u.branches = make([]ifaceBranch, len(branches))
		for _, ut := range b.env.cfg.unionTypes {
			i, ok := index[ut.name]
			if !ok || !ut.typ.Implements(t) && !u.empty {
				continue
			}
			given++
			br := ifaceBranch{typ: ut.typ, pointer: ut.typ.Kind() == reflect.Pointer}
			to := ut.typ
			if br.pointer {
				to = to.Elem()
			}
			if !br.pointer {
				br.scratch = &sync.Pool{New: func() any { return &branchScratch{reflect.New(ut.typ).Elem()} }}
			}
			br.plan = b.plan(to, branches[i], path)
			u.branches[i] = br
		}
	}
	u.generic = u.empty && (given == 0 || b.env.cfg.genericBranches)
	switch {
	case given > 0:
		p.code, p.iface = codeIface, u
	case u.empty:
		p.code = codeAny
	default:
		b.mismatch(path, "the interface %s has a Go type for no branch of %s; give them by WithUnionTypes", t, s.describe())
	}
}

// union compiles a union for a type that is not an interface.
func (b *planner) union(p *plan, path string) {
	t, s := p.typ, p.compiled
	if len(s.branches) == 1 {
		p.code, p.item = codeBranch, b.plan(t, s.branches[0], path)
		return
	}
	other := s.besideNull()
	if b.projects && (other < 0 || !nullable(t)) {
		b.branches(p, false, path)
		return
	}
	if other < 0 {
		b.mismatch(path, "%s for a union of %s; use an interface with WithUnionTypes, any, or avro.Union", t, count.Of(len(s.branches), "branch"))
		return
	}
	p.setNullable(other)
	switch t.Kind() {
	case reflect.Pointer:
		p.code, p.item = codeNullable, b.plan(t.Elem(), s.branches[other], path)
	case reflect.Slice:
		p.code, p.item = codeNullSlice, b.plan(t, s.branches[other], path)
	case reflect.Map:
		p.code, p.item = codeNullMap, b.plan(t, s.branches[other], path)
	default:
		b.mismatch(path, "%s cannot be null; use *%s, or the tag option omitzero", t, t)
	}
}

// nullable says that a type has a value for null.
func nullable(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map
}

// besideNull is the other branch of a union of null and one more, -1 for other unions.
func (s *compiledSchema) besideNull() int {
	if len(s.branches) != 2 || s.nullAt < 0 {
		return -1
	}
	return 1 - s.nullAt
}

func (p *plan) setNullable(other int) {
	p.nullAt = 1 - other
	p.null, p.value = byte(p.nullAt)<<1, byte(other)<<1
}

// zeroTest tells a type's zero value.
type zeroTest func(v ptr, t reflect.Type) bool

// nullZero compiles a type whose zero value is null.
func (b *planner) nullZero(t reflect.Type, s *compiledSchema, path string) *plan {
	p := &plan{code: codeNullZero, typ: t, compiled: s, env: b.env, isZero: zeroByValue}
	other := -1
	if s.typ == schemas.Union {
		other = s.besideNull()
	}
	switch {
	case b.projects && s.typ != schemas.Union:
		return b.plan(t, s, path)
	case b.projects && other < 0:
		b.branches(p, true, path)
		return p
	case other < 0:
		b.mismatch(path, "the tag option omitzero is for unions of null and one more branch, not for %s", s.describe())
		return p
	}
	if t.Implements(reflect.TypeFor[isZeroer]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[isZeroer]()) {
		p.isZero = zeroByMethod
	}
	p.setNullable(other)
	p.item = b.plan(t, s.branches[other], path)
	return p
}

// isZeroer is what encoding/json asks too: time.Time has it.
type isZeroer interface{ IsZero() bool }

func zeroByMethod(v ptr, t reflect.Type) bool {
	z, ok := pointerAt(v, t).(isZeroer)
	return ok && z.IsZero()
}

func zeroByValue(v ptr, t reflect.Type) bool { return valueAt(v, t).IsZero() }
