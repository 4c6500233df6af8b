package schemas

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kavro/kavro/internal/count"
)

// syntaxError says what is wrong at a byte of the text.
type syntaxError struct {
	offset int
	reason string
}

// scanner reads JSON into a tape. Its recursion is bounded by maxDepth.
type scanner struct {
	tape
	pos, depth, maxDepth int
}

// scan reads text, which must hold one JSON value and nothing else.
func scan(text string, maxDepth int) (tape, *syntaxError) {
	s := scanner{tape: tape{text, make([]token, 0, countValues(text))}, maxDepth: maxDepth}
	err := s.value()
	s.space()
	if err == nil && s.pos < len(text) {
		err = s.fail("the schema has ended, %s", s.found())
	}
	return s.tape, err
}

// countValues is an upper bound on the tokens of text: each one but the first
// follows one of these characters.
func countValues(text string) int {
	n := 1
	for i := range len(text) {
		switch text[i] {
		case ',', ':', '[', '{':
			n++
		}
	}
	return n
}

func (s *scanner) fail(format string, args ...any) *syntaxError {
	return &syntaxError{s.pos, fmt.Sprintf(format, args...)}
}

// found describes what is at pos.
func (s *scanner) found() string {
	if s.pos >= len(s.text) {
		return "found the end of the text"
	}
	if strings.HasPrefix(s.text[s.pos:], "/*") {
		return "found a comment that does not end"
	}
	r, size := utf8.DecodeRuneInString(s.text[s.pos:])
	if r == utf8.RuneError && size <= 1 {
		return fmt.Sprintf("found byte %#02x", s.text[s.pos])
	}
	return fmt.Sprintf("found %q", r)
}

// at reports whether c is next.
func (s *scanner) at(c byte) bool { return s.pos < len(s.text) && s.text[s.pos] == c }

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) value() *syntaxError {
	s.space()
	start := s.pos
	switch {
	case s.at('{'):
		return s.nested(kindObject, '}')
	case s.at('['):
		return s.nested(kindArray, ']')
	case s.at('"'):
		return s.scalar(kindString, start, s.quoted())
	case s.at('-') || s.pos < len(s.text) && isDigit(s.text[s.pos]):
		return s.scalar(kindNumber, start, s.number())
	case s.word("null"):
		return s.scalar(kindNull, start, nil)
	case s.word("true"):
		return s.scalar(kindTrue, start, nil)
	case s.word("false"):
		return s.scalar(kindFalse, start, nil)
	}
	return s.fail("want a JSON value, %s", s.found())
}

func (s *scanner) scalar(k kind, start int, err *syntaxError) *syntaxError {
	s.tokens = append(s.tokens, token{k, uint32(start), uint32(s.pos), uint32(len(s.tokens) + 1)})
	return err
}

// nested reads an array or object.
func (s *scanner) nested(k kind, closing byte) *syntaxError {
	if s.depth == s.maxDepth {
		return s.fail("nested deeper than %s of JSON", count.Of(s.maxDepth, "level"))
	}
	s.depth++
	self := len(s.tokens)
	s.tokens = append(s.tokens, token{kind: k, start: uint32(s.pos)})
	s.pos++ // the opening bracket
	s.space()
	for first := true; !s.at(closing); first = false {
		if !first {
			if !s.at(',') {
				return s.fail("want ',' or '%c', %s", closing, s.found())
			}
			s.pos++
		}
		var err *syntaxError
		if k == kindObject {
			err = s.member()
		} else {
			err = s.value()
		}
		if err != nil {
			return err
		}
		s.space()
	}
	s.pos++ // the closing bracket
	s.depth--
	s.tokens[self].end, s.tokens[self].after = uint32(s.pos), uint32(len(s.tokens))
	return nil
}

func (s *scanner) member() *syntaxError {
	s.space()
	if !s.at('"') {
		return s.fail("want a quoted attribute name, %s", s.found())
	}
	start := s.pos
	if err := s.scalar(kindString, start, s.quoted()); err != nil {
		return err
	}
	s.space()
	if !s.at(':') {
		return s.fail("want ':', %s", s.found())
	}
	s.pos++
	return s.value()
}

// word steps over w if it is next.
func (s *scanner) word(w string) bool {
	if !strings.HasPrefix(s.text[s.pos:], w) {
		return false
	}
	s.pos += len(w)
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (s *scanner) digits() *syntaxError {
	if s.pos >= len(s.text) || !isDigit(s.text[s.pos]) {
		return s.fail("want a digit, %s", s.found())
	}
	for s.pos < len(s.text) && isDigit(s.text[s.pos]) {
		s.pos++
	}
	return nil
}

func (s *scanner) number() *syntaxError {
	if s.at('-') {
		s.pos++
	}
	if s.at('0') {
		s.pos++
		if s.pos < len(s.text) && isDigit(s.text[s.pos]) {
			return s.fail("a number may not begin with 0")
		}
	} else if err := s.digits(); err != nil {
		return err
	}
	if s.at('.') {
		s.pos++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		return s.digits()
	}
	return nil
}

// quoted steps over a string and checks its escapes and its UTF-8.
func (s *scanner) quoted() *syntaxError {
	for s.pos++; s.pos < len(s.text); {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return nil
		case c < 0x20:
			return s.fail("control character %#02x in a string must be escaped", c)
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, size := utf8.DecodeRuneInString(s.text[s.pos:])
			if r == utf8.RuneError && size == 1 {
				return s.fail("byte %#02x is not UTF-8", c)
			}
			s.pos += size
		}
	}
	return s.fail("this string does not end")
}

func (s *scanner) escape() *syntaxError {
	rest := s.text[s.pos+1:]
	switch {
	case rest == "":
		s.pos++
		return s.fail("this string does not end")
	case strings.IndexByte(`"\/bfnrt`, rest[0]) >= 0:
		s.pos += 2
		return nil
	case rest[0] == 'u' && len(rest) >= 5:
		if r, ok := hex4(rest[1:5]); ok {
			return s.unit(r, rest[5:])
		}
	}
	shown := 1
	if rest[0] == 'u' {
		shown = min(len(rest), 5)
	}
	return s.fail("not an escape of JSON: \\%s", rest[:shown])
}

// unit steps over the escape of one unit of UTF-16, or over both of a pair. Half of
// a pair stands for no character, and no UTF-8 can hold it.
func (s *scanner) unit(r rune, rest string) *syntaxError {
	if !utf16.IsSurrogate(r) {
		s.pos += 6
		return nil
	}
	if len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
		if low, ok := hex4(rest[2:6]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
			s.pos += 12
			return nil
		}
	}
	return s.fail("%s is half of a surrogate pair, which is no character", s.text[s.pos:s.pos+6])
}

func hex4(s string) (r rune, ok bool) {
	n, err := strconv.ParseUint(s, 16, 16)
	return rune(n), err == nil && len(s) == 4
}
