package avro

import (
	"strconv"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/datapath"
	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/schemas"
)

// Data are passed over by their schema alone. That is how a field that Go does
// not have is skipped, and how the position of an error is found: decoding keeps no
// path, so that it pays for none; afterwards the datum is read again up to the
// offset of the error.

// pass reads a value and drops it.
func pass(r *avrort.Reader, s *compiledSchema) {
	switch s.typ {
	case schemas.Null:
	case schemas.Boolean:
		r.Bool()
	case schemas.Int:
		r.Int()
	case schemas.Long:
		r.Long()
	case schemas.Float:
		r.ViewFixed(4)
	case schemas.Double:
		r.ViewFixed(8)
	case schemas.Bytes, schemas.String:
		r.View()
	case schemas.Fixed:
		r.ViewFixed(s.size)
	case schemas.Enum:
		r.Enum(len(s.symbols))
	default:
		w := skipper{r: r, target: -1}
		w.skip(s)
	}
}

// locate is the path to the value at an offset of a datum, or to the innermost
// one that contains it. c are the settings the datum was decoded with, so that
// the same limits are met at the same places.
func locate(s *compiledSchema, datum []byte, offset int, c *config) string {
	w := skipper{r: avrort.NewReader(datum, &c.Settings), target: offset}
	w.skip(s)
	return w.path
}

// skipper passes over a value and notes the path to the value at target.
type skipper struct {
	r      *avrort.Reader
	target int // offset; -1: no path is wanted
	path   string
}

// skip passes over a value. It returns true when it is time to go back out, by
// an error or because the target was reached; each level then puts its step in
// front of the path.
func (w *skipper) skip(s *compiledSchema) bool {
	start := w.r.Offset()
	switch s.typ {
	case schemas.Record:
		return w.record(s)
	case schemas.Array, schemas.Map:
		return w.items(s)
	case schemas.Union:
		i := w.r.UnionIndex(len(s.branches))
		return w.over(start) || w.skip(s.branches[i])
	}
	if s.logical == logical.Decimal && !w.r.CountScale(s.decimal.scale) {
		return true
	}
	pass(w.r, s)
	return w.over(start)
}

// over reports whether the end is reached: at an error, or at the target, if it is
// between start and where the reader is now.
func (w *skipper) over(start int) bool {
	return w.r.Err() != nil || w.target >= start && w.target < w.r.Offset()
}

func (w *skipper) record(s *compiledSchema) bool {
	if s.recursive {
		if !w.r.Enter() {
			return true
		}
		defer w.r.Leave()
	}
	if !w.r.CountFields(len(s.fields)) {
		return true
	}
	for i := range s.fields {
		if f := &s.fields[i]; w.skip(f.schema) {
			w.step(f.name)
			return true
		}
	}
	return w.r.Err() != nil
}

func (w *skipper) items(s *compiledSchema) bool {
	least, have := s.items.min, 0
	if s.typ == schemas.Map {
		least++
	}
	for {
		start := w.r.Offset()
		n := w.r.Block(have, least)
		if w.over(start) {
			return true
		}
		if n == 0 {
			return false
		}
		for i := range n {
			start, key := w.r.Offset(), ""
			if s.typ == schemas.Map {
				key = w.key()
			}
			if w.over(start) {
				return true
			}
			if w.skip(s.items) {
				if s.typ == schemas.Map {
					w.step("[" + strconv.Quote(key) + "]")
				} else {
					w.step("[" + strconv.Itoa(have+i) + "]")
				}
				return true
			}
		}
		have += n
	}
}

func (w *skipper) key() string {
	key := w.r.View()
	if w.target < 0 {
		return ""
	}
	return string(key)
}

func (w *skipper) step(step string) {
	if w.target >= 0 {
		w.path = datapath.Join(step, w.path)
	}
}
