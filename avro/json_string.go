package avro

import "unicode/utf8"

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
