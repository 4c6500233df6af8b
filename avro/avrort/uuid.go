package avrort

import (
	"encoding/hex"
	"fmt"
)

// A UUID is 16 bytes, most significant first. The logical type uuid holds it as
// a fixed of 16 bytes, or as text.
type UUID [16]byte

// uuidSize is the length of a UUID's text: 01234567-89ab-cdef-0123-456789abcdef.
const uuidSize = 36

// String returns the UUID's text in lower case.
func (u UUID) String() string {
	return string(u.append(make([]byte, 0, uuidSize)))
}

// MarshalText is [UUID.String].
func (u UUID) MarshalText() ([]byte, error) { return u.append(nil), nil }

// UnmarshalText is [ParseUUID].
func (u *UUID) UnmarshalText(text []byte) error {
	v, err := ParseUUID(string(text))
	if err == nil {
		*u = v
	}
	return err
}

// ParseUUID reads the 36 characters of a UUID's text, in either case.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	if len(s) != uuidSize || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return UUID{}, errUUID(s)
	}
	at := 0
	for _, group := range [...]string{s[:8], s[9:13], s[14:18], s[19:23], s[24:]} {
		for i := 0; i < len(group); i += 2 {
			high, low := hexDigit(group[i]), hexDigit(group[i+1])
			if high|low > 15 {
				return UUID{}, errUUID(s)
			}
			u[at] = high<<4 | low
			at++
		}
	}
	return u, nil
}

func errUUID(s string) error {
	if len(s) > uuidSize {
		s = s[:uuidSize] + "..."
	}
	return fmt.Errorf("%q is not a UUID", s)
}

// hexDigit is the digit's value, or 255.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

func (u UUID) append(dst []byte) []byte {
	for i, group := range [...][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, group)
	}
	return dst
}
