package avro

import (
	"fmt"
	"github.com/kavro/kavro/avro/avrort"
	"math/big"
	"reflect"
	"time"
)

// decode reads a value over the one at v, of which nothing stays. It reuses the
// memory of slices and maps, and what pointers point at. Errors stay in r: loops
// stop at them, straight code reads on, harmlessly.
func (p *plan) decode(r *avrort.Reader, v ptr) {
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
		start, n := r.Offset(), r.Long()
		if *as[int](v) = int(n); int64(int(n)) != n {
			r.FailAt(start, fmt.Errorf("%d as int: %w", n, ErrRange))
		}
	case codeIntKind:
		p.decodeInt(r, v)
	case codeFloat32:
		*as[float32](v) = r.Float()
	case codeFloat64:
		*as[float64](v) = r.Double()
	case codeNarrow:
		*as[float64](v) = float64(r.Float())
	case codeString, codeUTF8String, codeUUIDText:
		s := as[string](v)
		*s = r.ReuseString(*s)
	case codeBytesString:
		*as[string](v) = string(r.View())
	case codeBytes, codeUUIDBytes, codeBigDecimal:
		b := as[[]byte](v)
		*b = r.Bytes(*b)
	case codeFixed:
		r.Fixed(arrayBytes(v, p.compiled.size))
	case codeFixedSlice:
		b := as[[]byte](v)
		*b = append((*b)[:0], r.ViewFixed(p.compiled.size)...)
	case codeEnum:
		*as[string](v) = p.compiled.symbol(r)
	case codeEnumNumber:
		if i := r.Enum(len(p.enum.values)); r.Err() == nil {
			setInteger(valueAt(v, p.typ), p.enum.values[i])
		}
	case codeMillis:
		*as[time.Time](v) = time.UnixMilli(r.Long()).UTC()
	case codeTime:
		*as[time.Time](v) = p.compiled.logical.ToTime(p.compiled.number(r))
	case codeClock:
		*as[time.Duration](v) = p.compiled.clock(r)
	case codeRat:
		p.compiled.decodeRat(r, as[big.Rat](v))
	case codeDecimal:
		*as[Decimal](v) = p.compiled.readDecimal(r)
	case codeUUID:
		*as[UUID](v) = r.UUID()
	case codeUUIDString:
		if b := r.ViewFixed(len(UUID{})); r.Err() == nil {
			*as[string](v) = UUID(b).String()
		}
	case codeNumberText:
		if text, _ := p.compiled.numberText(r); r.Err() == nil {
			*as[string](v) = text
		}
	case codeDuration:
		if d := r.Duration(); r.Err() == nil {
			*as[Duration](v) = d
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
		*as[Union](v) = p.env.decodeUnion(r, p.compiled)
	case codeAny:
		*as[any](v) = p.env.decodeAny(r, p.compiled)
	case codeCustom:
		p.decodeCustom(r, v)
	case codeVia:
		to := pointee(v)
		if isNil(to) {
			to = allocate(v, p.typ)
		}
		p.item.decode(r, fieldAt(to, p.via))
	case codeDefault:
		p.skip.skip(r)
	case codeBranches:
		p.decodeBranches(r, v)
	case codePromoted:
		p.decodePromoted(r, v)
	default:
		p.decodeMany(r, v)
	}
}

// decodeRecord reads a struct's fields; see appendRecord.
func (p *plan) decodeRecord(r *avrort.Reader, v ptr) {
	if p.compiled.recursive {
		if !r.Enter() {
			return
		}
	}
	if p.ignored != nil {
		p.clearIgnored(v)
	}
	fields := p.fields
	for i := range fields {
		f := &fields[i]
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
			symbols := f.plan.compiled.symbols
			if i := r.Enum(len(symbols)); r.Err() == nil {
				*as[string](at) = symbols[i]
			}
		case codeMillis:
			*as[time.Time](at) = time.UnixMilli(r.Long()).UTC()
		case codeNullable:
			f.plan.decodeNullable(r, at)
		case codeArray:
			f.plan.decodeArray(r, at)
		case codeDefault:
			f.plan.skip.skip(r)
		default:
			f.plan.decode(r, at)
		}
	}
	if p.compiled.recursive {
		r.Leave()
	}
}

// decodeMany reads arrays and maps.
func (p *plan) decodeMany(r *avrort.Reader, v ptr) {
	switch p.code {
	case codeArray:
		p.decodeArray(r, v)
	case codeLongs:
		fillNumbers(r, as[[]int64](v), (*avrort.Reader).Longs)
	case codeInts:
		fillNumbers(r, as[[]int32](v), (*avrort.Reader).Ints)
	case codeDoubles:
		fillNumbers(r, as[[]float64](v), (*avrort.Reader).Doubles)
	case codeFloats:
		fillNumbers(r, as[[]float32](v), (*avrort.Reader).Floats)
	case codeStrings:
		fillStrings(r, as[[]string](v))
	case codeStringMap:
		fillMap(r, as[map[string]string](v), 1, (*avrort.Reader).String)
	case codeLongMap:
		fillMap(r, as[map[string]int64](v), 1, (*avrort.Reader).Long)
	case codeDoubleMap:
		fillMap(r, as[map[string]float64](v), 8, (*avrort.Reader).Double)
	case codeAnyMap:
		*as[map[string]any](v) = p.env.decodeAnyMap(r, p.compiled)
	case codeAnyRecord:
		*as[map[string]any](v) = p.env.decodeAnyRecord(r, p.compiled)
	case codeMap:
		p.decodeMap(r, v)
	case codeMapRecord:
		p.decodeMapRecord(r, v)
	}
}

// decodeNullable reads null or what a pointer points at.
func (p *plan) decodeNullable(r *avrort.Reader, v ptr) {
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
func (p *plan) decodePointer(r *avrort.Reader, v ptr) {
	if r.Err() != nil {
		return
	}
	to := pointee(v)
	if isNil(to) {
		to = allocate(v, p.typ.Elem())
	}
	p.item.decode(r, to)
}

func (p *plan) decodeCustom(r *avrort.Reader, v ptr) {
	start := r.Offset()
	base := pointerOf(reflect.New(p.custom.base).Elem())
	p.item.decode(r, base)
	if r.Err() != nil {
		return
	}
	if err := p.custom.from(v, base); err != nil {
		r.FailAt(start, err)
	}
}
