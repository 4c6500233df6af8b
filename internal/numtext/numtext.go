// Package numtext reads numbers from text as Avro's other implementations do, for
// packages schemas and avro.
package numtext

import (
	"bytes"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// javaDouble is what Double.valueOf takes, without the spaces around it.
var javaDouble = regexp.MustCompile(`^[+-]?(NaN|Infinity|` +
	`(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|0[xX]([0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+)[fFdD]?)$`)

// JavaDouble reads text as Java's Double.valueOf does: a decimal or hexadecimal
// number, NaN or Infinity, with control characters and spaces around it. What is
// too large is infinite. A NaN is Java's, not Go's.
func JavaDouble(text string) (v float64, ok bool) {
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	if !javaDouble.MatchString(text) {
		return 0, false
	}
	number := strings.TrimLeft(text, "+-")
	switch {
	case number == "NaN": // without a sign, whatever the text has
		return math.Float64frombits(0x7ff8_0000_0000_0000), true
	case number == "Infinity":
		v = math.Inf(1)
	default:
		v, _ = strconv.ParseFloat(strings.TrimRight(number, "fFdD"), 64) // infinite if out of range
	}
	if text[0] == '-' {
		v = -v
	}
	return v, true
}

// maxExponent bounds exponents that are looked at: beyond, a number of any
// length that fits into memory is not a whole number of 64 bits, or is 0.
const maxExponent = math.MaxInt32

// Whole reads a JSON number that is a whole number of 64 bits, exactly: no float64
// is in between. A fraction of zeros and an exponent are fine, as in Java: 1.0 and
// 1e3 are whole.
func Whole(text []byte) (v int64, ok bool) {
	if v, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return v, true
	}
	digits, exponent := text, 0
	if i := bytes.IndexAny(digits, "eE"); i >= 0 {
		e, err := strconv.Atoi(string(digits[i+1:]))
		if err != nil || e < -maxExponent || e > maxExponent {
			return 0, false
		}
		digits, exponent = digits[:i], e
	}
	negative := len(digits) > 0 && digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	whole, fraction, _ := bytes.Cut(digits, []byte{'.'})
	exponent -= len(fraction)
	all := append(append(make([]byte, 0, len(digits)), whole...), fraction...)
	all = bytes.TrimLeft(all, "0")
	trimmed := bytes.TrimRight(all, "0")
	exponent += len(all) - len(trimmed)
	if len(trimmed) == 0 {
		return 0, len(digits) > 0
	}
	if exponent < 0 || len(trimmed)+exponent > len("9223372036854775808") {
		return 0, false
	}
	if negative {
		trimmed = append([]byte{'-'}, trimmed...)
	}
	for range exponent {
		trimmed = append(trimmed, '0')
	}
	v, err := strconv.ParseInt(string(trimmed), 10, 64)
	return v, err == nil
}
