package sketch

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/kavro/kavro/schemas"
)

// A Sketch is a schema that is easily changed; recursive schemas are cyclic graphs
// of sketches.
type Sketch struct {
	typ      string
	name     string // full name
	aliases  []string
	fields   []*field
	symbols  []string
	def      string // enum
	items    *Sketch
	branches []*Sketch
	size     int
}

type field struct {
	name    string
	aliases []string
	typ     *Sketch
	def     json.RawMessage
}

var (
	primitives = []string{"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
	names      = []string{"p.A", "p.B", "p.C", "n.A", "n.B", "n.C", "m.A", "m.D"}
	symbols    = []string{"X", "Y", "Z", "W"}
	fieldNames = []string{"a", "b", "c", "d", "e"}
)

// A Sketcher makes sketches. It uses each name once, so that any sketch is a
// schema.
type Sketcher struct {
	*rand.Rand
	named []*Sketch
	open  []*Sketch // records around the one being made
}

// New returns a Sketcher that draws from r.
func New(r *rand.Rand) *Sketcher { return &Sketcher{Rand: r} }

// Sketch returns a new schema.
func (g *Sketcher) Sketch() *Sketch { return g.make(5, false, false) }

// OneOf draws one of some.
func OneOf[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (g *Sketcher) free() []string {
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

func (g *Sketcher) make(depth int, inUnion, canRecur bool) *Sketch {
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
		return &Sketch{typ: "array", items: g.make(depth-1, false, true)}
	case choice < 6:
		return &Sketch{typ: "map", items: g.make(depth-1, false, true)}
	case choice < 8 && !inUnion:
		return g.union(depth)
	case len(free) == 0:
	case choice < 9:
		s := &Sketch{typ: "enum", name: OneOf(g.Rand, free), symbols: g.someSymbols()}
		g.named = append(g.named, s)
		return s
	case choice < 10:
		s := &Sketch{typ: "fixed", name: OneOf(g.Rand, free), size: g.IntN(4)}
		g.named = append(g.named, s)
		return s
	default:
		return g.record(depth, OneOf(g.Rand, free), canRecur)
	}
	return g.primitive()
}

func (g *Sketcher) primitive() *Sketch { return &Sketch{typ: OneOf(g.Rand, primitives)} }

func (g *Sketcher) someSymbols() []string {
	perm := g.Perm(len(symbols))
	var out []string
	for _, i := range perm[:1+g.IntN(len(perm))] {
		out = append(out, symbols[i])
	}
	return out
}

func (g *Sketcher) record(depth int, name string, canRecur bool) *Sketch {
	s := &Sketch{typ: "record", name: name}
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

func (g *Sketcher) union(depth int) *Sketch {
	s := &Sketch{typ: "union"}
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

func (s *Sketch) has(b *Sketch) bool {
	for _, o := range s.branches {
		if o.typ == b.typ && o.name == b.name {
			return true
		}
	}
	return false
}

// copy copies the whole graph.
func (s *Sketch) copy(seen map[*Sketch]*Sketch) *Sketch {
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

// all lists the graph's sketches.
func (s *Sketch) all(seen map[*Sketch]bool, out *[]*Sketch) {
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

// Evolve returns a changed copy, as somebody might change a schema: what was
// written with s can often be read with it.
func (g *Sketcher) Evolve(s *Sketch) *Sketch {
	next := s.copy(map[*Sketch]*Sketch{})
	for range g.IntN(4) {
		var all []*Sketch
		next.all(map[*Sketch]bool{}, &all)
		g.change(OneOf(g.Rand, all))
	}
	return next
}

func (g *Sketcher) change(s *Sketch) {
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
			*s = Sketch{typ: "union", branches: []*Sketch{&inner}}
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

func (g *Sketcher) changeFields(s *Sketch) {
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

func (g *Sketcher) freeField(s *Sketch) string {
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

// value is a default, nil if none was found.
func (g *Sketcher) value(s *Sketch, depth int) json.RawMessage {
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

// shape is the schema's JSON. Named types are defined where they come first.
func (s *Sketch) shape(seen map[*Sketch]bool) any {
	if s.name != "" {
		if seen[s] {
			return s.name
		}
		seen[s] = true
	}
	if s.typ == "union" {
		out := []any{}
		for _, b := range s.branches {
			out = append(out, b.shape(seen))
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
			field := map[string]any{"name": f.name, "type": f.typ.shape(seen)}
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
		out["items"] = s.items.shape(seen)
	case "map":
		out["values"] = s.items.shape(seen)
	}
	return out
}

// Text is the schema's JSON. Changes may have made it something that is no schema.
func (s *Sketch) Text() string {
	text, err := json.Marshal(s.shape(map[*Sketch]bool{}))
	if err != nil {
		panic(err) // it is made of maps and strings
	}
	return string(text)
}

// Schema parses the text.
func (s *Sketch) Schema() (*schemas.Schema, error) { return schemas.Parse(s.Text()) }
