package avro

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

var (
	errNil      = errors.New("nil, and the schema does not allow null")
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
		return append(dst, arrayBytes(v, p.shape.size)...), nil
	case codeFixedSlice:
		return appendFixed(dst, *as[[]byte](v), p.shape)
	case codeEnum:
		i, err := p.shape.symbolIndex(*as[string](v))
		return wire.AppendLong(dst, int64(i)), err
	case codeEnumNumber:
		i, err := p.enumIndex(v)
		return wire.AppendLong(dst, int64(i)), err
	case codeMillis:
		n, err := unixMillis(*as[time.Time](v))
		return wire.AppendLong(dst, n), err
	case codeTime:
		n, err := p.shape.logical.fromTime(*as[time.Time](v))
		return wire.AppendLong(dst, n), err
	case codeClock:
		n, err := p.shape.logical.fromClock(*as[time.Duration](v))
		return wire.AppendLong(dst, n), err
	case codeRat:
		return appendRat(dst, as[big.Rat](v), p.shape)
	case codeDecimal:
		return appendDecimal(dst, *as[Decimal](v), p.shape)
	case codeUUID:
		return as[UUID](v).append(wire.AppendLong(dst, uuidSize)), nil
	case codeUUIDString:
		u, err := ParseUUID(*as[string](v))
		return append(dst, u[:]...), err
	case codeDuration:
		return as[Duration](v).append(dst), nil
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
		to := pointee(v)
		if isNil(to) {
			return append(dst, p.null), nil
		}
		return p.item.append(append(dst, p.value), to, depth)
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
		return p.env.appendUnion(dst, *as[Union](v), p.shape, depth)
	case codeAny:
		return p.env.appendAny(dst, *as[any](v), p.shape, depth)
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
	if p.shape.recursive {
		if depth++; depth > p.env.cfg.limits.maxDepth {
			return dst, errTooDeep(depth)
		}
	}
	var err error
	for i := range p.fields {
		f := &p.fields[i]
		at := fieldAt(v, f.slot)
		switch f.code {
		case codeString:
			dst = wire.AppendString(dst, *as[string](at))
		case codeInt64:
			dst = wire.AppendLong(dst, *as[int64](at))
		case codeInt32:
			dst = wire.AppendLong(dst, int64(*as[int32](at)))
		case codeFloat64:
			dst = wire.AppendDouble(dst, *as[float64](at))
		case codeBool:
			dst = wire.AppendBool(dst, *as[bool](at))
		case codeArray:
			dst, err = f.plan.appendArray(dst, at, depth)
		case codeStringMap:
			dst = appendStringMap(dst, *as[map[string]string](at))
		default:
			dst, err = f.plan.append(dst, at, depth)
		}
		if err != nil {
			return dst, within(err, f.name)
		}
	}
	return dst, nil
}

// appendMany appends arrays and maps: one block, and the end.
func (p *plan) appendMany(dst []byte, v ptr, depth int) ([]byte, error) {
	switch p.code {
	case codeArray:
		return p.appendArray(dst, v, depth)
	case codeLongs:
		items := *as[[]int64](v)
		dst = appendBlock(dst, len(items))
		for _, item := range items {
			dst = wire.AppendLong(dst, item)
		}
		return appendEnd(dst, len(items)), nil
	case codeInts:
		items := *as[[]int32](v)
		dst = appendBlock(dst, len(items))
		for _, item := range items {
			dst = wire.AppendLong(dst, int64(item))
		}
		return appendEnd(dst, len(items)), nil
	case codeDoubles:
		items := *as[[]float64](v)
		dst = appendBlock(dst, len(items))
		for _, item := range items {
			dst = wire.AppendDouble(dst, item)
		}
		return appendEnd(dst, len(items)), nil
	case codeStrings:
		items := *as[[]string](v)
		dst = appendBlock(dst, len(items))
		for _, item := range items {
			dst = wire.AppendString(dst, item)
		}
		return appendEnd(dst, len(items)), nil
	case codeStringMap:
		return appendStringMap(dst, *as[map[string]string](v)), nil
	case codeLongMap:
		return appendMap(dst, *as[map[string]int64](v), wire.AppendLong), nil
	case codeDoubleMap:
		return appendMap(dst, *as[map[string]float64](v), wire.AppendDouble), nil
	case codeAnyMap:
		return p.env.appendAnyMap(dst, *as[map[string]any](v), p.shape, depth)
	case codeAnyRecord:
		return p.env.appendAnyRecord(dst, *as[map[string]any](v), p.shape, depth)
	case codeMap:
		return p.appendMap(dst, v, depth)
	case codeMapRecord:
		return p.appendMapRecord(dst, v, depth)
	}
	return dst, fmt.Errorf("no plan for %s", p.typ) // not reached: a misfit has no plan
}

func (p *plan) appendArray(dst []byte, v ptr, depth int) ([]byte, error) {
	n := sliceLen(v)
	dst = appendBlock(dst, n)
	items, size, item := itemsOf(v), p.size, p.item
	var err error
	for i := range n {
		if item.code == codeRecord {
			dst, err = item.appendRecord(dst, itemAt(items, i, size), depth)
		} else {
			dst, err = item.append(dst, itemAt(items, i, size), depth)
		}
		if err != nil {
			return dst, WithinItem(err, i)
		}
	}
	return appendEnd(dst, n), nil
}

// appendBlock begins the one block of an array or map; of none, it is the end.
func appendBlock(dst []byte, n int) []byte { return wire.AppendLong(dst, int64(n)) }

// appendEnd ends the blocks after n items.
func appendEnd(dst []byte, n int) []byte {
	if n == 0 {
		return dst
	}
	return append(dst, 0)
}

func errTooDeep(depth int) error {
	return fmt.Errorf("%w: %d records nested in one another (WithMaxDepth)", ErrLimit, depth)
}

func (e *env) appendString(dst []byte, s string) ([]byte, error) {
	if e.cfg.validUTF8 && !utf8.ValidString(s) {
		return dst, errUTF8
	}
	return wire.AppendString(dst, s), nil
}

func appendFixed(dst, b []byte, s *shape) ([]byte, error) {
	if len(b) != s.size {
		return dst, fmt.Errorf("%d bytes for %s of %d: %w", len(b), s.name(), s.size, ErrRange)
	}
	return append(dst, b...), nil
}

// appendText appends what MarshalText returns, as a string or a symbol.
func (p *plan) appendText(dst []byte, v ptr) ([]byte, error) {
	text, err := pointerAt(v, p.typ).(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return dst, &EncodeError{Err: err}
	}
	if p.shape.typ == schemas.Enum {
		i, err := p.shape.symbolIndex(string(text))
		return wire.AppendLong(dst, int64(i)), err
	}
	return p.env.appendString(dst, string(text))
}

// loadInt is the integer at v; it must fit the schema's int or long.
func (p *plan) loadInt(v ptr) (int64, error) {
	var n int64
	switch p.kind {
	case reflect.Int:
		n = int64(*as[int](v))
	case reflect.Int8:
		n = int64(*as[int8](v))
	case reflect.Int16:
		n = int64(*as[int16](v))
	case reflect.Int32:
		n = int64(*as[int32](v))
	case reflect.Int64:
		n = *as[int64](v)
	case reflect.Uint8:
		n = int64(*as[uint8](v))
	case reflect.Uint16:
		n = int64(*as[uint16](v))
	case reflect.Uint32:
		n = int64(*as[uint32](v))
	default:
		u := uint64(0)
		if p.kind == reflect.Uint {
			u = uint64(*as[uint](v))
		} else {
			u = *as[uint64](v)
		}
		if u > math.MaxInt64 {
			return 0, fmt.Errorf("%d as %s: %w", u, p.shape.typ, ErrRange)
		}
		n = int64(u)
	}
	return n, p.shape.checkInt(n)
}

// checkInt says whether n is in the range of the shape's int or long.
func (s *shape) checkInt(n int64) error {
	if s.typ == schemas.Int && n != int64(int32(n)) {
		return fmt.Errorf("%d as int: %w", n, ErrRange)
	}
	return nil
}

func (p *plan) enumIndex(v ptr) (int, error) {
	n := integerOf(valueAt(v, p.typ))
	if p.enum.dense {
		if uint64(n) < uint64(len(p.enum.values)) {
			return int(n), nil
		}
	} else if i, ok := p.enum.index[n]; ok {
		return i, nil
	}
	return 0, fmt.Errorf("%d is not a value of %s", n, p.shape.name())
}

// narrow rounds to a float; what is finite stays so.
func narrow(f float64) (float32, error) {
	n := float32(f)
	if math.IsInf(float64(n), 0) && !math.IsInf(f, 0) {
		return 0, fmt.Errorf("%g as float: %w", f, ErrRange)
	}
	return n, nil
}

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
