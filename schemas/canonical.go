package schemas

import "strconv"

// Canonical returns the Parsing Canonical Form ("Transforming into Parsing Canonical Form", Avro
// 1.12 specification), which has only what affects the encoding of data. Schemas with the same
// canonical form write the same bytes. Types of references are written out at their first use.
//
// An error is written as a record, as in Java. The form cannot express a type of the null namespace
// that is defined within a type of another namespace: parsing it puts the type into that namespace.
func (s *Schema) Canonical() string { return s.canonical() }

func canonicalForm(root *Node) string {
	c := canonicalWriter{defined: make(map[string]bool)}
	c.node(root)
	return string(c.out)
}

type canonicalWriter struct {
	out     []byte
	defined map[string]bool // full names
}

func (c *canonicalWriter) put(s string) { c.out = append(c.out, s...) }

func (c *canonicalWriter) node(n *Node) {
	if n.name != "" {
		if c.defined[n.name] {
			c.out = appendString(c.out, n.name)
			return
		}
		c.defined[n.name] = true
		c.put(`{"name":`)
		c.out = appendString(c.out, n.name)
		c.put(`,"type":"` + n.typ.String() + `"`)
	}
	switch n.typ {
	case Record:
		c.put(`,"fields":[`)
		for i, f := range n.fields {
			c.comma(i)
			c.put(`{"name":`)
			c.out = appendString(c.out, f.name)
			c.put(`,"type":`)
			c.node(f.typ)
			c.put("}")
		}
		c.put("]}")
	case Enum:
		c.put(`,"symbols":[`)
		for i, symbol := range n.symbols {
			c.comma(i)
			c.out = appendString(c.out, symbol)
		}
		c.put("]}")
	case Fixed:
		c.put(`,"size":` + strconv.Itoa(n.size) + "}")
	case Array, Map:
		c.put(`{"type":"` + n.typ.String() + `","` + itemsKey(n.typ) + `":`)
		c.node(n.items)
		c.put("}")
	case Union:
		c.put("[")
		for i, b := range n.branches {
			c.comma(i)
			c.node(b)
		}
		c.put("]")
	default:
		c.put(`"` + n.typ.String() + `"`)
	}
}

// comma separates the i-th item from the one before it.
func (c *canonicalWriter) comma(i int) {
	if i > 0 {
		c.put(",")
	}
}

// itemsKey is the attribute that holds the type of an array's or a map's items.
func itemsKey(t Type) string {
	if t == Array {
		return "items"
	}
	return "values"
}
