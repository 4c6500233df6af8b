package avro

import (
	"fmt"
	"math"
	"sync"
	"unicode/utf8"

	"github.com/kavro/kavro/internal/jsontext"
)

// jsonText is scanned JSON. Its tokens let fields be read in any order.
type jsonText struct{ jsontext.Text[[]byte] }

// jsonTexts keeps scanned texts for reuse, up to maxKeptTokens long.
var jsonTexts = sync.Pool{New: func() any { return &jsonText{} }}

const maxKeptTokens = 1 << 12

// scanJSON scans one value with nothing but white space around it. The error is
// a *DecodeError. What it returns must be released.
func scanJSON(src []byte) (*jsonText, error) {
	if len(src) > math.MaxInt32 {
		return nil, &DecodeError{Err: fmt.Errorf("%w: JSON of more than 2 GiB", ErrLimit)}
	}
	t := jsonTexts.Get().(*jsonText)
	t.Src = src
	// Open containers cost memory for their tokens, not stack: any depth is read.
	if err := t.Scan(math.MaxInt); err != nil {
		t.release()
		if err.Short {
			return nil, &DecodeError{Offset: len(src), Err: fmt.Errorf("JSON: %w", ErrShort)}
		}
		return nil, &DecodeError{Offset: err.Offset, Err: fmt.Errorf("JSON: %w", err)}
	}
	return t, nil
}

func (t *jsonText) release() {
	t.Src = nil
	if cap(t.Tokens) <= maxKeptTokens {
		jsonTexts.Put(t)
	}
}

// textView is the value of a string: part of the text where there is nothing to unescape,
// else a copy. It is valid until the text is released, and must not be changed.
func (t *jsonText) textView(v int) []byte {
	e := t.Tokens[v]
	if !e.Escaped {
		return t.Src[e.Start+1 : e.End-1]
	}
	return t.AppendString(nil, v)
}

// latin1 appends one byte for each character of a string: Avro's JSON for bytes
// and fixed, and that of their defaults.
func (t *jsonText) latin1(dst []byte, v int) ([]byte, error) {
	e := t.Tokens[v]
	for rest := t.Src[e.Start+1 : e.End-1]; len(rest) > 0; {
		r, size := rune(rest[0]), 1
		switch {
		case r == '\\':
			r, size = jsontext.Unescape(rest)
		case r >= utf8.RuneSelf:
			r, size = utf8.DecodeRune(rest)
		}
		if r > 0xff {
			return dst, fmt.Errorf("%w: character %q stands for no byte, only those up to \\u00ff do", ErrRange, r)
		}
		dst = append(dst, byte(r))
		rest = rest[size:]
	}
	return dst, nil
}
