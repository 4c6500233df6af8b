package schemas

import (
	"bytes"
	"slices"
)

// pair is two nodes that are compared with each other.
type pair struct{ a, b *Node }

// sameType reports whether two definitions are one word for word, as Java sees
// it: documentation, aliases and the default of an enum may differ, and an error
// is a record. Pairs in seen are taken to be equal.
func sameType(a, b *Node, seen map[pair]bool) bool {
	if a == b || seen[pair{a, b}] {
		return true
	}
	if a == nil || b == nil || a.typ != b.typ || a.name != b.name || a.size != b.size ||
		!slices.Equal(a.symbols, b.symbols) || !sameProps(a.props, b.props) ||
		len(a.fields) != len(b.fields) || len(a.branches) != len(b.branches) {
		return false
	}
	if a.typ.primitive() {
		return true
	}
	if seen == nil {
		seen = make(map[pair]bool)
	}
	seen[pair{a, b}] = true
	if !sameType(a.items, b.items, seen) {
		return false
	}
	for i, f := range a.fields {
		g := b.fields[i]
		if f.name != g.name || f.order != g.order || (f.def == nil) != (g.def == nil) ||
			!sameJSON(f.def, g.def) || !sameProps(f.props, g.props) || !sameType(f.typ, g.typ, seen) {
			return false
		}
	}
	for i := range a.branches {
		if !sameType(a.branches[i], b.branches[i], seen) {
			return false
		}
	}
	return true
}

// sameProps compares attributes, in whatever order.
func sameProps(a, b []Prop) bool {
	for _, p := range a {
		if other := propOf(b, p.Name); other == nil || !sameJSON(p.Value, other) {
			return false
		}
	}
	return len(a) == len(b)
}

// sameJSON reports whether two values print the same.
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var p printer
	return bytes.Equal(p.appendJSON(nil, a), p.appendJSON(nil, b))
}
