package registry

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// firstLine is the first line of a body that has something on it, shortened.
func firstLine(body []byte) string {
	for line := range bytes.Lines(body) {
		if text := shorten(oneLine(string(line[:min(len(line), 1000)])), 200); text != "" {
			return text
		}
	}
	return ""
}

// oneLine makes text fit for a message: valid UTF-8, no control characters, no
// space at its ends.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text))
}

// shorten cuts text to about limit bytes, and shows that it did.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "..."
}
