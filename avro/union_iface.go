package avro

import (
	"fmt"
	"reflect"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// appendIface appends the branch that the interface's Go type stands for.
func (p *plan) appendIface(dst []byte, v ptr, depth int) ([]byte, error) {
	in := valueAt(v, p.typ)
	if in.IsNil() {
		return appendNull(dst, p.compiled)
	}
	value := in.Elem()
	t := value.Type()
	for i := range p.iface.branches {
		if br := &p.iface.branches[i]; br.typ == t {
			return br.append(wire.AppendLong(dst, int64(i)), value, depth)
		}
	}
	if p.iface.empty {
		return p.env.appendAny(dst, in.Interface(), p.compiled, depth)
	}
	return dst, fmt.Errorf("%s stands for no branch of %s; give its branch by WithUnionTypes", t, p.compiled.describe())
}

// branchScratch holds a value of a branch's type, addressable. Reflection gives no
// address to a value in an interface, and plans need one: a value is copied to the
// scratch before it is encoded, and from it once it is decoded. It is borrowed for
// one value at a time.
type branchScratch struct{ value reflect.Value }

func (br *ifaceBranch) borrow() *branchScratch { return br.scratch.Get().(*branchScratch) }

// release gives the scratch back; it keeps nothing of the value.
func (br *ifaceBranch) release(s *branchScratch) {
	s.value.SetZero()
	br.scratch.Put(s)
}

// append appends the value of an interface.
func (br *ifaceBranch) append(dst []byte, value reflect.Value, depth int) ([]byte, error) {
	if br.pointer {
		if value.IsNil() {
			return dst, errNil
		}
		return br.plan.append(dst, pointerOf(value.Elem()), depth)
	}
	s := br.borrow()
	s.value.Set(value)
	dst, err := br.plan.append(dst, pointerOf(s.value), depth)
	br.release(s)
	return dst, err
}

// appendNull appends the null of a union, if it has one.
func appendNull(dst []byte, s *compiledSchema) ([]byte, error) {
	if s.nullAt < 0 {
		return dst, errNil
	}
	return wire.AppendLong(dst, int64(s.nullAt)), nil
}

// decodeIface reads a union into an interface: a branch that has a Go type as
// that, others as a generic value if that is allowed.
func (p *plan) decodeIface(r *avrort.Reader, v ptr) {
	start, i, s := r.Offset(), 0, p.compiled
	if !p.iface.bare {
		i = r.UnionIndex(len(p.compiled.branches))
	}
	if r.Err() != nil {
		return
	}
	if !p.iface.bare {
		s = s.branches[i]
	}
	in := valueAt(v, p.typ)
	br := &p.iface.branches[i]
	switch {
	case br.typ != nil && br.pointer:
		to := reflect.New(br.typ.Elem())
		br.plan.decode(r, pointerOf(to.Elem()))
		in.Set(to.Convert(br.typ))
	case br.typ != nil:
		s := br.borrow()
		br.plan.decode(r, pointerOf(s.value))
		in.Set(s.value)
		br.release(s)
	case s.typ == schemas.Null:
		in.SetZero()
	case p.iface.generic:
		*as[any](v) = p.env.decodeBranch(r, p.compiled, i)
	default:
		r.FailAt(start, fmt.Errorf("no Go type is given for the branch %s; WithUnionTypes gives one", s.name()))
	}
}
