package avro

import (
	"errors"
	"fmt"
	"math/big"
	"time"
	"unicode/utf8"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/wire"
)

var (
	errNil      = errors.Unwrap(avrort.NilError())
	errNotNull  = errors.New("the schema is null, the value is not nil")
	errNilEmbed = errors.New("the embedded pointer that has the field is nil")
)

// append appends the datum of the value at v. On an error the result may hold
// part of it. depth is how many recursive records v is within.
func (p *plan) append(dst []byte, v ptr, depth int) ([]byte, error) {
	switch p.code {
	case codeNull:
		return dst, nil
	case codeBool:
		return wire.AppendBool(dst, *as[bool](v)), nil
	case codeInt32:
		return wire.AppendLong(dst, int64(*as[int32](v))), nil
	case codeInt64:
		return wire.AppendLong(dst, *as[int64](v)), nil
	case codeGoInt:
		return wire.AppendLong(dst, int64(*as[int](v))), nil
	case codeIntKind:
		n, err := p.loadInt(v)
		return wire.AppendLong(dst, n), err
	case codeFloat32:
		return wire.AppendFloat(dst, *as[float32](v)), nil
	case codeFloat64:
		return wire.AppendDouble(dst, *as[float64](v)), nil
	case codeNarrow:
		f, err := narrow(*as[float64](v))
		return wire.AppendFloat(dst, f), err
	case codeString:
		return wire.AppendString(dst, *as[string](v)), nil
	case codeUTF8String:
		return p.env.appendString(dst, *as[string](v))
	case codeBytesString:
		return wire.AppendString(dst, *as[string](v)), nil
	case codeBytes:
		return wire.AppendBytes(dst, *as[[]byte](v)), nil
	case codeFixed:
		return append(dst, arrayBytes(v, p.compiled.size)...), nil
	case codeFixedSlice:
		return appendFixed(dst, *as[[]byte](v), p.compiled)
	case codeEnum:
		i, err := p.compiled.symbolIndex(*as[string](v))
		return wire.AppendLong(dst, int64(i)), err
	case codeEnumNumber:
		i, err := p.enumIndex(v)
		return wire.AppendLong(dst, int64(i)), err
	case codeMillis:
		n, err := logical.UnixMillis(*as[time.Time](v))
		return wire.AppendLong(dst, n), err
	case codeTime:
		n, err := p.compiled.logical.FromTime(*as[time.Time](v))
		return wire.AppendLong(dst, n), err
	case codeClock:
		n, err := p.compiled.logical.FromClock(*as[time.Duration](v))
		return wire.AppendLong(dst, n), err
	case codeRat:
		return appendRat(dst, as[big.Rat](v), p.compiled)
	case codeDecimal:
		return appendDecimal(dst, *as[Decimal](v), p.compiled)
	case codeUUID:
		return avrort.AppendUUID(dst, *as[UUID](v)), nil
	case codeUUIDString:
		u, err := ParseUUID(*as[string](v))
		return append(dst, u[:]...), err
	case codeUUIDText:
		return appendUUIDText(dst, *as[string](v))
	case codeUUIDBytes:
		return appendUUIDText(dst, string(*as[[]byte](v)))
	case codeBigDecimal:
		return p.env.appendBytes(dst, *as[[]byte](v), p.compiled)
	case codeNumberText:
		return appendNumberText(dst, *as[string](v), p.compiled)
	case codeDuration:
		return avrort.AppendDuration(dst, *as[Duration](v)), nil
	case codeText:
		return p.appendText(dst, v)
	case codeRecord:
		return p.appendRecord(dst, v, depth)
	case codeGenerated:
		return pointerAt(v, p.typ).(Generated).AppendAvro(dst)
	case codePointer:
		to := pointee(v)
		if isNil(to) {
			return dst, errNil
		}
		return p.item.append(dst, to, depth)
	case codeBranch:
		return p.item.append(append(dst, 0), v, depth)
	case codeNullable:
		return p.appendNullable(dst, v, depth)
	case codeNullSlice:
		if sliceIsNil(v) {
			return append(dst, p.null), nil
		}
		return p.item.append(append(dst, p.value), v, depth)
	case codeNullMap:
		if valueAt(v, p.typ).IsNil() {
			return append(dst, p.null), nil
		}
		return p.item.append(append(dst, p.value), v, depth)
	case codeNullZero:
		if p.isZero(v, p.typ) {
			return append(dst, p.null), nil
		}
		return p.item.append(append(dst, p.value), v, depth)
	case codeIface:
		return p.appendIface(dst, v, depth)
	case codeUnion:
		return p.env.appendUnion(dst, *as[Union](v), p.compiled, depth)
	case codeAny:
		return p.env.appendAny(dst, *as[any](v), p.compiled, depth)
	case codeCustom:
		base, err := p.custom.to(v)
		if err != nil {
			return dst, err
		}
		return p.item.append(dst, base, depth)
	case codeVia:
		to := pointee(v)
		if isNil(to) {
			return dst, errNilEmbed
		}
		return p.item.append(dst, fieldAt(to, p.via), depth)
	case codeDefault:
		return append(dst, p.def...), nil
	default:
		return p.appendMany(dst, v, depth)
	}
}

// appendRecord appends a struct's fields. Fields of the commonest types are
// appended here rather than by their plans, which saves a call each.
func (p *plan) appendRecord(dst []byte, v ptr, depth int) ([]byte, error) {
	if p.compiled.recursive {
		if depth++; depth > p.env.cfg.MaxDepth {
			return dst, errTooDeep(depth)
		}
	}
	var err error
	fields := p.fields
	for i := range fields {
		f := &fields[i]
		at := fieldAt(v, f.slot)
		switch f.code {
		case codeString:
			dst = wire.AppendString(dst, *as[string](at))
			continue
		case codeInt64:
			dst = wire.AppendLong(dst, *as[int64](at))
			continue
		case codeInt32:
			dst = wire.AppendLong(dst, int64(*as[int32](at)))
			continue
		case codeFloat64:
			dst = wire.AppendDouble(dst, *as[float64](at))
			continue
		case codeBool:
			dst = wire.AppendBool(dst, *as[bool](at))
			continue
		case codeStringMap:
			dst = appendStringMap(dst, *as[map[string]string](at))
			continue
		case codeNullable:
			dst, err = f.plan.appendNullable(dst, at, depth)
		case codeArray:
			dst, err = f.plan.appendArray(dst, at, depth)
		default:
			dst, err = f.plan.append(dst, at, depth)
		}
		if err != nil {
			return dst, avrort.WithinField(err, f.name)
		}
	}
	return dst, nil
}

// appendNullable appends null or what a pointer points at.
func (p *plan) appendNullable(dst []byte, v ptr, depth int) ([]byte, error) {
	to := pointee(v)
	switch {
	case isNil(to):
		return append(dst, p.null), nil
	case p.item.code == codeString: // nullable strings are many
		return wire.AppendString(append(dst, p.value), *as[string](to)), nil
	}
	return p.item.append(append(dst, p.value), to, depth)
}

// appendMany appends arrays and maps: one block, and the end.
func (p *plan) appendMany(dst []byte, v ptr, depth int) ([]byte, error) {
	switch p.code {
	case codeArray:
		return p.appendArray(dst, v, depth)
	case codeLongs:
		return avrort.AppendLongs(dst, *as[[]int64](v)), nil
	case codeInts:
		return avrort.AppendInts(dst, *as[[]int32](v)), nil
	case codeDoubles:
		return avrort.AppendDoubles(dst, *as[[]float64](v)), nil
	case codeFloats:
		return avrort.AppendFloats(dst, *as[[]float32](v)), nil
	case codeStrings:
		items := *as[[]string](v)
		dst = wire.AppendBlock(dst, len(items))
		for _, item := range items {
			dst = wire.AppendString(dst, item)
		}
		return wire.AppendBlocksEnd(dst, len(items)), nil
	case codeStringMap:
		return appendStringMap(dst, *as[map[string]string](v)), nil
	case codeLongMap:
		return appendLongMap(dst, *as[map[string]int64](v)), nil
	case codeDoubleMap:
		return appendMap(dst, *as[map[string]float64](v), wire.AppendDouble), nil
	case codeAnyMap:
		return p.env.appendAnyMap(dst, *as[map[string]any](v), p.compiled, depth)
	case codeAnyRecord:
		return p.env.appendAnyRecord(dst, *as[map[string]any](v), p.compiled, depth)
	case codeMap:
		return p.appendMap(dst, v, depth)
	case codeMapRecord:
		return p.appendMapRecord(dst, v, depth)
	}
	return dst, fmt.Errorf("no plan for %s", p.typ) // not reached: a type mismatch has no plan
}

func errTooDeep(depth int) error {
	return fmt.Errorf("%w: %d records nested in one another (WithMaxDepth)", ErrLimit, depth)
}

func (e *env) appendString(dst []byte, s string) ([]byte, error) {
	if e.cfg.ValidUTF8 && !utf8.ValidString(s) {
		return dst, wire.ErrUTF8
	}
	return wire.AppendString(dst, s), nil
}

func appendFixed(dst, b []byte, s *compiledSchema) ([]byte, error) {
	if len(b) != s.size {
		return dst, fmt.Errorf("%s for %s of %d: %w", count.Of(len(b), "byte"), s.name(), s.size, ErrRange)
	}
	return append(dst, b...), nil
}
