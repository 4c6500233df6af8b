package ocf

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// A Compression is how blocks are packed. The zero value is [Uncompressed].
type Compression struct {
	name  string // as in the header; "" for null
	level int
}

// Names of compressions in headers. Avro's name for none is null.
const (
	nullName    = "null"
	deflateName = "deflate"
	snappyName  = "snappy"
	zstdName    = "zstandard"
	bzip2Name   = "bzip2"
)

// Uncompressed leaves blocks as they are.
func Uncompressed() Compression { return Compression{} }

// Deflate packs with DEFLATE (RFC 1951), at a level from 1 (fast) to 9 (small).
func Deflate(level int) Compression { return Compression{deflateName, level} }

// Snappy packs with Snappy, and a checksum behind it.
func Snappy() Compression { return Compression{snappyName, 0} }

// Zstandard packs with Zstandard, at a level from 1 (fast) to 22 (small), which
// is rounded to one of the few that the library in use has.
func Zstandard(level int) Compression { return Compression{zstdName, level} }

// String is the name that a file's header has.
func (c Compression) String() string {
	if c.name == "" {
		return nullName
	}
	return c.name
}

// packer packs blocks of one file.
type packer struct {
	kind    string
	out     bytes.Buffer
	deflate *flate.Writer
	zstd    *zstd.Encoder
	scratch []byte
}

func newPacker(c Compression) (*packer, error) {
	p := &packer{kind: c.String()}
	var err error
	switch p.kind {
	case nullName, snappyName:
	case deflateName:
		if c.level < 1 || c.level > 9 {
			return nil, fmt.Errorf("ocf: Deflate: level %d is not from 1 to 9", c.level)
		}
		p.deflate, err = flate.NewWriter(&p.out, c.level)
	case zstdName:
		if c.level < 1 || c.level > 22 {
			return nil, fmt.Errorf("ocf: Zstandard: level %d is not from 1 to 22", c.level)
		}
		p.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(c.level)), zstd.WithEncoderConcurrency(1))
	default:
		return nil, &UnsupportedError{p.kind, true}
	}
	return p, err
}

// pack returns a block packed. The result is valid until the next call, or is
// block itself.
func (p *packer) pack(block []byte) ([]byte, error) {
	switch p.kind {
	case deflateName:
		p.out.Reset()
		p.deflate.Reset(&p.out)
		if _, err := p.deflate.Write(block); err != nil {
			return nil, err
		}
		err := p.deflate.Close()
		return p.out.Bytes(), err
	case snappyName:
		if max := snappy.MaxEncodedLen(len(block)); cap(p.scratch) < max+crc32.Size {
			p.scratch = make([]byte, max+crc32.Size)
		}
		packed := snappy.Encode(p.scratch[:cap(p.scratch)], block)
		return binary.BigEndian.AppendUint32(packed, crc32.ChecksumIEEE(block)), nil
	case zstdName:
		p.scratch = p.zstd.EncodeAll(block, p.scratch[:0])
		return p.scratch, nil
	}
	return block, nil
}

// unpacker unpacks blocks of one file, to at most limit bytes each.
type unpacker struct {
	kind    string
	limit   int
	deflate io.ReadCloser
	zstd    *zstd.Decoder
	scratch []byte
}

func newUnpacker(name string, limit int) (*unpacker, error) {
	u := &unpacker{kind: name, limit: limit}
	var err error
	switch name {
	case nullName, snappyName, bzip2Name:
	case deflateName:
		u.deflate = flate.NewReader(nil)
	case zstdName: // one at a time, so that no goroutines are started
		u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(uint64(limit)+1), zstd.WithDecoderMaxWindow(1<<29))
	default:
		return nil, &UnsupportedError{name, false}
	}
	return u, err
}

// unpack returns a block's data. The result is valid until the next call, or is
// packed itself.
func (u *unpacker) unpack(packed []byte) ([]byte, error) {
	switch u.kind {
	case deflateName:
		if err := u.deflate.(flate.Resetter).Reset(bytes.NewReader(packed), nil); err != nil {
			return nil, err
		}
		return u.all(u.deflate)
	case bzip2Name:
		return u.all(bzip2.NewReader(bytes.NewReader(packed)))
	case snappyName:
		return u.snappy(packed)
	case zstdName:
		data, err := u.zstd.DecodeAll(packed, u.scratch[:0])
		if err == zstd.ErrDecoderSizeExceeded || err == zstd.ErrWindowSizeExceeded || err == nil && len(data) > u.limit {
			return nil, ErrLimit
		}
		u.keep(data)
		return data, err
	}
	return packed, nil
}

// all reads up to the limit, growing with what comes and not with what is
// claimed.
func (u *unpacker) all(r io.Reader) ([]byte, error) {
	buf := bytes.NewBuffer(u.scratch[:0])
	n, err := buf.ReadFrom(io.LimitReader(r, min(int64(u.limit), math.MaxInt64-1)+1))
	u.keep(buf.Bytes())
	if err == nil && n > int64(u.limit) {
		err = ErrLimit
	}
	return buf.Bytes(), err
}

func (u *unpacker) snappy(packed []byte) ([]byte, error) {
	if len(packed) < crc32.Size {
		return nil, fmt.Errorf("snappy: %w", io.ErrUnexpectedEOF)
	}
	sum := binary.BigEndian.Uint32(packed[len(packed)-crc32.Size:])
	packed = packed[:len(packed)-crc32.Size]
	size, err := snappy.DecodedLen(packed)
	if err != nil {
		return nil, err
	}
	if size > u.limit {
		return nil, ErrLimit
	}
	// Snappy's copies reach 64 bytes each from 2: a claim beyond that is a lie, found before it is allocated.
	if size > 32*len(packed)+64 {
		return nil, snappy.ErrCorrupt
	}
	data, err := snappy.Decode(u.scratch[:cap(u.scratch)], packed)
	if err != nil {
		return nil, err
	}
	u.keep(data)
	if crc32.ChecksumIEEE(data) != sum {
		return nil, ErrChecksum
	}
	return data, nil
}

// maxKept is the largest buffer that is kept for the next block, in bytes.
const maxKept = 4 << 20

func (u *unpacker) keep(data []byte) {
	if cap(data) <= maxKept {
		u.scratch = data[:0]
	}
}
