package ocf

import (
	"bytes"
	"io"
)

// input is a window on a file that is read from front to back. What it shows was
// read but not passed yet, so that a damaged block can be looked through again.
type input struct {
	src    io.Reader
	buf    []byte // read, not passed
	offset int64  // of buf in the file
	err    error  // the source's
}

const readSize = 64 << 10

// peek returns the next n bytes, or fewer and the source's error, which is io.EOF
// at its end. They are valid until the next peek.
func (in *input) peek(n int) ([]byte, error) {
	for len(in.buf) < n && in.err == nil {
		if len(in.buf) == cap(in.buf) {
			// A claimed size is not believed: the buffer doubles as bytes come in.
			grown := make([]byte, len(in.buf), max(readSize, min(2*len(in.buf), n+readSize)))
			copy(grown, in.buf)
			in.buf = grown
		}
		var m int
		m, in.err = in.src.Read(in.buf[len(in.buf):cap(in.buf)])
		in.buf = in.buf[:len(in.buf)+m]
	}
	if len(in.buf) < n {
		return in.buf, in.err
	}
	return in.buf[:n], nil
}

// skip passes n bytes that were peeked at.
func (in *input) skip(n int) {
	in.buf = in.buf[n:]
	in.offset += int64(n)
}

// skipBehind passes everything up to and including the next marker, or all there
// is.
func (in *input) skipBehind(marker []byte) {
	for {
		text, err := in.peek(max(readSize, len(in.buf)))
		if i := bytes.Index(text, marker); i >= 0 {
			in.skip(i + len(marker))
			return
		}
		if err != nil {
			in.skip(len(text))
			return
		}
		in.skip(len(text) - len(marker) + 1)
	}
}
