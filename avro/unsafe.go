//go:build !kavro_safe && !purego

package avro

import (
	"reflect"
	"unsafe"
)

// This file is the only one with unsafe. It lets plans read and write the fields
// of a struct at their offsets, and the items of a slice one after the other,
// which reflect does at several times the cost, and views return strings without
// a copy. safe.go has the same functions
// without it, chosen by the build tag kavro_safe (or purego); tests run both.
//
// What makes it sound: a ptr always points at a live value of the type that the
// plan was compiled for. Offsets and sizes come from reflect; memory with
// pointers in it is allocated, grown and cleared by reflect; as[T] is used where
// the value's type has T's underlying type only. Interfaces are made and opened
// by reflect alone.

// ptr points at a Go value whose type the plan knows.
type ptr = unsafe.Pointer

// slot is where a field is within its struct.
type slot struct{ offset uintptr }

func newSlot(f reflect.StructField) slot { return slot{f.Offset} }

// then is a slot within the struct that is at s.
func (s slot) then(inner slot) slot { return slot{s.offset + inner.offset} }

func addressOf[T any](v *T) ptr { return ptr(v) }

// as is a typed pointer to the value at p.
func as[T any](p ptr) *T { return (*T)(p) }

func fieldAt(p ptr, s slot) ptr { return unsafe.Add(p, s.offset) }

// valueAt is the value of type t at p, addressable.
func valueAt(p ptr, t reflect.Type) reflect.Value { return reflect.NewAt(t, p).Elem() }

// pointerAt is a pointer to the value of type t at p, for calling its methods.
func pointerAt(p ptr, t reflect.Type) any { return reflect.NewAt(t, p).Interface() }

// pointerOf is where an addressable value is.
func pointerOf(v reflect.Value) ptr { return v.Addr().UnsafePointer() }

func isNil(p ptr) bool { return p == nil }

// pointee is where the pointer at p points; it may be nil.
func pointee(p ptr) ptr { return *(*unsafe.Pointer)(p) }

// allocate sets the pointer at p to a new zero value of type elem, and returns that.
func allocate(p ptr, elem reflect.Type) ptr {
	v := reflect.New(elem).UnsafePointer()
	*(*unsafe.Pointer)(p) = v
	return v
}

func setNilPointer(p ptr) { *(*unsafe.Pointer)(p) = nil }

// sliceHeader is a slice as the compiler lays it out.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

func sliceLen(p ptr) int { return (*sliceHeader)(p).len }

func sliceIsNil(p ptr) bool { return (*sliceHeader)(p).data == nil }

func setNilSlice(p ptr) { *(*sliceHeader)(p) = sliceHeader{} }

// itemsOf is where the items of the slice at p are, for itemAt.
func itemsOf(p ptr) ptr { return (*sliceHeader)(p).data }

func itemAt(items ptr, i int, size uintptr) ptr { return unsafe.Add(items, uintptr(i)*size) }

// resize gives the slice at p, of type t, n items; it is not nil afterwards. The
// first keep items stay; the others are zero or left from earlier use.
func resize(p ptr, t reflect.Type, keep, n int) {
	h := (*sliceHeader)(p)
	if n > h.cap {
		h.len = keep
		reflect.NewAt(t, p).Elem().Grow(n - keep)
	} else if h.data == nil {
		h.data = unsafe.Pointer(&nothing)
	}
	h.len = n
}

// nothing is what an empty slice points at.
var nothing struct{}

// arrayBytes is the [n]byte at p as a slice.
func arrayBytes(p ptr, n int) []byte { return unsafe.Slice((*byte)(p), n) }

// stringOver is b as a string, in the same memory: whoever holds it must not see b changed.
func stringOver(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// clearIgnored zeroes the fields of the struct at p that the schema does not have.
func (p *plan) clearIgnored(v ptr) {
	for i := range p.ignored {
		f := &p.ignored[i]
		reflect.NewAt(f.typ, fieldAt(v, f.slot)).Elem().SetZero()
	}
}
