package avro

import (
	"fmt"
	"reflect"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/datapath"
)

// A record may be a map of one's own type, map[string]V, where all fields fit V.
// map[string]any has quicker ways of its own.

func (b *planner) mapRecord(p *plan, path string) {
	p.code, p.maps = codeMapRecord, newMapScratch(p.typ)
	p.fields = make([]planField, len(p.compiled.fields))
	for i, f := range p.compiled.fields {
		inner := b.plan(p.typ.Elem(), f.schema, datapath.Join(path, f.name))
		p.fields[i] = planField{code: inner.code, plan: inner, name: f.name}
	}
}

func (p *plan) appendMapRecord(dst []byte, v ptr, depth int) ([]byte, error) {
	if p.compiled.recursive {
		if depth++; depth > p.env.cfg.MaxDepth {
			return dst, errTooDeep(depth)
		}
	}
	m := valueAt(v, p.typ)
	if m.IsNil() {
		return dst, errNil
	}
	w := p.maps.borrow()
	defer p.maps.release(w)
	found := 0
	for i := range p.fields {
		f := &p.fields[i]
		w.key.SetString(f.name)
		value := m.MapIndex(w.key)
		var err error
		switch def := &p.compiled.fields[i]; {
		case value.IsValid():
			found++
			w.value.Set(value)
			dst, err = f.plan.append(dst, pointerOf(w.value), depth)
		case def.has:
			dst = append(dst, def.def...)
		default:
			err = errMissing(p.compiled)
		}
		if err != nil {
			return dst, avrort.WithinField(err, f.name)
		}
	}
	if found < m.Len() {
		for iter := m.MapRange(); iter.Next(); {
			if _, ok := p.compiled.index[iter.Key().String()]; !ok {
				return dst, avrort.WithinField(errNoField(p.compiled), iter.Key().String())
			}
		}
	}
	return dst, nil
}

func (p *plan) decodeMapRecord(r *avrort.Reader, v ptr) {
	if p.compiled.recursive {
		if !r.Enter() {
			return
		}
		defer r.Leave()
	}
	if !r.CountFields(len(p.fields)) {
		return
	}
	m := valueAt(v, p.typ)
	if m.IsNil() {
		m.Set(reflect.MakeMapWithSize(p.typ, len(p.fields)))
	} else {
		m.Clear()
	}
	w := p.maps.borrow()
	defer p.maps.release(w)
	for i := range p.fields {
		w.key.SetString(p.fields[i].name)
		w.value.SetZero()
		p.fields[i].plan.decode(r, pointerOf(w.value))
		if r.Err() != nil {
			return
		}
		m.SetMapIndex(w.key, w.value)
	}
}

func errMissing(s *compiledSchema) error {
	return fmt.Errorf("missing, and the schema of %s has no default for it", s.name())
}

func errNoField(s *compiledSchema) error { return fmt.Errorf("%s has no such field", s.name()) }
