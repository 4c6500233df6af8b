package avro

import (
	"fmt"

	"github.com/kavro/kavro/schemas"
)

// A match says how the writer's bytes of one type become the reader's. Matches
// form a graph that is cyclic where both schemas are recursive.
//
// The rules are those of Java's Resolver. Where Java's SchemaCompatibility
// promises that data can be read and Resolver would refuse it (a reader's union
// that names an enum or fixed by another namespace, a field alias in a record
// of another namespace), the promise is kept.
type match struct {
	kind           matchKind
	writer, reader *schemas.Node
	reason         string        // matchNone: why these bytes cannot be read
	item           *match        // matchItems; matchReaderUnion: how the branch is read
	symbols        []int32       // matchEnum: reader's index of each writer's symbol, -1 none
	fields         []fieldMatch  // matchRecord: the reader's fields, in the reader's order
	branches       []branchMatch // matchWriterUnion: one for each of the writer's branches
	branch         int           // matchReaderUnion: the reader's branch

	// What settle finds out.
	changes bool // the reader's bytes differ from the writer's for some value
	fails   bool // some value of the writer's type cannot be read
	never   bool // no value of the writer's type can be read
	loops   bool // x is part of itself
	uses    int  // number of references to x
}

type matchKind uint8

const (
	matchSame        matchKind = iota // a primitive type or fixed: the bytes stay
	matchPromote                      // a primitive type to another
	matchItems                        // array or map
	matchEnum                         //
	matchRecord                       //
	matchWriterUnion                  //
	matchReaderUnion                  // the writer's type is no union, the reader's is
	matchNone                         // cannot be read
)

// fieldMatch says where one field of the reader comes from.
type fieldMatch struct {
	from  int    // index of the writer's field; -1: a default
	match *match // from >= 0
	value []byte // from < 0: the default's bytes
}

// branchMatch says how one branch of a writer's union is read.
type branchMatch struct {
	to    int // the reader's branch; -1: the reader's type is no union
	match *match
}

// maxMatchSteps bounds the work of comparing two schemas: hostile ones can make
// it quadratic. Schemas of a thousand types stay far below.
const maxMatchSteps = 1 << 22

type pair struct{ writer, reader *schemas.Node }

type matcher struct {
	names   *readerNames
	records map[pair]*match
	steps   int
	filled  int // bytes of defaults so far
}

// maxFilled bounds the defaults of all fields together, in bytes.
const maxFilled = 1 << 24

// errTooEntangled is caused by schemas that are too much work to compare.
var errTooEntangled = fmt.Errorf("comparing the schemas takes more than %d steps", maxMatchSteps)

// matchSchemas compares two schemas. The error is errTooEntangled; whatever
// cannot be read is part of the match.
func matchSchemas(writer, reader *schemas.Schema) (*match, error) {
	m := &matcher{records: map[pair]*match{}}
	if writer.Canonical() != reader.Canonical() { // as in Java, a schema's own aliases do not bend it
		m.names = namesOf(reader.Root())
	}
	root := m.match(writer.Root(), reader.Root())
	if m.steps > maxMatchSteps {
		return nil, errTooEntangled
	}
	settle(root)
	return root, nil
}

func (m *matcher) match(w, r *schemas.Node) *match {
	if m.steps++; m.steps > maxMatchSteps {
		return refuse(w, r, "too entangled")
	}
	switch {
	case w.Type() == schemas.Union:
		return m.matchWriterUnion(w, r)
	case w.Type() == r.Type():
		return m.matchSameType(w, r)
	case r.Type() == schemas.Union:
		return m.matchReaderUnion(w, r)
	case promotable(w.Type(), r.Type()):
		return &match{kind: matchPromote, writer: w, reader: r}
	default:
		return refuse(w, r, "")
	}
}

func (m *matcher) matchSameType(w, r *schemas.Node) *match {
	switch w.Type() {
	case schemas.Array, schemas.Map:
		return &match{kind: matchItems, writer: w, reader: r, item: m.match(w.Items(), r.Items())}
	case schemas.Record: // the names of records matter in unions alone
		return m.matchRecord(w, r)
	case schemas.Enum:
		if !m.names.sameName(w, r) {
			return refuse(w, r, "the names differ")
		}
		return matchSymbols(w, r)
	case schemas.Fixed:
		if !m.names.sameName(w, r) {
			return refuse(w, r, "the names differ")
		}
		if w.Size() != r.Size() {
			return refuse(w, r, fmt.Sprintf("the sizes differ: %d and %d", w.Size(), r.Size()))
		}
	}
	return &match{kind: matchSame, writer: w, reader: r}
}

func matchSymbols(w, r *schemas.Node) *match {
	index := make(map[string]int32, len(r.Symbols()))
	for i, s := range r.Symbols() {
		index[s] = int32(i)
	}
	def := int32(-1)
	if s, ok := r.EnumDefault(); ok {
		if i, ok := index[s]; ok {
			def = i
		}
	}
	out := &match{kind: matchEnum, writer: w, reader: r, symbols: make([]int32, len(w.Symbols()))}
	for i, s := range w.Symbols() {
		if j, ok := index[s]; ok {
			out.symbols[i] = j
		} else {
			out.symbols[i] = def
		}
	}
	return out
}

func (m *matcher) matchRecord(w, r *schemas.Node) *match {
	if known := m.records[pair{w, r}]; known != nil {
		return known
	}
	out := &match{kind: matchRecord, writer: w, reader: r}
	m.records[pair{w, r}] = out // first: fields may refer to it

	index := make(map[string]int, len(r.Fields()))
	for i, f := range r.Fields() {
		index[f.Name()] = i
	}
	fields := make([]fieldMatch, len(r.Fields()))
	found := make([]bool, len(r.Fields()))
	for i, f := range w.Fields() {
		to, ok := index[m.names.fieldName(w, f.Name())]
		if !ok {
			continue
		}
		if found[to] {
			return out.refuse(fmt.Sprintf("%s and %s of the writer are both the reader's %s",
				w.Fields()[fields[to].from].Name(), f.Name(), r.Fields()[to].Name()))
		}
		found[to] = true
		fields[to] = fieldMatch{from: i, match: m.match(f.Type(), r.Fields()[to].Type())}
		out.fields = append(out.fields, fields[to]) // as far as known, for firstBranch of a recursive schema
	}
	for i, f := range r.Fields() {
		if found[i] {
			continue
		}
		value, err := AppendDefault(nil, f)
		switch {
		case err == nil:
			if m.filled += len(value); m.filled > maxFilled {
				return out.refuse(fmt.Sprintf("defaults take more than %d bytes", maxFilled))
			}
			fields[i] = fieldMatch{from: -1, value: value}
		case !hasDefault(f):
			from := renamedAway(w, f)
			if from < 0 {
				return out.refuse(fmt.Sprintf("the writer has no field %s, and the reader no default for it", f.Name()))
			}
			fields[i] = fieldMatch{from: from, match: m.match(w.Fields()[from].Type(), f.Type())}
		default:
			return out.refuse(fmt.Sprintf("the writer has no field %s, and the reader's default for it is of no use: %v", f.Name(), err))
		}
	}
	out.fields = fields
	return out
}

func hasDefault(f *schemas.Field) bool {
	_, ok := f.Default()
	return ok
}

// renamedAway finds the writer's field that SchemaCompatibility would read for
// f where the aliases of the whole schema gave it to nobody or somebody else.
func renamedAway(w *schemas.Node, f *schemas.Field) int {
	for i, wf := range w.Fields() {
		if wf.Name() == f.Name() {
			return i
		}
		for _, alias := range f.Aliases() {
			if wf.Name() == alias {
				return i
			}
		}
	}
	return -1
}

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
		return sameStrings(w.Symbols(), r.Symbols())
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

func sameStrings(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// refuse is the match of types that do not fit.
func refuse(w, r *schemas.Node, why string) *match {
	return (&match{writer: w, reader: r}).refuse(why)
}

// refuse turns x, which may be referred to already, into one that cannot be
// read.
func (x *match) refuse(why string) *match {
	x.kind, x.fields = matchNone, nil
	x.reason = fmt.Sprintf("written as %s, read as %s", describe(x.writer), describe(x.reader))
	if why != "" {
		x.reason += ": " + why
	}
	return x
}

// describe names a type for a person: "long", "record shop.Order",
// "union of null and string".
func describe(n *schemas.Node) string {
	switch n.Type() {
	case schemas.Record, schemas.Enum, schemas.Fixed:
		return n.Type().String() + " " + n.FullName()
	case schemas.Array, schemas.Map:
		return n.Type().String() + " of " + n.Items().BranchName()
	case schemas.Union:
		text := "union"
		for i, b := range n.Branches() {
			switch {
			case i == 0:
				text += " of "
			case i == len(n.Branches())-1:
				text += " and "
			default:
				text += ", "
			}
			text += b.BranchName()
		}
		return text
	}
	return n.Type().String()
}
