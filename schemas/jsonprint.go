package schemas

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
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

// appendJSON appends JSON that scan has accepted before, printed anew: without
// spaces, of repeated attributes the last, numbers as Java keeps them.
func appendJSON(dst []byte, raw string) []byte {
	t, err := scan(raw, math.MaxInt, true)
	if err != nil {
		return append(dst, raw...) // cannot be: it was part of a schema
	}
	return t.appendValue(dst, 0)
}

func (t tape) appendValue(dst []byte, at int) []byte {
	switch t.kind(at) {
	case kindNumber:
		return appendNumber(dst, t.raw(at))
	case kindString:
		return appendString(dst, t.str(at))
	case kindArray:
		dst = append(dst, '[')
		for e := range t.elements(at) {
			if e != at+1 {
				dst = append(dst, ',')
			}
			dst = t.appendValue(dst, e)
		}
		return append(dst, ']')
	case kindObject:
		dst = append(dst, '{')
		keys, values := t.lastMembers(at)
		for i, key := range keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, key), ':')
			dst = t.appendValue(dst, values[i])
		}
		return append(dst, '}')
	}
	return append(dst, t.raw(at)...)
}

// lastMembers are the members of an object: of several with one key the last
// value, in the place of the first.
func (t tape) lastMembers(at int) (keys []string, values []int) {
	places := make(map[string]int)
	for k, v := range t.members(at) {
		key := t.str(k)
		if i, twice := places[key]; twice {
			values[i] = v
			continue
		}
		places[key] = len(keys)
		keys, values = append(keys, key), append(values, v)
	}
	return keys, values
}

// appendNumber keeps the digits of whole numbers and makes a double of all
// others.
func appendNumber(dst []byte, raw string) []byte {
	if raw == "-0" {
		return append(dst, '0')
	}
	if strings.IndexAny(raw, ".eE") < 0 {
		return append(dst, raw...)
	}
	f, _ := strconv.ParseFloat(raw, 64) // infinite if out of range, as in Java
	return appendDouble(dst, f, 64)
}

// appendDouble prints like Java's Double.toString, or for 32 bits like
// Float.toString: 1.0, 1.0E7, 1.0E-4.
func appendDouble(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	if abs := math.Abs(f); abs == 0 || 1e-3 <= abs && abs < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, bits)
		dst = append(dst, s...)
		if strings.IndexByte(s, '.') < 0 {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, bits), "e")
	if strings.IndexByte(mantissa, '.') < 0 {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	dst = append(append(dst, mantissa...), 'E')
	return strconv.AppendInt(dst, int64(n), 10)
}
