package schemas

import (
	"iter"
	"sync"
)

// Schema is a parsed Avro schema. It is immutable and safe to share.
//
// Every Schema is a graph of its own: no two share named types unless one was
// parsed with [WithReferences] to the other.
type Schema struct {
	text string
	root *Node
	refs []*Schema

	// Made once, when first asked for.
	canonical, resolved func() string
}

func newSchema(text string, refs []*Schema) *Schema {
	s := &Schema{text: text, refs: refs}
	s.canonical = sync.OnceValue(func() string { return canonicalForm(s.root) })
	s.resolved = sync.OnceValue(s.selfContained)
	return s
}

// String returns the text as it was given to [Parse], byte for byte, but for its
// comments: see [StripComments].
func (s *Schema) String() string { return s.text }

// SelfContained returns a text that says all there is to say about the schema
// without others: the one given to [Parse], or, if it uses types of references, that
// of [Schema.PrintResolved]. It is made once.
func (s *Schema) SelfContained() string {
	if len(s.refs) == 0 {
		return s.text
	}
	return s.resolved()
}

func (s *Schema) selfContained() string {
	others := make(map[*Node]bool)
	for _, ref := range s.refs {
		visit(ref.root, others, func(*Node) bool { return true })
	}
	for n := range s.Types() {
		if n.name != "" && others[n] {
			return s.PrintResolved()
		}
	}
	return s.text
}

// Root returns the top of the tree.
func (s *Schema) Root() *Node { return s.root }

// References returns the schemas given by [WithReferences], in the order given.
func (s *Schema) References() []*Schema { return append([]*Schema(nil), s.refs...) }

// FullName returns the full name of a top-level record, enum or fixed, and ""
// for other types.
func (s *Schema) FullName() string { return s.root.FullName() }

// Types yields every node that the schema reaches, each once, depth first and in
// the order of the text; the types of references are reached where they are
// used.
func (s *Schema) Types() iter.Seq[*Node] {
	return func(yield func(*Node) bool) { visit(s.root, make(map[*Node]bool), yield) }
}

// visit calls yield for n and all below it that seen does not hold yet.
func visit(n *Node, seen map[*Node]bool, yield func(*Node) bool) bool {
	if seen[n] {
		return true
	}
	seen[n] = true
	if !yield(n) {
		return false
	}
	for child := range n.children {
		if !visit(child, seen, yield) {
			return false
		}
	}
	return true
}
