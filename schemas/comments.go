package schemas

import "strings"

// Comments. JSON has none, but Java's parser passes over those of Java, and so
// .avsc files have them. A byte order mark is passed over as well.
//
// Parse reads a text in which they are spaces, so that every other byte keeps its
// place; what is kept as the text of the schema is without them.

const byteOrderMark = "\ufeff"

// span is a part of a text.
type span struct{ start, end int }

// StripComments returns text without the comments that [Parse] ignores, from /* to */ and from // to
// the end of the line, and without a byte order mark. A line without other content is removed with
// its comment. [Schema.String] returns this text.
func StripComments(text string) string { return cut(text, comments(text)) }

// comments finds the comments of a text, and a byte order mark, in order. What
// stands in quotes is none; one that does not end is left to the scanner.
func comments(text string) (found []span) {
	at := 0
	if strings.HasPrefix(text, byteOrderMark) {
		at = len(byteOrderMark)
		found = append(found, span{0, at})
	}
	if strings.IndexByte(text[at:], '/') < 0 {
		return found
	}
	for at < len(text) {
		switch {
		case text[at] == '"':
			at = afterQuotes(text, at)
		case strings.HasPrefix(text[at:], "//"):
			end := len(text)
			if i := strings.IndexAny(text[at:], "\r\n"); i >= 0 {
				end = at + i
			}
			found = append(found, span{at, end})
			at = end
		case strings.HasPrefix(text[at:], "/*"):
			i := strings.Index(text[at+2:], "*/")
			if i < 0 {
				return found
			}
			end := at + 2 + i + 2
			found = append(found, span{at, end})
			at = end
		default:
			at++
		}
	}
	return found
}

// afterQuotes is the index behind the string that begins at a quote.
func afterQuotes(text string, at int) int {
	for at++; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(text)
}

// blank makes spaces of parts of a text. Lines stay lines.
func blank(text string, parts []span) string {
	if len(parts) == 0 {
		return text
	}
	out := []byte(text)
	for _, p := range parts {
		for i := p.start; i < p.end; i++ {
			if out[i] != '\n' && out[i] != '\r' {
				out[i] = ' '
			}
		}
	}
	return string(out)
}

// cut takes parts out of a text, with the spaces and the lines that would be left
// with nothing else.
func cut(text string, parts []span) string {
	if len(parts) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, p := range parts {
		start, end := p.start, p.end
		for start > at && isBlank(text[start-1]) {
			start--
		}
		for end < len(text) && isBlank(text[end]) {
			end++
		}
		lineStarts := strings.HasSuffix(text[at:start], "\n") || start == at && (b.Len() == 0 || strings.HasSuffix(b.String(), "\n"))
		lineEnds := end == len(text) || text[end] == '\n' || text[end] == '\r'
		switch {
		case lineStarts && lineEnds:
			if strings.HasPrefix(text[end:], "\r") {
				end++
			}
			if strings.HasPrefix(text[end:], "\n") {
				end++
			}
		case !lineEnds:
			start, end = p.start, p.end
		}
		b.WriteString(text[at:start])
		at = end
	}
	b.WriteString(text[at:])
	return b.String()
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
