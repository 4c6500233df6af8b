// Package jsontext reads JSON (RFC 8259) into tokens: one for each value and for each key.
//
// [Text.Scan] checks the syntax of the whole text. Nothing is converted before it is asked
// for: numbers keep every digit, and the fields of an object can be read in any order. A token
// is 16 bytes, which bounds the memory that a text can take.
//
//	text    {"type":"array","items":["null","int"]}
//	tokens  0 object, next: 7
//	        1 "type"   2 "array"
//	        3 "items"  4 array, next: 7
//	                   5 "null"   6 "int"
//
// Keys may repeat: what that means is decided by the caller, who sees all of them.
package jsontext

import "strings"

// Kind is what a value is. Keys are strings.
type Kind uint8

const (
	Null Kind = iota
	False
	True
	Number
	String
	Array
	Object
)

var kindNames = [...]string{
	Null: "null", False: "false", True: "true", Number: "a number",
	String: "a string", Array: "an array", Object: "an object",
}

func (k Kind) String() string { return kindNames[k] }

// Token is one value, or the key of an object's member, which its value follows.
type Token struct {
	Kind       Kind
	Escaped    bool  // of a string: it holds backslashes
	Start, End int32 // of the value's text, with quotes and brackets
	Next       int32 // index of the token that follows the value and all within it
}

// Text is a JSON text and its tokens. The text is a string or bytes, neither of which is copied.
type Text[S string | []byte] struct {
	Src    S
	Tokens []Token
}

// SyntaxError says what is wrong with a text, and where.
type SyntaxError struct {
	Offset int // in bytes, from 0
	Reason string
	Short  bool // the text ends within a value
}

func (e *SyntaxError) Error() string { return e.Reason }

// Position is the line of a byte of the text, from 1, and its column in bytes, from 1.
func Position(text string, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}

// Kind, Raw and the other methods take the index of a token.
func (t *Text[S]) Kind(i int) Kind { return t.Tokens[i].Kind }

// Raw is the value as it is written.
func (t *Text[S]) Raw(i int) S { return t.Src[t.Tokens[i].Start:t.Tokens[i].End] }

// Next is the index of the token that follows the value and all within it.
func (t *Text[S]) Next(i int) int { return int(t.Tokens[i].Next) }

// Len counts the items of an array, or the members of an object.
func (t *Text[S]) Len(i int) (n int) {
	key := 0
	if t.Kind(i) == Object {
		key = 1
	}
	for at := i + 1; at < t.Next(i); at = t.Next(at + key) {
		n++
	}
	return n
}

// Elements yields the indices of an array's elements.
func (t *Text[S]) Elements(i int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for at := i + 1; at < t.Next(i); at = t.Next(at) {
			if !yield(at) {
				return
			}
		}
	}
}

// Members yields the indices of an object's keys and values, in the order of the text.
func (t *Text[S]) Members(i int) func(yield func(key, value int) bool) {
	return func(yield func(key, value int) bool) {
		for at := i + 1; at < t.Next(i); at = t.Next(at + 1) {
			if !yield(at, at+1) {
				return
			}
		}
	}
}
