package ocf

import (
	"errors"
	"fmt"
	"io"

	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

const (
	magic          = "Obj\x01"
	syncSize       = 16
	reservedPrefix = "avro."
	schemaKey      = "avro.schema"
	codecKey       = "avro.codec"
)

// header is what a file begins with.
type header struct {
	schema   *schemas.Schema
	codec    string
	metadata map[string][]byte
	sync     [syncSize]byte
}

var errHeaderLimit = errors.New("larger than WithMaxHeader allows")

// readHeader reads the header at the start of a file, of at most limit bytes.
func readHeader(in *input, limit int) (*header, error) {
	start, err := in.peek(len(magic))
	if err != nil && err != io.EOF {
		return nil, err
	}
	if string(start) != magic {
		return nil, fmt.Errorf("%w: begins with %q, want %q", ErrNotContainer, start, magic)
	}
	for have := 1 << 10; ; have *= 2 { // more is read only if what there is does not do
		have = min(have, limit)
		text, err := in.peek(have)
		if err != nil && err != io.EOF {
			return nil, err
		}
		h, size, bad := parseHeader(text)
		switch {
		case bad == nil:
			in.skip(size)
			return h, nil
		case !errors.Is(bad, wire.ErrShort) || err == io.EOF:
			return nil, fmt.Errorf("ocf: header: %w", bad)
		case have == limit:
			return nil, fmt.Errorf("ocf: header: %w", errHeaderLimit)
		}
	}
}

// parseHeader reads a header. The error is wire.ErrShort if text ends within it.
func parseHeader(text []byte) (h *header, size int, err error) {
	h = &header{metadata: map[string][]byte{}, codec: nullName}
	at := len(magic)
	for {
		var count int64
		if count, at, err = wire.Long(text, at); err != nil {
			return nil, 0, err
		}
		if count == 0 {
			break
		}
		if count < 0 { // a block that says its size
			if count = -count; count < 0 {
				return nil, 0, errors.New("a count of -2^63")
			}
			if _, at, err = wire.Long(text, at); err != nil {
				return nil, 0, err
			}
		}
		for ; count > 0; count-- {
			var key, value []byte
			if key, at, err = wire.Bytes(text, at); err != nil {
				return nil, 0, err
			}
			if value, at, err = wire.Bytes(text, at); err != nil {
				return nil, 0, err
			}
			h.metadata[string(key)] = append([]byte(nil), value...)
		}
	}
	if len(text)-at < syncSize {
		return nil, 0, wire.ErrShort
	}
	at += copy(h.sync[:], text[at:])
	if name, ok := h.metadata[codecKey]; ok && len(name) > 0 {
		h.codec = string(name)
	}
	schema, ok := h.metadata[schemaKey]
	if !ok {
		return nil, 0, fmt.Errorf("no %s", schemaKey)
	}
	// The header's limit is the schema's, too.
	if h.schema, err = schemas.Parse(string(schema), schemas.Lenient(), schemas.WithMaxBytes(max(len(schema), 1<<20))); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", schemaKey, err)
	}
	return h, at, nil
}

// appendHeader appends a header. The metadata are those of the user.
func appendHeader(dst []byte, s *schemas.Schema, codec string, metadata []entry, sync [syncSize]byte) []byte {
	text := s.String()
	if len(s.References()) > 0 { // a file stands alone
		text = s.PrintResolved()
	}
	dst = append(dst, magic...)
	dst = wire.AppendLong(dst, int64(len(metadata)+2))
	dst = wire.AppendString(wire.AppendString(dst, schemaKey), text)
	dst = wire.AppendString(wire.AppendString(dst, codecKey), codec)
	for _, m := range metadata {
		dst = wire.AppendBytes(wire.AppendString(dst, m.key), m.value)
	}
	dst = append(dst, 0)
	return append(dst, sync[:]...)
}
