package avro

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/datapath"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/schemas"
)

// A Projection decodes data of one schema, the writer's, into values of type T that
// have a part of it: fields of the data that T lacks are skipped, at the cost of
// their bytes. There is no reader's schema, T stands for it.
//
// A Go field is the writer's field that its tag names; without a tag, the one of
// the same name, exactly or but for upper and lower case and underscores. A name
// may be an alias in the writer's schema. A Go field that the writer lacks is zero,
// unless its tag has the option required: avro:"name,required".
//
// Numbers are promoted as in Avro's "Schema Resolution": int and long to float and
// double, float to double. Of a union, the branches that fit the Go type are read;
// data with another branch, such as null for a type that cannot be null, are an
// error of [Projection.Decode].
//
// It is safe for concurrent use.
type Projection[T any] struct {
	codec     *Codec[T]
	unwritten []string
}

// NewProjection compiles how data of writer, which may not be nil, become a T. The
// error is a [*TypeMismatchError] that lists everything in T that cannot be read, or says
// which option is wrong.
func NewProjection[T any](writer *schemas.Schema, opts ...Option) (*Projection[T], error) {
	if writer == nil {
		return nil, errors.New("avro: NewProjection: the schema is nil")
	}
	c, err := prepare[T](writer, opts)
	if err != nil {
		return nil, err
	}
	b := newPlanner(c.env)
	b.projects = true
	if c.plan, err = b.compile(reflect.TypeFor[T](), c.compiled); err != nil {
		return nil, err
	}
	if c.plan.strings() <= fewStrings {
		c.env.cfg.CopiedStrings = true
	}
	return &Projection[T]{c, b.unwritten}, nil
}

// Unwritten returns the Go fields that the writer's schema lacks, which Decode leaves zero: by the
// names in their tags, else their own, with the path to them as in a [Mismatch]. The caller must
// not change the slice.
func (p *Projection[T]) Unwritten() []string { return p.unwritten }

// fewStrings are so few that a copy of each costs less than the copy that all strings of a datum share: most
// of that would be text of fields that are skipped.
const fewStrings = 2

// strings counts the strings that a value of the plan may have.
func (p *plan) strings() int {
	const many = fewStrings + 1
	switch s := p.compiled; {
	case p.code == codeDefault:
		return 0
	case p.code == codeRecord && !s.recursive:
		sum := 0
		for _, f := range p.fields {
			if sum += f.plan.strings(); sum > fewStrings {
				break
			}
		}
		return sum
	case p.code == codePointer, p.code == codeBranch, p.code == codeNullable, p.code == codeNullZero, p.code == codeVia:
		return p.item.strings()
	case s.typ == schemas.String || s.typ == schemas.Bytes:
		return 1
	case s.items != nil || s.fields != nil || s.branches != nil:
		return many
	}
	return 0
}

// Decode reads a datum, all of datum, into v, over what it holds, as [Codec.Decode]
// does.
func (p *Projection[T]) Decode(datum []byte, v *T) error { return p.codec.Decode(datum, v) }

// attempt compiles a plan that need not fit. The reason says why it does not; then
// nothing of it is kept.
func (b *planner) attempt(t reflect.Type, s *compiledSchema, path string) (p *plan, reason string) {
	key := planKey{t, s}
	if reason := b.failed[key]; reason != "" {
		return nil, reason
	}
	mismatches, made, unwritten := len(b.mismatches), len(b.made), len(b.unwritten)
	p = b.plan(t, s, path)
	if len(b.mismatches) == mismatches {
		return p, ""
	}
	if reason = b.mismatches[mismatches].Reason; b.mismatches[mismatches].Path != path {
		reason = b.mismatches[mismatches].Path + ": " + reason
	}
	for _, key := range b.made[made:] {
		delete(b.plans, key)
	}
	b.mismatches, b.made, b.unwritten = b.mismatches[:mismatches], b.made[:made], b.unwritten[:unwritten]
	b.failed[key] = reason
	return nil, reason
}

// branches compiles a union for a type that is not an interface: of each branch how
// it is read, or why it is not. zeroes says that null is the zero value.
func (b *planner) branches(p *plan, zeroes bool, path string) {
	t, s := p.typ, p.compiled
	p.code, p.branches = codeBranches, make([]branchPlan, len(s.branches))
	zeroes = zeroes || nullable(t)
	if other := s.besideNull(); other >= 0 { // what does not fit has a path of its own
		p.branches[other].plan = b.plan(t, s.branches[other], path)
	}
	fits, reason := false, ""
	for i, branch := range s.branches {
		to := &p.branches[i]
		switch {
		case to.plan != nil:
		case branch.typ == schemas.Null && zeroes:
			to.zero = true
		case branch.typ == schemas.Null:
			to.reason = fmt.Sprintf("null, and %s cannot be null; use *%s, or the tag option omitzero", t, t)
		default:
			if to.plan, to.reason = b.attempt(t, branch, path); reason == "" {
				reason = to.reason
			}
		}
		fits = fits || to.plan != nil
	}
	if !fits {
		b.mismatch(path, "%s fits no branch of a union of %s: %s", t, count.Of(len(s.branches), "branch"), reason)
	}
}

// branchPlan is how one branch of a union is read.
type branchPlan struct {
	plan   *plan
	zero   bool   // null, as the zero value
	reason string // neither: why data with it cannot be read
}

func (p *plan) decodeBranches(r *avrort.Reader, v ptr) {
	start := r.Offset()
	i := r.UnionIndex(len(p.branches))
	if r.Err() != nil {
		return
	}
	switch b := &p.branches[i]; {
	case b.plan != nil:
		b.plan.decode(r, v)
	case b.zero:
		valueAt(v, p.typ).SetZero()
	default:
		r.FailAt(start, errors.New(b.reason))
	}
}

// decodePromoted reads an int or a long into a float.
func (p *plan) decodePromoted(r *avrort.Reader, v ptr) {
	n := p.compiled.number(r)
	if p.kind == reflect.Float32 {
		*as[float32](v) = float32(n)
	} else {
		*as[float64](v) = float64(n)
	}
}

// aliased is the index of the field that has a Go field's name as an alias, and is
// not taken; -1 if there is none, or more than one.
func (s *compiledSchema) aliased(f *goField, taken []*goField) int {
	found := -1
	for i, sf := range s.node.Fields() {
		is := func(alias string) bool {
			return alias == f.tag || f.tag == "" && fold(alias) == fold(f.Name)
		}
		if taken[i] != nil || !slices.ContainsFunc(sf.Aliases(), is) {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

// leaveZero notes a Go field that the writer's schema lacks.
func (b *planner) leaveZero(f *goField, p *plan, path string) {
	name := f.tag
	if name == "" {
		name = f.Name
	}
	path = datapath.Join(path, name)
	if f.required {
		b.mismatch(path, "the writer's schema has no such field, and %s.%s is required", p.typ, f.Name)
		return
	}
	b.unwritten = append(b.unwritten, path)
	b.ignore(p, f.StructField)
}
