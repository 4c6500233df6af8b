package avro

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// How decimals are written:
//
//	decimal on bytes   the unscaled number in two's complement, big-endian, in the fewest bytes
//	decimal on fixed   the same, sign-extended to the fixed's size
//	big-decimal        bytes that hold two values: the unscaled number as bytes, the scale as an int

var errBigDecimal = errors.New("not a big-decimal")

// appendDecimal appends a decimal exactly: digits that the schema has no place
// for are an error.
func appendDecimal(dst []byte, d Decimal, s *shape) ([]byte, error) {
	if s.logical == bigDecimalLogical {
		return appendBigDecimal(dst, d)
	}
	n, err := s.decimal.fromDecimal(d)
	if err != nil {
		return dst, err
	}
	return s.appendUnscaled(dst, n)
}

// appendRat appends a fraction, which must be a decimal one.
func appendRat(dst []byte, r *big.Rat, s *shape) ([]byte, error) {
	if s.logical == bigDecimalLogical {
		d, err := decimalOf(r)
		if err != nil {
			return dst, err
		}
		return appendBigDecimal(dst, d)
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
	unit, err := power10(scale)
	if err != nil {
		return Decimal{}, err
	}
	n := unit.Mul(unit, r.Num())
	return Decimal{Unscaled: n.Quo(n, r.Denom()), Scale: scale}, nil
}

func (s *shape) appendUnscaled(dst []byte, n *big.Int) ([]byte, error) {
	size := twosSize(n)
	if s.typ == schemas.Bytes {
		return appendTwos(wire.AppendLong(dst, int64(size)), n, size), nil
	}
	if size > s.size {
		return dst, fmt.Errorf("the number takes %s, %s has %d: %w", count.Of(size, "byte"), s.name(), s.size, ErrRange)
	}
	return appendTwos(dst, n, s.size), nil
}

func appendBigDecimal(dst []byte, d Decimal) ([]byte, error) {
	if d.Scale != int(int32(d.Scale)) {
		return dst, fmt.Errorf("scale %d: %w", d.Scale, ErrRange)
	}
	size := twosSize(d.int())
	var scale [wire.MaxVarint]byte
	tail := wire.AppendLong(scale[:0], int64(d.Scale))
	var length [wire.MaxVarint]byte
	head := wire.AppendLong(length[:0], int64(size))
	dst = wire.AppendLong(dst, int64(len(head)+size+len(tail)))
	return append(appendTwos(append(dst, head...), d.int(), size), tail...), nil
}

// unscaled reads the bytes of a decimal. They alias the datum.
func (s *shape) unscaled(r *Reader) []byte {
	if s.typ == schemas.Fixed {
		return r.takeFixed(s.size)
	}
	return r.take()
}

// decodeRat reads a decimal over v.
func (s *shape) decodeRat(r *Reader, v *big.Rat) {
	start := r.at
	d := s.readDecimal(r)
	if r.err != nil {
		return
	}
	if !r.countScale(d.Scale) {
		return
	}
	if s.logical == decimalLogical && s.decimal.unit != nil {
		v.SetFrac(d.Unscaled, s.decimal.unit)
		return
	}
	rat, err := d.Rat()
	if err != nil {
		r.failAt(start, err)
		return
	}
	v.Set(rat)
}

// readDecimal reads a decimal. Like Java it does not mind more digits than the
// schema's precision.
func (s *shape) readDecimal(r *Reader) Decimal {
	start := r.at
	b := s.unscaled(r)
	if r.err != nil {
		return Decimal{}
	}
	if s.logical == decimalLogical {
		return Decimal{Unscaled: fromTwos(b), Scale: s.decimal.scale}
	}
	unscaled, scale, err := splitBigDecimal(b)
	if err != nil {
		r.failAt(start, err)
		return Decimal{}
	}
	return Decimal{Unscaled: fromTwos(unscaled), Scale: scale}
}

// splitBigDecimal takes the bytes of a big-decimal apart.
func splitBigDecimal(b []byte) (unscaled []byte, scale int, err error) {
	unscaled, at, err := wire.Bytes(b, 0)
	var s int32
	if err == nil {
		s, at, err = wire.Int(b, at)
	}
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("%w: %w", errBigDecimal, err)
	case at < len(b):
		return nil, 0, fmt.Errorf("%w: %s %s its scale", errBigDecimal, count.Of(len(b)-at, "byte"), count.Verb(len(b)-at, "follows", "follow"))
	}
	return unscaled, int(s), nil
}

// appendBytes appends bytes as they are. Those of a big-decimal must be one.
func (e *env) appendBytes(dst, b []byte, s *shape) ([]byte, error) {
	if s.logical == bigDecimalLogical && !e.cfg.rawLogical {
		if _, _, err := splitBigDecimal(b); err != nil {
			return dst, err
		}
	}
	return wire.AppendBytes(dst, b), nil
}

// twosSize is how many bytes n takes in two's complement.
func twosSize(n *big.Int) int {
	bits := n.BitLen()
	if n.Sign() < 0 && n.TrailingZeroBits() == uint(bits-1) {
		bits-- // a power of two: -128 takes 8 bits with its sign, as 127 does
	}
	return bits/8 + 1
}

// appendTwos appends n sign-extended to size bytes, which are enough for it.
func appendTwos(dst []byte, n *big.Int, size int) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, size)...)
	out := dst[start:]
	n.FillBytes(out) // the magnitude
	if n.Sign() < 0 {
		carry := true // negated: every bit the other way round, plus one
		for i := len(out) - 1; i >= 0; i-- {
			out[i] = ^out[i]
			if carry {
				out[i]++
				carry = out[i] == 0
			}
		}
	}
	return dst
}

// fromTwos reads two's complement, big-endian. No bytes are zero.
func fromTwos(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n
}
