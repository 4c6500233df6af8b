package schemas

import (
	"iter"
	"sync"
)

// Schema is a parsed Avro schema. It is immutable and safe for concurrent use.
//
// Two schemas share named types only if one was parsed [WithReferences] to the other.
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

// String returns the text given to [Parse] without comments; see [StripComments].
func (s *Schema) String() string { return s.text }

// SelfContained returns a text that needs no references: the text given to [Parse], or, if it uses
// types of references, that of [Schema.PrintResolved]. It is computed once.
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

// Root returns the root type.
func (s *Schema) Root() *Node { return s.root }

// References returns the schemas given by [WithReferences], in order.
func (s *Schema) References() []*Schema { return append([]*Schema(nil), s.refs...) }

// FullName returns the full name of the root if it is a record, enum or fixed, otherwise "".
func (s *Schema) FullName() string { return s.root.FullName() }

// Types returns all types of the schema, each once, depth first and in the order of the text. Types
// of references occur at their first use.
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
