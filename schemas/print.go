package schemas

import (
	"slices"
	"sort"
	"strconv"
)

// Print returns the schema as Apache Avro for Java prints it (Schema.toString): on one line, without
// spaces, attributes in a fixed order, names relative to the enclosing namespace, and each named
// type defined at its first occurrence. Unlike [Schema.Canonical] it retains documentation, aliases,
// defaults, order and all other attributes. The root types of references are not defined in it.
//
// Confluent's registry stores and returns this text, and compares schemas by it.
func (s *Schema) Print() string {
	p := s.printer()
	p.node(s.root, "")
	return string(p.out)
}

// Normalized returns the schema in the normal form of Confluent's registry: like [Schema.Print], but
// with aliases, and attributes that the specification does not define, in alphabetical order, with
// defaults as values of their type (1 of a double is 1.0), errors as records, and without empty
// documentation of types. Confluent's registry considers two schemas identical if their normal forms
// are.
func (s *Schema) Normalized() string {
	p := s.printer()
	p.normalize = true
	p.node(s.root, "")
	return string(p.out)
}

type printer struct {
	out       []byte
	defined   map[string]bool // full names that are defined already
	normalize bool
}

func (s *Schema) printer() *printer {
	p := &printer{defined: make(map[string]bool)}
	seen := make(map[*Schema]bool)
	var mark func(refs []*Schema)
	mark = func(refs []*Schema) {
		for _, ref := range refs {
			if seen[ref] {
				continue
			}
			seen[ref] = true
			if name := ref.root.name; name != "" {
				p.defined[name] = true
			}
			mark(ref.refs)
		}
	}
	mark(s.refs)
	return p
}

// key starts an attribute; the braces around attributes are put by node and
// field.
func (p *printer) key(name string) {
	if p.out[len(p.out)-1] != '{' {
		p.out = append(p.out, ',')
	}
	p.out = append(appendString(p.out, name), ':')
}

func (p *printer) attribute(name, value string) {
	p.key(name)
	p.out = appendString(p.out, value)
}

func (p *printer) node(n *Node, namespace string) {
	switch {
	case n.typ == Union:
		p.list(len(n.branches), func(i int) { p.node(n.branches[i], namespace) })
		return
	case n.typ.primitive() && len(n.props) == 0:
		p.out = appendString(p.out, n.typ.String())
		return
	case n.name != "" && p.defined[n.name]:
		p.out = appendString(p.out, relative(n.name, namespace))
		return
	}
	p.out = append(p.out, '{')
	if n.isError && !p.normalize {
		p.attribute("type", "error")
	} else {
		p.attribute("type", n.typ.String())
	}
	switch {
	case n.name != "":
		p.defined[n.name] = true
		p.named(n, namespace)
	case n.items != nil:
		p.key(itemsKey(n.typ))
		p.node(n.items, namespace)
	}
	p.props(n.props, n.logical)
	if aliases := p.sorted(n.aliases); len(aliases) > 0 {
		namespace = n.Namespace()
		p.key("aliases")
		p.list(len(aliases), func(i int) { p.out = appendString(p.out, relative(aliases[i], namespace)) })
	}
	p.out = append(p.out, '}')
}

// named prints what stands between the type of a named type and its props.
func (p *printer) named(n *Node, namespace string) {
	p.attribute("name", n.Name())
	if own := n.Namespace(); own != namespace {
		p.attribute("namespace", own)
	}
	if n.hasDoc && !(p.normalize && n.doc == "") {
		p.attribute("doc", n.doc)
	}
	switch n.typ {
	case Record:
		namespace = n.Namespace()
		p.key("fields")
		p.list(len(n.fields), func(i int) { p.field(n.fields[i], namespace) })
	case Enum:
		p.key("symbols")
		p.list(len(n.symbols), func(i int) { p.out = appendString(p.out, n.symbols[i]) })
		if n.enumDef != nil {
			p.attribute("default", *n.enumDef)
		}
	case Fixed:
		p.key("size")
		p.out = strconv.AppendInt(p.out, int64(n.size), 10)
	}
}

func (p *printer) field(f *Field, namespace string) {
	p.out = append(p.out, '{')
	p.attribute("name", f.name)
	p.key("type")
	p.node(f.typ, namespace)
	if f.hasDoc {
		p.attribute("doc", f.doc)
	}
	if f.def != nil {
		p.defaultValue(f)
	}
	if f.order != "ascending" {
		p.attribute("order", f.order)
	}
	if aliases := p.sorted(f.aliases); len(aliases) > 0 {
		p.key("aliases")
		p.list(len(aliases), func(i int) { p.out = appendString(p.out, aliases[i]) })
	}
	p.props(f.props, Logical{})
	p.out = append(p.out, '}')
}

func (p *printer) list(n int, item func(i int)) {
	p.out = append(p.out, '[')
	for i := range n {
		if i > 0 {
			p.out = append(p.out, ',')
		}
		item(i)
	}
	p.out = append(p.out, ']')
}

// sorted are names in the order in which they are printed.
func (p *printer) sorted(names []string) []string {
	if p.normalize && !slices.IsSorted(names) {
		names = slices.Clone(names)
		slices.Sort(names)
	}
	return names
}

// javaProps are attributes beside which Java ignores a logical type.
var javaProps = []string{"avro.java.string", "java-class", "java-key-class", "java-element-class"}

// props prints attributes. Normalized, those of the logical type come first, a
// scale of 0 with the others.
func (p *printer) props(props []Prop, logical Logical) {
	if p.normalize {
		if slices.ContainsFunc(props, func(p Prop) bool { return slices.Contains(javaProps, p.Name) }) {
			logical = Logical{}
		}
		rank := func(name string) int {
			switch {
			case logical.Name != "" && name == "logicalType":
				return 0
			case logical.Name == "decimal" && name == "precision":
				return 1
			case logical.Name == "decimal" && name == "scale" && logical.Scale != 0:
				return 2
			}
			return 3
		}
		props = slices.Clone(props)
		sort.SliceStable(props, func(i, j int) bool {
			a, b := rank(props[i].Name), rank(props[j].Name)
			return a < b || a == b && props[i].Name < props[j].Name
		})
	}
	for _, prop := range props {
		p.key(prop.Name)
		p.out = p.appendJSON(p.out, prop.Value)
	}
}
