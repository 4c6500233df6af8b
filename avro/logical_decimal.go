package avro

import (
	"fmt"
	"math/big"
	"time"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/decimals"
	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// How decimals are written:
//
//	decimal on bytes   the unscaled number in two's complement, big-endian, in the fewest bytes
//	decimal on fixed   the same, sign-extended to the fixed's size
//	big-decimal        bytes that hold two values: the unscaled number as bytes, the scale as an int

// appendDecimal appends a decimal exactly: digits that the schema has no place
// for are an error.
func appendDecimal(dst []byte, d Decimal, s *compiledSchema) ([]byte, error) {
	if s.logical == logical.BigDecimal {
		return avrort.AppendBigDecimal(dst, d)
	}
	n, err := s.decimal.fromDecimal(d)
	if err != nil {
		return dst, err
	}
	return s.appendUnscaled(dst, n)
}

// appendRat appends a fraction, which must be a decimal one.
func appendRat(dst []byte, r *big.Rat, s *compiledSchema) ([]byte, error) {
	if s.logical == logical.BigDecimal {
		d, err := decimalOf(r)
		if err != nil {
			return dst, err
		}
		return avrort.AppendBigDecimal(dst, d)
	}
	n, err := s.decimal.fromRat(r)
	if err != nil {
		return dst, err
	}
	return s.appendUnscaled(dst, n)
}

// decimalOf is the decimal of the smallest scale that is r.
func decimalOf(r *big.Rat) (Decimal, error) {
	scale, exact := r.FloatPrec()
	if !exact {
		return Decimal{}, fmt.Errorf("%v has no end as a decimal number: %w", r, ErrRange)
	}
	unit, err := decimals.Power10(scale)
	if err != nil {
		return Decimal{}, err
	}
	n := unit.Mul(unit, r.Num())
	return Decimal{Unscaled: n.Quo(n, r.Denom()), Scale: scale}, nil
}

func (s *compiledSchema) appendUnscaled(dst []byte, n *big.Int) ([]byte, error) {
	size := decimals.TwosSize(n)
	if s.typ == schemas.Bytes {
		return decimals.AppendTwos(wire.AppendLong(dst, int64(size)), n, size), nil
	}
	if size > s.size {
		return dst, fmt.Errorf("the number takes %s, %s has %d: %w", count.Of(size, "byte"), s.name(), s.size, ErrRange)
	}
	return decimals.AppendTwos(dst, n, s.size), nil
}

// decodeRat reads a decimal over v.
func (s *compiledSchema) decodeRat(r *avrort.Reader, v *big.Rat) {
	start := r.Offset()
	d := s.readDecimal(r)
	if r.Err() != nil {
		return
	}
	if !r.CountScale(d.Scale) {
		return
	}
	if s.logical == logical.Decimal && s.decimal.unit != nil {
		v.SetFrac(d.Unscaled, s.decimal.unit)
		return
	}
	rat, err := d.Rat()
	if err != nil {
		r.FailAt(start, err)
		return
	}
	v.Set(rat)
}

// readDecimal reads a decimal. Like Java it does not mind more digits than the
// schema's precision.
func (s *compiledSchema) readDecimal(r *avrort.Reader) Decimal {
	switch {
	case s.logical == logical.BigDecimal:
		return r.BigDecimal()
	case s.typ == schemas.Fixed:
		return r.FixedDecimal(s.size, s.decimal.scale)
	default:
		return r.Decimal(s.decimal.scale)
	}
}

// appendBytes appends bytes as they are. Those of a big-decimal must be one.
func (e *env) appendBytes(dst, b []byte, s *compiledSchema) ([]byte, error) {
	if s.logical == logical.BigDecimal && !e.cfg.rawLogical {
		if _, _, err := decimals.SplitBig(b); err != nil {
			return dst, err
		}
	}
	return wire.AppendBytes(dst, b), nil
}

// decimalSpec is what a schema says of a decimal.
type decimalSpec struct {
	precision, scale int
	limit            *big.Int // 10^precision; nil where that is too large to matter
	unit             *big.Int // 10^scale
}

func newDecimalSpec(n *schemas.Node) decimalSpec {
	l := n.Logical()
	s := decimalSpec{precision: l.Precision, scale: l.Scale}
	s.limit, _ = decimals.Power10(l.Precision)
	s.unit, _ = decimals.Power10(l.Scale)
	return s
}

// fromDecimal is the unscaled value that the schema wants.
func (s *decimalSpec) fromDecimal(d Decimal) (*big.Int, error) {
	d, err := d.Rescale(s.scale)
	if err != nil {
		return nil, err
	}
	return d.Unscaled, decimals.CheckPrecision(d.Unscaled, s.precision, s.limit)
}

// fromRat is fromDecimal for a fraction, which must be a decimal fraction.
func (s *decimalSpec) fromRat(r *big.Rat) (*big.Int, error) {
	if s.unit == nil {
		return nil, decimals.ErrScale
	}
	n := new(big.Int).Mul(r.Num(), s.unit)
	rest := new(big.Int)
	if n.QuoRem(n, r.Denom(), rest); rest.Sign() != 0 {
		return nil, fmt.Errorf("%v needs more than %d digits after the point: %w", r, s.scale, ErrRange)
	}
	return n, decimals.CheckPrecision(n, s.precision, s.limit)
}

// unscaledOf is the decimal's unscaled number, 0 where it is nil.
func unscaledOf(d Decimal) *big.Int {
	if d.Unscaled == nil {
		return new(big.Int)
	}
	return d.Unscaled
}

// sameNumber says that two decimals are the same number, whatever their scales.
func sameNumber(d, e Decimal) bool {
	a, b := unscaledOf(d), unscaledOf(e)
	if d.Scale == e.Scale || a.Sign() == 0 || b.Sign() == 0 {
		return a.Cmp(b) == 0
	}
	if d.Scale > e.Scale {
		d, e, b = e, d, a
	}
	d, err := d.Rescale(e.Scale)
	return err == nil && d.Unscaled.Cmp(b) == 0
}

// clock reads a time of day.
func (s *compiledSchema) clock(r *avrort.Reader) time.Duration {
	start := r.Offset()
	d, err := s.logical.ToClock(s.number(r))
	if err != nil {
		r.FailAt(start, err)
	}
	return d
}
