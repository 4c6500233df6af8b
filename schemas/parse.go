package schemas

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/jsontext"
	"github.com/kavro/kavro/internal/nearname"
)

// Parse parses a schema ("Schema Declaration", Avro 1.12 specification). It accepts what Apache Avro
// 1.12 for Java accepts with strict checks of names and defaults; docs/avro.md lists where
// specification and Java differ. Comments and a byte order mark are ignored ([StripComments]). The
// options [Lenient], [WithReferences], [WithMaxBytes] and [WithMaxDepth] change what it accepts.
//
// The error is a [*ParseError]. No text causes a panic, deep recursion, or memory use out of
// proportion.
func Parse(text string, opts ...ParseOption) (*Schema, error) {
	o := defaultOptions()
	for _, opt := range opts {
		opt(&o)
	}
	l := definitions{names: math.MaxInt}
	for i, ref := range o.refs {
		if ref == nil {
			return nil, &ParseError{Reason: fmt.Sprintf("reference %d of %d is nil", i+1, len(o.refs))}
		}
		if clash := l.add(ref.root); clash != nil {
			return nil, &ParseError{Reason: fmt.Sprintf("reference %d of %d defines %s unlike a reference before it", i+1, len(o.refs), clash.name)}
		}
	}
	return parse(text, o, &l, nil)
}

// parse reads a text that may use what l knows. Types in shallow are not looked into
// for how deep they nest.
func parse(text string, o options, l *definitions, shallow map[*Node]bool) (*Schema, error) {
	p, err := newParser(strings.Clone(text), o)
	if err != nil {
		return nil, err
	}
	p.referenced = l.byName
	p.nameBudget = min(p.nameBudget, l.names)
	defer func(had int) { l.names -= had - p.nameBudget }(p.nameBudget)
	s := newSchema(p.kept, o.refs)
	if err := p.parse(0, "", 0, &s.root); err != nil {
		return nil, err
	}
	for _, later := range []func() error{p.resolvePending, p.checkRepeats, p.checkDefaults} {
		if err := later(); err != nil {
			return nil, err
		}
	}
	if deep := nesting(s.root, o.maxDepth, shallow); deep {
		return nil, p.tooDeep(0)
	}
	return s, nil
}

// MustParse is [Parse] for schemas that are part of a program. It panics on an error.
func MustParse(text string, opts ...ParseOption) *Schema {
	s, err := Parse(text, opts...)
	if err != nil {
		panic(err)
	}
	return s
}

// parser turns a tape into a graph of nodes. The indices that its methods take
// are those of tokens.
type parser struct {
	tape
	options
	kept       string           // the text as the schema keeps it: without comments
	names      map[string]*Node // types defined so far, by full name
	open       map[*Node]bool   // records whose fields are being read
	referenced map[string]*Node // types defined by references
	plain      [String + 1]*Node
	pending    []pending
	repeats    []repeat
	defaults   []defaultAt
	nameBudget int // bytes that full names may still take, each time one is used
}

// newParser scans text. The root is the token 0.
func newParser(text string, o options) (*parser, error) {
	if len(text) > o.maxBytes || uint64(len(text)) > math.MaxInt32 {
		return nil, tooLong(int64(len(text)), o.maxBytes)
	}
	skipped := comments(text)
	t, bad := scan(blank(text, skipped), 4*o.maxDepth+8)
	if bad != nil {
		line, column := jsontext.Position(text, bad.Offset)
		return nil, &ParseError{Line: line, Column: column, Reason: bad.Reason + hint(text)}
	}
	return &parser{
		tape: t, options: o, kept: cut(text, skipped), nameBudget: 16 * min(max(o.maxBytes, 1<<10), math.MaxInt/16),
		names: make(map[string]*Node), open: make(map[*Node]bool),
	}, nil
}

func tooLong(size int64, limit int) error {
	return &ParseError{Reason: fmt.Sprintf("%d bytes of text, more than the limit of %d (WithMaxBytes in a program, -max-schema-size of the command)", size, limit)}
}

// pending is a use of a name before its definition.
type pending struct {
	slot       **Node
	full, name string // name as it is written
	at         int
}

// repeat is a second definition of a name.
type repeat struct {
	first, second *Node
	at            int
}

func (p *parser) fail(at int, format string, args ...any) error {
	line, column := jsontext.Position(p.Src, int(p.Tokens[at].Start))
	return &ParseError{Path: p.pointer(at), Line: line, Column: column, Reason: fmt.Sprintf(format, args...)}
}

func (p *parser) tooDeep(at int) error {
	return p.fail(at, "types nest deeper than %d", p.maxDepth)
}

// parse reads the type at a token into slot; depth counts the types around it.
func (p *parser) parse(at int, namespace string, depth int, slot **Node) error {
	if depth > p.maxDepth {
		return p.tooDeep(at)
	}
	switch p.Kind(at) {
	case jsontext.String:
		return p.parseName(at, namespace, slot)
	case jsontext.Array:
		return p.parseUnion(at, namespace, depth, slot)
	case jsontext.Object:
		return p.parseObject(at, namespace, depth, slot)
	}
	return p.fail(at, "a schema is a name, an object or an array of branches, not %s", p.Kind(at))
}

func (p *parser) parseObject(at int, namespace string, depth int, slot **Node) error {
	typ, ok := p.get(at, "type")
	if !ok {
		return p.fail(at, `an object needs a "type"%s`, p.foreignObject())
	}
	if p.Kind(typ) != jsontext.String {
		if p.lenient && p.Kind(typ) >= jsontext.Array {
			return p.parse(typ, namespace, depth+1, slot)
		}
		return p.fail(typ, `the "type" of an object is a string, not %s%s`, p.Kind(typ), unwrapHint(p.Kind(typ)))
	}
	name := p.str(typ)
	n := &Node{}
	if t, ok := primitiveNamed(name); ok {
		n.typ = t
		p.attributes(n, at)
		if len(n.props) == 0 {
			n = p.primitive(t)
		}
		*slot = n
		return nil
	}
	switch name {
	case "record", "error":
		n.typ, n.isError = Record, name == "error"
		return p.parseRecord(n, at, namespace, depth, slot)
	case "enum":
		n.typ = Enum
		return p.parseEnum(n, at, namespace, slot)
	case "fixed":
		n.typ = Fixed
		return p.parseFixed(n, at, namespace, slot)
	case "array":
		n.typ = Array
		return p.parseItems(n, at, "items", namespace, depth, slot)
	case "map":
		n.typ = Map
		return p.parseItems(n, at, "values", namespace, depth, slot)
	}
	if p.lenient {
		return p.parseName(typ, namespace, slot)
	}
	if p.find(name, namespace) != nil {
		return p.fail(typ, `an object cannot refer to a named type: write %q instead of {"type":%q}`, name, name)
	}
	return p.fail(typ, "%s", p.unknown(name))
}

// unwrapHint helps with {"type":{...}} and {"type":[...]}.
func unwrapHint(k jsontext.Kind) string {
	if k < jsontext.Array {
		return ""
	}
	return "; write what is inside it in place of the object"
}

// parseName reads a reference, which may precede the definition.
func (p *parser) parseName(at int, namespace string, slot **Node) error {
	name := p.str(at)
	if t, ok := primitiveNamed(name); ok {
		*slot = p.primitive(t)
		return nil
	}
	n := p.find(name, namespace)
	if n != nil {
		*slot = n
		return p.spend(at, n.name)
	}
	full := qualify(name, namespace)
	p.pending = append(p.pending, pending{slot, full, name, at})
	return p.spend(at, full)
}

// find looks for a named type in the namespace around its use. Failing that, it
// looks in the null namespace, as Java does, but not for a record around the use.
func (p *parser) find(name, namespace string) *Node {
	full := qualify(name, namespace)
	if n := p.named(full); n != nil {
		return n
	}
	if n := p.named(name); n != nil && !p.open[n] {
		return n
	}
	return nil
}

func (p *parser) named(full string) *Node {
	if n := p.names[full]; n != nil {
		return n
	}
	return p.referenced[full]
}

// primitive is the one node of a primitive type without attributes.
func (p *parser) primitive(t Type) *Node {
	if p.plain[t] == nil {
		p.plain[t] = &Node{typ: t}
	}
	return p.plain[t]
}

func (p *parser) parseUnion(at int, namespace string, depth int, slot **Node) error {
	n := &Node{typ: Union, branches: make([]*Node, p.Len(at))}
	*slot = n
	seen := make(map[string]bool, len(n.branches))
	i := 0
	for e := range p.Elements(at) {
		waiting := len(p.pending)
		if err := p.parse(e, namespace, depth+1, &n.branches[i]); err != nil {
			return err
		}
		var name string
		if b := n.branches[i]; b == nil {
			name = p.pending[waiting].full // not defined yet, and so a named type
		} else if b.typ == Union {
			return p.fail(e, "a union cannot be a branch of a union: list its branches in the outer one")
		} else {
			name = b.BranchName()
		}
		if seen[name] {
			return p.fail(e, "a union cannot hold %s twice", name)
		}
		seen[name] = true
		i++
	}
	return nil
}

func (p *parser) parseItems(n *Node, at int, key, namespace string, depth int, slot **Node) error {
	items, ok := p.get(at, key)
	if !ok {
		return p.fail(at, "%s %s needs %q", article(n.typ), n.typ, key)
	}
	p.attributes(n, at)
	*slot = n
	return p.parse(items, namespace, depth+1, &n.items)
}

func article(t Type) string {
	switch t {
	case Array, Enum, Int:
		return "an"
	}
	return "a"
}

// definitions are the named types that references define.
type definitions struct {
	byName map[string]*Node
	seen   map[*Node]bool
	names  int // remaining budget for full names, in bytes
}

// add adds the named types within root. It returns a type that an earlier reference defines
// differently, or nil.
func (l *definitions) add(root *Node) (clash *Node) {
	if l.byName == nil {
		l.byName, l.seen = make(map[string]*Node), make(map[*Node]bool)
	}
	visit(root, l.seen, func(n *Node) bool {
		if n.name == "" {
			return true
		}
		if first := l.byName[n.name]; first != nil && !sameType(first, n, nil) {
			clash = n
			return false
		} else if first == nil {
			l.byName[n.name] = n
		}
		return true
	})
	return clash
}

// resolvePending fills in the names that were used before their definition.
func (p *parser) resolvePending() error {
	for _, use := range p.pending {
		n := p.names[use.full]
		if n == nil {
			return p.fail(use.at, "%s", p.unknown(use.full))
		}
		*use.slot = n
	}
	return nil
}

// unknown says that a name is not known, and what may have been meant.
func (p *parser) unknown(name string) string {
	var candidates []string
	for t := Null; t <= Fixed; t++ {
		if t != Union {
			candidates = append(candidates, t.String())
		}
	}
	candidates = append(candidates, slices.Sorted(maps.Keys(p.names))...)
	candidates = append(candidates, slices.Sorted(maps.Keys(p.referenced))...)
	hint := nearname.Of(name, candidates)
	switch {
	case hint == name: // a complex type by its name alone
		return fmt.Sprintf(`%q is not a type by itself: a complex type is an object, {"type":%q, ...}`, name, name)
	case hint != "":
		return fmt.Sprintf("unknown type %q; did you mean %q?", name, hint)
	}
	return fmt.Sprintf("unknown type %q%s", name, p.foreignObject())
}

// nesting reports whether types nest deeper than max, each named type expanded
// at its first occurrence, as the canonical form does. It does not look into
// types in shallow.
func nesting(root *Node, max int, shallow map[*Node]bool) (tooDeep bool) {
	seen := make(map[*Node]bool)
	var exceeds func(n *Node, depth int) bool
	exceeds = func(n *Node, depth int) bool {
		if depth > max {
			return true
		}
		if n.typ.primitive() || seen[n] || shallow[n] {
			return false
		}
		seen[n] = true
		for child := range n.children {
			if exceeds(child, depth+1) {
				return true
			}
		}
		return false
	}
	return exceeds(root, 0)
}
