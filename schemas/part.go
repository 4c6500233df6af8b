package schemas

// Schema returns the type n, which may be a part of another schema, as a schema. Its text
// defines each type that it uses, like that of [Schema.PrintResolved]. The nodes are shared.
func (n *Node) Schema() *Schema {
	p := &printer{defined: make(map[string]bool)}
	p.node(n, "")
	s := newSchema(string(p.out), nil)
	s.root = n
	return s
}

// Equivalent reports whether two schemas are semantically identical: whether their normalized
// texts, with the types of references written out, are equal. Documentation, aliases, defaults
// and attributes count. See [Schema.Normalized].
func Equivalent(a, b *Schema) bool { return a == b || identity(a) == identity(b) }

// identity returns the normalized form, with the types of references written out.
func identity(s *Schema) string {
	p := &printer{defined: make(map[string]bool), normalize: true}
	p.node(s.root, "")
	return string(p.out)
}
