package ocf_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"testing"
	"testing/iotest"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/ocf"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

var marker = [16]byte([]byte("-- the marker --"))

// stringFile is a file of strings: a header, and blocks as given.
func stringFile(codec string, blocks ...[]byte) []byte {
	file := []byte("Obj\x01\x04")
	file = wire.AppendString(wire.AppendString(file, "avro.codec"), codec)
	file = wire.AppendString(wire.AppendString(file, "avro.schema"), `"string"`)
	file = append(append(file, 0), marker[:]...)
	for _, b := range blocks {
		file = append(file, b...)
	}
	return file
}

// stringBlock is a block of strings, complete with its marker.
func stringBlock(data ...string) []byte {
	var packed []byte
	for _, s := range data {
		packed = wire.AppendString(packed, s)
	}
	return rawBlock(int64(len(data)), packed)
}

func rawBlock(count int64, packed []byte) []byte {
	b := wire.AppendBytes(wire.AppendLong(nil, count), packed)
	return append(b, marker[:]...)
}

func TestDamage(t *testing.T) {
	a, b, c := stringBlock("a1", "a2"), stringBlock("b1", "b2", "b3"), stringBlock("c1")
	header := len(stringFile("null"))
	for _, test := range []struct {
		name     string
		damaged  []byte // in place of b
		kept     []string
		err      string
		is       error
		readDown int64 // data of the damaged block
	}{
		{name: "a length within a datum", damaged: rawBlock(3, []byte{4, 'b', '1', 100, 'b', '2', 4, 'b', '3'}), kept: []string{"b1"}, err: "after 1 of its data", is: wire.ErrShort, readDown: 1},
		{name: "a count too large", damaged: rawBlock(4, []byte{4, 'b', '1'}), kept: []string{"b1"}, is: wire.ErrShort, readDown: 1},
		{name: "a count too small", damaged: rawBlock(1, []byte{4, 'b', '1', 4, 'b', '2'}), kept: []string{"b1"}, err: "3 bytes follow the block's data", readDown: 1},
		{name: "a negative count", damaged: rawBlock(-1, []byte{4, 'b', '1'}), err: "-1 data in 3 bytes"},
		{name: "a negative size", damaged: append([]byte{2, 1}, marker[:]...), err: "1 data in -1 bytes"},
		{name: "a size too large", damaged: append([]byte{2, 40, 4, 'b', '1'}, marker[:]...), is: ocf.ErrSync},
		{name: "a size too small", damaged: append([]byte{2, 2, 4, 'b', '1'}, marker[:]...), is: ocf.ErrSync},
		{name: "a size beyond the file", damaged: append(wire.AppendLong([]byte{2}, 1<<20), marker[:]...), is: io.ErrUnexpectedEOF},
		{name: "a size beyond the limit", damaged: append(wire.AppendLong([]byte{2}, 1<<40), marker[:]...), is: ocf.ErrLimit},
		{name: "a size of too many bytes", damaged: append([]byte("\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), marker[:]...), is: wire.ErrVarint},
		{name: "garbage in between", damaged: append([]byte("garbage garbage garbage garbage garbage"), marker[:]...), err: "-52 data in -49 bytes"},
		{name: "a block without data, but with bytes", damaged: rawBlock(0, []byte{1}), err: "1 byte follows the block's data"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := stringFile("null", a, test.damaged, c)
			r, err := ocf.NewReader[string](iotest.HalfReader(bytes.NewReader(file)))
			require.NoError(t, err)
			got, errs := collect(r)
			require.Equal(t, append([]string{"a1", "a2"}, test.kept...), got)
			require.Len(t, errs, 1, "without WithResync the first error is the end")
			checkDamage(t, errs[0], test.err, test.is, 1, int64(header+len(a)), test.readDown)
			var v string
			require.Equal(t, errs[0], r.Read(&v), "and stays")

			r, err = ocf.NewReader[string](iotest.OneByteReader(bytes.NewReader(file)), ocf.WithResync())
			require.NoError(t, err)
			got, errs = collect(r)
			require.Equal(t, append(append([]string{"a1", "a2"}, test.kept...), "c1"), got)
			require.Len(t, errs, 1)
			checkDamage(t, errs[0], test.err, test.is, 1, int64(header+len(a)), test.readDown)
			require.Equal(t, io.EOF, r.Read(&v))
		})
	}
	t.Run("every cut", func(t *testing.T) {
		file := stringFile("null", a, b, c)
		ends := map[int]int{header: 0, header + len(a): 2, header + len(a) + len(b): 5, len(file): 6}
		for cut := header; cut <= len(file); cut++ {
			r, err := ocf.NewReader[string](bytes.NewReader(file[:cut]), ocf.WithResync())
			require.NoError(t, err)
			got, errs := collect(r)
			if n, whole := ends[cut]; whole {
				require.Empty(t, errs)
				require.Len(t, got, n)
				continue
			}
			require.Len(t, errs, 1, "cut at %d", cut)
			require.ErrorIs(t, errs[0], io.ErrUnexpectedEOF)
		}
		for cut := range header {
			_, err := ocf.NewReader[string](bytes.NewReader(file[:cut]))
			require.Error(t, err, "cut at %d", cut)
		}
	})
	t.Run("every flipped byte of a block costs that block at most", func(t *testing.T) {
		file := stringFile("null", a, b, c)
		for at := header + len(a); at < header+len(a)+len(b); at++ {
			flipped := bytes.Clone(file)
			flipped[at] ^= 0x15
			r, err := ocf.NewReader[string](bytes.NewReader(flipped), ocf.WithResync())
			require.NoError(t, err)
			got, _ := collect(r)
			require.Equal(t, []string{"a1", "a2"}, got[:2])
			if at < header+len(a)+len(b)-16 {
				require.Equal(t, "c1", got[len(got)-1], "flipped at %d", at)
			}
		}
	})
}

func collect[T any](r *ocf.Reader[T]) (values []T, errs []error) {
	for v, err := range r.All() {
		if err != nil {
			errs = append(errs, err)
		} else {
			values = append(values, v)
		}
	}
	return values, errs
}

func checkDamage(t *testing.T, err error, text string, is error, block int, offset, read int64) {
	t.Helper()
	var e *ocf.BlockError
	require.ErrorAs(t, err, &e)
	require.Equal(t, block, e.Block)
	require.Equal(t, offset, e.Offset)
	require.Equal(t, read, e.Read)
	require.ErrorContains(t, err, text)
	if is != nil {
		require.ErrorIs(t, err, is)
	}
}

// Blocks that unpack to more than the limit, or claim to, are refused before they
// take the memory.
func TestBombs(t *testing.T) {
	const size = 8 << 20
	zeros := make([]byte, size)
	var deflated bytes.Buffer
	fw, err := flate.NewWriter(&deflated, 9)
	require.NoError(t, err)
	_, err = fw.Write(zeros)
	require.NoError(t, err)
	require.NoError(t, fw.Close())
	zw, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	require.NoError(t, err)
	var streamed bytes.Buffer // without its size in front
	sw, err := zstd.NewWriter(&streamed, zstd.WithEncoderConcurrency(1))
	require.NoError(t, err)
	_, err = sw.Write(zeros)
	require.NoError(t, err)
	require.NoError(t, sw.Close())
	declared := binary.AppendUvarint(nil, size)
	large := binary.AppendUvarint(nil, 1<<20-1)

	for _, c := range []struct {
		name, codec string
		packed      []byte
		is          error
	}{
		{name: "deflate", codec: "deflate", packed: deflated.Bytes(), is: ocf.ErrLimit},
		{name: "zstandard", codec: "zstandard", packed: zw.EncodeAll(zeros, nil), is: ocf.ErrLimit},
		{name: "zstandard, streamed", codec: "zstandard", packed: streamed.Bytes(), is: ocf.ErrLimit},
		{name: "snappy that claims more than the limit", codec: "snappy", packed: append(declared, 0, 0, 0, 0), is: ocf.ErrLimit},
		{name: "snappy that claims more than it can be", codec: "snappy", packed: append(large, 0, 0, 0, 0)},
		{name: "snappy without a checksum", codec: "snappy", packed: []byte{0, 0}, is: io.ErrUnexpectedEOF},
		{name: "snappy with another checksum", codec: "snappy", packed: append([]byte{1, 0, 'a'}, 1, 2, 3, 4), is: ocf.ErrChecksum},
		{name: "deflate of garbage", codec: "deflate", packed: []byte("garbage")},
		{name: "deflate cut short", codec: "deflate", packed: deflated.Bytes()[:100]},
		{name: "zstandard of garbage", codec: "zstandard", packed: []byte("garbage")},
		{name: "bzip2 of garbage", codec: "bzip2", packed: []byte("garbage")},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := stringFile(c.codec, rawBlock(1, c.packed))
			r, err := ocf.NewReader[string](bytes.NewReader(file), ocf.WithMaxBlock(1<<20), ocf.WithResync())
			require.NoError(t, err)
			got, errs := collect(r)
			require.Empty(t, got)
			require.Len(t, errs, 1)
			var e *ocf.BlockError
			require.ErrorAs(t, errs[0], &e)
			if c.is != nil {
				require.ErrorIs(t, errs[0], c.is)
			}
		})
	}
	t.Run("what fits is read", func(t *testing.T) {
		packed := []byte{2, 4, 2, 'a'} // snappy: two bytes, one literal of two
		file := stringFile("snappy", rawBlock(1, binary.BigEndian.AppendUint32(packed, crc32.ChecksumIEEE([]byte{2, 'a'}))))
		r, err := ocf.NewReader[string](bytes.NewReader(file), ocf.WithMaxBlock(len(packed)+4))
		require.NoError(t, err)
		require.Equal(t, []string{"a"}, readAll(t, r))
	})
}

func TestHostileHeaders(t *testing.T) {
	file := stringFile("null", stringBlock("a"))
	for _, c := range []struct {
		name, err string
		file      []byte
		opts      []ocf.Option
	}{
		{name: "nothing", file: nil, err: "not an object container file"},
		{name: "JSON", file: []byte(`{"a":1}`), err: `begins with "{\"a\"", want "Obj\x01"`},
		{name: "no schema", file: append([]byte("Obj\x01\x00"), marker[:]...), err: "no avro.schema"},
		{name: "a schema that is none", file: bytes.Replace(file, []byte(`"string"`), []byte(`"strung"`), 1), err: "avro.schema"},
		{name: "another compression", file: stringFile("lzma"), err: `compression "lzma" is not known`},
		{name: "a count of 2^62", file: append([]byte("Obj\x01"), 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01), err: "input ends"},
		{name: "a count of -2^63", file: append([]byte("Obj\x01"), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), err: "-2^63"},
		{name: "a key of a negative length", file: []byte("Obj\x01\x02\x01"), err: "negative"},
		{name: "a value of a terabyte", file: append(wire.AppendLong(append([]byte("Obj\x01\x02\x02a"), []byte{}...), 1<<40), make([]byte, 1<<20)...), opts: []ocf.Option{ocf.WithMaxHeader(1 << 16)}, err: "larger than WithMaxHeader allows"},
		{name: "a limit", file: file, opts: []ocf.Option{ocf.WithMaxHeader(20)}, err: "larger than WithMaxHeader allows"},
		{name: "an option", file: file, opts: []ocf.Option{ocf.WithMaxBlock(-1)}, err: "WithMaxBlock: -1 is less than 0"},
		{name: "an option of the codec", file: file, opts: []ocf.Option{ocf.WithAvro(avro.WithMaxDepth(-1))}, err: "WithMaxDepth: -1 is negative"},
		{name: "a schema that reads none of it", file: file, opts: []ocf.Option{ocf.WithSchema(schemas.MustParse(`"int"`))}, err: "string does not fit schema int"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ocf.NewReader[string](bytes.NewReader(c.file), c.opts...)
			require.ErrorContains(t, err, c.err)
		})
	}
	_, err := ocf.NewReader[string](bytes.NewReader(nil))
	require.ErrorIs(t, err, ocf.ErrNotContainer)
	var none *avro.ResolveError
	_, err = ocf.NewReader[int32](bytes.NewReader(file), ocf.WithSchema(schemas.MustParse(`"int"`)))
	require.ErrorAs(t, err, &none)
	t.Run("a block of metadata that says its size", func(t *testing.T) {
		sized := append([]byte("Obj\x01"), 0x01, 44)
		sized = wire.AppendString(wire.AppendString(sized, "avro.schema"), `"string"`)
		sized = append(append(sized, 0), marker[:]...)
		r, err := ocf.NewReader[string](bytes.NewReader(append(sized, stringBlock("a")...)))
		require.NoError(t, err)
		require.Equal(t, "null", r.Compression())
		require.Equal(t, []string{"a"}, readAll(t, r))
	})
	t.Run("the source's error is kept", func(t *testing.T) {
		broken := errors.New("broken")
		for cut := range len(file) {
			r, err := ocf.NewReader[string](io.MultiReader(bytes.NewReader(file[:cut]), iotest.ErrReader(broken)), ocf.WithResync())
			if err == nil {
				var v string
				err = r.Read(&v)
			}
			require.ErrorIs(t, err, broken, "cut at %d", cut)
		}
	})
}

// Data that take no bytes are as many as the file says: up to a limit.
func TestEmptyData(t *testing.T) {
	file := append([]byte("Obj\x01\x02"), wire.AppendString(wire.AppendString(nil, "avro.schema"), `"null"`)...)
	file = append(append(file, 0), marker[:]...)
	some := append(bytes.Clone(file), rawBlock(1000, nil)...)
	r, err := ocf.NewReader[any](bytes.NewReader(some))
	require.NoError(t, err)
	require.Len(t, readAll(t, r), 1000)
	many := append(bytes.Clone(file), rawBlock(1<<60, nil)...)
	r, err = ocf.NewReader[any](bytes.NewReader(many))
	require.NoError(t, err)
	var v any
	require.ErrorIs(t, r.Read(&v), ocf.ErrLimit)
}

// FuzzReader checks the law: what can be read, written again in any compression,
// reads the same. Damage is reported, and reading ends.
func FuzzReader(f *testing.F) {
	for _, c := range compressions {
		f.Add(writeEvents(f, 5, ocf.WithCompression(c), ocf.WithBlockBytes(60)), uint8(len(c.String())))
	}
	f.Add(stringFile("null", stringBlock("a"), []byte("garbage"), stringBlock("b")), uint8(0))
	header := len(stringFile("snappy"))
	for i, c := range compressions { // blocks alone, behind a header of the fuzzer's
		f.Add(stringBlock("a", "b")[:], uint8(128+i))
		var file bytes.Buffer
		w, err := ocf.NewWriter[string](&file, schemas.MustParse(`"string"`), ocf.WithCompression(c), ocf.WithSyncMarker(marker))
		require.NoError(f, err)
		require.NoError(f, w.WriteDatum([]byte{6, 'a', 'b', 'c'}))
		require.NoError(f, w.Close())
		f.Add(file.Bytes()[min(header, file.Len()):], uint8(128+i))
	}
	f.Fuzz(func(t *testing.T, file []byte, which uint8) {
		if which >= 128 {
			file = stringFile(compressions[int(which)%len(compressions)].String(), file)
		}
		r, err := ocf.NewReader[any](bytes.NewReader(file), ocf.WithResync(), ocf.WithMaxBlock(1<<16), ocf.WithAvro(avro.WithTaggedUnions(), avro.WithRawLogicalTypes(), avro.WithMaxEmptyItems(100)))
		if err != nil {
			return
		}
		var again bytes.Buffer
		w, err := ocf.NewWriter[any](&again, r.Schema(), ocf.WithCompression(compressions[int(which)%len(compressions)]), ocf.WithBlockBytes(50),
			ocf.WithAvro(avro.WithTaggedUnions(), avro.WithRawLogicalTypes()))
		require.NoError(t, err)
		var values []string
		for v, err := range r.All() {
			if err != nil {
				var e *ocf.BlockError
				require.ErrorAs(t, err, &e)
				continue
			}
			if len(values) == 1000 {
				break
			}
			require.NoError(t, w.Write(&v))
			values = append(values, fmt.Sprintf("%#v", v))
		}
		require.NoError(t, w.Close())
		r, err = ocf.NewReader[any](&again, ocf.WithAvro(avro.WithTaggedUnions(), avro.WithRawLogicalTypes()))
		require.NoError(t, err)
		var back []string
		for v, err := range r.All() {
			require.NoError(t, err)
			back = append(back, fmt.Sprintf("%#v", v))
		}
		require.Equal(t, values, back)
	})
}
