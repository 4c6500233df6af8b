package avro

import (
	"reflect"
	"strings"

	"github.com/kavro/kavro/avro/internal/datapath"
)

// CheckType finds what in T fits no schema: types such as chan int and func(), also within structs,
// slices, maps and pointers, and tags that cannot be read. It is for programs that learn their schemas
// later. The error is a [*TypeMismatchError] that lists everything, or says which option is wrong; nil
// says that T may fit, not with which schema.
func CheckType[T any](opts ...Option) error {
	cfg, err := newConfig(opts)
	if err != nil {
		return err
	}
	b := newPlanner(&env{cfg: cfg})
	t := reflect.TypeFor[T]()
	b.check(t, "", map[reflect.Type]bool{})
	if len(b.mismatches) > 0 {
		return &TypeMismatchError{Type: t.String(), Mismatches: b.mismatches}
	}
	return nil
}

// check looks at t and all within, each type once that contains others.
func (b *planner) check(t reflect.Type, path string, seen map[reflect.Type]bool) {
	if c := b.env.cfg.customTypes[t]; c != nil {
		t = c.base
	}
	if seen[t] || isSpecial(t) {
		return
	}
	seen[t] = contains(t) // types may be recursive
	switch t.Kind() {
	case reflect.Struct:
		for _, f := range b.goFields(&plan{typ: t}, path) {
			name := f.tag
			if name == "" {
				name = f.Name
			}
			b.check(f.Type, datapath.Join(path, name), seen)
		}
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Pointer {
			b.mismatch(path, "%s is a pointer to a pointer", t)
			return
		}
		b.check(t.Elem(), path, seen)
	case reflect.Slice:
		b.check(t.Elem(), path+"[]", seen)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			b.mismatch(path, "%s has keys that are no strings", t)
		}
		b.check(t.Elem(), path+"[]", seen)
	case reflect.Array:
		if t.Elem() != reflect.TypeFor[byte]() {
			b.mismatch(path, "%s is an array, which is for bytes; use a slice", t)
		}
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.Uintptr, reflect.UnsafePointer:
		b.mismatch(path, "%s has no Avro type%s", t, leaveOut(path))
	}
}

func contains(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Pointer, reflect.Slice, reflect.Map:
		return true
	}
	return false
}

// isSpecial reports whether t is not treated by its kind, whatever the schema.
func isSpecial(t reflect.Type) bool {
	switch t {
	case unionType, timeType, ratType, decimalType, durationType:
		return true
	}
	return isText(t) || reflect.PointerTo(t).Implements(generatedType) && !isPromoted(t)
}

// leaveOut says what a struct may do with a field that has no data.
func leaveOut(path string) string {
	if strings.Trim(path, "[]") == "" {
		return ""
	}
	return `; leave the field out with the tag avro:"-"`
}
