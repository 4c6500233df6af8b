package resolution

import "github.com/kavro/kavro/schemas"

// analyze fills in what can only be known once the whole graph of matches is
// there: which of them change bytes, which fail for some value or for all, which
// are used more than once, and which contain themselves.
func analyze(root *match) *writerTypes {
	g := newGraph(root, (*match).children)
	types := typesOf(root.writer)
	sizes := minSizes{}
	changes := g.grow(func(x *match) int { return oneUnless(x.changesItself(sizes)) })
	fails := g.grow(func(x *match) int { return oneUnless(x.failsItself()) })
	readable := g.grow(func(x *match) int { return x.childrenNeeded(types) })
	for _, x := range g.order {
		x.changes, x.fails, x.never = changes.has(x), fails.has(x), !readable.has(x)
		x.uses, x.loops = g.uses(x), g.loops(x)
	}
	return types
}

func oneUnless(at bool) int {
	if at {
		return 0
	}
	return 1
}

// children are the matches that x refers to, one for each reference.
func (x *match) children() []*match {
	var out []*match
	switch x.kind {
	case matchItems, matchReaderUnion:
		return []*match{x.item}
	case matchRecord:
		for _, f := range x.fields {
			if f.match != nil {
				out = append(out, f.match)
			}
		}
	case matchWriterUnion:
		for _, b := range x.branches {
			out = append(out, b.match)
		}
	}
	return out
}

// changesItself reports whether x changes bytes, its children aside.
func (x *match) changesItself(sizes minSizes) bool {
	switch x.kind {
	case matchPromote:
		to := x.reader.Type()
		return to == schemas.Float || to == schemas.Double
	case matchEnum:
		for i, to := range x.symbols {
			if to >= 0 && int(to) != i {
				return true
			}
		}
	case matchRecord:
		return x.rearranges(sizes)
	case matchWriterUnion:
		for i, b := range x.branches {
			if b.match.kind != matchNone && b.to != i {
				return true
			}
		}
	case matchReaderUnion:
		return true
	}
	return false
}

// rearranges reports whether a record's fields are dropped, added or moved.
// Those that take no bytes come and go unseen.
func (x *match) rearranges(sizes minSizes) bool {
	next := 0
	for _, f := range x.fields {
		if f.from < 0 {
			if len(f.value) > 0 {
				return true
			}
			continue
		}
		if f.from < next || sizes.any(x.writer.Fields()[next:f.from]) {
			return true
		}
		next = f.from + 1
	}
	return sizes.any(x.writer.Fields()[next:])
}

// failsItself reports whether some value of the writer's type cannot be read,
// its children aside.
func (x *match) failsItself() bool {
	if x.kind == matchEnum {
		for _, to := range x.symbols {
			if to < 0 {
				return true
			}
		}
	}
	for _, f := range x.fields {
		if f.check != nil {
			return true
		}
	}
	return x.kind == matchNone || x.check != nil
}

// childrenNeeded is how many of x's children must be readable for some value of
// x to be. types are the writer's.
func (x *match) childrenNeeded(types *writerTypes) int {
	switch x.kind {
	case matchSame, matchPromote, matchItems: // an empty array or map can always be read
		return 0
	case matchEnum:
		for _, to := range x.symbols {
			if to >= 0 {
				return 0
			}
		}
	case matchRecord:
		if types.finite.has(x.writer) {
			return len(x.children())
		}
	case matchWriterUnion, matchReaderUnion:
		return 1
	}
	return -1
}

// writerTypes are the types within a writer's schema. finite are those that have
// a value of finite length: all but records that contain themselves in any case,
// and what contains those.
type writerTypes struct {
	*graph[*schemas.Node]
	finite graphSet[*schemas.Node]
}

func typesOf(root *schemas.Node) *writerTypes {
	g := newGraph(root, childNodes)
	return &writerTypes{g, g.grow(func(n *schemas.Node) int {
		switch n.Type() {
		case schemas.Record:
			return len(n.Fields())
		case schemas.Union:
			return 1
		case schemas.Enum:
			return oneUnless(len(n.Symbols()) > 0)
		}
		return 0
	})}
}

// childNodes are the types that a type refers to, one for each reference.
func childNodes(n *schemas.Node) []*schemas.Node {
	switch n.Type() {
	case schemas.Record:
		out := make([]*schemas.Node, len(n.Fields()))
		for i, f := range n.Fields() {
			out[i] = f.Type()
		}
		return out
	case schemas.Array, schemas.Map:
		return []*schemas.Node{n.Items()}
	case schemas.Union:
		return n.Branches()
	}
	return nil
}
