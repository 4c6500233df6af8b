// Package oneline makes text from a server fit for a message.
package oneline

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// First is the first line of a body that has something on it, shortened.
func First(body []byte) string {
	for line := range bytes.Lines(body) {
		if text := Short(Of(string(line[:min(len(line), 1000)])), 200); text != "" {
			return text
		}
	}
	return ""
}

// Of makes text fit for a message: valid UTF-8, no control characters, no
// space at its ends.
func Of(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text))
}

// Short cuts text to about limit bytes, and shows that it did.
func Short(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "..."
}
