package schemas

import (
	"encoding/json"
	"strings"

	"github.com/kavro/kavro/internal/jsontext"
)

// nameType reads name, namespace, doc and aliases of a record, enum or fixed,
// and makes it known under its name before its fields are read, so that they
// may refer to it.
func (p *parser) nameType(n *Node, at int, namespace string, slot **Node) error {
	name, ok := p.get(at, "name")
	if !ok {
		return p.fail(at, `%s %s needs a "name"`, article(n.typ), n.typ)
	}
	if p.Kind(name) != jsontext.String {
		return p.fail(name, "a name is a string, not %s", p.Kind(name))
	}
	if space, ok := p.get(at, "namespace"); ok && p.Kind(space) == jsontext.String {
		namespace = p.str(space)
	}
	n.name = qualify(p.str(name), namespace)
	if !p.validFullName(n.name) {
		return p.fail(name, "%q is not a name: %s", n.name, nameRule)
	}
	if _, ok := primitiveNamed(n.name); ok {
		return p.fail(name, "%q is the name of a primitive type; choose another, or put it in a namespace", n.name)
	}
	if err := p.spend(name, n.name); err != nil {
		return err
	}
	if doc, ok := p.get(at, "doc"); ok && p.Kind(doc) == jsontext.String {
		n.doc, n.hasDoc = p.str(doc), true
	}
	if err := p.typeAliases(n, at); err != nil {
		return err
	}
	return p.define(n, name, slot)
}

const nameRule = "letters, digits and underscores, not beginning with a digit; dots only between the parts of a namespace"

// define makes n known under its name, unless a type already is.
func (p *parser) define(n *Node, at int, slot **Node) error {
	*slot = n
	if first := p.named(n.name); first != nil {
		if !p.lenient && !(p.again && p.names[n.name] == nil) {
			where := ""
			if p.referenced[n.name] != nil {
				where = ", by a reference"
			}
			return p.fail(at, "%s is defined already%s: use its name alone", n.name, where)
		}
		p.repeats = append(p.repeats, repeat{first, n, at})
		*slot = first
		return nil
	}
	p.names[n.name] = n
	return nil
}

// checkRepeats refuses second definitions that differ from the first.
func (p *parser) checkRepeats() error {
	for _, r := range p.repeats {
		if !sameType(r.first, r.second, nil) {
			return p.fail(r.at, "%s is defined already, and differently", r.first.name)
		}
	}
	return nil
}

func (p *parser) typeAliases(n *Node, at int) error {
	namespace := n.Namespace()
	seen := make(map[string]bool)
	err := p.aliases(at, func(e int, alias string) error {
		full := qualify(alias, namespace)
		if seen[full] {
			return nil
		}
		seen[full] = true
		// Java checks the last part of an alias only.
		if last := full[strings.LastIndexByte(full, '.')+1:]; last == "" || !p.lenient && !validName(last) {
			return p.fail(e, "%q is not a name: %s", alias, nameRule)
		}
		n.aliases = append(n.aliases, full)
		return p.spend(e, full)
	})
	if len(n.aliases) > manyNames {
		n.aliasSet = seen
	}
	return err
}

// aliases calls add for each alias of the type or field at a token, once each.
func (p *parser) aliases(at int, add func(e int, alias string) error) error {
	list, ok := p.get(at, "aliases")
	if !ok {
		return nil
	}
	if p.Kind(list) != jsontext.Array {
		return p.fail(list, "aliases are an array of names, not %s", p.Kind(list))
	}
	seen := make(map[string]bool)
	for e := range p.Elements(list) {
		if p.Kind(e) != jsontext.String {
			return p.fail(e, "an alias is a string, not %s", p.Kind(e))
		}
		alias := p.str(e)
		if seen[alias] {
			continue
		}
		seen[alias] = true
		if err := add(e, alias); err != nil {
			return err
		}
	}
	return nil
}

// spend takes the length of a full name off the budget. A namespace is written
// once and inherited by all below it, so names can be far longer than the text.
func (p *parser) spend(at int, full string) error {
	if p.nameBudget -= len(full); p.nameBudget < 0 {
		return p.fail(at, "the full names of this schema are too long: they take more than 16 times the space that a text may have")
	}
	return nil
}

func (p *parser) validName(name string) bool {
	return name != "" && (p.lenient || validName(name))
}

func (p *parser) validFullName(full string) bool {
	return full != "" && (p.lenient || validFullName(full))
}

func (p *parser) parseEnum(n *Node, at int, namespace string, slot **Node) error {
	if err := p.nameType(n, at, namespace, slot); err != nil {
		return err
	}
	symbols, ok := p.get(at, "symbols")
	if !ok {
		return p.fail(at, `an enum needs "symbols"`)
	}
	if p.Kind(symbols) != jsontext.Array {
		return p.fail(symbols, "symbols are an array of names, not %s", p.Kind(symbols))
	}
	n.symbols = make([]string, 0, p.Len(symbols))
	seen := make(map[string]int, cap(n.symbols))
	for e := range p.Elements(symbols) {
		if p.Kind(e) != jsontext.String {
			return p.fail(e, "a symbol is a string, not %s", p.Kind(e))
		}
		symbol := p.str(e)
		if !p.validName(symbol) {
			return p.fail(e, "%q is not a symbol: letters, digits and underscores, not beginning with a digit", symbol)
		}
		if first, twice := seen[symbol]; twice {
			return p.fail(e, "symbol %s is there already, at position %d", symbol, first)
		}
		seen[symbol] = len(n.symbols)
		n.symbols = append(n.symbols, symbol)
	}
	if len(n.symbols) > manyNames {
		n.index = seen
	}
	if def, ok := p.get(at, "default"); ok && p.Kind(def) != jsontext.Null {
		if err := p.enumDefault(n, def); err != nil {
			return err
		}
	}
	p.attributes(n, at)
	return nil
}

// manyNames is how many fields or symbols are searched one by one.
const manyNames = 8

func (p *parser) enumDefault(n *Node, at int) error {
	if p.Kind(at) != jsontext.String {
		if p.lenient {
			return nil
		}
		return p.fail(at, "the default of an enum is one of its symbols, not %s", p.Kind(at))
	}
	symbol := p.str(at)
	if _, ok := n.Symbol(symbol); ok {
		n.enumDef = &symbol
	} else if !p.lenient {
		return p.fail(at, "the default %q is not one of the symbols", symbol)
	}
	return nil
}

// maxFixed is the largest array of Java, and so the largest fixed of Java Avro.
const maxFixed = 1<<31 - 1 - 8

func (p *parser) parseFixed(n *Node, at int, namespace string, slot **Node) error {
	if err := p.nameType(n, at, namespace, slot); err != nil {
		return err
	}
	size, ok := p.get(at, "size")
	if !ok {
		return p.fail(at, `a fixed needs a "size"`)
	}
	digits := p.Raw(size)
	if p.lenient && p.Kind(size) == jsontext.String {
		digits = p.str(size)
	}
	var err error
	if n.size, err = int32Of([]byte(digits)); err != nil || n.size < 0 || n.size > maxFixed {
		return p.fail(size, "the size of a fixed is a number of bytes, 0 to %d, not %s", maxFixed, short(p.Raw(size)))
	}
	p.attributes(n, at)
	return nil
}

func (p *parser) parseRecord(n *Node, at int, namespace string, depth int, slot **Node) error {
	if err := p.nameType(n, at, namespace, slot); err != nil {
		return err
	}
	fields, ok := p.get(at, "fields")
	if !ok {
		return p.fail(at, `a record needs "fields", if only an empty array`)
	}
	if p.Kind(fields) != jsontext.Array {
		return p.fail(fields, "fields are an array, not %s", p.Kind(fields))
	}
	p.open[n] = true
	defer delete(p.open, n)
	n.fields = make([]*Field, 0, p.Len(fields))
	seen := make(map[string]int, cap(n.fields))
	namespace = n.Namespace()
	for e := range p.Elements(fields) {
		f := &Field{pos: len(n.fields), order: "ascending"}
		if err := p.parseField(f, e, namespace, depth); err != nil {
			return err
		}
		if first, twice := seen[f.name]; twice {
			return p.fail(e, "field %s is there already, at position %d", f.name, first)
		}
		seen[f.name] = f.pos
		n.fields = append(n.fields, f)
	}
	if len(n.fields) > manyNames {
		n.index = seen
	}
	p.attributes(n, at)
	return nil
}

func (p *parser) parseField(f *Field, at int, namespace string, depth int) error {
	if p.Kind(at) != jsontext.Object {
		return p.fail(at, `a field is an object with a "name" and a "type", not %s`, p.Kind(at))
	}
	name, ok := p.get(at, "name")
	if !ok {
		return p.fail(at, `a field needs a "name"`)
	}
	if p.Kind(name) != jsontext.String {
		return p.fail(name, "a name is a string, not %s", p.Kind(name))
	}
	if f.name = p.str(name); !p.validName(f.name) {
		return p.fail(name, "%q is not a field's name: letters, digits and underscores, not beginning with a digit", f.name)
	}
	typ, ok := p.get(at, "type")
	if !ok {
		return p.fail(at, `field %s needs a "type"`, f.name)
	}
	if err := p.parse(typ, namespace, depth+1, &f.typ); err != nil {
		return err
	}
	if doc, ok := p.get(at, "doc"); ok && p.Kind(doc) == jsontext.String {
		f.doc, f.hasDoc = p.str(doc), true
	}
	if err := p.order(f, at); err != nil {
		return err
	}
	if err := p.aliases(at, func(_ int, alias string) error {
		f.aliases = append(f.aliases, alias) // any text, as in Java: a writer may have used it
		return nil
	}); err != nil {
		return err
	}
	if def, ok := p.get(at, "default"); ok {
		f.def = json.RawMessage(p.Raw(def))
		p.defaults = append(p.defaults, defaultAt{f, def})
	}
	f.props = p.props(at, fieldAttributes)
	return nil
}

func (p *parser) order(f *Field, at int) error {
	order, ok := p.get(at, "order")
	if !ok {
		return nil
	}
	if p.Kind(order) == jsontext.String {
		// Java ignores case here.
		switch o := strings.ToLower(p.str(order)); o {
		case "ascending", "descending", "ignore":
			f.order = o
			return nil
		}
	}
	if p.lenient {
		return nil
	}
	return p.fail(order, `the order of a field is "ascending", "descending" or "ignore", not %s`, short(p.Raw(order)))
}

// Attributes that the specification defines, and so no properties. As in Java
// those of one type are not properties of another: "size" of a record is ignored.
var (
	typeAttributes  = []string{"doc", "fields", "items", "name", "namespace", "size", "symbols", "values", "type", "aliases"}
	enumAttributes  = append([]string{"default"}, typeAttributes...)
	fieldAttributes = []string{"default", "doc", "name", "order", "type", "aliases"}
)

// attributes reads the properties of a type, and the logical type among them.
func (p *parser) attributes(n *Node, at int) {
	reserved := typeAttributes
	if n.typ == Enum {
		reserved = enumAttributes
	}
	if n.props = p.props(at, reserved); n.props != nil {
		n.logical = logicalOf(n)
	}
}

// props are the attributes at a token that are not reserved. Of several with
// one name the last one counts, in the place of the first, as in Java.
func (p *parser) props(at int, reserved []string) (props []Prop) {
	var places map[string]int
attributes:
	for k, v := range p.Members(at) {
		name := p.str(k)
		for _, r := range reserved {
			if r == name {
				continue attributes
			}
		}
		if places == nil {
			places = make(map[string]int)
		}
		if i, twice := places[name]; twice {
			props[i].Value = json.RawMessage(p.Raw(v))
			continue
		}
		places[name] = len(props)
		props = append(props, Prop{name, json.RawMessage(p.Raw(v))})
	}
	return props
}

// short is a value's text, cut so that a message stays readable.
func short(raw string) string {
	if len(raw) <= 60 {
		return raw
	}
	return raw[:60] + "..."
}
