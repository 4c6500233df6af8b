package schemas

import (
	"strings"

	"github.com/kavro/kavro/internal/jsontext"
)

// lineWidth is how long a line may get before its value is broken up.
const lineWidth = 100

// indented lays a schema out for a person: what fits on a line stands on one,
// but every record shows its fields one below the other.
func indented(text string) string {
	t := scanned(text)
	w := indenter{tape: t}
	w.value(0, 0, 0)
	return w.out.String()
}

type indenter struct {
	tape
	out strings.Builder
}

// value writes the value at a token, after column characters on its line.
func (w *indenter) value(at, depth, column int) {
	if line := w.inline(at); w.Kind(at) < jsontext.Array || !w.isRecord(at) && column+len(line) <= lineWidth {
		w.out.WriteString(line)
		return
	}
	newline := "\n" + strings.Repeat("  ", depth+1)
	if w.Kind(at) == jsontext.Array {
		w.out.WriteString("[")
		for e := range w.Elements(at) {
			w.separate(e == at+1, newline)
			w.value(e, depth+1, 2*depth+2)
		}
		w.out.WriteString(newline[:len(newline)-2] + "]")
		return
	}
	w.out.WriteString("{")
	for k, v := range w.Members(at) {
		w.separate(k == at+1, newline)
		w.out.WriteString(w.Raw(k) + ": ")
		w.value(v, depth+1, 2*depth+4+len(w.Raw(k)))
	}
	w.out.WriteString(newline[:len(newline)-2] + "}")
}

func (w *indenter) separate(first bool, newline string) {
	if !first {
		w.out.WriteString(",")
	}
	w.out.WriteString(newline)
}

// isRecord reports whether a value holds the fields of a record anywhere.
func (w *indenter) isRecord(at int) bool {
	for i := at; i < int(w.Tokens[at].Next); i++ {
		if w.Kind(i) == jsontext.String && w.is(i, "fields") {
			return true
		}
	}
	return false
}

// inline is a value on one line, with a space after each comma and colon.
func (w *indenter) inline(at int) string {
	var parts []string
	switch w.Kind(at) {
	case jsontext.Array:
		for e := range w.Elements(at) {
			parts = append(parts, w.inline(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case jsontext.Object:
		for k, v := range w.Members(at) {
			parts = append(parts, w.Raw(k)+": "+w.inline(v))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return w.Raw(at)
}
