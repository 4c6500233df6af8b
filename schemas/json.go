package schemas

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A schema is read in two steps. scan checks the whole text against RFC 8259
// and leaves one token per JSON value on a tape; the parser then walks the tape.
// Nothing is unquoted or converted before it is asked for, so numbers keep every
// digit, and 16 bytes per value bound the memory that a text can take.
//
//	text  {"type":"array","items":["null","int"]}
//	tape  0 object, after: 7
//	      1 "type"   2 "array"
//	      3 "items"  4 array, after: 7
//	                 5 "null"   6 "int"
type tape struct {
	text   string
	tokens []token
}

type token struct {
	kind       kind
	start, end uint32 // of the value's text; of a string with its quotes
	after      uint32 // index of the token that follows the value and all within it
}

type kind uint8

const (
	kindNull kind = iota
	kindTrue
	kindFalse
	kindNumber
	kindString
	kindArray
	kindObject
)

var kindNames = [...]string{
	kindNull: "null", kindTrue: "true", kindFalse: "false", kindNumber: "a number",
	kindString: "a string", kindArray: "an array", kindObject: "an object",
}

func (k kind) String() string { return kindNames[k] }

// kind, raw and the other accessors take the index of a token.
func (t tape) kind(i int) kind { return t.tokens[i].kind }

// raw is the value's text as it was given.
func (t tape) raw(i int) string { return t.text[t.tokens[i].start:t.tokens[i].end] }

// str is the value of a string.
func (t tape) str(i int) string { return unquote(t.raw(i)) }

// elements yields the indices of an array's elements.
func (t tape) elements(i int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for at := i + 1; at < int(t.tokens[i].after); at = int(t.tokens[at].after) {
			if !yield(at) {
				return
			}
		}
	}
}

// members yields the indices of an object's keys and values, in order. Keys may
// repeat.
func (t tape) members(i int) func(yield func(key, value int) bool) {
	return func(yield func(key, value int) bool) {
		for at := i + 1; at < int(t.tokens[i].after); at = int(t.tokens[at+1].after) {
			if !yield(at, at+1) {
				return
			}
		}
	}
}

// length counts an array's elements.
func (t tape) length(i int) (n int) {
	for range t.elements(i) {
		n++
	}
	return n
}

// get finds the value of a member. Of several with the same key the last one
// counts, as for Java's parser.
func (t tape) get(object int, key string) (value int, ok bool) {
	for k, v := range t.members(object) {
		if t.is(k, key) {
			value, ok = v, true
		}
	}
	return value, ok
}

// is compares a string with s, unquoting it only if it has escapes.
func (t tape) is(i int, s string) bool {
	raw := t.raw(i)
	if strings.IndexByte(raw, '\\') >= 0 {
		return unquote(raw) == s
	}
	return raw[1:len(raw)-1] == s
}

// pointer is the JSON pointer (RFC 6901) of the value at index i.
func (t tape) pointer(i int) string {
	var path strings.Builder
	for at := 0; at < i; {
		next, step := at, ""
		if t.kind(at) == kindArray {
			n := 0
			for e := range t.elements(at) {
				if e <= i {
					next, step = e, strconv.Itoa(n)
				}
				n++
			}
		} else {
			for k, v := range t.members(at) {
				if k <= i {
					next, step = v, t.str(k)
				}
			}
		}
		if next == at {
			break
		}
		path.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
		at = next
	}
	return path.String()
}

// unquote is the value of a string token that scan has checked.
func unquote(raw string) string {
	raw = raw[1 : len(raw)-1]
	if strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			i++
			continue
		}
		c := raw[i+1]
		i += 2
		switch c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, _ := hex4(raw[i : i+4])
			i += 4
			if utf16.IsSurrogate(r) && strings.HasPrefix(raw[i:], `\u`) {
				low, _ := hex4(raw[i+2 : i+6])
				if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
					r = both
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
