package schemas

import (
	"fmt"
	"slices"
	"strings"
)

// Difference describes the first semantic difference between two definitions of a type: its path,
// such as "lines[].price", and the definitions in a and in b. It is "" if there is none.
// Documentation and the order of aliases and attributes are ignored. Everything else counts:
// defaults, aliases, logical types, and attributes that the specification does not define.
//
// Difference is for definitions that should be equal. For reading data of one with the other, see
// [CanRead].
func Difference(a, b *Node) string {
	d := difference{seen: make(map[pair]bool)}
	d.nodes(a, b, nil)
	return d.found
}

type difference struct {
	seen  map[pair]bool // taken to be the same
	depth int
	found string
}

// note records what differs. It returns false, for all who look further.
func (d *difference) note(at *trail, what, a, b string) bool {
	where := ""
	if at != nil {
		where = at.words() + ": "
	}
	d.found = fmt.Sprintf("%s%s%s there, %s here", where, what, orNone(a), orNone(b))
	return false
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return short(s)
}

// nodes reports whether a and b mean the same.
func (d *difference) nodes(a, b *Node, at *trail) bool {
	if a == b || d.seen[pair{a, b}] {
		return true
	}
	d.seen[pair{a, b}] = true
	if d.depth++; d.depth > maxCompareDepth {
		return d.note(at, "", "types nested too deeply", "the same")
	}
	defer func() { d.depth-- }()
	switch {
	case a.typ != b.typ || a.name != b.name:
		return d.note(at, "", described(a), described(b))
	case a.size != b.size:
		return d.note(at, "bytes: ", fmt.Sprint(a.size), fmt.Sprint(b.size))
	case !slices.Equal(a.symbols, b.symbols):
		return d.note(at, "symbols: ", strings.Join(a.symbols, ", "), strings.Join(b.symbols, ", "))
	case !sameSet(a.aliases, b.aliases):
		return d.note(at, "aliases: ", strings.Join(a.aliases, ", "), strings.Join(b.aliases, ", "))
	}
	if x, y := symbolOf(a), symbolOf(b); x != y {
		return d.note(at, "default symbol: ", x, y)
	}
	return d.props(a.props, b.props, at) && d.fields(a, b, at) && d.branches(a, b, at) &&
		(a.items == nil || d.nodes(a.items, b.items, at.down(itemStep(a))))
}

func symbolOf(n *Node) string {
	s, _ := n.EnumDefault()
	return s
}

// itemStep is the step of a trail from an array or map to its items.
func itemStep(n *Node) string {
	if n.typ == Map {
		return "{}"
	}
	return "[]"
}

func (d *difference) fields(a, b *Node, at *trail) bool {
	for i, f := range a.fields {
		if i == len(b.fields) {
			return d.note(at, "after the same fields, field ", f.name, "")
		}
		g, in := b.fields[i], at.down("."+f.name)
		switch {
		case f.name != g.name:
			return d.note(at, fmt.Sprintf("field %d: ", i+1), f.name, g.name)
		case (f.def == nil) != (g.def == nil) || !sameJSON(f.def, g.def):
			return d.note(in, "default: ", string(f.def), string(g.def))
		case f.order != g.order:
			return d.note(in, "order: ", f.order, g.order)
		case !sameSet(f.aliases, g.aliases):
			return d.note(in, "aliases: ", strings.Join(f.aliases, ", "), strings.Join(g.aliases, ", "))
		}
		if !d.props(f.props, g.props, in) || !d.nodes(f.typ, g.typ, in) {
			return false
		}
	}
	if len(b.fields) > len(a.fields) {
		return d.note(at, "after the same fields, field ", "", b.fields[len(a.fields)].name)
	}
	return true
}

func (d *difference) branches(a, b *Node, at *trail) bool {
	if len(a.branches) != len(b.branches) {
		return d.note(at, "branches: ", fmt.Sprint(len(a.branches)), fmt.Sprint(len(b.branches)))
	}
	for i, x := range a.branches {
		if !d.nodes(x, b.branches[i], at) {
			return false
		}
	}
	return true
}

func (d *difference) props(a, b []Prop, at *trail) bool {
	for _, p := range slices.Concat(a, b) {
		if x, y := propOf(a, p.Name), propOf(b, p.Name); x == nil || y == nil || !sameJSON(x, y) {
			return d.note(at, fmt.Sprintf("attribute %q: ", p.Name), string(x), string(y))
		}
	}
	return true
}

// propOf is the value of an attribute, nil if there is none.
func propOf(props []Prop, name string) []byte {
	for _, p := range props {
		if p.Name == name {
			return p.Value
		}
	}
	return nil
}

// sameSet reports whether two lists hold the same, in whatever order.
func sameSet(a, b []string) bool {
	if slices.Equal(a, b) {
		return true
	}
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
