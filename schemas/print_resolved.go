package schemas

// PrintResolved returns the schema as [Schema.Print] does, but with the types of
// references written out where they first occur, so that the text can be read
// without them. It is what Confluent's registry answers for format=resolved.
func (s *Schema) PrintResolved() string {
	p := &printer{defined: make(map[string]bool)}
	p.node(s.root, "")
	return string(p.out)
}
