package avrort

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/kavro/kavro/avro/internal/decimals"
)

// A Decimal is an exact decimal number: Unscaled x 10^-Scale. 12.50 is 1250 with
// a scale of 2. A nil Unscaled is zero.
//
// Two decimals of different scale may be the same number; a big-decimal keeps
// the difference, [Decimal.Cmp] does not see it.
type Decimal struct {
	Unscaled *big.Int
	Scale    int
}

// NewDecimal returns unscaled x 10^-scale.
func NewDecimal(unscaled int64, scale int) Decimal {
	return Decimal{Unscaled: big.NewInt(unscaled), Scale: scale}
}

// Rat returns the decimal as a fraction. The error is [ErrRange] if its scale is
// beyond 16,384 either way.
func (d Decimal) Rat() (*big.Rat, error) {
	p, err := decimals.Power10(max(d.Scale, -d.Scale))
	if err != nil {
		return nil, err
	}
	if d.Scale < 0 {
		return new(big.Rat).SetInt(p.Mul(p, d.int())), nil
	}
	return new(big.Rat).SetFrac(d.int(), p), nil
}

// Cmp compares two decimals as numbers: -1, 0 or +1. Scales beyond 16,384 are
// compared as they are, without their numbers.
func (d Decimal) Cmp(e Decimal) int {
	a, errA := d.Rat()
	b, errB := e.Rat()
	if errA != nil || errB != nil {
		return d.int().Cmp(e.int())
	}
	return a.Cmp(b)
}

// String returns the number in plain notation, such as -12.50, or with an
// exponent where it would take more than 16,384 zeros.
func (d Decimal) String() string {
	digits := d.int().String()
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	switch {
	case d.Scale > decimals.MaxPower+len(digits) || d.Scale < -decimals.MaxPower:
		return fmt.Sprintf("%s%se%d", sign, digits, -int64(d.Scale))
	case d.Scale <= 0:
		if digits == "0" {
			return digits
		}
		return sign + digits + strings.Repeat("0", -d.Scale)
	}
	if pad := d.Scale + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	point := len(digits) - d.Scale
	return sign + digits[:point] + "." + digits[point:]
}

// MarshalText is [Decimal.String].
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is [ParseDecimal].
func (d *Decimal) UnmarshalText(text []byte) error {
	v, err := ParseDecimal(string(text))
	if err == nil {
		*d = v
	}
	return err
}

// ParseDecimal reads a number in plain notation, such as -12.50: digits with an
// optional sign and point, at most 32,768 of them. The scale is the number of
// digits after the point.
func ParseDecimal(s string) (Decimal, error) {
	whole, fraction, _ := strings.Cut(s, ".")
	digits := whole + fraction
	if len(digits) > 2*decimals.MaxPower || strings.ContainsAny(fraction, "+-") {
		return Decimal{}, errDecimalText(s)
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return Decimal{}, errDecimalText(s)
	}
	return Decimal{Unscaled: n, Scale: len(fraction)}, nil
}

func errDecimalText(s string) error {
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	return fmt.Errorf("%q is not a decimal number", s)
}

func (d Decimal) int() *big.Int {
	if d.Unscaled == nil {
		return new(big.Int)
	}
	return d.Unscaled
}

// Rescale returns the same number at another scale. It never rounds: digits that the
// scale has no place for are [ErrRange].
func (d Decimal) Rescale(scale int) (Decimal, error) {
	n, err := d.rescale(scale)
	return Decimal{Unscaled: n, Scale: scale}, err
}

// rescale returns the unscaled value at another scale. It never rounds.
func (d Decimal) rescale(scale int) (*big.Int, error) {
	if d.Scale == scale {
		return d.int(), nil
	}
	p, err := decimals.Power10(max(scale-d.Scale, d.Scale-scale))
	if err != nil {
		return nil, err
	}
	if d.Scale < scale {
		return p.Mul(p, d.int()), nil
	}
	q, rest := new(big.Int).QuoRem(d.int(), p, new(big.Int))
	if rest.Sign() != 0 {
		return nil, fmt.Errorf("%v needs more than %d digits after the point: %w", d, scale, ErrRange)
	}
	return q, nil
}
