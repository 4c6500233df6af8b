package schemas

// PrintResolved returns the text of [Schema.Print] with the types of references written out at their
// first occurrence. Confluent's registry returns it for format=resolved.
func (s *Schema) PrintResolved() string {
	p := &printer{defined: make(map[string]bool)}
	p.node(s.root, "")
	return string(p.out)
}
