package jsontext

import (
	"unicode/utf16"
	"unicode/utf8"
)

// AppendString appends the value of a string: without quotes, its escapes resolved.
func (t *Text[S]) AppendString(dst []byte, i int) []byte {
	e := t.Tokens[i]
	return AppendUnquoted(dst, t.Src[e.Start:e.End], e.Escaped)
}

// AppendUnquoted appends the value of a string that Scan has read. escaped may be true for a
// string without backslashes.
func AppendUnquoted[S string | []byte](dst []byte, quoted S, escaped bool) []byte {
	rest := quoted[1 : len(quoted)-1]
	if !escaped {
		return append(dst, rest...)
	}
	for len(rest) > 0 {
		if rest[0] != '\\' {
			dst = append(dst, rest[0])
			rest = rest[1:]
			continue
		}
		r, size := Unescape(rest)
		dst = utf8.AppendRune(dst, r)
		rest = rest[size:]
	}
	return dst
}

// Unescape reads the escape that src begins with, and both of a surrogate pair. The size is in
// bytes, and 0 if it is no escape of JSON, or half of a pair, which is no character.
func Unescape[S string | []byte](src S) (r rune, size int) {
	if len(src) < 2 {
		return 0, 0
	}
	switch c := src[1]; c {
	case '"', '\\', '/':
		return rune(c), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := unit(src)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(r):
		return r, 6
	}
	low, ok := unit(src[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// unit reads \u and four hexadecimal digits: one unit of UTF-16.
func unit[S string | []byte](src S) (r rune, ok bool) {
	if len(src) < 6 || src[0] != '\\' || src[1] != 'u' {
		return 0, false
	}
	for i := 2; i < 6; i++ {
		digit := hex(src[i])
		if digit < 0 {
			return 0, false
		}
		r = r<<4 | digit
	}
	return r, true
}

// hex is the value of a hexadecimal digit; negative if c is none.
func hex(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// badEscape says why there is no escape at pos.
func (s *scanner[S]) badEscape() *SyntaxError {
	rest := s.src[s.pos:]
	if len(rest) == 1 {
		s.pos++
		return s.fail("this string does not end")
	}
	if _, ok := unit(rest); ok {
		return s.fail("%s is half of a surrogate pair, which is no character", string(rest[:6]))
	}
	shown := 2
	if rest[1] == 'u' {
		shown = min(len(rest), 6)
	}
	err := s.fail("not an escape of JSON: %s", string(rest[:shown]))
	if err.Short = rest[1] == 'u' && len(rest) < 6; err.Short {
		for i := 2; i < len(rest); i++ {
			err.Short = err.Short && hex(rest[i]) >= 0
		}
	}
	return err
}

// decodeRune is utf8.DecodeRune of either type. The conversion of so few bytes does not allocate.
func decodeRune[S string | []byte](src S) (rune, int) {
	return utf8.DecodeRuneInString(string(src[:min(utf8.UTFMax, len(src))]))
}

// StringSize is the length of the string at the start of text, quotes included, or of text where
// the string does not end. It checks nothing else.
func StringSize(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
