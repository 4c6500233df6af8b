//go:build !kavro_safe && !purego

package avro

import (
	"reflect"
	"time"
	"unsafe"
)

// This file is the only one with unsafe. It lets plans read and write the fields
// of a struct at their offsets, and the items of a slice one after the other,
// which reflect does at several times the cost. safe.go has the same functions
// without it, chosen by the build tag kavro_safe (or purego); tests run both.
//
// What makes it sound: a ptr always points at a live value of the type that the
// plan was compiled for. Offsets and sizes come from reflect; memory with
// pointers in it is allocated, grown and cleared by reflect; as[T] is used where
// the value's type has T's underlying type only. An interface is taken apart only
// where it is sure to point at its value.

// word is one word of an interface; see typeWord.
type word = unsafe.Pointer

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

// placeOf is where an addressable value is.
func placeOf(v reflect.Value) ptr { return v.Addr().UnsafePointer() }

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

// interfaceWords is an interface as the compiler lays it out: what says its
// dynamic type, and where the value is (or the value, if that is a pointer).
type interfaceWords struct{ typ, data unsafe.Pointer }

// typeWord is what an interface of type in that holds a value of type t says of
// its type; nil where the value itself is, or may be, in the other word.
func typeWord(in, t reflect.Type) word {
	if t.Size() == unsafe.Sizeof(uintptr(0)) && holdsPointer(t) {
		return nil
	}
	v := reflect.New(in)
	v.Elem().Set(reflect.Zero(t))
	return (*interfaceWords)(v.UnsafePointer()).typ
}

// holdsPointer says that t is a pointer or consists of types one of which is: of
// the size of a pointer, Go may lay it out like one.
func holdsPointer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	case reflect.Array:
		return holdsPointer(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsPointer(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// inInterface is where the value in the interface at v is, for reading. It is
// false where the interface does not point at it.
func (br *ifaceBranch) inInterface(v ptr) (ptr, bool) {
	return (*interfaceWords)(v).data, br.word != nil
}

// intoInterface makes the interface at v, of type in, hold what to points at,
// which nobody else has.
func (br *ifaceBranch) intoInterface(v ptr, in reflect.Type, to reflect.Value) {
	if br.word == nil {
		reflect.NewAt(in, v).Elem().Set(to.Elem())
		return
	}
	*(*interfaceWords)(v) = interfaceWords{br.word, to.UnsafePointer()}
}

// sharesBoxes says that pointers into memory shared by values can be made anys.
const sharesBoxes = true

// pointAt makes a, whose type is not one that Go lays out as a pointer, point at
// a value of that type, which does not change any more.
func pointAt(a *any, p unsafe.Pointer) any {
	(*interfaceWords)(unsafe.Pointer(a)).data = p
	return *a
}

// stringAt is an any of the string at p.
func stringAt(p *string) any {
	var a any = ""
	return pointAt(&a, unsafe.Pointer(p))
}

// timeAt is an any of the time at p.
func timeAt(p *time.Time) any {
	var a any = time.Time{}
	return pointAt(&a, unsafe.Pointer(p))
}

// intIn puts v into w and returns an any of it; the others do so for other types.
func intIn(w *uint64, v int32) any {
	var a any = int32(0)
	*(*int32)(unsafe.Pointer(w)) = v
	return pointAt(&a, unsafe.Pointer(w))
}

func longIn(w *uint64, v int64) any {
	var a any = int64(0)
	*(*int64)(unsafe.Pointer(w)) = v
	return pointAt(&a, unsafe.Pointer(w))
}

func floatIn(w *uint64, v float32) any {
	var a any = float32(0)
	*(*float32)(unsafe.Pointer(w)) = v
	return pointAt(&a, unsafe.Pointer(w))
}

func doubleIn(w *uint64, v float64) any {
	var a any = float64(0)
	*(*float64)(unsafe.Pointer(w)) = v
	return pointAt(&a, unsafe.Pointer(w))
}

func clockIn(w *uint64, v time.Duration) any {
	var a any = time.Duration(0)
	*(*time.Duration)(unsafe.Pointer(w)) = v
	return pointAt(&a, unsafe.Pointer(w))
}

// arrayBytes is the [n]byte at p as a slice.
func arrayBytes(p ptr, n int) []byte { return unsafe.Slice((*byte)(p), n) }

// clearIgnored zeroes the fields of the struct at p that the schema does not have.
func (p *plan) clearIgnored(v ptr) {
	for i := range p.ignored {
		f := &p.ignored[i]
		reflect.NewAt(f.typ, fieldAt(v, f.slot)).Elem().SetZero()
	}
}
