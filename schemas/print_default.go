package schemas

import (
	"math"
	"strconv"

	"github.com/kavro/kavro/internal/jsontext"
	"github.com/kavro/kavro/internal/numtext"
)

// values reads JSON that was part of a schema and so is valid.
func (p *printer) values(raw []byte) valueWriter {
	t := scanned(string(raw))
	return valueWriter{t, p.normalize}
}

// appendJSON prints a value as it is.
func (p *printer) appendJSON(dst, raw []byte) []byte { return p.values(raw).value(dst, 0) }

// defaultValue prints a default. Java turns one of a float or double that is
// given as a string into a number.
func (p *printer) defaultValue(f *Field) {
	w := p.values(f.def)
	if text, ok := w.numberInQuotes(f.typ); ok {
		p.key("default")
		p.out = append(p.out, text...)
		return
	}
	if !p.normalize {
		p.key("default")
		p.out = w.value(p.out, 0)
		return
	}
	value, ok := w.typed(nil, f.typ, 0)
	if ok {
		p.key("default")
		p.out = append(p.out, value...)
	}
}

// numberInQuotes is the number that a default of a float or double has if it is
// given as a string.
func (w valueWriter) numberInQuotes(n *Node) (text []byte, ok bool) {
	if n.typ != Float && n.typ != Double || w.Kind(0) != jsontext.String {
		return nil, false
	}
	d, ok := numtext.JavaDouble(w.str(0))
	return appendDouble(nil, d), ok
}

// typed prints the value at a token as one of type n: numbers of a float or
// double as such. Of a union the first branch counts, null aside, that can hold
// the kind of the value. ok is false if n cannot hold it.
func (w valueWriter) typed(dst []byte, n *Node, at int) (out []byte, ok bool) {
	k := w.Kind(at)
	if k == jsontext.Null || k == jsontext.True || k == jsontext.False {
		return append(dst, w.Raw(at)...), true
	}
	if n.typ == Union {
		for _, b := range n.branches {
			if b.typ == Null {
				continue
			}
			if out, ok := w.typed(dst, b, at); ok {
				return out, true
			}
		}
		return dst, false
	}
	switch k {
	case jsontext.Number:
		return w.typedNumber(dst, n, at)
	case jsontext.String:
		return w.typedString(dst, n, at)
	case jsontext.Array:
		if n.typ != Array {
			return dst, false
		}
		return w.array(dst, at, func(dst []byte, e int) []byte { return w.typedItem(dst, n.items, e) }), true
	}
	if n.typ != Map && n.typ != Record {
		return dst, false
	}
	return w.object(dst, at, func(dst []byte, key string, v int) []byte {
		item := n.items
		if f, ok := n.Field(key); ok {
			item = f.typ
		}
		return w.typedItem(dst, item, v)
	}), true
}

// typedItem prints an item within a value; one that does not fit stays as it is.
func (w valueWriter) typedItem(dst []byte, n *Node, at int) []byte {
	if n != nil {
		if out, ok := w.typed(dst, n, at); ok {
			return out
		}
	}
	return w.value(dst, at)
}

func (w valueWriter) typedNumber(dst []byte, n *Node, at int) (out []byte, ok bool) {
	raw := w.Raw(at)
	_, err := strconv.ParseInt(raw, 10, 64)
	whole := err == nil
	switch {
	case n.typ == Float:
		f, _ := strconv.ParseFloat(raw, 64)
		return appendFloat(dst, float32(f)), true
	case n.typ == Double:
		f, _ := strconv.ParseFloat(raw, 64)
		return appendDouble(dst, f), true
	case whole && (n.typ == Int || n.typ == Long):
		return appendNumber(dst, raw), true
	}
	return dst, false
}

func (w valueWriter) typedString(dst []byte, n *Node, at int) (out []byte, ok bool) {
	s := w.str(at)
	switch n.typ {
	case String, Enum:
		return appendString(dst, s), true
	case Bytes, Fixed:
		latin1 := []rune(s)
		for i, r := range latin1 {
			if r > 0xff {
				latin1[i] = '?' // what Java makes of characters that are no byte
			}
		}
		return appendString(dst, string(latin1)), true
	}
	return dst, false
}

// appendFloat prints a float as Java does after it has printed it and read it
// back as a double.
func appendFloat(dst []byte, f float32) []byte {
	d := float64(f)
	if !math.IsInf(d, 0) {
		d, _ = strconv.ParseFloat(strconv.FormatFloat(d, 'g', -1, 32), 64)
	}
	return appendDouble(dst, d)
}
