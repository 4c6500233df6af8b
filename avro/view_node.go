package avro

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kavro/kavro/avro/internal/datapath"
	"github.com/kavro/kavro/internal/nearname"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// A viewNode is a part of the way to a value: what is skipped, and where the way then depends on the datum,
// how it goes on. Fields of records within records are one node.
type viewNode struct {
	before skipPart
	kind   viewKind
	leaf   *plan       // viewLeaf
	next   []*viewNode // viewUnion: of each branch, nil if it has no such value; viewItem, viewKey: one
	index  int         // viewItem
	key    string      // viewKey
	items  skipStep    // viewItem, viewKey: all items
}

type viewKind uint8

const (
	viewLeaf viewKind = iota
	viewUnion
	viewItem
	viewKey
)

// find goes from the first byte of a datum to the value: its plan, nil if the datum has none, and where it
// begins.
func (n *viewNode) find(k *skipRun) (leaf *plan, at int) {
	for {
		if len(n.before.steps) > 0 {
			if at = k.run(n.before.steps, at); at == wrong {
				return nil, wrong
			}
		}
		next := 0
		switch n.kind {
		case viewLeaf:
			return n.leaf, at
		case viewUnion:
			next, at = index(k.src, at, len(n.next))
		case viewItem:
			at = k.item(n, at)
		case viewKey:
			at = k.keyed(n, at)
		}
		if at < 0 {
			return nil, at
		}
		if n = n.next[next]; n == nil {
			return nil, at
		}
	}
}

// absent is the offset of an item, or a key's value, that is not there.
const absent = -2

// item is where an item of an array begins.
func (k *skipRun) item(n *viewNode, at int) int {
	part := n.items.parts[0]
	for have := 0; ; {
		count, next := k.block(at, have, n.items.n)
		switch at = next; {
		case at == wrong:
			return wrong
		case count == 0:
			return absent
		}
		for i := range count {
			if have+i == n.index {
				return at
			}
			if len(part.steps) == 0 { // items that take no bytes
				continue
			}
			if at = k.run(part.steps, at); at == wrong {
				return wrong
			}
		}
		have += count
	}
}

// keyed is where the value of a map's key begins: the last one, as it is the last that stays in a map.
func (k *skipRun) keyed(n *viewNode, at int) int {
	steps, found := n.items.parts[0].steps, absent
	for have := 0; ; {
		count, next := k.block(at, have, n.items.n)
		switch at = next; {
		case at == wrong:
			return wrong
		case count == 0:
			return found
		}
		for range count {
			key, next, err := wire.Bytes(k.src, at)
			if at = next; err != nil || len(key) > k.lim.MaxBytes {
				return wrong
			}
			if string(key) == n.key {
				found = at
			}
			if at = k.run(steps, at); at == wrong {
				return wrong
			}
		}
		have += count
	}
}

// viewCompiler compiles a way, by attempts: a branch of a union need not have it.
type viewCompiler struct {
	planner *planner
	typ     reflect.Type
	known   map[viewPoint]viewAttempt
	strings int // that a value has at most
}

// viewPoint is a place where the way may begin anew: what is before it is skipped.
type viewPoint struct {
	compiled *compiledSchema
	left     int // steps of the path
}

type viewAttempt struct {
	node *viewNode
	err  *Mismatch
}

func compileView(t reflect.Type, s *compiledSchema, e *env, path string) (*viewNode, error) {
	steps, err := datapath.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("avro: NewView: %w", err)
	}
	c := &viewCompiler{planner: newPlanner(e), typ: t, known: map[viewPoint]viewAttempt{}}
	c.planner.projects = true
	node, mismatch := c.begin(s, steps)
	if mismatch != nil {
		return nil, &TypeMismatchError{Type: t.String(), Schema: s.name(), Mismatches: []Mismatch{*mismatch}}
	}
	e.cfg.CopiedStrings = e.cfg.CopiedStrings || c.strings <= fewStrings
	return node, nil
}

// begin compiles the rest of a path from a value of s.
func (c *viewCompiler) begin(s *compiledSchema, path []datapath.Step) (*viewNode, *Mismatch) {
	point := viewPoint{s, len(path)}
	attempt, ok := c.known[point]
	if !ok {
		n := &viewNode{}
		if attempt.err = c.through(n, s, path); attempt.err == nil {
			attempt.node = n
		}
		c.known[point] = attempt
	}
	return attempt.node, attempt.err
}

// through adds to n the way from a value of s.
func (c *viewCompiler) through(n *viewNode, s *compiledSchema, path []datapath.Step) *Mismatch {
	switch {
	case s.typ == schemas.Union && (len(path) > 0 || !holdsUnions(c.typ)):
		return c.union(n, s, path)
	case len(path) == 0:
		return c.leaf(n, s)
	}
	step, rest := path[0], path[1:]
	switch {
	case s.typ == schemas.Record && step.Index < 0:
		at := s.fieldAt(step.Name)
		if at < 0 {
			return &Mismatch{Path: step.String(), Reason: noSuch("field", step.Name, s.fieldNames())}
		}
		for _, f := range s.fields[:at] {
			c.planner.skips.add(&n.before, f.schema)
		}
		return within(step, c.through(n, s.fields[at].schema, rest))
	case s.typ == schemas.Array && step.Index >= 0:
		n.kind, n.index, n.items = viewItem, step.Index, c.planner.skips.items(s)
	case s.typ == schemas.Map && step.Quoted:
		n.kind, n.key, n.items = viewKey, step.Name, c.planner.skips.items(s)
	case s.typ == schemas.Array:
		return &Mismatch{Path: step.String(), Reason: "the path leads into an array; write which item, such as [0]"}
	case s.typ == schemas.Map:
		return &Mismatch{Path: step.String(), Reason: fmt.Sprintf("the path leads into a map; write the key as [%q]", strings.Trim(step.String(), "[]"))}
	default:
		return &Mismatch{Path: step.String(), Reason: s.describe() + " has no such part"}
	}
	next, err := c.begin(s.items, rest)
	n.next = []*viewNode{next}
	return within(step, err)
}

func within(step datapath.Step, m *Mismatch) *Mismatch {
	if m == nil {
		return nil
	}
	return &Mismatch{Path: datapath.Join(step.String(), m.Path), Reason: m.Reason}
}

// leaf ends the way.
func (c *viewCompiler) leaf(n *viewNode, s *compiledSchema) *Mismatch {
	p, reason := c.planner.attempt(c.typ, s, "")
	if p == nil {
		return &Mismatch{Reason: reason}
	}
	n.kind, n.leaf, c.strings = viewLeaf, p, max(c.strings, p.strings())
	return nil
}

// union goes on in each branch that the path names, or that has it.
func (c *viewCompiler) union(n *viewNode, s *compiledSchema, path []datapath.Step) *Mismatch {
	n.kind, n.next = viewUnion, make([]*viewNode, len(s.branches))
	if named := s.branchesNamed(path); len(named) > 0 {
		return within(path[0], c.branches(n, s, named, path[1:]))
	}
	all := make([]int, len(s.branches))
	for i := range all {
		all[i] = i
	}
	mismatch := c.branches(n, s, all, path)
	if mismatch != nil && s.besideNull() < 0 && !slices.ContainsFunc(s.branches, func(b *compiledSchema) bool { return b.has(path) }) {
		return &Mismatch{Path: path[0].String(), Reason: noSuch("field or branch", path[0].Name, s.stepsThrough())}
	}
	return mismatch
}

// branches goes on in some branches. It is a mismatch if none of them has the rest of the path: the first one
// that has its beginning says why.
func (c *viewCompiler) branches(n *viewNode, s *compiledSchema, some []int, path []datapath.Step) *Mismatch {
	found, first := false, (*compiledSchema)(nil)
	reason := &Mismatch{Reason: "a union without branches has no value"}
	for _, i := range some {
		next, mismatch := c.begin(s.branches[i], path)
		n.next[i], found = next, found || next != nil
		if b := s.branches[i]; mismatch != nil && (first == nil || !first.has(path) && (b.has(path) || first.typ == schemas.Null)) {
			first, reason = b, mismatch
		}
	}
	if found {
		return nil
	}
	return reason
}

// has reports whether a value of s may have the first step of a path.
func (s *compiledSchema) has(path []datapath.Step) bool {
	switch {
	case s.typ == schemas.Null:
		return false
	case len(path) == 0 || s.typ == schemas.Array || s.typ == schemas.Map:
		return true
	}
	return s.typ == schemas.Record && s.fieldAt(path[0].Name) >= 0
}

// stepsThrough are the names that a path may go on with after a union.
func (s *compiledSchema) stepsThrough() []string {
	var names []string
	for _, b := range s.branches {
		name := b.name()
		for _, name := range append([]string{name[strings.LastIndexByte(name, '.')+1:]}, b.fieldNames()...) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// branchesNamed are the branches with the name of the first step: in full, else without the namespace.
func (s *compiledSchema) branchesNamed(path []datapath.Step) []int {
	if len(path) == 0 || path[0].Index >= 0 {
		return nil
	}
	name := path[0].Name
	if i, ok := s.index[name]; ok {
		return []int{i}
	}
	var short []int
	for i, b := range s.branches {
		if b.node.Name() == name {
			short = append(short, i)
		}
	}
	return short
}

// holdsUnions reports whether values of t are all values of a union, null included.
func holdsUnions(t reflect.Type) bool {
	return t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer || t == unionType
}

// fieldAt is the index of the field of a name, or of the only one that has it as an alias; -1 if there is none.
func (s *compiledSchema) fieldAt(name string) int {
	if at, ok := s.index[name]; ok {
		return at
	}
	return s.aliased(&goField{tag: name}, make([]*goField, len(s.fields)))
}

func (s *compiledSchema) fieldNames() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return names
}

// noSuch says that a name is none of those that there are.
func noSuch(what, name string, names []string) string {
	const few = 10
	if near := nearname.Of(name, names); near != "" {
		return fmt.Sprintf("the schema has no such %s; did you mean %q?", what, near)
	}
	if len(names) > few {
		names = append(slices.Clone(names[:few]), "...")
	}
	return fmt.Sprintf("the schema has no such %s; it has %s", what, strings.Join(names, ", "))
}
