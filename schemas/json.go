package schemas

import (
	"math"
	"strconv"
	"strings"

	"github.com/kavro/kavro/internal/jsontext"
)

// tape is the JSON text of a schema and its tokens: [jsontext.Text.Scan] checks the syntax, then
// the parser reads the tokens. Its methods take the index of a token.
type tape struct{ jsontext.Text[string] }

// scan reads text, which must hold one JSON value and nothing else.
func scan(text string, maxDepth int) (tape, *jsontext.SyntaxError) {
	t := tape{jsontext.Text[string]{Src: text, Tokens: make([]jsontext.Token, 0, countValues(text))}}
	err := t.Scan(maxDepth)
	return t, err
}

// scanned reads text that is known to be JSON.
func scanned(text string) tape {
	t, _ := scan(text, math.MaxInt)
	return t
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

// str is the value of a string.
func (t *tape) str(i int) string { return unquote(t.Raw(i)) }

// get finds the value of a member. Of several with the same key the last one
// counts, as for Java's parser.
func (t *tape) get(object int, key string) (value int, ok bool) {
	for k, v := range t.Members(object) {
		if t.is(k, key) {
			value, ok = v, true
		}
	}
	return value, ok
}

// is compares a string with s, unquoting it only if it has escapes.
func (t *tape) is(i int, s string) bool {
	raw := t.Raw(i)
	if t.Tokens[i].Escaped {
		return unquote(raw) == s
	}
	return raw[1:len(raw)-1] == s
}

// pointer is the JSON pointer (RFC 6901) of the value at index i.
func (t *tape) pointer(i int) string {
	var path strings.Builder
	for at := 0; at < i; {
		next, step := at, ""
		if t.Kind(at) == jsontext.Array {
			n := 0
			for e := range t.Elements(at) {
				if e <= i {
					next, step = e, strconv.Itoa(n)
				}
				n++
			}
		} else {
			for k, v := range t.Members(at) {
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

// unquote is the value of a JSON string that scan has checked.
func unquote(quoted string) string {
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	return string(jsontext.AppendUnquoted(make([]byte, 0, len(quoted)), quoted, true))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
