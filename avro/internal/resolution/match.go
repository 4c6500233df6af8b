package resolution

import (
	"fmt"
	"slices"
	"strings"

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
	check          check         // matchSame, matchPromote: what an exact resolution asks of each value; nil: nothing

	// What analyze finds out.
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
	check check  // from >= 0: what an exact resolution asks of the writer's value; nil: nothing
	value []byte // from < 0: the default's bytes
}

// branchMatch says how one branch of a writer's union is read.
type branchMatch struct {
	to    int // the reader's branch; -1: the reader's type is no union
	match *match
}

// maxMatchSteps bounds the work of comparing two schemas: hostile ones can make
// it quadratic. Schemas of a thousand types stay far below.
const maxMatchSteps = 1 << 20

type pair struct{ writer, reader *schemas.Node }

type matcher struct {
	*Config
	back    *matcher // exact: how a reader with the writer's schema reads the result; nil: names are no matter
	names   *readerNames
	records map[pair]*match
	same    map[pair]bool // what sameUnion found out
	indexes map[*schemas.Node]map[string]int
	steps   int // comparisons so far
	filled  int // bytes of defaults so far
}

// errTooEntangled is caused by schemas that are too much work to compare.
var errTooEntangled = fmt.Errorf("comparing the schemas takes more than %d steps", maxMatchSteps)

// matchSchemas compares two schemas. The error is errTooEntangled; whatever
// cannot be read is part of the match.
func matchSchemas(writer, reader *schemas.Schema, c *Config) (*match, *writerTypes, error) {
	m := &matcher{Config: c, records: map[pair]*match{}, same: map[pair]bool{}, indexes: map[*schemas.Node]map[string]int{}}
	if writer.Canonical() != reader.Canonical() { // as in Java, a schema's own aliases do not bend it
		m.names = namesOf(reader.Root())
		if c.Exact {
			m.names.preferNames(reader)
			m.back = &matcher{Config: c.inexact(), records: map[pair]*match{}, same: map[pair]bool{}, indexes: map[*schemas.Node]map[string]int{}, names: namesOf(writer.Root())}
		}
	}
	root := m.match(writer.Root(), reader.Root())
	if m.steps > maxMatchSteps || m.back != nil && m.back.steps > maxMatchSteps {
		return nil, nil, errTooEntangled
	}
	return root, analyze(root), nil
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
		return m.exactly(&match{kind: matchPromote, writer: w, reader: r})
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
		return matchSymbols(w, r, m.Exact)
	case schemas.Fixed:
		if !m.names.sameName(w, r) {
			return refuse(w, r, "the names differ")
		}
		if w.Size() != r.Size() {
			return refuse(w, r, fmt.Sprintf("the sizes differ: %d and %d", w.Size(), r.Size()))
		}
	}
	return m.exactly(&match{kind: matchSame, writer: w, reader: r})
}

func matchSymbols(w, r *schemas.Node, exact bool) *match {
	index := make(map[string]int32, len(r.Symbols()))
	for i, s := range r.Symbols() {
		index[s] = int32(i)
	}
	def := int32(-1)
	if s, ok := r.EnumDefault(); ok && !exact {
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
	if m.steps > maxMatchSteps {
		return refuse(w, r, "too entangled")
	}
	out := &match{kind: matchRecord, writer: w, reader: r}
	m.records[pair{w, r}] = out // first: fields may refer to it

	m.steps += 1 + len(w.Fields())
	index := m.fieldIndex(r)
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
		if !hasDefault(f) {
			from := renamedAway(w, f)
			if from < 0 || m.Exact && slices.ContainsFunc(fields, func(other fieldMatch) bool { return other.match != nil && other.from == from }) {
				return out.refuse("the writer has no field " + f.Name() + ", and the reader no default for it")
			}
			fields[i] = fieldMatch{from: from, match: m.match(w.Fields()[from].Type(), f.Type())}
			continue
		}
		value, err := m.AppendDefault(nil, f)
		if err != nil {
			return out.refuse(fmt.Sprintf("the writer has no field %s, and the reader's default for it is of no use: %v", f.Name(), err))
		}
		if m.filled += len(value); m.filled > maxFilled {
			return out.refuse(fmt.Sprintf("defaults take more than %d bytes", maxFilled))
		}
		fields[i] = fieldMatch{from: -1, value: value}
	}
	out.fields = fields
	if m.back != nil {
		m.keepFields(out)
	}
	return out
}

// fieldIndex finds the fields of a reader's record by their names.
func (m *matcher) fieldIndex(r *schemas.Node) map[string]int {
	index := m.indexes[r]
	if index == nil {
		index = make(map[string]int, len(r.Fields()))
		for i, f := range r.Fields() {
			index[f.Name()] = i
		}
		m.indexes[r] = index
	}
	return index
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

// refuse is the match of types that do not fit.
func refuse(w, r *schemas.Node, why string) *match {
	return (&match{writer: w, reader: r}).refuse(why)
}

// refuse turns x, which may be referred to already, into one that cannot be
// read.
func (x *match) refuse(why string) *match {
	x.kind, x.fields, x.reason = matchNone, nil, why
	return x
}

// explain says why x, a matchNone, cannot be read.
func (x *match) explain(exact bool) string {
	text := fmt.Sprintf("written as %s, read as %s", Describe(x.writer), Describe(x.reader))
	if exact {
		text = fmt.Sprintf("%s cannot be written as %s", Describe(x.writer), Describe(x.reader))
	}
	if x.reason != "" {
		text += ": " + x.reason
	}
	return text
}

// Describe names a type for a person: "long", "record shop.Order",
// "union of null and string".
func Describe(n *schemas.Node) string {
	switch n.Type() {
	case schemas.Record, schemas.Enum, schemas.Fixed:
		return n.Type().String() + " " + n.FullName()
	case schemas.Array, schemas.Map:
		return n.Type().String() + " of " + n.Items().BranchName()
	case schemas.Union:
		return "union of " + listBranches(n.Branches())
	}
	return n.Type().String()
}

// listBranches lists the names of branches, a few of them: "null, int and string".
func listBranches(branches []*schemas.Node) string {
	const few = 8
	var names []string
	for i, b := range branches {
		if i == few && len(branches) > few+1 {
			names = append(names, fmt.Sprintf("%d more", len(branches)-few))
			break
		}
		names = append(names, b.BranchName())
	}
	switch n := len(names); n {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}
