package ocf

import (
	"errors"
	"fmt"
	"io"

	"github.com/kavro/kavro/schemas"
)

// ErrDamagedEnd is the error of [Append] to a file that does not end with a sync
// marker: it was cut short, or someone is writing it.
var ErrDamagedEnd = errors.New("ocf: the file does not end with its sync marker")

// Append goes on with an existing file, in its schema and compression and with
// its sync marker. An empty file is begun, as [NewWriter] does. f is not closed.
//
// s may be nil; if it is not, it must be the file's schema, logical types included,
// but for documentation, defaults and the like. The data that are there are not checked, but for the
// last 16 bytes: see [ErrDamagedEnd]. Nothing of the file is overwritten.
// [WithMetadata] and [WithSyncMarker] are errors here, and so is a
// [WithCompression] that is not the file's.
func Append[T any](f io.ReadWriteSeeker, s *schemas.Schema, opts ...Option) (*Writer[T], error) {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if end == 0 {
		return NewWriter[T](f, s, opts...)
	}
	conf, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	if _, err = f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	h, err := readHeader(&input{src: f}, conf.maxHeader)
	if err != nil {
		return nil, err
	}
	if err := h.accepts(s, &conf); err != nil {
		return nil, err
	}
	var last [syncSize]byte
	if _, err = f.Seek(-syncSize, io.SeekEnd); err != nil {
		return nil, err
	}
	if _, err = io.ReadFull(f, last[:]); err != nil {
		return nil, err
	}
	if last != h.sync {
		return nil, ErrDamagedEnd
	}
	w := &Writer[T]{conf: conf, dst: f, sync: h.sync}
	compression := Compression{h.codec, defaultLevel(h.codec)}
	if conf.compression != nil {
		compression = *conf.compression
	}
	if err := w.prepare(h.schema, compression); err != nil {
		return nil, err
	}
	return w, nil
}

// accepts reports why a file cannot be gone on with as asked.
func (h *header) accepts(s *schemas.Schema, conf *config) error {
	switch {
	case s != nil && s.Canonical() != h.schema.Canonical():
		return fmt.Errorf("ocf: the file is of another schema: %s", h.schema.Canonical())
	case s != nil && !sameLogical(s.Root(), h.schema.Root(), map[[2]*schemas.Node]bool{}):
		return fmt.Errorf("ocf: the file is of other logical types: %s", h.schema)
	case len(conf.metadata) > 0:
		return errors.New("ocf: WithMetadata: a file's metadata cannot be added to")
	case conf.sync != nil:
		return errors.New("ocf: WithSyncMarker: the file has one")
	case conf.compression != nil && conf.compression.String() != h.codec:
		return fmt.Errorf("ocf: WithCompression: the file has %s, not %v", h.codec, conf.compression)
	}
	return nil
}

// sameLogical reports whether two schemas of one canonical form, which has no logical
// types, agree in those: a number of milliseconds is no number of microseconds.
func sameLogical(a, b *schemas.Node, seen map[[2]*schemas.Node]bool) bool {
	if seen[[2]*schemas.Node{a, b}] {
		return true
	}
	seen[[2]*schemas.Node{a, b}] = true
	if a.Logical() != b.Logical() || a.Items() != nil && !sameLogical(a.Items(), b.Items(), seen) {
		return false
	}
	for i, branch := range a.Branches() {
		if !sameLogical(branch, b.Branches()[i], seen) {
			return false
		}
	}
	for i, f := range a.Fields() {
		if !sameLogical(f.Type(), b.Fields()[i].Type(), seen) {
			return false
		}
	}
	return true
}

// defaultLevel is how hard blocks are packed where nobody says.
func defaultLevel(codec string) int {
	switch codec {
	case deflateName:
		return 6
	case zstdName:
		return 3
	}
	return 0
}
