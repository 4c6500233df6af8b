// Package decimals has the arithmetic of decimals: powers of ten, two's complement, and
// the bytes of a big-decimal.
package decimals

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/wire"
)

// MaxPower bounds 10^n where a decimal's scale comes from data or from a user:
// a few bytes would otherwise ask for a number of gigabytes.
const MaxPower = 1 << 14

// Errors, both of the kind [wire.ErrRange].
var (
	ErrScale     = fmt.Errorf("scale beyond %d: %w", MaxPower, wire.ErrRange)
	errPrecision = fmt.Errorf("digits: %w", wire.ErrRange)
)

var errBigDecimal = errors.New("not a big-decimal")

// Power10 is 10^n, or [ErrScale].
func Power10(n int) (*big.Int, error) {
	if n < 0 || n > MaxPower {
		return nil, ErrScale
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil), nil
}

// CheckPrecision returns an error if n has more digits than precision. limit is
// 10^precision, nil where that is too large to matter.
func CheckPrecision(n *big.Int, precision int, limit *big.Int) error {
	if limit != nil && n.CmpAbs(limit) >= 0 {
		return fmt.Errorf("more than %d %w", precision, errPrecision)
	}
	return nil
}

// SplitBig takes the bytes of a big-decimal apart: two values, the unscaled number as
// bytes and the scale as an int.
func SplitBig(b []byte) (unscaled []byte, scale int, err error) {
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

// TwosSize is how many bytes n takes in two's complement.
func TwosSize(n *big.Int) int {
	bits := n.BitLen()
	if n.Sign() < 0 && n.TrailingZeroBits() == uint(bits-1) {
		bits-- // a power of two: -128 takes 8 bits with its sign, as 127 does
	}
	return bits/8 + 1
}

// AppendTwos appends n sign-extended to size bytes, which are enough for it.
func AppendTwos(dst []byte, n *big.Int, size int) []byte {
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

// FromTwos reads two's complement, big-endian. No bytes are zero.
func FromTwos(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n
}
