package avro

import (
	"slices"

	"github.com/kavro/kavro/schemas"
)

// matchWriterUnion matches a writer's union with any type of the reader: branch by
// branch, each with the whole of the reader's type, as data name one branch.
func (m *matcher) matchWriterUnion(w, r *schemas.Node) *match {
	out := &match{kind: matchWriterUnion, writer: w, reader: r, branches: make([]branchMatch, len(w.Branches()))}
	same := m.sameUnion(w, r, map[pair]bool{})
	for i, b := range w.Branches() {
		if same { // branch by branch, so that equal branches keep their places
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
	return out
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
	for i, b := range r.Branches() {
		if promotable(w.Type(), b.Type()) {
			return i
		}
	}
	return -1
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
			if found < 0 || unqualified(m.names.typeName(w)) == unqualified(b.FullName()) {
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
func (m *matcher) sameUnion(w, r *schemas.Node, seen map[pair]bool) bool {
	if m.steps++; m.steps > maxMatchSteps || w.Type() != r.Type() {
		return false
	}
	if w.FullName() != "" && unqualified(m.names.typeName(w)) != unqualified(r.FullName()) {
		return false
	}
	switch w.Type() {
	case schemas.Array, schemas.Map:
		return m.sameUnion(w.Items(), r.Items(), seen)
	case schemas.Fixed:
		return w.Size() == r.Size()
	case schemas.Enum:
		return slices.Equal(w.Symbols(), r.Symbols())
	case schemas.Union:
		if len(w.Branches()) != len(r.Branches()) {
			return false
		}
		for i, b := range w.Branches() {
			if !m.sameUnion(b, r.Branches()[i], seen) {
				return false
			}
		}
	case schemas.Record:
		if seen[pair{w, r}] { // alike unless a difference turns up elsewhere
			return true
		}
		seen[pair{w, r}] = true
		if len(w.Fields()) != len(r.Fields()) {
			return false
		}
		for i, f := range w.Fields() {
			rf := r.Fields()[i]
			if m.names.fieldName(w, f.Name()) != rf.Name() || !m.sameUnion(f.Type(), rf.Type(), seen) {
				return false
			}
		}
	}
	return true
}
