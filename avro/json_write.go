package avro

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/datapath"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// jsonWriter turns a datum into JSON. Its errors are the Reader's; their path is
// put together on the way out.
type jsonWriter struct {
	r     avrort.Reader
	datum []byte
	dst   []byte
	path  string
	utf8  bool // strings must be UTF-8
	spare int  // values that may still take no bytes: those the datum's length does not bound
	most  int  // how long dst may get: names are not bounded by the datum's length
}

func (w *jsonWriter) value(p *jsonPlan) {
	if len(w.dst) > w.most {
		w.r.Fail(fmt.Errorf("%w: the JSON takes more than %d bytes (WithMaxBytes)", ErrLimit, w.most))
		return
	}
	if p.min == 0 {
		if w.spare--; w.spare < 0 {
			w.r.Fail(fmt.Errorf("%w: too many values that take no bytes (WithMaxEmptyItems)", ErrLimit))
			return
		}
	}
	if p.human {
		w.logical(p)
		return
	}
	switch p.typ {
	case schemas.Null:
		w.dst = append(w.dst, "null"...)
	case schemas.Boolean:
		w.dst = strconv.AppendBool(w.dst, w.r.Bool())
	case schemas.Int:
		w.dst = strconv.AppendInt(w.dst, int64(w.r.Int()), 10)
	case schemas.Long:
		w.dst = strconv.AppendInt(w.dst, w.r.Long(), 10)
	case schemas.Float:
		w.dst = appendJSONFloat(w.dst, float64(w.r.Float()), 32)
	case schemas.Double:
		w.dst = appendJSONFloat(w.dst, w.r.Double(), 64)
	case schemas.Bytes:
		w.bytes(p, w.r.View())
	case schemas.Fixed:
		w.bytes(p, w.r.ViewFixed(p.size))
	case schemas.String:
		w.string()
	case schemas.Enum:
		if i := w.r.Enum(len(p.symbols)); w.r.Err() == nil {
			w.dst = appendJSONString(w.dst, []byte(p.symbols[i]))
		}
	case schemas.Array:
		w.dst = append(w.dst, '[')
		w.items(p, false)
		w.dst = append(w.dst, ']')
	case schemas.Map:
		w.dst = append(w.dst, '{')
		w.items(p, true)
		w.dst = append(w.dst, '}')
	case schemas.Record:
		w.record(p)
	case schemas.Union:
		w.union(p)
	}
}

func (w *jsonWriter) string() {
	start := w.r.Offset()
	s := w.r.View()
	if w.utf8 && !utf8.Valid(s) {
		w.r.FailAt(start, wire.ErrUTF8)
		return
	}
	w.dst = appendJSONString(w.dst, s)
}

func (w *jsonWriter) bytes(p *jsonPlan, b []byte) {
	if !p.plain {
		w.dst = appendLatin1(w.dst, b)
		return
	}
	w.dst = append(w.dst, '"')
	w.dst = base64.StdEncoding.AppendEncode(w.dst, b)
	w.dst = append(w.dst, '"')
}

func (w *jsonWriter) items(p *jsonPlan, keyed bool) {
	least, have := p.items.min, 0
	if keyed {
		least++
	}
	for n := w.r.Block(0, least); n > 0; n = w.r.Block(have, least) {
		for i := range n {
			if have+i > 0 {
				w.dst = append(w.dst, ',')
			}
			start := w.r.Offset()
			if keyed {
				w.string()
				w.dst = append(w.dst, ':')
			}
			if w.value(p.items); w.r.Err() != nil {
				w.path = datapath.Join(itemStep(w.datum, start, have+i, keyed), w.path)
				return
			}
		}
		have += n
	}
}

// itemStep is the step of a path to an item, whose key, if it has one, is at
// offset at.
func itemStep(datum []byte, at, i int, keyed bool) string {
	if !keyed {
		return "[" + strconv.Itoa(i) + "]"
	}
	key, _, err := wire.Bytes(datum, at)
	if err != nil {
		return ""
	}
	return datapath.Key(key)
}

func (w *jsonWriter) record(p *jsonPlan) {
	if p.recursive {
		if !w.r.Enter() {
			return
		}
		defer w.r.Leave()
	}
	w.dst = append(w.dst, '{')
	for i := range p.fields {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		f := &p.fields[i]
		w.dst = append(w.dst, f.key...)
		if w.value(f.plan); w.r.Err() != nil {
			w.path = datapath.Join(p.compiledSchema.fields[i].name, w.path)
			return
		}
	}
	w.dst = append(w.dst, '}')
}

func (w *jsonWriter) union(p *jsonPlan) {
	i := w.r.UnionIndex(len(p.branches))
	if w.r.Err() != nil {
		return
	}
	b := &p.branches[i]
	if !b.tagged && !(b.oddTagged && w.odd(b.plan)) {
		w.value(b.plan)
		return
	}
	w.dst = append(w.dst, b.tag...)
	w.value(b.plan)
	w.dst = append(w.dst, '}')
}

// odd looks ahead whether the JSON of the value that comes next will be of an
// odd kind.
func (w *jsonWriter) odd(p *jsonPlan) bool {
	ahead := w.r
	switch p.typ {
	case schemas.Float:
		return !finite(float64(ahead.Float()))
	case schemas.Double:
		return !finite(ahead.Double())
	default:
		_, ok := p.clockText(nil, p.number(&ahead))
		return !ok
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
