package schemas

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kavro/kavro/internal/jsontext"
)

// This file writes JSON as Java's Jackson does, because what Java prints decides
// which schemas a registry takes to be the same.

// appendString appends s as a JSON string. Only quotes, backslashes and control
// characters are escaped.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			if short := strings.IndexByte("\b\t\n\f\r", c); short >= 0 {
				dst = append(dst, '\\', "btnfr"[short])
			} else {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
		case c >= utf8.RuneSelf:
			_, size := utf8.DecodeRuneInString(s[i:])
			dst = append(dst, s[i:i+size]...)
			i += size
			continue
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}

// valueWriter prints JSON values anew: without spaces, of repeated attributes
// the last, numbers as Java keeps them.
type valueWriter struct {
	tape
	sortKeys bool
}

func (w valueWriter) value(dst []byte, at int) []byte {
	switch w.Kind(at) {
	case jsontext.Number:
		return appendNumber(dst, w.Raw(at))
	case jsontext.String:
		return appendString(dst, w.str(at))
	case jsontext.Array:
		return w.array(dst, at, w.value)
	case jsontext.Object:
		return w.object(dst, at, func(dst []byte, _ string, v int) []byte { return w.value(dst, v) })
	}
	return append(dst, w.Raw(at)...)
}

func (w valueWriter) array(dst []byte, at int, item func(dst []byte, at int) []byte) []byte {
	dst = append(dst, '[')
	for e := range w.Elements(at) {
		if e != at+1 {
			dst = append(dst, ',')
		}
		dst = item(dst, e)
	}
	return append(dst, ']')
}

func (w valueWriter) object(dst []byte, at int, member func(dst []byte, key string, value int) []byte) []byte {
	last := make(map[string]int) // of several members with one key the last counts, in the place of the first
	var keys []string
	for k, v := range w.Members(at) {
		key := w.str(k)
		if _, twice := last[key]; !twice {
			keys = append(keys, key)
		}
		last[key] = v
	}
	if w.sortKeys {
		slices.Sort(keys)
	}
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = member(append(appendString(dst, key), ':'), key, last[key])
	}
	return append(dst, '}')
}

// appendNumber keeps the digits of whole numbers and makes a double of all
// others.
func appendNumber(dst []byte, raw string) []byte {
	if raw == "-0" {
		return append(dst, '0')
	}
	if !strings.ContainsAny(raw, ".eE") {
		return append(dst, raw...)
	}
	f, _ := strconv.ParseFloat(raw, 64) // infinite if out of range, as in Java
	return appendDouble(dst, f)
}

// appendDouble prints like Java's Double.toString: 1.0, 1.0E7, 1.0E-4.
func appendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	if abs := math.Abs(f); abs == 0 || 1e-3 <= abs && abs < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		dst = append(dst, s...)
		if strings.IndexByte(s, '.') < 0 {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	if strings.IndexByte(mantissa, '.') < 0 { // two digits at least, and then the nearest two: 4.9E-324
		mantissa, exponent, _ = strings.Cut(strconv.FormatFloat(f, 'e', 1, 64), "e")
	}
	n, _ := strconv.Atoi(exponent)
	dst = append(append(dst, mantissa...), 'E')
	return strconv.AppendInt(dst, int64(n), 10)
}
