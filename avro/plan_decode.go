package avro

import (
	"encoding"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"

	"github.com/kavro/kavro/schemas"
)

// decode reads a value over the one at v, all of which it sets but for Go fields
// behind an error. It reuses slices, maps and what pointers point at. Errors stay
// in r: loops stop at them, straight code reads on, harmlessly.
func (p *plan) decode(r *Reader, v ptr) {
	switch p.code {
	case codeNull:
		valueAt(v, p.typ).SetZero()
	case codeBool:
		*as[bool](v) = r.Bool()
	case codeInt32:
		*as[int32](v) = r.Int()
	case codeInt64:
		*as[int64](v) = r.Long()
	case codeGoInt:
		start, n := r.at, r.Long()
		if *as[int](v) = int(n); int64(int(n)) != n {
			r.failAt(start, fmt.Errorf("%d as int: %w", n, ErrRange))
		}
	case codeIntKind:
		p.decodeInt(r, v)
	case codeFloat32:
		*as[float32](v) = r.Float()
	case codeFloat64:
		*as[float64](v) = r.Double()
	case codeNarrow:
		*as[float64](v) = float64(r.Float())
	case codeString, codeUTF8String:
		s := as[string](v)
		*s = r.ReuseString(*s)
	case codeBytesString:
		*as[string](v) = string(r.take())
	case codeBytes:
		b := as[[]byte](v)
		*b = r.Bytes(*b)
	case codeFixed:
		r.Fixed(arrayBytes(v, p.shape.size))
	case codeFixedSlice:
		b := as[[]byte](v)
		*b = append((*b)[:0], r.takeFixed(p.shape.size)...)
	case codeEnum:
		*as[string](v) = p.shape.symbol(r)
	case codeEnumNumber:
		if i := r.Enum(len(p.enum.values)); r.err == nil {
			setInteger(valueAt(v, p.typ), p.enum.values[i])
		}
	case codeMillis:
		*as[time.Time](v) = time.UnixMilli(r.Long()).UTC()
	case codeTime:
		*as[time.Time](v) = p.shape.logical.toTime(p.shape.number(r))
	case codeClock:
		*as[time.Duration](v) = p.shape.clock(r)
	case codeRat:
		p.shape.decodeRat(r, as[big.Rat](v))
	case codeDecimal:
		*as[Decimal](v) = p.shape.readDecimal(r)
	case codeUUID:
		*as[UUID](v) = r.uuid()
	case codeUUIDString:
		if b := r.takeFixed(len(UUID{})); r.err == nil {
			*as[string](v) = UUID(b).String()
		}
	case codeDuration:
		if b := r.takeFixed(durationSize); r.err == nil {
			*as[Duration](v) = durationOf((*[durationSize]byte)(b))
		}
	case codeText:
		p.decodeText(r, v)
	case codeRecord:
		p.decodeRecord(r, v)
	case codeGenerated:
		if err := pointerAt(v, p.typ).(Generated).DecodeAvro(r); err != nil {
			r.Fail(err)
		}
	case codePointer:
		p.decodePointer(r, v)
	case codeBranch:
		r.UnionIndex(1)
		p.item.decode(r, v)
	case codeNullable:
		p.decodeNullable(r, v)
	case codeNullSlice:
		if r.UnionIndex(2) == p.nullAt {
			setNilSlice(v)
			return
		}
		p.item.decode(r, v)
	case codeNullMap, codeNullZero:
		if r.UnionIndex(2) == p.nullAt {
			valueAt(v, p.typ).SetZero()
			return
		}
		p.item.decode(r, v)
	case codeIface:
		p.decodeIface(r, v)
	case codeUnion:
		*as[Union](v) = p.env.decodeUnion(r, p.shape)
	case codeAny:
		*as[any](v) = p.env.decodeAny(r, p.shape)
	case codeCustom:
		p.decodeCustom(r, v)
	case codeVia:
		to := pointee(v)
		if isNil(to) {
			to = allocate(v, p.typ)
		}
		p.item.decode(r, fieldAt(to, p.via))
	case codeDefault:
		r.pass(p.shape)
	default:
		p.decodeMany(r, v)
	}
}

// decodeRecord reads a struct's fields; see appendRecord.
func (p *plan) decodeRecord(r *Reader, v ptr) {
	if p.shape.recursive {
		if !r.Enter() {
			return
		}
	}
	if p.ignored != nil {
		p.clearIgnored(v)
	}
	for i := range p.fields {
		f := &p.fields[i]
		at := fieldAt(v, f.slot)
		switch f.code {
		case codeString:
			s := as[string](at)
			*s = r.ReuseString(*s)
		case codeInt64:
			*as[int64](at) = r.Long()
		case codeInt32:
			*as[int32](at) = r.Int()
		case codeFloat64:
			*as[float64](at) = r.Double()
		case codeBool:
			*as[bool](at) = r.Bool()
		case codeEnum:
			symbols := f.plan.shape.symbols
			if i := r.Enum(len(symbols)); r.err == nil {
				*as[string](at) = symbols[i]
			}
		case codeMillis:
			*as[time.Time](at) = time.UnixMilli(r.Long()).UTC()
		case codeNullable:
			f.plan.decodeNullable(r, at)
		case codeArray:
			f.plan.decodeArray(r, at)
		default:
			f.plan.decode(r, at)
		}
	}
	if p.shape.recursive {
		r.Leave()
	}
}

// decodeMany reads arrays and maps.
func (p *plan) decodeMany(r *Reader, v ptr) {
	switch p.code {
	case codeArray:
		p.decodeArray(r, v)
	case codeLongs:
		fillSlice(r, as[[]int64](v), 1, (*Reader).Long)
	case codeInts:
		fillSlice(r, as[[]int32](v), 1, (*Reader).Int)
	case codeDoubles:
		fillSlice(r, as[[]float64](v), 8, (*Reader).Double)
	case codeStrings:
		fillStrings(r, as[[]string](v))
	case codeStringMap:
		fillMap(r, as[map[string]string](v), 1, (*Reader).String)
	case codeLongMap:
		fillMap(r, as[map[string]int64](v), 1, (*Reader).Long)
	case codeDoubleMap:
		fillMap(r, as[map[string]float64](v), 8, (*Reader).Double)
	case codeAnyMap:
		*as[map[string]any](v) = p.env.decodeAnyMap(r, p.shape)
	case codeAnyRecord:
		*as[map[string]any](v) = p.env.decodeAnyRecord(r, p.shape)
	case codeMap:
		p.decodeMap(r, v)
	case codeMapRecord:
		p.decodeMapRecord(r, v)
	}
}

func (p *plan) decodeArray(r *Reader, v ptr) {
	have, least := 0, p.item.shape.min
	for n := r.Block(0, least); n > 0; n = r.Block(have, least) {
		resize(v, p.typ, have, have+n)
		items, size, item := itemsOf(v), p.size, p.item
		for i := have; i < have+n; i++ {
			if item.code == codeRecord {
				item.decodeRecord(r, itemAt(items, i, size))
			} else {
				item.decode(r, itemAt(items, i, size))
			}
			if r.err != nil {
				return
			}
		}
		have += n
	}
	if have == 0 {
		resize(v, p.typ, 0, 0)
	}
}

// fillSlice is decodeArray for an item type known at compile time.
func fillSlice[T any](r *Reader, at *[]T, min int, item func(*Reader) T) {
	s := (*at)[:0]
	if s == nil {
		s = []T{}
	}
	for n := r.Block(0, min); n > 0; n = r.Block(len(s), min) {
		have := len(s)
		s = Extend(s, n)
		for i := have; i < len(s); i++ {
			s[i] = item(r)
		}
		if r.err != nil {
			break
		}
	}
	*at = s
}

// fillStrings is fillSlice for strings, which are kept if they are the same.
func fillStrings(r *Reader, at *[]string) {
	s := (*at)[:0]
	if s == nil {
		s = []string{}
	}
	for n := r.Block(0, 1); n > 0; n = r.Block(len(s), 1) {
		have := len(s)
		s = Extend(s, n)
		for i := have; i < len(s); i++ {
			s[i] = r.ReuseString(s[i])
		}
		if r.err != nil {
			break
		}
	}
	*at = s
}

// decodeNullable reads null or what a pointer points at.
func (p *plan) decodeNullable(r *Reader, v ptr) {
	if r.UnionIndex(2) == p.nullAt {
		setNilPointer(v)
		return
	}
	if p.item.code != codeString {
		p.decodePointer(r, v)
		return
	}
	to := as[*string](v) // nullable strings are many
	if *to == nil {
		*to = new(string)
	}
	**to = r.ReuseString(**to)
}

// decodePointer reads what the pointer at v points at, in place if it does.
func (p *plan) decodePointer(r *Reader, v ptr) {
	if r.err != nil {
		return
	}
	to := pointee(v)
	if isNil(to) {
		to = allocate(v, p.typ.Elem())
	}
	p.item.decode(r, to)
}

func (p *plan) decodeInt(r *Reader, v ptr) {
	start := r.at
	n := p.shape.number(r)
	ok := true
	switch p.kind {
	case reflect.Int:
		*as[int](v) = int(n)
		ok = int64(int(n)) == n
	case reflect.Int8:
		*as[int8](v) = int8(n)
		ok = int64(int8(n)) == n
	case reflect.Int16:
		*as[int16](v) = int16(n)
		ok = int64(int16(n)) == n
	case reflect.Int32:
		*as[int32](v) = int32(n)
		ok = int64(int32(n)) == n
	case reflect.Int64:
		*as[int64](v) = n
	case reflect.Uint:
		*as[uint](v) = uint(n)
		ok = n >= 0 && uint64(n) <= math.MaxUint
	case reflect.Uint8:
		*as[uint8](v) = uint8(n)
		ok = int64(uint8(n)) == n
	case reflect.Uint16:
		*as[uint16](v) = uint16(n)
		ok = int64(uint16(n)) == n
	case reflect.Uint32:
		*as[uint32](v) = uint32(n)
		ok = int64(uint32(n)) == n
	case reflect.Uint64:
		*as[uint64](v) = uint64(n)
		ok = n >= 0
	}
	if !ok {
		r.failAt(start, fmt.Errorf("%d as %s: %w", n, p.typ, ErrRange))
	}
}

// number reads an int or a long.
func (s *shape) number(r *Reader) int64 {
	if s.typ == schemas.Int {
		return int64(r.Int())
	}
	return r.Long()
}

// symbol reads an enum.
func (s *shape) symbol(r *Reader) string {
	if i := r.Enum(len(s.symbols)); r.err == nil {
		return s.symbols[i]
	}
	return ""
}

// clock reads a time of day.
func (s *shape) clock(r *Reader) time.Duration {
	start := r.at
	d, err := s.logical.toClock(s.number(r))
	if err != nil {
		r.failAt(start, err)
	}
	return d
}

// uuid reads a string that is a UUID.
func (r *Reader) uuid() UUID {
	start := r.at
	text := r.take()
	if r.err != nil {
		return UUID{}
	}
	u, err := ParseUUID(string(text))
	if err != nil {
		r.failAt(start, err)
	}
	return u
}

func (p *plan) decodeText(r *Reader, v ptr) {
	start := r.at
	var text []byte
	if p.shape.typ == schemas.Enum {
		text = []byte(p.shape.symbol(r))
	} else {
		text = r.Bytes(nil) // a copy: the method may keep it
	}
	valueAt(v, p.typ).SetZero()
	if r.err != nil {
		return
	}
	if err := pointerAt(v, p.typ).(encoding.TextUnmarshaler).UnmarshalText(text); err != nil {
		r.failAt(start, err)
	}
}

func (p *plan) decodeCustom(r *Reader, v ptr) {
	start := r.at
	base := placeOf(reflect.New(p.custom.base).Elem())
	p.item.decode(r, base)
	if r.err != nil {
		return
	}
	if err := p.custom.from(v, base); err != nil {
		r.failAt(start, err)
	}
}

// decodeIface reads a union into an interface: a branch that has a Go type as
// that, others as a generic value if that is allowed.
func (p *plan) decodeIface(r *Reader, v ptr) {
	start := r.at
	i := r.UnionIndex(len(p.shape.branches))
	if r.err != nil {
		return
	}
	in := valueAt(v, p.typ)
	br, s := &p.iface.branches[i], p.shape.branches[i]
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
