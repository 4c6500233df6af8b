package jsontext

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// scanner is the state of Scan. It does not recurse: a container that is open stores the
// index of the container around it in Next, where its own end will stand.
type scanner[S string | []byte] struct {
	src     S
	tokens  []Token
	pos     int
	within  int32 // the innermost container that is open; none
	depth   int
	deepest int
}

const none = -1

// Scan reads t.Src, which must hold one JSON value with nothing but white space around it, into
// t.Tokens, whose memory it uses again. An array within an array is 2 levels deep.
func (t *Text[S]) Scan(maxDepth int) *SyntaxError {
	s := scanner[S]{src: t.Src, tokens: t.Tokens[:0], within: none, deepest: maxDepth}
	err := s.scan()
	t.Tokens = s.tokens
	return err
}

func (s *scanner[S]) scan() *SyntaxError {
	if len(s.src) > math.MaxInt32 {
		return s.fail("JSON of more than 2 GiB")
	}
	for {
		s.space()
		opened := len(s.tokens)
		if err := s.value(); err != nil {
			return err
		}
		first := int(s.within) == opened // the value is a container, and nothing of it was read
		if err := s.next(first); err != nil || s.within == none {
			return err
		}
	}
}

// next steps over what is between two values: the ends of containers, a comma, a key. After the
// last value within is none.
func (s *scanner[S]) next(first bool) *SyntaxError {
	for {
		s.space()
		if s.within == none {
			if s.pos < len(s.src) {
				return s.fail("the value has ended, %s", s.found())
			}
			return nil
		}
		open := &s.tokens[s.within]
		closing := byte(']')
		if open.Kind == Object {
			closing = '}'
		}
		if s.at(closing) {
			s.pos++
			s.within, open.End, open.Next = open.Next, int32(s.pos), int32(len(s.tokens))
			s.depth--
			first = false
			continue
		}
		if !first {
			if !s.at(',') {
				return s.fail("want ',' or '%c', %s", closing, s.found())
			}
			s.pos++
		}
		if open.Kind == Object {
			return s.key()
		}
		return nil
	}
}

// key steps over a key and the colon after it.
func (s *scanner[S]) key() *SyntaxError {
	s.space()
	if !s.at('"') {
		return s.fail("want a quoted key, %s", s.found())
	}
	if err := s.quoted(); err != nil {
		return err
	}
	s.space()
	if !s.at(':') {
		return s.fail("want ':', %s", s.found())
	}
	s.pos++
	return nil
}

// value steps over a value; of an array or object over the bracket that opens it.
func (s *scanner[S]) value() *SyntaxError {
	if s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '"':
			return s.quoted()
		case c == '{':
			return s.open(Object)
		case c == '[':
			return s.open(Array)
		case c == '-' || isDigit(c):
			return s.number()
		case c == 'n':
			return s.word("null", Null)
		case c == 't':
			return s.word("true", True)
		case c == 'f':
			return s.word("false", False)
		}
	}
	return s.fail("want a JSON value, %s", s.found())
}

func (s *scanner[S]) open(kind Kind) *SyntaxError {
	if s.depth == s.deepest {
		return s.fail("nested deeper than %d levels of JSON", s.deepest)
	}
	s.depth++
	s.tokens = append(s.tokens, Token{Kind: kind, Start: int32(s.pos), Next: s.within})
	s.within = int32(len(s.tokens) - 1)
	s.pos++
	return nil
}

func (s *scanner[S]) add(kind Kind, start int) {
	s.tokens = append(s.tokens, Token{Kind: kind, Start: int32(start), End: int32(s.pos), Next: int32(len(s.tokens) + 1)})
}

func (s *scanner[S]) word(word string, kind Kind) *SyntaxError {
	rest := s.src[s.pos:min(s.pos+len(word), len(s.src))]
	if string(rest) != word {
		err := s.fail("want a JSON value, %s", s.found())
		err.Short = strings.HasPrefix(word, string(rest))
		return err
	}
	s.pos += len(word)
	s.add(kind, s.pos-len(word))
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (s *scanner[S]) digits() *SyntaxError {
	at := s.pos
	for at < len(s.src) && isDigit(s.src[at]) {
		at++
	}
	if at == s.pos {
		return s.fail("want a digit, %s", s.found())
	}
	s.pos = at
	return nil
}

// number steps over what RFC 8259 calls a number: no plus, no leading zero, a digit on either
// side of a point.
func (s *scanner[S]) number() *SyntaxError {
	start := s.pos
	if s.at('-') {
		s.pos++
	}
	if s.at('0') {
		s.pos++
		if s.pos < len(s.src) && isDigit(s.src[s.pos]) {
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
		if err := s.digits(); err != nil {
			return err
		}
	}
	s.add(Number, start)
	return nil
}

// plain are the bytes that stand for themselves in a string: ASCII but control characters,
// quotes and backslashes.
var plain = func() (plain [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// quoted steps over a string and checks its escapes and its UTF-8.
func (s *scanner[S]) quoted() *SyntaxError {
	src, start, escaped := s.src, s.pos, false
	for at := start + 1; at < len(src); {
		c := src[at]
		if plain[c] { // most bytes
			at++
			continue
		}
		switch {
		case c == '"':
			s.pos = at + 1
			s.tokens = append(s.tokens, Token{Kind: String, Escaped: escaped, Start: int32(start), End: int32(s.pos), Next: int32(len(s.tokens) + 1)})
			return nil
		case c == '\\':
			_, size := Unescape(src[at:])
			if size == 0 {
				s.pos = at
				return s.badEscape()
			}
			escaped = true
			at += size
		case c < ' ':
			s.pos = at
			return s.fail("control character %#02x in a string must be escaped", c)
		default:
			r, size := decodeRune(src[at:])
			if r == utf8.RuneError && size == 1 {
				s.pos = at
				return s.fail("byte %#02x is not UTF-8", c)
			}
			at += size
		}
	}
	s.pos = len(src)
	return s.fail("this string does not end")
}

// fail is an error at pos. Where pos is the end of the text, the text is too short.
func (s *scanner[S]) fail(format string, args ...any) *SyntaxError {
	return &SyntaxError{Offset: s.pos, Reason: fmt.Sprintf(format, args...), Short: s.pos == len(s.src)}
}

// found describes what is at pos.
func (s *scanner[S]) found() string {
	if s.pos >= len(s.src) {
		return "found the end of the text"
	}
	rest := s.src[s.pos:]
	if len(rest) > 1 && rest[0] == '/' && rest[1] == '*' {
		return "found a comment that does not end"
	}
	r, size := decodeRune(rest)
	if r == utf8.RuneError && size <= 1 {
		return fmt.Sprintf("found byte %#02x", rest[0])
	}
	return fmt.Sprintf("found %q", r)
}

// at reports whether c is next.
func (s *scanner[S]) at(c byte) bool { return s.pos < len(s.src) && s.src[s.pos] == c }

// space steps over white space. It is small enough to be inlined: most texts have none.
func (s *scanner[S]) space() {
	if s.pos < len(s.src) && s.src[s.pos] <= ' ' {
		s.spaces()
	}
}

func (s *scanner[S]) spaces() {
	at := s.pos
	for at < len(s.src) && (s.src[at] == ' ' || s.src[at] == '\n' || s.src[at] == '\t' || s.src[at] == '\r') {
		at++
	}
	s.pos = at
}
