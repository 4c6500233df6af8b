package avro

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// Random schemas, evolutions of them, and data: what the laws of resolution and
// JSON are tested on. A sketch is a schema that is easily changed; recursive
// schemas are cyclic graphs of sketches.
type sketch struct {
	typ      string
	name     string // full name
	aliases  []string
	fields   []*sketchField
	symbols  []string
	def      string // enum
	items    *sketch
	branches []*sketch
	size     int
}

type sketchField struct {
	name    string
	aliases []string
	typ     *sketch
	def     json.RawMessage
}

var (
	sketchPrimitives = []string{"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
	sketchNames      = []string{"p.A", "p.B", "p.C", "n.A", "n.B", "n.C", "m.A", "m.D"}
	sketchSymbols    = []string{"X", "Y", "Z", "W"}
	sketchFields     = []string{"a", "b", "c", "d", "e"}
)

// sketcher makes sketches. Names are used once, so that any sketch is a schema.
type sketcher struct {
	*rand.Rand
	named []*sketch
	open  []*sketch // records around the one being made
}

func oneOf[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (g *sketcher) free() []string {
	var out []string
	for _, n := range sketchNames {
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

func (g *sketcher) make(depth int, inUnion, canRecur bool) *sketch {
	if canRecur && len(g.open) > 0 && g.IntN(5) == 0 {
		return oneOf(g.Rand, g.open)
	}
	if len(g.named) > len(g.open) && g.IntN(6) == 0 {
		s := oneOf(g.Rand, g.named)
		for _, o := range g.open {
			if s == o {
				return g.primitive()
			}
		}
		return s
	}
	names := g.free()
	choice := g.IntN(12)
	if depth == 0 {
		choice = 0
	}
	switch {
	case choice < 4:
	case choice < 5:
		return &sketch{typ: "array", items: g.make(depth-1, false, true)}
	case choice < 6:
		return &sketch{typ: "map", items: g.make(depth-1, false, true)}
	case choice < 8 && !inUnion:
		return g.union(depth)
	case len(names) == 0:
	case choice < 9:
		s := &sketch{typ: "enum", name: oneOf(g.Rand, names), symbols: g.someSymbols()}
		g.named = append(g.named, s)
		return s
	case choice < 10:
		s := &sketch{typ: "fixed", name: oneOf(g.Rand, names), size: g.IntN(4)}
		g.named = append(g.named, s)
		return s
	default:
		return g.record(depth, oneOf(g.Rand, names), canRecur)
	}
	return g.primitive()
}

func (g *sketcher) primitive() *sketch { return &sketch{typ: oneOf(g.Rand, sketchPrimitives)} }

func (g *sketcher) someSymbols() []string {
	perm := g.Perm(len(sketchSymbols))
	var out []string
	for _, i := range perm[:1+g.IntN(len(perm))] {
		out = append(out, sketchSymbols[i])
	}
	return out
}

func (g *sketcher) record(depth int, name string, canRecur bool) *sketch {
	s := &sketch{typ: "record", name: name}
	g.named = append(g.named, s)
	if canRecur || depth > 2 {
		g.open = append(g.open, s)
		defer func() { g.open = g.open[:len(g.open)-1] }()
	}
	perm := g.Perm(len(sketchFields))
	for _, i := range perm[:g.IntN(len(perm))] {
		s.fields = append(s.fields, &sketchField{name: sketchFields[i], typ: g.make(depth-1, false, false)})
	}
	return s
}

func (g *sketcher) union(depth int) *sketch {
	s := &sketch{typ: "union"}
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

func (s *sketch) has(b *sketch) bool {
	for _, o := range s.branches {
		if o.typ == b.typ && o.name == b.name {
			return true
		}
	}
	return false
}

// copy copies the whole graph.
func (s *sketch) copy(seen map[*sketch]*sketch) *sketch {
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
func (s *sketch) all(seen map[*sketch]bool, out *[]*sketch) {
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

// evolve returns a changed copy.
func (g *sketcher) evolve(s *sketch) *sketch {
	next := s.copy(map[*sketch]*sketch{})
	for range g.IntN(4) {
		var all []*sketch
		next.all(map[*sketch]bool{}, &all)
		g.change(oneOf(g.Rand, all))
	}
	return next
}

func (g *sketcher) change(s *sketch) {
	if s.name != "" && g.IntN(3) == 0 { // another name, mostly with an alias
		if g.IntN(3) > 0 {
			s.aliases = append(s.aliases, s.name)
		}
		s.name = oneOf(g.Rand, append(g.free(), "n.Z", "p.Z", "m.Y"))
		g.named = append(g.named, s)
		return
	}
	switch s.typ {
	case "record":
		g.changeFields(s)
	case "enum":
		s.symbols = g.someSymbols()
		if g.IntN(2) == 0 {
			s.def = oneOf(g.Rand, s.symbols)
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
			s.typ = oneOf(g.Rand, up)
		case g.IntN(2) == 0:
			inner := *s
			*s = sketch{typ: "union", branches: []*sketch{&inner}}
			for range g.IntN(3) {
				if b := g.primitive(); !s.has(b) {
					s.branches = append(s.branches, b)
				}
			}
			g.Shuffle(len(s.branches), func(i, j int) { s.branches[i], s.branches[j] = s.branches[j], s.branches[i] })
		default:
			s.typ = oneOf(g.Rand, sketchPrimitives)
		}
	}
}

func (g *sketcher) changeFields(s *sketch) {
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
			f := oneOf(g.Rand, s.fields)
			if g.IntN(4) > 0 {
				f.aliases = append(f.aliases, f.name)
			}
			f.name = g.freeField(s)
		}
	default:
		f := &sketchField{name: g.freeField(s), typ: g.make(1, false, false)}
		if g.IntN(4) > 0 {
			f.def = g.value(f.typ, 3)
		}
		at := g.IntN(n + 1)
		s.fields = append(s.fields[:at:at], append([]*sketchField{f}, s.fields[at:]...)...)
	}
}

func (g *sketcher) freeField(s *sketch) string {
	for {
		name := oneOf(g.Rand, append(sketchFields[:len(sketchFields):len(sketchFields)], "x", "y", "z"))
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
func (g *sketcher) value(s *sketch, depth int) json.RawMessage {
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

// text is the schema's JSON. Named types are defined where they come first.
func (s *sketch) text(seen map[*sketch]bool) any {
	if s.name != "" {
		if seen[s] {
			return s.name
		}
		seen[s] = true
	}
	if s.typ == "union" {
		out := []any{}
		for _, b := range s.branches {
			out = append(out, b.text(seen))
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
			field := map[string]any{"name": f.name, "type": f.typ.text(seen)}
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
		out["items"] = s.items.text(seen)
	case "map":
		out["values"] = s.items.text(seen)
	}
	return out
}

// schema parses a sketch; changes may have made it something that is none.
func (s *sketch) schema() (*schemas.Schema, error) {
	text, err := json.Marshal(s.text(map[*sketch]bool{}))
	if err != nil {
		return nil, err
	}
	return schemas.Parse(string(text))
}

// randomDatum appends a value of a type. Arrays and maps come in one or two
// blocks, with and without a byte size. It is not ok if the value would not end.
func randomDatum(r *rand.Rand, dst []byte, n *schemas.Node, depth int) (_ []byte, ok bool) {
	if depth < 0 {
		return dst, false
	}
	switch n.Type() {
	case schemas.Null:
	case schemas.Boolean:
		dst = wire.AppendBool(dst, r.IntN(2) == 0)
	case schemas.Int:
		dst = wire.AppendLong(dst, int64(int32(r.Uint32())>>r.IntN(32)))
	case schemas.Long:
		dst = wire.AppendLong(dst, int64(r.Uint64())>>r.IntN(64))
	case schemas.Float:
		dst = wire.AppendFloat(dst, oneOf(r, []float32{0, 1.5, -7, 1e30, float32(math.Inf(-1)), float32(math.NaN()), 0.1}))
	case schemas.Double:
		dst = wire.AppendDouble(dst, oneOf(r, []float64{0, 1.5, -7, 1e300, math.Inf(1), math.NaN(), 0.1}))
	case schemas.Bytes, schemas.String:
		dst = wire.AppendString(dst, oneOf(r, []string{"", "a", "\u00e9", "bcd \"\\\n", "\u20ac\U0001f600"}))
	case schemas.Fixed:
		for range n.Size() {
			dst = append(dst, byte(r.Uint32()))
		}
	case schemas.Enum:
		dst = wire.AppendLong(dst, int64(r.IntN(len(n.Symbols()))))
	case schemas.Record:
		for _, f := range n.Fields() {
			if dst, ok = randomDatum(r, dst, f.Type(), depth-1); !ok {
				return dst, false
			}
		}
	case schemas.Union:
		for range 2 {
			i := r.IntN(len(n.Branches()))
			if out, ok := randomDatum(r, wire.AppendLong(dst, int64(i)), n.Branches()[i], depth-1); ok {
				return out, true
			}
		}
		return dst, false
	case schemas.Array, schemas.Map:
		key := 0
		for range r.IntN(3) {
			var block []byte
			count := 1 + r.IntN(3)
			for range count {
				if n.Type() == schemas.Map {
					block = wire.AppendString(block, fmt.Sprint("key", key))
					key++
				}
				if block, ok = randomDatum(r, block, n.Items(), depth-2); !ok {
					return append(dst, 0), true
				}
			}
			if r.IntN(2) == 0 {
				dst = wire.AppendLong(wire.AppendLong(dst, int64(-count)), int64(len(block)))
			} else {
				dst = wire.AppendLong(dst, int64(count))
			}
			dst = append(dst, block...)
		}
		dst = append(dst, 0)
	}
	return dst, true
}

// randomPair is a writer's schema, a reader's, and a datum.
func randomPair(seed uint64) (writer, reader *schemas.Schema, datum []byte, ok bool) {
	r := rand.New(rand.NewPCG(seed, 1))
	g := &sketcher{Rand: r}
	s := g.make(5, false, false)
	writer, err := s.schema()
	if err != nil {
		return nil, nil, nil, false
	}
	if reader, err = g.evolve(s).schema(); err != nil {
		return nil, nil, nil, false
	}
	datum, ok = randomDatum(r, nil, writer.Root(), 12)
	return writer, reader, datum, ok
}
