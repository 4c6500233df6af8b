package randomschema

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Mutate returns the JSON text with one or two of its values changed, removed or exchanged.
// The result may be an invalid schema.
func (g *Generator) Mutate(text string) string {
	in := json.NewDecoder(strings.NewReader(text))
	in.UseNumber() // keeps the digits
	var top any
	if err := in.Decode(&top); err != nil {
		return text
	}
	for range 1 + g.IntN(2) {
		var positions []position
		collect(&positions, position{value: top, set: func(v any) { top = v }})
		g.mutate(OneOf(g.Rand, positions), OneOf(g.Rand, positions).value)
	}
	out, err := json.Marshal(top)
	if err != nil {
		return text
	}
	return string(out)
}

// position is a value within a text.
type position struct {
	value  any
	set    func(any)
	key    string         // in object
	object map[string]any // that holds the value; nil if none does
}

func collect(positions *[]position, p position) {
	*positions = append(*positions, p)
	switch v := p.value.(type) {
	case []any:
		for i, e := range v {
			collect(positions, position{value: e, set: func(n any) { v[i] = n }})
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			collect(positions, position{value: v[k], set: func(n any) { v[k] = n }, key: k, object: v})
		}
	}
}

var scalars = []any{
	nil, true, false, 0, 1, -1, 1.5, json.Number("2147483648"), json.Number("9223372036854775808"), json.Number("1e3"), json.Number("1.0"), json.Number("1e400"),
	"", "a", "A", "p.A", ".A", "p.", "a-b", "1a", "p..A", "null", "int", "record", "some", "X", "abc", "ascending",
}

var keys = []string{"name", "namespace", "type", "fields", "symbols", "size", "items", "values", "default", "aliases", "order", "doc", "logicalType", "precision", "scale", "x"}

// mutate changes the value at p; other is another value of the text.
func (g *Generator) mutate(p position, other any) {
	switch choice := g.IntN(9); {
	case choice == 0 && p.object != nil:
		delete(p.object, p.key)
	case choice == 1 && p.object != nil:
		delete(p.object, p.key)
		p.object[OneOf(g.Rand, keys)] = p.value
	case choice == 2 && p.object != nil:
		p.object[OneOf(g.Rand, keys)] = OneOf(g.Rand, scalars)
	case choice == 3:
		p.set(deep(other))
	case choice == 4:
		p.set([]any{p.value})
	case choice == 5:
		p.set(map[string]any{"type": p.value})
	case choice == 6:
		if list, ok := p.value.([]any); ok && len(list) > 0 {
			p.set(append(list, deep(OneOf(g.Rand, list))))
			return
		}
		fallthrough
	default:
		p.set(OneOf(g.Rand, append(scalars[:len(scalars):len(scalars)], []any{}, map[string]any{})))
	}
}

// deep copies a value, so that a text never contains itself.
func deep(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = deep(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = deep(e)
		}
		return out
	}
	return v
}
