package avrort

import (
	"fmt"
	"unicode/utf8"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/wire"
)

// Strings and bytes: a length in bytes as a long, then the bytes.
//
// Strings of one datum share one copy of its bytes (of up to 4 KiB at a time),
// so that a record of ten strings costs one allocation. A string that is kept
// keeps that copy; WithCopiedStrings is for programs that keep a few strings out
// of many.

// String reads a string.
func (r *Reader) String() string {
	src, at := r.src, r.at
	if at < len(src) && !r.checked { // a short string in text that was copied already: most are
		if b := src[at]; b < 0x80 && b&1 == 0 {
			from := at + 1 - r.textAt
			if end := from + int(b>>1); end <= len(r.text) {
				r.at = at + 1 + int(b>>1)
				return r.text[from:end]
			}
		}
	}
	return r.copyText(r.length())
}

// ReuseString reads a string, and returns old if it is the same: reading a
// record into the value that held the one before then allocates less.
func (r *Reader) ReuseString(old string) string {
	src, at := r.src, r.at
	if at < len(src) && !r.checked {
		if b := src[at]; b < 0x80 && b&1 == 0 {
			n := int(b >> 1)
			start := at + 1
			end := start + n
			if n == len(old) && end <= len(src) && string(src[start:end]) == old {
				r.at = end
				return old
			}
			if end -= r.textAt; end <= len(r.text) {
				r.at = start + n
				return r.text[end-n : end]
			}
		}
	}
	n := r.length()
	if n == len(old) && string(r.src[r.at:r.at+n]) == old {
		r.at += n
		return old
	}
	return r.copyText(n)
}

// copyText reads n bytes, which are known to be there, as a string, and copies
// what follows them for the strings to come.
//
//go:noinline
func (r *Reader) copyText(n int) string {
	start := r.at
	r.at += n
	if n == 0 {
		return ""
	}
	if r.utf8 && !utf8.Valid(r.src[start:r.at]) {
		r.FailAt(start, wire.ErrUTF8)
		return ""
	}
	if from := start - r.textAt; from+n <= len(r.text) {
		return r.text[from : from+n]
	}
	size := n
	if !r.copied {
		size = max(n, min(sharedText, len(r.src)-start))
	}
	r.text, r.textAt = string(r.src[start:start+size]), start
	return r.text[:n]
}

// Bytes reads bytes into old, from its start, and returns it, grown if need be;
// old may be nil. The result is never nil, and never aliases the datum.
func (r *Reader) Bytes(old []byte) []byte {
	n := r.length()
	if old == nil {
		old = make([]byte, 0, n)
	}
	old = append(old[:0], r.src[r.at:r.at+n]...)
	r.at += n
	return old
}

// length reads the length of a string or bytes: r.at+length is in bounds.
func (r *Reader) length() int {
	if r.at < len(r.src) {
		if b := r.src[r.at]; b < 0x80 && b&1 == 0 {
			if n := int(b >> 1); n < len(r.src)-r.at && n <= r.lim.MaxBytes {
				r.at++
				return n
			}
		}
	}
	return r.longLength()
}

//go:noinline
func (r *Reader) longLength() int {
	start := r.at
	n, next, err := wire.Long(r.src, start)
	switch {
	case err != nil:
		r.failValue(start, err, "length")
	case n < 0:
		r.FailAt(start, fmt.Errorf("%w: %d", wire.ErrNegative, n))
	case n > int64(len(r.src)-next):
		r.FailAt(start, fmt.Errorf("%w: %d of %s left", ErrShort, len(r.src)-next, count.Of(n, "byte")))
	case n > int64(r.lim.MaxBytes):
		r.FailAt(start, fmt.Errorf("%w: %d bytes, more than %d (WithMaxBytes)", ErrLimit, n, r.lim.MaxBytes))
	default:
		r.at = next
		return int(n)
	}
	return 0
}

// View reads bytes or a string in place: the result aliases the datum, and is to be
// read only.
func (r *Reader) View() []byte {
	n := r.length()
	r.at += n
	return r.src[r.at-n : r.at]
}

// ViewFixed reads n bytes in place, as [Reader.View]. The result has n bytes unless there is an
// error.
func (r *Reader) ViewFixed(n int) []byte {
	if n > len(r.src)-r.at {
		r.failValue(r.at, wire.ErrShort, fmt.Sprintf("fixed of %d", n))
		return nil
	}
	r.at += n
	return r.src[r.at-n : r.at]
}
