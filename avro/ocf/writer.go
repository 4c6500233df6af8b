package ocf

import (
	"crypto/rand"
	"errors"
	"io"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// A Writer writes values of type T into a file. [Writer.Close] writes the last
// block. It is not safe for concurrent use.
type Writer[T any] struct {
	conf   config
	dst    io.Writer
	codec  *avro.Codec[T]
	packer *packer
	sync   [syncSize]byte

	block []byte // data not yet written
	count int    // how many
	out   []byte
	err   error // for good
}

// NewWriter begins a file of schema s and writes its header. s may be nil if T is
// a generated type. What goes to dst goes there in one Write for the header and
// one for each block; dst is not closed.
//
// The error is that T does not fit s, an option's, or dst's.
func NewWriter[T any](dst io.Writer, s *schemas.Schema, opts ...Option) (*Writer[T], error) {
	conf, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	if s == nil {
		s = ownSchema[T]()
	}
	if s == nil {
		return nil, errNoSchema
	}
	w := &Writer[T]{conf: conf, dst: dst}
	if conf.sync != nil {
		w.sync = *conf.sync
	} else {
		rand.Read(w.sync[:])
	}
	var compression Compression
	if conf.compression != nil {
		compression = *conf.compression
	}
	if err := w.prepare(s, compression); err != nil {
		return nil, err
	}
	if _, err := dst.Write(appendHeader(nil, s, compression.String(), conf.metadata, w.sync)); err != nil {
		return nil, err
	}
	return w, nil
}

var errNoSchema = errors.New("ocf: the schema is nil, and the type brings none")

func (w *Writer[T]) prepare(s *schemas.Schema, c Compression) (err error) {
	if w.packer, err = newPacker(c); err != nil {
		return err
	}
	w.codec, err = avro.NewCodec[T](s, w.conf.avro...)
	return err
}

// Schema is the file's.
func (w *Writer[T]) Schema() *schemas.Schema { return w.codec.Schema() }

// Write appends v to the block, and writes the block if it is full.
//
// An [*avro.EncodeError] is v's: nothing of v is written, and the writer can go on.
// Any other error is for good: the file may end within a block.
func (w *Writer[T]) Write(v *T) error {
	if w.err != nil {
		return w.err
	}
	block, err := w.codec.Append(w.block, v)
	if err != nil {
		return err
	}
	return w.added(block)
}

// WriteDatum appends a datum of the file's schema, which is not checked, to the
// block. It is for data that come encoded, from Kafka say.
func (w *Writer[T]) WriteDatum(datum []byte) error {
	if w.err != nil {
		return w.err
	}
	return w.added(append(w.block, datum...))
}

func (w *Writer[T]) added(block []byte) error {
	w.block = block
	w.count++
	if len(w.block) >= w.conf.blockBytes || w.count == w.conf.blockData {
		return w.Flush()
	}
	return nil
}

// Flush writes the block, unless it is empty, so that everything so far can be
// read.
func (w *Writer[T]) Flush() error {
	if w.err != nil || w.count == 0 {
		return w.err
	}
	packed, err := w.packer.pack(w.block)
	if err != nil {
		w.err = err
		return err
	}
	w.out = wire.AppendLong(w.out[:0], int64(w.count))
	w.out = wire.AppendBytes(w.out, packed)
	w.out = append(w.out, w.sync[:]...)
	w.block, w.count = w.block[:0], 0
	_, w.err = w.dst.Write(w.out)
	return w.err
}

// Close writes the last block. It does not close what the file is written to, and
// may be called again. Without it the data of the last block are lost.
func (w *Writer[T]) Close() error {
	if w.err == ErrClosed {
		return nil
	}
	if err := w.Flush(); err != nil {
		return err
	}
	w.err = ErrClosed
	return nil
}
