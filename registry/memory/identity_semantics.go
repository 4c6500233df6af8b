package memory

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/kavro/kavro/schemas"
)

// A second notion of "the same schema", for finding what was registered in
// another form: with references written out where the registered text names
// them, or with properties in another order. Two schemas mean the same if their
// trees are the same, references resolved, where the order of aliases, of
// properties, and of the keys of a JSON object does not count. Documentation and
// defaults do.

// semanticHash is a hash of a schema's tree; equal hashes are equal trees.
type semanticHash [16]byte

func semanticsOf(s *schemas.Schema) semanticHash {
	w := treeWriter{seen: map[*schemas.Node]bool{}}
	w.node(s.Root())
	sum := sha256.Sum256(w.out)
	return semanticHash(sum[:16])
}

// treeWriter writes a tree so that no two trees give the same bytes: each piece
// carries its length.
type treeWriter struct {
	out  []byte
	seen map[*schemas.Node]bool // named types already written in full
}

func (w *treeWriter) text(parts ...string) {
	for _, s := range parts {
		w.out = strconv.AppendInt(w.out, int64(len(s)), 10)
		w.out = append(w.out, ':')
		w.out = append(w.out, s...)
	}
}

func (w *treeWriter) list(label string, items []string) {
	w.text(label, strconv.Itoa(len(items)))
	w.text(items...)
}

func (w *treeWriter) node(n *schemas.Node) {
	w.text(n.Type().String(), n.FullName())
	if n.FullName() != "" {
		if w.seen[n] {
			return
		}
		w.seen[n] = true
	}
	w.list("aliases", sortedSet(n.Aliases()))
	w.text("doc", n.Doc())
	w.list("symbols", n.Symbols())
	if symbol, ok := n.EnumDefault(); ok {
		w.text("default", symbol)
	}
	if n.Type() == schemas.Fixed {
		w.text("size", strconv.Itoa(n.Size()))
	}
	w.props(n.Props()) // the logical type among them
	w.text("fields", strconv.Itoa(len(n.Fields())))
	for _, f := range n.Fields() {
		w.field(f)
	}
	if n.Items() != nil {
		w.node(n.Items())
	}
	w.text("branches", strconv.Itoa(len(n.Branches())))
	for _, b := range n.Branches() {
		w.node(b)
	}
}

func (w *treeWriter) field(f *schemas.Field) {
	w.text(f.Name(), f.Order(), "doc", f.Doc())
	w.list("aliases", sortedSet(f.Aliases()))
	if def, ok := f.Default(); ok {
		w.text("default", canonicalJSON(def))
	}
	w.props(f.Props())
	w.node(f.Type())
}

func (w *treeWriter) props(props []schemas.Prop) {
	values := make(map[string]string, len(props))
	for _, p := range props {
		values[p.Name] = canonicalJSON(p.Value)
	}
	w.text("props", strconv.Itoa(len(values)))
	for _, name := range sortedNames(values) {
		w.text(name, values[name])
	}
}

// canonicalJSON writes a JSON value so that equal values are equal texts: keys
// sorted, no space, 1e2 and 100.0 alike. An integer never equals a fraction: 1 and
// 1.0 are two defaults to a registry.
func canonicalJSON(raw json.RawMessage) string {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return string(raw) // not JSON: equal to itself only
	}
	var b strings.Builder
	writeJSON(&b, v)
	return b.String()
}

func writeJSON(b *strings.Builder, v any) {
	switch v := v.(type) {
	case map[string]any:
		b.WriteByte('{')
		for i, key := range sortedNames(v) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Quote(key))
			b.WriteByte(':')
			writeJSON(b, v[key])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, item)
		}
		b.WriteByte(']')
	case json.Number:
		b.WriteString(canonicalNumber(v.String()))
	case string:
		b.WriteString(strconv.Quote(v))
	case bool:
		b.WriteString(strconv.FormatBool(v))
	default:
		b.WriteString("null")
	}
}

func canonicalNumber(s string) string {
	if !strings.ContainsAny(s, ".eE") {
		if s == "-0" {
			return "0"
		}
		return s // JSON writes an integer one way only
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s // beyond a double: equal to itself only
	}
	return strconv.FormatFloat(f, 'e', -1, 64)
}

// MarshalText writes a hash as hexadecimal digits.
func (m semanticHash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, m[:]), nil }

// UnmarshalText reads what MarshalText writes.
func (m *semanticHash) UnmarshalText(text []byte) error {
	if len(text) != 2*len(m) {
		return fmt.Errorf("a semantic hash has %d digits, not %d", 2*len(m), len(text))
	}
	_, err := hex.Decode(m[:], text)
	return err
}
