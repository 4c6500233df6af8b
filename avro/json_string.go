package avro

import (
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// text appends the characters of a string, without quotes and escapes.
func (t *jsonText) text(dst []byte, v int32) []byte {
	e := t.values[v]
	rest := t.src[e.start+1 : e.end-1]
	if !e.escaped {
		return append(dst, rest...)
	}
	for len(rest) > 0 {
		if rest[0] != '\\' {
			dst = append(dst, rest[0])
			rest = rest[1:]
			continue
		}
		r, size, _ := unescape(rest) // checked by the scan
		dst = utf8.AppendRune(dst, r)
		rest = rest[size:]
	}
	return dst
}

// textView is text without a copy where there is nothing to unescape. The result
// is to be read only, and soon.
func (t *jsonText) textView(v int32) []byte {
	e := t.values[v]
	if !e.escaped {
		return t.src[e.start+1 : e.end-1]
	}
	return t.text(nil, v)
}

// latin1 appends one byte for each character of a string: Avro's JSON for bytes
// and fixed, and that of their defaults.
func (t *jsonText) latin1(dst []byte, v int32) ([]byte, error) {
	e := t.values[v]
	for rest := t.src[e.start+1 : e.end-1]; len(rest) > 0; {
		r, size := rune(rest[0]), 1
		switch {
		case r == '\\':
			r, size, _ = unescape(rest) // checked by the scan
		case r >= utf8.RuneSelf:
			r, size = utf8.DecodeRune(rest)
		}
		if r > 0xff {
			return dst, fmt.Errorf("%w: character %q stands for no byte, only those up to \\u00ff do", ErrRange, r)
		}
		dst = append(dst, byte(r))
		rest = rest[size:]
	}
	return dst, nil
}

var (
	errEscape    = errors.New("JSON: no such escape in a string")
	errSurrogate = errors.New("JSON: half of a surrogate pair in a string")
)

// unescape reads the escape that src begins with, two of them if they are a
// surrogate pair.
func unescape(src []byte) (r rune, size int, err error) {
	if len(src) < 2 {
		return 0, 0, errJSONEnd
	}
	switch src[1] {
	case '"', '\\', '/':
		return rune(src[1]), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	case 'u':
	default:
		return 0, 0, errEscape
	}
	if r, err = unescapeHex(src); err != nil || !utf16.IsSurrogate(r) {
		return r, 6, err
	}
	if len(src) < 8 || src[6] != '\\' || src[7] != 'u' {
		return 0, 0, errSurrogate
	}
	low, err := unescapeHex(src[6:])
	if err != nil {
		return 0, 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, 0, errSurrogate
	}
	return r, 12, nil
}

// unescapeHex reads \u and four digits.
func unescapeHex(src []byte) (r rune, err error) {
	if len(src) < 6 {
		return 0, errJSONEnd
	}
	for _, c := range src[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, errEscape
		}
		r = r<<4 | rune(c)
	}
	return r, nil
}

const hexDigits = "0123456789abcdef"

// appendJSONString appends a string in quotes. What is not UTF-8 becomes U+FFFD,
// since JSON has no way to write it.
func appendJSONString(dst, s []byte) []byte {
	dst = append(dst, '"')
	plain := 0 // what was not appended yet begins here
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			dst = append(dst, s[plain:i]...)
			dst = append(dst, "\ufffd"...)
		} else {
			dst = append(dst, s[plain:i]...)
			dst = appendEscape(dst, c)
		}
		i++
		plain = i
	}
	dst = append(dst, s[plain:]...)
	return append(dst, '"')
}

// appendLatin1 appends bytes as a string of one character each, ASCII only.
func appendLatin1(dst, b []byte) []byte {
	dst = append(dst, '"')
	for _, c := range b {
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			dst = append(dst, c)
		} else {
			dst = appendEscape(dst, c)
		}
	}
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
