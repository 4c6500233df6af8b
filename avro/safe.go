//go:build kavro_safe || purego

package avro

import (
	"reflect"
)

// This file does what unsafe.go does, by reflection alone; see there.

// ptr points at a Go value whose type the plan knows: v is addressable, or a
// slice for itemAt, or invalid for nil.
type ptr struct{ v reflect.Value }

type slot struct{ index []int }

func newSlot(f reflect.StructField) slot { return slot{f.Index} }

func (s slot) then(inner slot) slot {
	return slot{append(append([]int(nil), s.index...), inner.index...)}
}

func addressOf[T any](v *T) ptr { return ptr{reflect.ValueOf(v).Elem()} }

func as[T any](p ptr) *T {
	if v, ok := p.v.Addr().Interface().(*T); ok {
		return v
	}
	return p.v.Addr().Convert(reflect.TypeFor[*T]()).Interface().(*T)
}

func fieldAt(p ptr, s slot) ptr { return ptr{p.v.FieldByIndex(s.index)} }

func valueAt(p ptr, _ reflect.Type) reflect.Value { return p.v }

func pointerAt(p ptr, _ reflect.Type) any { return p.v.Addr().Interface() }

func pointerOf(v reflect.Value) ptr { return ptr{v} }

func isNil(p ptr) bool { return !p.v.IsValid() }

func pointee(p ptr) ptr { return ptr{p.v.Elem()} }

func allocate(p ptr, elem reflect.Type) ptr {
	p.v.Set(reflect.New(elem).Convert(p.v.Type()))
	return ptr{p.v.Elem()}
}

func setNilPointer(p ptr) { p.v.SetZero() }

func sliceLen(p ptr) int { return p.v.Len() }

func sliceIsNil(p ptr) bool { return p.v.IsNil() }

func setNilSlice(p ptr) { p.v.SetZero() }

func itemsOf(p ptr) ptr { return p }

func itemAt(items ptr, i int, _ uintptr) ptr { return ptr{items.v.Index(i)} }

func resize(p ptr, t reflect.Type, keep, n int) {
	if p.v.IsNil() {
		p.v.Set(reflect.MakeSlice(t, n, n))
		return
	}
	if n > p.v.Cap() {
		p.v.SetLen(keep)
		p.v.Grow(n - keep)
	}
	p.v.SetLen(n)
}

func arrayBytes(p ptr, n int) []byte { return p.v.Slice(0, n).Bytes() }

func stringOver(b []byte) string { return string(b) }

// clearIgnored makes a new struct of the fields that the schema has, since
// reflection cannot set one that is not exported.
func (p *plan) clearIgnored(v ptr) {
	if len(p.ignored) == 0 {
		return
	}
	fresh := reflect.New(p.typ).Elem()
	for i := range p.fields {
		if f := &p.fields[i]; f.code != codeDefault && f.code != codeVia {
			fresh.FieldByIndex(f.slot.index).Set(v.v.FieldByIndex(f.slot.index))
		}
	}
	v.v.Set(fresh)
}
