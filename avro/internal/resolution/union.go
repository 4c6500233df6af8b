package resolution

import (
	"slices"

	"github.com/kavro/kavro/schemas"
)

// matchWriterUnion matches a writer's union with any type of the reader: branch by
// branch, each with the whole of the reader's type, as data name one branch.
func (m *matcher) matchWriterUnion(w, r *schemas.Node) *match {
	out := &match{kind: matchWriterUnion, writer: w, reader: r, branches: make([]branchMatch, len(w.Branches()))}
	same := m.Exact && m.sameBranches(w, r) || !m.Exact && m.sameUnion(w, r)
	for i, b := range w.Branches() {
		if same { // branch by branch, so that equal branches keep their steps
			out.branches[i] = branchMatch{to: i, match: m.match(b, r.Branches()[i])}
			continue
		}
		x := m.match(b, r)
		if x.kind == matchReaderUnion {
			out.branches[i] = branchMatch{to: x.branch, match: x.item}
		} else {
			out.branches[i] = branchMatch{to: -1, match: x}
		}
	}
	if m.Exact {
		m.keepApart(out)
		if m.back != nil {
			m.keepBranches(out)
		}
	}
	return out
}

// sameBranches reports whether two unions have branches of the same types and full
// names in the same steps. sameUnion, which is generous with names, may exchange
// two types of one unqualified name.
func (m *matcher) sameBranches(w, r *schemas.Node) bool {
	return r.Type() == schemas.Union && slices.EqualFunc(w.Branches(), r.Branches(), func(b, c *schemas.Node) bool {
		return b.Type() == c.Type() && m.names.typeName(b) == c.FullName()
	})
}

// matchReaderUnion matches a type that is no union with the branch that takes it.
func (m *matcher) matchReaderUnion(w, r *schemas.Node) *match {
	i := m.firstBranch(w, r)
	if i < 0 {
		return refuse(w, r, "no branch of the reader matches")
	}
	return &match{kind: matchReaderUnion, writer: w, reader: r, branch: i, item: m.match(w, r.Branches()[i])}
}

// firstBranch is the reader's branch for a writer's type: one of the very type
// (and full name), else a record that can be read field by field, the same
// unqualified name preferred, else the first that the type promotes to.
func (m *matcher) firstBranch(w, r *schemas.Node) int {
	named := w.FullName() != ""
	name := m.names.typeName(w)
	for i, b := range r.Branches() {
		if b.Type() == w.Type() && (!named || b.FullName() == name) {
			return i
		}
	}
	if named {
		return m.similarBranch(w, r)
	}
	found := -1
	for i, b := range r.Branches() {
		if !promotable(w.Type(), b.Type()) {
			continue
		}
		if !m.Exact {
			return i
		}
		if found < 0 || r.Branches()[found].Type() == schemas.Float || b.Type() == schemas.Long {
			found = i // the one that holds most of w's values: long, else double, else float
		}
	}
	return found
}

func (m *matcher) similarBranch(w, r *schemas.Node) int {
	found := -1
	for i, b := range r.Branches() {
		switch {
		case b.Type() != w.Type():
		case w.Type() != schemas.Record:
			if m.names.sameName(w, b) && w.Size() == b.Size() {
				return i
			}
		case m.matchRecord(w, b).readsFields():
			if named := unqualified(m.names.typeName(w)) == unqualified(b.FullName()); named || found < 0 && !m.Exact {
				found = i
			}
		}
	}
	return found
}

// readsFields looks one level deep, as Java does.
func (x *match) readsFields() bool {
	if x.kind != matchRecord {
		return false
	}
	for _, f := range x.fields {
		if f.match != nil && f.match.kind == matchNone {
			return false
		}
	}
	return true
}

// sameUnion reports whether two types are alike to the last branch, so that the
// reader's union stands for the writer's as it is.
//
// It looks at all pairs of parts that can be reached, once each: a pair differs
// if it does so by itself or a part of it differs.
func (m *matcher) sameUnion(w, r *schemas.Node) bool {
	top := pair{w, r}
	if same, known := m.same[top]; known {
		return same
	}
	g := newGraph(top, m.unknownParts)
	m.steps += len(g.order)
	differs := g.grow(func(p pair) int {
		for _, part := range p.parts() {
			if same, known := m.same[part]; known && !same {
				return 0
			}
		}
		return oneUnless(!m.alike(p))
	})
	for _, p := range g.order {
		m.same[p] = !differs.has(p)
	}
	return m.same[top]
}

// unknownParts are the parts that sameUnion has not seen. Those of a pair that
// differs by itself do not matter.
func (m *matcher) unknownParts(p pair) []pair {
	if m.steps > maxMatchSteps || !m.alike(p) {
		return nil
	}
	var out []pair
	for _, part := range p.parts() {
		if _, known := m.same[part]; !known {
			out = append(out, part)
		}
	}
	return out
}

// alike reports whether two types are the same, their parts aside.
func (m *matcher) alike(p pair) bool {
	w, r := p.writer, p.reader
	if w.Type() != r.Type() || w.FullName() != "" && unqualified(m.names.typeName(w)) != unqualified(r.FullName()) {
		return false
	}
	switch w.Type() {
	case schemas.Fixed:
		return w.Size() == r.Size()
	case schemas.Enum:
		return slices.Equal(w.Symbols(), r.Symbols())
	case schemas.Union:
		return len(w.Branches()) == len(r.Branches())
	case schemas.Record:
		return slices.EqualFunc(w.Fields(), r.Fields(), func(wf, rf *schemas.Field) bool {
			return m.names.fieldName(w, wf.Name()) == rf.Name()
		})
	}
	return true
}

// parts are the parts of two types that are alike, side by side.
func (p pair) parts() []pair {
	var out []pair
	r := childNodes(p.reader)
	for i, w := range childNodes(p.writer) {
		if i < len(r) {
			out = append(out, pair{w, r[i]})
		}
	}
	return out
}
