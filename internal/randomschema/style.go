package randomschema

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// A Style writes schemas as JSON texts. It decides which of the generator's namespaces are
// kept. Schemas that are compared need the same Style.
type Style struct {
	*rand.Rand
	merged map[string]bool // namespaces that become a prefix of the name: p.A becomes pA
}

// Style returns a random style.
func (g *Generator) Style() *Style {
	d := &Style{Rand: g.Rand, merged: map[string]bool{}}
	switch g.IntN(4) {
	case 0:
		d.merged = map[string]bool{"p": true, "n": true, "m": true}
	case 1:
		d.merged = map[string]bool{"m": true}
	}
	return d
}

// Text returns the schema as JSON, with random optional parts: docs, properties, logical types
// (valid and invalid ones), sort orders, attributes in any order, and names with an explicit,
// separate or inherited namespace.
func (d *Style) Text(s *Schema) string {
	w := styler{Style: d, seen: map[*Schema]bool{}}
	w.schema(s, "")
	return w.out.String()
}

type styler struct {
	*Style
	seen map[*Schema]bool
	out  strings.Builder
}

// attribute is a member of an object, and the function that writes its value.
type attribute struct {
	key   string
	write func()
}

func (w *styler) text(v any) func() {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // v consists of strings and numbers
	}
	return func() { w.out.Write(b) }
}

// object writes the attributes in a random order.
func (w *styler) object(attributes ...attribute) {
	w.Shuffle(len(attributes), func(i, j int) { attributes[i], attributes[j] = attributes[j], attributes[i] })
	w.out.WriteByte('{')
	for i, a := range attributes {
		if i > 0 {
			w.out.WriteByte(',')
		}
		fmt.Fprintf(&w.out, "%q:", a.key)
		a.write()
	}
	w.out.WriteByte('}')
}

func (w *styler) list(n int, item func(i int)) {
	w.out.WriteByte('[')
	for i := range n {
		if i > 0 {
			w.out.WriteByte(',')
		}
		item(i)
	}
	w.out.WriteByte(']')
}

// name returns a full name in this style.
func (d *Style) name(full string) string {
	if namespace, name, ok := strings.Cut(full, "."); ok && d.merged[namespace] {
		return namespace + name
	}
	return full
}

func namespaceOf(full string) string { return full[:max(strings.LastIndexByte(full, '.'), 0)] }

// relative returns a name as it may be written within a namespace.
func (w *styler) relative(full, within string) string {
	if within != "" && namespaceOf(full) == within && w.IntN(2) == 0 {
		return full[len(within)+1:]
	}
	return full
}

func (w *styler) schema(s *Schema, namespace string) {
	var attributes []attribute
	add := func(key string, write func()) { attributes = append(attributes, attribute{key, write}) }
	if s.typ == "union" {
		w.list(len(s.branches), func(i int) { w.schema(s.branches[i], namespace) })
		return
	}
	if s.name != "" {
		full := w.name(s.name)
		if w.seen[s] {
			w.text(w.relative(full, namespace))()
			return
		}
		w.seen[s] = true
		switch own := namespaceOf(full); {
		case own == namespace && w.IntN(2) == 0:
			add("name", w.text(full[strings.LastIndexByte(full, '.')+1:]))
		case own != "" && w.IntN(2) == 0:
			add("name", w.text(full))
		default:
			add("name", w.text(full[strings.LastIndexByte(full, '.')+1:]))
			add("namespace", w.text(own))
		}
		namespace = namespaceOf(full)
		if w.IntN(4) == 0 {
			add("doc", w.text(OneOf(w.Rand, docs)))
		}
	} else if s.items == nil && w.IntN(3) > 0 { // a primitive type
		w.text(s.typ)()
		return
	}
	add("type", w.text(s.typ))
	if len(s.aliases) > 0 {
		add("aliases", w.text(w.relatives(s.aliases, namespace)))
	}
	switch s.typ {
	case "record":
		add("fields", func() { w.list(len(s.fields), func(i int) { w.field(s.fields[i], namespace) }) })
	case "enum":
		add("symbols", w.text(s.symbols))
		if s.def != "" {
			add("default", w.text(s.def))
		}
	case "fixed":
		add("size", w.text(s.size))
	case "array":
		add("items", func() { w.schema(s.items, namespace) })
	case "map":
		add("values", func() { w.schema(s.items, namespace) })
	}
	if w.IntN(4) == 0 {
		attributes = append(attributes, w.logical(s)...)
	}
	w.object(append(attributes, w.properties()...)...)
}

func (w *styler) relatives(aliases []string, namespace string) (out []string) {
	for _, a := range aliases {
		a = w.name(a)
		if namespace != "" && namespaceOf(a) == "" {
			continue // such an alias cannot be written
		}
		out = append(out, w.relative(a, namespace))
	}
	return out
}

func (w *styler) field(f *field, namespace string) {
	attributes := []attribute{
		{"name", w.text(f.name)},
		{"type", func() { w.schema(f.typ, namespace) }},
	}
	if len(f.aliases) > 0 {
		attributes = append(attributes, attribute{"aliases", w.text(f.aliases)})
	}
	if f.def != nil {
		attributes = append(attributes, attribute{"default", w.text(f.def)})
	}
	if w.IntN(4) == 0 {
		attributes = append(attributes, attribute{"doc", w.text(OneOf(w.Rand, docs))})
	}
	if w.IntN(6) == 0 {
		attributes = append(attributes, attribute{"order", w.text(OneOf(w.Rand, []string{"ascending", "descending", "ignore"}))})
	}
	w.object(append(attributes, w.properties()...)...)
}

var docs = []string{"", "what it is", "quotes \" and \\ and \n", "é € \U0001f600 \x01 / </a>"}

var properties = []string{`1`, `-0`, `1.5`, `1e3`, `"text"`, `"é\u0001\/"`, `true`, `null`, `[]`, `{}`, `[1,"a",{"b":null}]`, `{"z":1,"a":[2.50]}`}

func (w *styler) properties() (out []attribute) {
	if w.IntN(5) > 0 {
		return nil
	}
	for _, i := range w.Perm(4)[:1+w.IntN(3)] {
		value := json.RawMessage(OneOf(w.Rand, properties))
		out = append(out, attribute{[]string{"x", "y-z", "connect.name", "é"}[i], func() { w.out.Write(value) }})
	}
	return out
}

// logical returns a logical type, often one that is valid for s.
func (w *styler) logical(s *Schema) []attribute {
	valid := map[string][]string{
		"int":    {"date", "time-millis"},
		"long":   {"time-micros", "timestamp-millis", "timestamp-micros", "timestamp-nanos", "local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos"},
		"string": {"uuid"},
		"bytes":  {"decimal", "big-decimal"},
		"fixed":  {"decimal", "duration", "uuid"},
	}[s.typ]
	name := OneOf(w.Rand, append(valid, "date", "decimal", "some"))
	out := []attribute{{"logicalType", w.text(name)}}
	if name == "decimal" {
		out = append(out, attribute{"precision", w.text(w.IntN(8))})
		if w.IntN(2) == 0 {
			out = append(out, attribute{"scale", w.text(w.IntN(6) - 1)})
		}
	}
	return out
}
