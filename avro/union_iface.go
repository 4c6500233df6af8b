package avro

import (
	"fmt"
	"reflect"

	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// appendIface appends the branch that the interface's Go type stands for.
func (p *plan) appendIface(dst []byte, v ptr, depth int) ([]byte, error) {
	in := valueAt(v, p.typ)
	if in.IsNil() {
		return appendNull(dst, p.shape)
	}
	value := in.Elem()
	t := value.Type()
	for i := range p.iface.branches {
		if br := &p.iface.branches[i]; br.typ == t {
			return br.append(wire.AppendLong(dst, int64(i)), v, value, depth)
		}
	}
	if p.iface.empty {
		return p.env.appendAny(dst, in.Interface(), p.shape, depth)
	}
	return dst, fmt.Errorf("%s stands for no branch of %s; give its branch by WithUnionTypes", t, p.shape.describe())
}

// append appends the value in the interface at v.
func (br *ifaceBranch) append(dst []byte, v ptr, value reflect.Value, depth int) ([]byte, error) {
	if br.pointer {
		if value.IsNil() {
			return dst, errNil
		}
		return br.plan.append(dst, placeOf(value.Elem()), depth)
	}
	if at, ok := br.inInterface(v); ok {
		return br.plan.append(dst, at, depth)
	}
	at := reflect.New(br.typ).Elem() // reflection gives no address to a value in an interface
	at.Set(value)
	return br.plan.append(dst, placeOf(at), depth)
}

// appendNull appends the null of a union, if it has one.
func appendNull(dst []byte, s *shape) ([]byte, error) {
	if s.nullAt < 0 {
		return dst, errNil
	}
	return wire.AppendLong(dst, int64(s.nullAt)), nil
}

// decodeIface reads a union into an interface: a branch that has a Go type as
// that, others as a generic value if that is allowed.
func (p *plan) decodeIface(r *Reader, v ptr) {
	start, i, s := r.at, 0, p.shape
	if !p.iface.bare {
		i = r.UnionIndex(len(p.shape.branches))
	}
	if r.err != nil {
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
		br.plan.decode(r, placeOf(to.Elem()))
		in.Set(to.Convert(br.typ))
	case br.typ != nil:
		to := reflect.New(br.typ)
		br.plan.decode(r, placeOf(to.Elem()))
		br.intoInterface(v, p.typ, to)
	case s.typ == schemas.Null:
		in.SetZero()
	case p.iface.generic:
		*as[any](v) = p.env.decodeBranch(r, p.shape, i)
	default:
		r.failAt(start, fmt.Errorf("no Go type is given for the branch %s; WithUnionTypes gives one", s.name()))
	}
}
