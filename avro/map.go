package avro

import (
	"reflect"
	"sync"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/internal/wire"
)

// mapScratch holds what reflect needs to iterate over or fill maps of one type without
// allocating: an iterator, a key and a value. It is borrowed for one map at a
// time; maps within maps borrow one each.
type mapScratch struct {
	pool sync.Pool // of *mapIterator
}

type mapIterator struct {
	iter       reflect.MapIter
	key, value reflect.Value // addressable
}

func newMapScratch(t reflect.Type) *mapScratch {
	s := &mapScratch{}
	s.pool.New = func() any {
		return &mapIterator{
			key:   reflect.New(t.Key()).Elem(),
			value: reflect.New(t.Elem()).Elem(),
		}
	}
	return s
}

func (s *mapScratch) borrow() *mapIterator { return s.pool.Get().(*mapIterator) }

// release gives the scratch back; it keeps nothing of what it iterated over.
func (s *mapScratch) release(w *mapIterator) {
	w.iter.Reset(reflect.Value{})
	w.key.SetZero()
	w.value.SetZero()
	s.pool.Put(w)
}

// appendMap appends a map of any value type.
func (p *plan) appendMap(dst []byte, v ptr, depth int) ([]byte, error) {
	m := valueAt(v, p.typ)
	n := m.Len()
	dst = wire.AppendBlock(dst, n)
	if n == 0 {
		return dst, nil
	}
	w := p.maps.borrow()
	defer p.maps.release(w)
	var err error
	for w.iter.Reset(m); w.iter.Next(); {
		w.key.SetIterKey(&w.iter)
		w.value.SetIterValue(&w.iter)
		if dst, err = p.env.appendString(dst, w.key.String()); err == nil {
			dst, err = p.item.append(dst, pointerOf(w.value), depth)
		}
		if err != nil {
			return dst, avrort.WithinKey(err, w.key.String())
		}
	}
	return append(dst, 0), nil
}

// decodeMap fills a map of any value type. Each value is decoded into the
// scratch, from zero, and moved into the map.
func (p *plan) decodeMap(r *avrort.Reader, v ptr) {
	m := valueAt(v, p.typ)
	if !m.IsNil() {
		m.Clear()
	}
	w := p.maps.borrow()
	defer p.maps.release(w)
	have := 0
	for n := r.Block(0, p.item.compiled.min+1); n > 0; n = r.Block(have, p.item.compiled.min+1) {
		if m.IsNil() {
			m.Set(reflect.MakeMapWithSize(p.typ, n))
		}
		for range n {
			w.key.SetString(r.String())
			w.value.SetZero()
			p.item.decode(r, pointerOf(w.value))
			if r.Err() != nil {
				return
			}
			m.SetMapIndex(w.key, w.value)
		}
		have += n
	}
	if m.IsNil() && r.Err() == nil {
		m.Set(reflect.MakeMap(p.typ))
	}
}

// appendMap appends a map whose value type is known at compile time.
func appendMap[V any](dst []byte, m map[string]V, value func([]byte, V) []byte) []byte {
	dst = wire.AppendBlock(dst, len(m))
	for k, v := range m {
		dst = value(wire.AppendString(dst, k), v)
	}
	return wire.AppendBlocksEnd(dst, len(m))
}

// appendStringMap is appendMap without a call through a variable.
func appendStringMap(dst []byte, m map[string]string) []byte {
	dst = wire.AppendBlock(dst, len(m))
	for k, v := range m {
		dst = wire.AppendString(wire.AppendString(dst, k), v)
	}
	return wire.AppendBlocksEnd(dst, len(m))
}

// appendLongMap is appendMap without a call through a variable.
func appendLongMap(dst []byte, m map[string]int64) []byte {
	dst = wire.AppendBlock(dst, len(m))
	for k, v := range m {
		dst = wire.AppendLong(wire.AppendString(dst, k), v)
	}
	return wire.AppendBlocksEnd(dst, len(m))
}

// fillMap is decodeMap for a value type known at compile time, whose values take
// at least min bytes.
func fillMap[V any](r *avrort.Reader, at *map[string]V, min int, value func(*avrort.Reader) V) {
	m := *at
	clear(m)
	have := 0
	for n := r.Block(0, min+1); n > 0; n = r.Block(have, min+1) {
		if m == nil {
			m = make(map[string]V, n)
			*at = m
		}
		for range n {
			k := r.String()
			v := value(r)
			if r.Err() != nil {
				return
			}
			m[k] = v
		}
		have += n
	}
	if m == nil && r.Err() == nil {
		*at = map[string]V{}
	}
}
