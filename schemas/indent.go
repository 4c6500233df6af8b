package schemas

import (
	"math"
	"strings"
)

// lineWidth is how long a line may get before its value is broken up.
const lineWidth = 100

// indented lays a schema out for a person: what fits on a line stands on one,
// but every record shows its fields one below the other.
func indented(text string) string {
	t, _ := scan(text, math.MaxInt)
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
	if line := w.inline(at); w.kind(at) < kindArray || !w.isRecord(at) && column+len(line) <= lineWidth {
		w.out.WriteString(line)
		return
	}
	newline := "\n" + strings.Repeat("  ", depth+1)
	if w.kind(at) == kindArray {
		w.out.WriteString("[")
		for e := range w.elements(at) {
			w.separate(e == at+1, newline)
			w.value(e, depth+1, 2*depth+2)
		}
		w.out.WriteString(newline[:len(newline)-2] + "]")
		return
	}
	w.out.WriteString("{")
	for k, v := range w.members(at) {
		w.separate(k == at+1, newline)
		w.out.WriteString(w.raw(k) + ": ")
		w.value(v, depth+1, 2*depth+4+len(w.raw(k)))
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
	for i := at; i < int(w.tokens[at].after); i++ {
		if w.kind(i) == kindString && w.is(i, "fields") {
			return true
		}
	}
	return false
}

// inline is a value on one line, with a space after each comma and colon.
func (w *indenter) inline(at int) string {
	var parts []string
	switch w.kind(at) {
	case kindArray:
		for e := range w.elements(at) {
			parts = append(parts, w.inline(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case kindObject:
		for k, v := range w.members(at) {
			parts = append(parts, w.raw(k)+": "+w.inline(v))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return w.raw(at)
}
