package schemas

// Schema returns n, which may be a part of another schema, as a schema of its
// own. Its text defines each type that it needs, as [Schema.PrintResolved] does.
// The nodes are shared.
func (n *Node) Schema() *Schema {
	p := &printer{known: make(map[string]bool)}
	p.node(n, "")
	s := newSchema(string(p.out), nil)
	s.root = n
	return s
}

// SameMeaning reports whether two schemas are the same when the types of their
// references are written out: down to documentation, aliases, defaults and
// attributes, as [Schema.Normalized] compares them.
func SameMeaning(a, b *Schema) bool { return a == b || meaning(a) == meaning(b) }

// meaning is the normalized form without references.
func meaning(s *Schema) string {
	p := &printer{known: make(map[string]bool), normalize: true}
	p.node(s.root, "")
	return string(p.out)
}
