package schemas

import (
	"fmt"
	"strings"
)

// A ParseError is the reason why a text is not a schema, and its position.
type ParseError struct {
	Path   string // JSON pointer into the text, "/fields/2/type"; "" for the top, and where the text is not JSON
	Line   int    // of that place, from 1; 0 if the error concerns no place in the text
	Column int    // in bytes, from 1
	Reason string // what is wrong and, where possible, what would be right
}

func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString("schema: ")
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d, column %d", e.Line, e.Column)
		if e.Path != "" {
			fmt.Fprintf(&b, " (%s)", e.Path)
		}
		b.WriteString(": ")
	}
	b.WriteString(e.Reason)
	return b.String()
}
