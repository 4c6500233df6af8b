package randomschema

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/kavro/kavro/schemas"
)

// A Schema is an Avro schema that can be changed. A recursive schema is a cyclic graph.
type Schema struct {
	typ      string
	name     string // full name
	aliases  []string
	fields   []*field
	symbols  []string
	def      string // enum
	items    *Schema
	branches []*Schema
	size     int
}

type field struct {
	name    string
	aliases []string
	typ     *Schema
	def     json.RawMessage
}

var (
	primitives = []string{"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
	names      = []string{"p.A", "p.B", "p.C", "n.A", "n.B", "n.C", "m.A", "m.D"}
	symbols    = []string{"X", "Y", "Z", "W"}
	fieldNames = []string{"a", "b", "c", "d", "e"}
)

// A Generator makes schemas. It defines each name once, so that each schema is valid.
type Generator struct {
	*rand.Rand
	named []*Schema
	open  []*Schema // records around the one being made
}

// New returns a Generator that draws from r.
func New(r *rand.Rand) *Generator { return &Generator{Rand: r} }

// Schema returns a new random schema.
func (g *Generator) Schema() *Schema { return g.make(5, false, false) }

// OneOf returns a random element of from, which must not be empty.
func OneOf[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (g *Generator) free() []string {
	var out []string
	for _, n := range names {
		used := false
		for _, s := range g.named {
			used = used || s.name == n
		}
		if !used {
			out = append(out, n)
		}
	}
	return out
}

func (g *Generator) make(depth int, inUnion, canRecur bool) *Schema {
	if canRecur && len(g.open) > 0 && g.IntN(5) == 0 {
		return OneOf(g.Rand, g.open)
	}
	if len(g.named) > len(g.open) && g.IntN(6) == 0 {
		s := OneOf(g.Rand, g.named)
		for _, o := range g.open {
			if s == o {
				return g.primitive()
			}
		}
		return s
	}
	free := g.free()
	choice := g.IntN(12)
	if depth == 0 {
		choice = 0
	}
	switch {
	case choice < 4:
	case choice < 5:
		return &Schema{typ: "array", items: g.make(depth-1, false, true)}
	case choice < 6:
		return &Schema{typ: "map", items: g.make(depth-1, false, true)}
	case choice < 8 && !inUnion:
		return g.union(depth)
	case len(free) == 0:
	case choice < 9:
		s := &Schema{typ: "enum", name: OneOf(g.Rand, free), symbols: g.someSymbols()}
		g.named = append(g.named, s)
		return s
	case choice < 10:
		s := &Schema{typ: "fixed", name: OneOf(g.Rand, free), size: g.IntN(4)}
		g.named = append(g.named, s)
		return s
	default:
		return g.record(depth, OneOf(g.Rand, free), canRecur)
	}
	return g.primitive()
}

func (g *Generator) primitive() *Schema { return &Schema{typ: OneOf(g.Rand, primitives)} }

func (g *Generator) someSymbols() []string {
	perm := g.Perm(len(symbols))
	var out []string
	for _, i := range perm[:1+g.IntN(len(perm))] {
		out = append(out, symbols[i])
	}
	return out
}

func (g *Generator) record(depth int, name string, canRecur bool) *Schema {
	s := &Schema{typ: "record", name: name}
	g.named = append(g.named, s)
	if canRecur || depth > 2 {
		g.open = append(g.open, s)
		defer func() { g.open = g.open[:len(g.open)-1] }()
	}
	perm := g.Perm(len(fieldNames))
	for _, i := range perm[:g.IntN(len(perm))] {
		s.fields = append(s.fields, &field{name: fieldNames[i], typ: g.make(depth-1, false, false)})
	}
	return s
}

func (g *Generator) union(depth int) *Schema {
	s := &Schema{typ: "union"}
	for range 1 + g.IntN(4) {
		b := g.make(depth-1, true, true)
		if !s.has(b) && b.typ != "union" {
			s.branches = append(s.branches, b)
		}
	}
	if len(s.branches) == 0 {
		s.branches = append(s.branches, g.primitive())
	}
	return s
}

func (s *Schema) has(b *Schema) bool {
	for _, o := range s.branches {
		if o.typ == b.typ && o.name == b.name {
			return true
		}
	}
	return false
}

// copy copies the whole graph.
func (s *Schema) copy(seen map[*Schema]*Schema) *Schema {
	if s == nil {
		return nil
	}
	if c := seen[s]; c != nil {
		return c
	}
	c := *s
	seen[s] = &c
	c.fields = nil
	for _, f := range s.fields {
		cf := *f
		cf.typ = f.typ.copy(seen)
		c.fields = append(c.fields, &cf)
	}
	c.symbols = append([]string(nil), s.symbols...)
	c.items = s.items.copy(seen)
	c.branches = nil
	for _, b := range s.branches {
		c.branches = append(c.branches, b.copy(seen))
	}
	return &c
}

// all lists the schemas of the graph.
func (s *Schema) all(seen map[*Schema]bool, out *[]*Schema) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	*out = append(*out, s)
	for _, f := range s.fields {
		f.typ.all(seen, out)
	}
	s.items.all(seen, out)
	for _, b := range s.branches {
		b.all(seen, out)
	}
}

// Evolve returns a copy with up to three changes. Data written with s can often be read with it.
func (g *Generator) Evolve(s *Schema) *Schema {
	next := s.copy(map[*Schema]*Schema{})
	for range g.IntN(4) {
		var all []*Schema
		next.all(map[*Schema]bool{}, &all)
		g.change(OneOf(g.Rand, all))
	}
	return next
}

func (g *Generator) change(s *Schema) {
	if s.name != "" && g.IntN(3) == 0 { // another name, mostly with an alias
		if g.IntN(3) > 0 {
			s.aliases = append(s.aliases, s.name)
		}
		s.name = OneOf(g.Rand, append(g.free(), "n.Z", "p.Z", "m.Y"))
		g.named = append(g.named, s)
		return
	}
	switch s.typ {
	case "record":
		g.changeFields(s)
	case "enum":
		s.symbols = g.someSymbols()
		if g.IntN(2) == 0 {
			s.def = OneOf(g.Rand, s.symbols)
		}
	case "fixed":
		s.size = g.IntN(4)
	case "union":
		switch g.IntN(4) {
		case 0:
			g.Shuffle(len(s.branches), func(i, j int) { s.branches[i], s.branches[j] = s.branches[j], s.branches[i] })
		case 1:
			if b := g.primitive(); !s.has(b) {
				s.branches = append(s.branches, b)
			}
		case 2:
			if len(s.branches) > 1 {
				s.branches = s.branches[1:]
			}
		default:
			*s = *s.branches[0]
		}
	case "array", "map":
		g.change(s.items)
	default:
		switch up := map[string][]string{
			"int": {"long", "float", "double"}, "long": {"float", "double"}, "float": {"double"},
			"string": {"bytes"}, "bytes": {"string"},
		}[s.typ]; {
		case up != nil && g.IntN(3) > 0:
			s.typ = OneOf(g.Rand, up)
		case g.IntN(2) == 0:
			inner := *s
			*s = Schema{typ: "union", branches: []*Schema{&inner}}
			for range g.IntN(3) {
				if b := g.primitive(); !s.has(b) {
					s.branches = append(s.branches, b)
				}
			}
			g.Shuffle(len(s.branches), func(i, j int) { s.branches[i], s.branches[j] = s.branches[j], s.branches[i] })
		default:
			s.typ = OneOf(g.Rand, primitives)
		}
	}
}

func (g *Generator) changeFields(s *Schema) {
	switch n := len(s.fields); g.IntN(4) {
	case 0:
		g.Shuffle(n, func(i, j int) { s.fields[i], s.fields[j] = s.fields[j], s.fields[i] })
	case 1:
		if n > 0 {
			i := g.IntN(n)
			s.fields = append(s.fields[:i:i], s.fields[i+1:]...)
		}
	case 2:
		if n > 0 {
			f := OneOf(g.Rand, s.fields)
			if g.IntN(4) > 0 {
				f.aliases = append(f.aliases, f.name)
			}
			f.name = g.freeField(s)
		}
	default:
		f := &field{name: g.freeField(s), typ: g.make(1, false, false)}
		if g.IntN(4) > 0 {
			f.def = g.value(f.typ, 3)
		}
		at := g.IntN(n + 1)
		s.fields = append(s.fields[:at:at], append([]*field{f}, s.fields[at:]...)...)
	}
}

func (g *Generator) freeField(s *Schema) string {
	for {
		name := OneOf(g.Rand, append(fieldNames[:len(fieldNames):len(fieldNames)], "x", "y", "z"))
		taken := false
		for _, f := range s.fields {
			taken = taken || f.name == name
		}
		if !taken {
			return name
		}
	}
}

// value returns a default for s, or nil if it finds none.
func (g *Generator) value(s *Schema, depth int) json.RawMessage {
	switch s.typ {
	case "null":
		return json.RawMessage("null")
	case "boolean":
		return json.RawMessage("true")
	case "int":
		return json.RawMessage(fmt.Sprint(int32(g.Uint32())))
	case "long":
		return json.RawMessage(fmt.Sprint(int64(g.Uint64())))
	case "float", "double":
		return json.RawMessage(fmt.Sprint(float64(g.IntN(1000)) / 8))
	case "bytes":
		return json.RawMessage(`"\u00ff\u0000a"`)
	case "string":
		return json.RawMessage(`"\u00e9\u20ac"`)
	case "fixed":
		b, _ := json.Marshal("abcdefgh"[:s.size])
		return b
	case "enum":
		b, _ := json.Marshal(s.symbols[0])
		return b
	case "array":
		if v := g.value(s.items, depth-1); depth > 0 && v != nil {
			return json.RawMessage("[" + string(v) + "]")
		}
		return json.RawMessage("[]")
	case "map":
		if v := g.value(s.items, depth-1); depth > 0 && v != nil {
			return json.RawMessage(`{"k":` + string(v) + "}")
		}
		return json.RawMessage("{}")
	case "union":
		return g.value(s.branches[0], depth)
	}
	if depth <= 0 {
		return nil
	}
	text := "{"
	for i, f := range s.fields {
		v := g.value(f.typ, depth-1)
		if v == nil {
			return nil
		}
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf("%q:%s", f.name, v)
	}
	return json.RawMessage(text + "}")
}

// tree returns the schema as JSON values. A named type is defined at its first use.
func (s *Schema) tree(seen map[*Schema]bool) any {
	if s.name != "" {
		if seen[s] {
			return s.name
		}
		seen[s] = true
	}
	if s.typ == "union" {
		out := []any{}
		for _, b := range s.branches {
			out = append(out, b.tree(seen))
		}
		return out
	}
	out := map[string]any{"type": s.typ}
	if s.name != "" {
		out["name"] = s.name
	}
	if len(s.aliases) > 0 {
		out["aliases"] = s.aliases
	}
	switch s.typ {
	case "record":
		fields := []any{}
		for _, f := range s.fields {
			field := map[string]any{"name": f.name, "type": f.typ.tree(seen)}
			if len(f.aliases) > 0 {
				field["aliases"] = f.aliases
			}
			if f.def != nil {
				field["default"] = f.def
			}
			fields = append(fields, field)
		}
		out["fields"] = fields
	case "enum":
		out["symbols"] = s.symbols
		if s.def != "" {
			out["default"] = s.def
		}
	case "fixed":
		out["size"] = s.size
	case "array":
		out["items"] = s.items.tree(seen)
	case "map":
		out["values"] = s.items.tree(seen)
	}
	return out
}

// Text returns the schema as JSON. After Evolve it may be invalid.
func (s *Schema) Text() string {
	text, err := json.Marshal(s.tree(map[*Schema]bool{}))
	if err != nil {
		panic(err) // it is made of maps and strings
	}
	return string(text)
}

// Parse parses the schema's text.
func (s *Schema) Parse() (*schemas.Schema, error) { return schemas.Parse(s.Text()) }
