package gen

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/schemas"
)

// named is a record, enum or fixed that a type is written for.
type named struct {
	node  *schemas.Node // of the schema that owns it
	input *input        // whose file it is in
	pkg   *pkg
	file  *file
	name  string // in Go
	isTop bool   // of its input

	fields    []field // of a record
	symbols   []string
	symbolVar string
	construct string // New<name>
	parse     string // Parse<name>
	schemaFn  string
	group     *group // of records that contain each other; nil if it is not recursive
	value     int    // records with the same one contain each other by value
}

// wrapper is the type for a schema whose top has no name.
type wrapper struct {
	input    *input
	pkg      *pkg
	file     *file
	name     string
	schemaFn string
	typ      *typ
}

// group is a set of records of which each can be reached from each. Groups are told
// apart by their address, so that a group must not be of size zero.
type group struct{ members []*named }

// input is an Input, or a reference of one.
type input struct {
	name   string
	schema *schemas.Schema
	isRef  bool
	key    string // of what the schema says: no two inputs are the same
}

// sortInputs adds the references, puts all in an order that does not depend on
// the given one, and drops what was given twice.
func (g *generator) sortInputs(given []Input) ([]*input, error) {
	var all []*input
	seen := map[*schemas.Schema]bool{}
	var addRefs func(s *schemas.Schema)
	addRefs = func(s *schemas.Schema) {
		for _, ref := range s.References() {
			if !seen[ref] {
				seen[ref] = true
				all = append(all, &input{name: ref.FullName(), schema: ref, isRef: true, key: ref.PrintResolved()})
				addRefs(ref)
			}
		}
	}
	for i, in := range given {
		if in.Schema == nil {
			return nil, fmt.Errorf("input %d (%s): the schema is nil", i, in.Name)
		}
		seen[in.Schema] = true
		all = append(all, &input{name: in.Name, schema: in.Schema, key: in.Schema.PrintResolved()})
	}
	for _, in := range given {
		addRefs(in.Schema)
	}
	slices.SortStableFunc(all, func(a, b *input) int {
		if a.isRef != b.isRef {
			return map[bool]int{false: -1, true: 1}[a.isRef]
		}
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.key, b.key), cmp.Compare(a.schema.String(), b.schema.String()))
	})
	return slices.CompactFunc(all, func(a, b *input) bool { return a.name == b.name && a.key == b.key }), nil
}

// collect finds every named type once, and the input that owns it: the one that
// has it at its top, or else the first one that defines it.
func (g *generator) collect(inputs []*input) error {
	tops := map[string]*input{}
	for _, in := range inputs {
		if name := in.schema.FullName(); name != "" && tops[name] == nil {
			tops[name] = in
		}
	}
	for _, in := range inputs {
		if in.isRef && in.schema.FullName() == "" {
			continue // only what is used of it
		}
		for n := range in.schema.Types() {
			if n.FullName() == "" {
				continue
			}
			old := g.named[n.FullName()]
			if old == nil {
				old = g.add(n, in, tops[n.FullName()])
			}
			if difference := newComparison().differ(old.node, n); difference != "" {
				return fmt.Errorf("%s is defined differently in %s and %s: %s", n.FullName(), old.input.name, in.name, difference)
			}
		}
		if in.schema.FullName() == "" {
			p := g.pkgOf("")
			w := &wrapper{input: in, pkg: p, name: goName(baseName(in.name))}
			g.wrappers = append(g.wrappers, w)
		}
	}
	for _, n := range g.named {
		g.order = append(g.order, n)
	}
	slices.SortFunc(g.order, func(a, b *named) int { return cmp.Compare(a.node.FullName(), b.node.FullName()) })
	return nil
}

func (g *generator) add(n *schemas.Node, in, top *input) *named {
	t := &named{node: n, input: in, pkg: g.pkgOf(n.Namespace())}
	if top != nil {
		t.node, t.input, t.isTop = top.schema.Root(), top, true
	}
	g.named[n.FullName()] = t
	return t
}

// baseName is the last part of an input's name, without .avsc or @version.
func baseName(name string) string {
	b := path.Base(strings.ReplaceAll(name, "\\", "/"))
	if at := strings.LastIndexByte(b, '@'); at > 0 {
		b = b[:at]
	}
	return strings.TrimSuffix(b, ".avsc")
}

// comparison says whether two definitions of a name would give the same code.
type comparison struct{ seen map[[2]*schemas.Node]bool }

func newComparison() *comparison { return &comparison{map[[2]*schemas.Node]bool{}} }

// differ says what differs, "" if nothing does.
func (c *comparison) differ(a, b *schemas.Node) string {
	if a == b || c.seen[[2]*schemas.Node{a, b}] {
		return ""
	}
	c.seen[[2]*schemas.Node{a, b}] = true
	switch {
	case a.Type() != b.Type() || a.FullName() != b.FullName():
		return fmt.Sprintf("%s, and %s", a.BranchName(), b.BranchName())
	case a.Logical() != b.Logical():
		return fmt.Sprintf("logical types %v, and %v", a.Logical(), b.Logical())
	case a.Size() != b.Size():
		return fmt.Sprintf("%s, and %d", count.Of(a.Size(), "byte"), b.Size())
	case !slices.Equal(a.Symbols(), b.Symbols()):
		return fmt.Sprintf("symbols %v, and %v", a.Symbols(), b.Symbols())
	case len(a.Fields()) != len(b.Fields()):
		return fmt.Sprintf("%s, and %d", count.Of(len(a.Fields()), "field"), len(b.Fields()))
	case len(a.Branches()) != len(b.Branches()):
		return fmt.Sprintf("%s, and %d", count.Of(len(a.Branches()), "branch"), len(b.Branches()))
	}
	for i, f := range a.Fields() {
		h := b.Fields()[i]
		x, _ := f.Default()
		y, _ := h.Default()
		switch {
		case f.Name() != h.Name():
			return fmt.Sprintf("fields %s, and %s", f.Name(), h.Name())
		case !bytes.Equal(compact(x), compact(y)):
			return fmt.Sprintf("field %s: defaults %s, and %s", f.Name(), x, y)
		}
		if d := c.differ(f.Type(), h.Type()); d != "" {
			return fmt.Sprintf("field %s: %s", f.Name(), d)
		}
	}
	for i, x := range a.Branches() {
		if d := c.differ(x, b.Branches()[i]); d != "" {
			return d
		}
	}
	if a.Items() != nil {
		return c.differ(a.Items(), b.Items())
	}
	return ""
}
