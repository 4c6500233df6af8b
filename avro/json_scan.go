package avro

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"unicode/utf8"
)

// jsonText is JSON (RFC 8259), scanned: the text, and one entry for each of its
// values and keys in the order of the text. Everything about syntax is settled
// by the scan, in one pass and without recursion; what it leaves are jumps from
// a value to the next, so that fields may be taken in any order.
type jsonText struct {
	src    []byte
	values []jsonValue
	open   []int32 // containers not yet closed, while scanning
}

// jsonValue is a value, or the key of an object's member, which its value
// follows.
type jsonValue struct {
	kind       jsonKind
	escaped    bool  // jsonString: it holds backslashes
	start, end int32 // in the text, the quotes and brackets included
	next       int32 // the entry after this one and all that is within it
}

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonFalse
	jsonTrue
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

var jsonKindNames = [...]string{"null", "false", "true", "a number", "a string", "an array", "an object"}

func (k jsonKind) String() string { return jsonKindNames[k] }

// jsonTexts keeps scanned texts for reuse, up to maxKeptValues long.
var jsonTexts = sync.Pool{New: func() any { return &jsonText{} }}

const maxKeptValues = 1 << 12

// scanJSON scans one value with nothing but white space around it. The error is
// a *DecodeError. What it returns must be released.
func scanJSON(src []byte) (*jsonText, error) {
	if len(src) > math.MaxInt32 {
		return nil, &DecodeError{Err: fmt.Errorf("%w: JSON of more than 2 GiB", ErrLimit)}
	}
	t := jsonTexts.Get().(*jsonText)
	t.src, t.values, t.open = src, t.values[:0], t.open[:0]
	if at, err := t.scan(); err != nil {
		t.release()
		return nil, &DecodeError{Offset: at, Err: err}
	}
	return t, nil
}

func (t *jsonText) release() {
	t.src = nil
	if cap(t.values) <= maxKeptValues {
		jsonTexts.Put(t)
	}
}

// after returns the entry that follows an entry and what is within it.
func (t *jsonText) after(v int32) int32 { return t.values[v].next }

// raw is the text of a value.
func (t *jsonText) raw(v int32) []byte { return t.src[t.values[v].start:t.values[v].end] }

var (
	errJSONEnd   = fmt.Errorf("JSON: %w", ErrShort)
	errJSONAfter = errors.New("JSON: something follows the value")
)

// scan returns where the text is wrong, and why.
func (t *jsonText) scan() (at int, err error) {
	src := t.src
	at = skipSpace(src, 0)
	for {
		// A value begins at at, or the first member of an object, or a bracket that closes.
		if at, err = t.scanValue(at); err != nil {
			return at, err
		}
		// A value ended, or a container began.
		for {
			at = skipSpace(src, at)
			if len(t.open) == 0 {
				if at < len(src) {
					return at, errJSONAfter
				}
				return at, nil
			}
			if at == len(src) {
				return at, errJSONEnd
			}
			within := t.open[len(t.open)-1]
			first := int(within) == len(t.values)-1
			object := t.values[within].kind == jsonObject
			c := src[at]
			if c == '}' && object || c == ']' && !object {
				at++
				t.values[within].end, t.values[within].next = int32(at), int32(len(t.values))
				t.open = t.open[:len(t.open)-1]
				continue
			}
			if !first {
				if c != ',' {
					return at, fmt.Errorf("JSON: %s where a comma or the end of %s belongs", quoteByte(c), t.values[within].kind)
				}
				at = skipSpace(src, at+1)
			}
			if object {
				if at, err = t.scanKey(at); err != nil {
					return at, err
				}
			}
			break
		}
	}
}

// scanKey scans a key and the colon after it.
func (t *jsonText) scanKey(at int) (int, error) {
	if at == len(t.src) {
		return at, errJSONEnd
	}
	if t.src[at] != '"' {
		return at, fmt.Errorf("JSON: %s where a key belongs", quoteByte(t.src[at]))
	}
	at, err := t.scanString(at)
	if err != nil {
		return at, err
	}
	if at = skipSpace(t.src, at); at == len(t.src) {
		return at, errJSONEnd
	}
	if t.src[at] != ':' {
		return at, fmt.Errorf("JSON: %s where a colon belongs", quoteByte(t.src[at]))
	}
	return skipSpace(t.src, at+1), nil
}

// scanValue scans a value, of arrays and objects the bracket that opens.
func (t *jsonText) scanValue(at int) (int, error) {
	if at == len(t.src) {
		return at, errJSONEnd
	}
	switch c := t.src[at]; {
	case c == '"':
		return t.scanString(at)
	case c == '{' || c == '[':
		kind := jsonArray
		if c == '{' {
			kind = jsonObject
		}
		t.open = append(t.open, int32(len(t.values)))
		t.add(kind, at, at+1)
		return at + 1, nil
	case c == '-' || '0' <= c && c <= '9':
		return t.scanNumber(at)
	case c == 't':
		return t.scanWord(at, "true", jsonTrue)
	case c == 'f':
		return t.scanWord(at, "false", jsonFalse)
	case c == 'n':
		return t.scanWord(at, "null", jsonNull)
	default:
		return at, fmt.Errorf("JSON: %s where a value belongs", quoteByte(c))
	}
}

func (t *jsonText) add(kind jsonKind, start, end int) {
	t.values = append(t.values, jsonValue{kind: kind, start: int32(start), end: int32(end), next: int32(len(t.values) + 1)})
}

func (t *jsonText) scanWord(at int, word string, kind jsonKind) (int, error) {
	if len(t.src)-at < len(word) && word[:len(t.src)-at] == string(t.src[at:]) {
		return len(t.src), errJSONEnd
	}
	if len(t.src)-at < len(word) || string(t.src[at:at+len(word)]) != word {
		return at, fmt.Errorf("JSON: %s where a value belongs", quoteByte(t.src[at]))
	}
	t.add(kind, at, at+len(word))
	return at + len(word), nil
}

// scanNumber scans what RFC 8259 calls a number: no plus, no leading zero, a
// digit on either side of a point.
func (t *jsonText) scanNumber(start int) (int, error) {
	src, at := t.src, start
	if src[at] == '-' {
		at++
	}
	digits := func() error {
		begin := at
		for at < len(src) && '0' <= src[at] && src[at] <= '9' {
			at++
		}
		switch {
		case at > begin:
			return nil
		case at == len(src):
			return errJSONEnd
		default:
			return fmt.Errorf("JSON: %s where a digit belongs", quoteByte(src[at]))
		}
	}
	if at < len(src) && src[at] == '0' {
		at++
	} else if err := digits(); err != nil {
		return at, err
	}
	if at < len(src) && src[at] == '.' {
		at++
		if err := digits(); err != nil {
			return at, err
		}
	}
	if at < len(src) && (src[at] == 'e' || src[at] == 'E') {
		at++
		if at < len(src) && (src[at] == '+' || src[at] == '-') {
			at++
		}
		if err := digits(); err != nil {
			return at, err
		}
	}
	t.add(jsonNumber, start, at)
	return at, nil
}

// scanString scans a string and checks its escapes and that it is UTF-8.
func (t *jsonText) scanString(start int) (int, error) {
	src := t.src
	escaped := false
	for at := start + 1; at < len(src); {
		switch c := src[at]; {
		case c == '"':
			t.add(jsonString, start, at+1)
			t.values[len(t.values)-1].escaped = escaped
			return at + 1, nil
		case c == '\\':
			escaped = true
			_, size, err := unescape(src[at:])
			if err != nil {
				return at, err
			}
			at += size
		case c < ' ':
			return at, fmt.Errorf("JSON: control character %#02x in a string", c)
		case c < utf8.RuneSelf:
			at++
		default:
			r, size := utf8.DecodeRune(src[at:])
			if r == utf8.RuneError && size == 1 {
				return at, errors.New("JSON: a string is not UTF-8")
			}
			at += size
		}
	}
	return len(src), errJSONEnd
}

func skipSpace(src []byte, at int) int {
	for at < len(src) && (src[at] == ' ' || src[at] == '\n' || src[at] == '\t' || src[at] == '\r') {
		at++
	}
	return at
}

func quoteByte(c byte) string {
	if c < utf8.RuneSelf {
		return fmt.Sprintf("%q", rune(c))
	}
	return fmt.Sprintf("byte %#02x", c)
}
