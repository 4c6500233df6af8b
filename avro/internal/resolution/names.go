package resolution

import (
	"slices"
	"strings"

	"github.com/kavro/kavro/schemas"
)

// readerNames holds the reader's aliases as Java's Schema.applyAliases reads
// them: a writer's type or field that carries an alias goes by the reader's
// name for it. Where two types claim one alias, the later one has it.
type readerNames struct {
	types  map[string]string            // alias -> full name
	fields map[string]map[string]string // record's full name -> alias -> field
}

func namesOf(reader *schemas.Node) *readerNames {
	n := &readerNames{types: map[string]string{}, fields: map[string]map[string]string{}}
	n.collect(reader, map[*schemas.Node]bool{})
	return n
}

func (n *readerNames) collect(node *schemas.Node, seen map[*schemas.Node]bool) {
	for _, alias := range node.Aliases() {
		n.types[alias] = node.FullName()
	}
	switch node.Type() {
	case schemas.Record:
		if seen[node] {
			return
		}
		seen[node] = true
		for _, f := range node.Fields() {
			for _, alias := range f.Aliases() {
				of := n.fields[node.FullName()]
				if of == nil {
					of = map[string]string{}
					n.fields[node.FullName()] = of
				}
				of[alias] = f.Name()
			}
			n.collect(f.Type(), seen)
		}
	case schemas.Array, schemas.Map:
		n.collect(node.Items(), seen)
	case schemas.Union:
		for _, b := range node.Branches() {
			n.collect(b, seen)
		}
	}
}

// preferNames drops the aliases that are names of the reader's own: what has
// the same name on both sides is the same for a writer that may lose nothing.
func (n *readerNames) preferNames(reader *schemas.Schema) {
	for node := range reader.Types() {
		delete(n.types, node.FullName())
		for _, f := range node.Fields() {
			delete(n.fields[node.FullName()], f.Name())
		}
	}
}

// typeName is the full name that a writer's named type goes by.
func (n *readerNames) typeName(writer *schemas.Node) string {
	if n != nil {
		if name, ok := n.types[writer.FullName()]; ok {
			return name
		}
	}
	return writer.FullName()
}

// fieldName is the name that a writer's field goes by. A field alias counts
// only where the records' full names agree, as in Java.
func (n *readerNames) fieldName(writer *schemas.Node, field string) string {
	if n != nil {
		if name, ok := n.fields[n.typeName(writer)][field]; ok {
			return name
		}
	}
	return field
}

// sameName reports whether the unqualified names of two named types agree,
// once aliases are applied, or by SchemaCompatibility's more generous rule.
func (n *readerNames) sameName(writer, reader *schemas.Node) bool {
	r := unqualified(reader.FullName())
	return unqualified(n.typeName(writer)) == r ||
		unqualified(writer.FullName()) == r ||
		slices.Contains(reader.Aliases(), writer.FullName())
}

func unqualified(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
