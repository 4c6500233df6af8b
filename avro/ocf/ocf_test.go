package ocf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/ocf"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
	"github.com/linkedin/goavro/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// No reader or writer starts a goroutine: none has to be closed for that.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A file holds its schema, and values go in and come out.
func ExampleNewWriter() {
	type user struct {
		Name string `avro:"name"`
		Age  int32  `avro:"age"`
	}
	s := schemas.MustParse(`{"type":"record","name":"User","fields":[{"name":"name","type":"string"},{"name":"age","type":"int"}]}`)

	var file bytes.Buffer
	w, err := ocf.NewWriter[user](&file, s, ocf.WithCompression(ocf.Zstandard(3)), ocf.WithMetadata("origin", []byte("example")))
	if err != nil {
		panic(err)
	}
	for _, u := range []user{{"ada", 36}, {"grace", 85}} {
		if err := w.Write(&u); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}

	r, err := ocf.NewReader[user](&file)
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Compression(), string(r.Metadata("origin")), r.Schema().FullName())
	for u, err := range r.All() {
		fmt.Println(u, err)
	}
	// Output:
	// zstandard example User
	// {ada 36} <nil>
	// {grace 85} <nil>
}

// Read with a newer schema, old data are resolved to it.
func ExampleWithSchema() {
	var file bytes.Buffer
	old := schemas.MustParse(`{"type":"record","name":"User","fields":[{"name":"name","type":"string"}]}`)
	w, _ := ocf.NewWriter[map[string]any](&file, old)
	_ = w.Write(&map[string]any{"name": "ada"})
	_ = w.Close()

	now := schemas.MustParse(`{"type":"record","name":"User","fields":[
		{"name":"admin","type":"boolean","default":false}, {"name":"full_name","aliases":["name"],"type":"string"}]}`)
	r, err := ocf.NewReader[map[string]any](&file, ocf.WithSchema(now))
	if err != nil {
		panic(err)
	}
	for u, err := range r.All() {
		fmt.Println(u, err)
	}
	// Output: map[admin:false full_name:ada] <nil>
}

const eventText = `{"type":"record","name":"Event","namespace":"fixtures","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},` +
	`{"name":"note","type":["null","string"],"default":null},{"name":"values","type":{"type":"array","items":"double"}}]}`

type event struct {
	ID     int64     `avro:"id"`
	Name   string    `avro:"name"`
	Note   *string   `avro:"note"`
	Values []float64 `avro:"values"`
}

// eventAt is the i-th event of every fixture.
func eventAt(i int) event {
	e := event{ID: int64(i) * int64(i) * int64(i) * 1000003, Name: fmt.Sprint("event ", i), Values: []float64{}}
	if i%3 != 0 {
		note := fmt.Sprint("note ", i)
		e.Note = &note
	}
	if i%4 != 0 {
		e.Values = []float64{float64(i) / 8, -float64(i) / 4}
	}
	return e
}

func readAll[T any](t *testing.T, r *ocf.Reader[T]) []T {
	t.Helper()
	var out []T
	for v, err := range r.All() {
		require.NoError(t, err)
		out = append(out, v)
	}
	var v T
	require.Equal(t, io.EOF, r.Read(&v), "the end stays the end")
	return out
}

func someEvents(n int) []event {
	var out []event
	for i := range n {
		out = append(out, eventAt(i))
	}
	return out
}

func TestFilesOfJava(t *testing.T) {
	for _, codec := range []string{"null", "deflate", "snappy", "zstandard", "bzip2"} {
		t.Run(codec, func(t *testing.T) {
			file, err := os.ReadFile("testdata/java-" + codec + ".avro")
			require.NoError(t, err)
			r, err := ocf.NewReader[event](bytes.NewReader(file))
			require.NoError(t, err)
			require.Equal(t, codec, r.Compression())
			require.Equal(t, "written by Java", string(r.Metadata("fixture")))
			require.Nil(t, r.Metadata("none"))
			require.Equal(t, eventText, r.Schema().String())
			require.Equal(t, someEvents(50), readAll(t, r))

			reader := schemas.MustParse(`{"type":"record","name":"Event","fields":[{"name":"values","type":{"type":"array","items":"double"}},{"name":"id","type":"double"}]}`)
			evolved, err := ocf.NewReader[map[string]any](bytes.NewReader(file), ocf.WithSchema(reader))
			require.NoError(t, err)
			all := readAll(t, evolved)
			require.Len(t, all, 50)
			require.Equal(t, map[string]any{"values": []any{1.125, -2.25}, "id": 729 * 1000003.0}, all[9])

			same := schemas.MustParse(strings.ReplaceAll(eventText, `"fixtures"`, `"elsewhere"`))
			renamed, err := ocf.NewReader[event](bytes.NewReader(file), ocf.WithSchema(same))
			require.NoError(t, err)
			require.Equal(t, someEvents(50), readAll(t, renamed))
		})
	}
}

var compressions = []ocf.Compression{
	ocf.Uncompressed(), ocf.Deflate(1), ocf.Deflate(9), ocf.Snappy(), ocf.Zstandard(1), ocf.Zstandard(19),
}

func writeEvents(t testing.TB, n int, opts ...ocf.Option) []byte {
	var file bytes.Buffer
	w, err := ocf.NewWriter[event](&file, schemas.MustParse(eventText), opts...)
	require.NoError(t, err)
	for _, e := range someEvents(n) {
		require.NoError(t, w.Write(&e))
	}
	require.NoError(t, w.Close())
	return file.Bytes()
}

func TestWrittenIsRead(t *testing.T) {
	for _, c := range compressions {
		for _, block := range []int{1, 100, 1 << 20} {
			t.Run(fmt.Sprintf("%v in blocks of %d", c, block), func(t *testing.T) {
				file := writeEvents(t, 200, ocf.WithCompression(c), ocf.WithBlockBytes(block))
				r, err := ocf.NewReader[event](bytes.NewReader(file))
				require.NoError(t, err)
				require.Equal(t, someEvents(200), readAll(t, r))
			})
		}
	}
}

// The greatest limit is as good as any other: all is read, of every compression.
func TestGreatestLimits(t *testing.T) {
	for _, c := range compressions {
		var file bytes.Buffer
		w, err := ocf.NewWriter[string](&file, schemas.MustParse(`"string"`), ocf.WithCompression(c))
		require.NoError(t, err)
		v := strings.Repeat("all of it ", 1000)
		require.NoError(t, w.Write(&v))
		require.NoError(t, w.Close())
		r, err := ocf.NewReader[string](&file, ocf.WithMaxBlock(math.MaxInt), ocf.WithMaxHeader(math.MaxInt))
		require.NoError(t, err)
		var got []string
		for v, err := range r.All() {
			require.NoError(t, err, c)
			got = append(got, v)
		}
		require.Equal(t, []string{v}, got, c)
	}
}

func TestGoavroReadsIt(t *testing.T) {
	for _, c := range compressions {
		if c.String() == "zstandard" { // goavro does not know it
			continue
		}
		t.Run(c.String(), func(t *testing.T) {
			r, err := goavro.NewOCFReader(bytes.NewReader(writeEvents(t, 200, ocf.WithCompression(c), ocf.WithBlockBytes(300))))
			require.NoError(t, err)
			n := 0
			for r.Scan() {
				v, err := r.Read()
				require.NoError(t, err)
				want := eventAt(n)
				require.Equal(t, want.ID, v.(map[string]any)["id"])
				require.Equal(t, want.Name, v.(map[string]any)["name"])
				n++
			}
			require.NoError(t, r.Err())
			require.Equal(t, 200, n)
		})
	}
}

func TestItReadsGoavro(t *testing.T) {
	for _, codec := range []string{"null", "deflate", "snappy"} {
		t.Run(codec, func(t *testing.T) {
			var file bytes.Buffer
			w, err := goavro.NewOCFWriter(goavro.OCFConfig{W: &file, Schema: `{"type":"array","items":"long"}`, CompressionName: codec})
			require.NoError(t, err)
			require.NoError(t, w.Append([]any{[]any{int64(1), int64(2)}, []any{}}))
			require.NoError(t, w.Append([]any{[]any{int64(3)}}))
			r, err := ocf.NewReader[[]int64](&file)
			require.NoError(t, err)
			require.Equal(t, [][]int64{{1, 2}, {}, {3}}, readAll(t, r))
		})
	}
}

func TestWriter(t *testing.T) {
	s := schemas.MustParse(`"string"`)
	t.Run("a file is made again byte for byte", func(t *testing.T) {
		marker := [16]byte{1, 2, 3}
		one := writeEvents(t, 10, ocf.WithSyncMarker(marker), ocf.WithMetadata("b", []byte("2")), ocf.WithMetadata("a", []byte("1")))
		require.Equal(t, one, writeEvents(t, 10, ocf.WithSyncMarker(marker), ocf.WithMetadata("b", []byte("2")), ocf.WithMetadata("a", []byte("1"))))
		require.NotEqual(t, writeEvents(t, 0), writeEvents(t, 0), "markers are random")
	})
	t.Run("blocks end when asked, by size and by number", func(t *testing.T) {
		for _, c := range []struct {
			opt    ocf.Option
			writes int
		}{{ocf.WithBlockData(3), 1 + 4}, {ocf.WithBlockBytes(10), 1 + 5}, {ocf.WithBlockBytes(1000), 1 + 1}} {
			var out countingWriter
			w, err := ocf.NewWriter[string](&out, s, c.opt)
			require.NoError(t, err)
			for range 10 {
				v := "12345"
				require.NoError(t, w.Write(&v))
			}
			require.NoError(t, w.Close())
			require.Equal(t, c.writes, out.writes)
		}
	})
	t.Run("a flushed block can be read before the file is closed", func(t *testing.T) {
		var file bytes.Buffer
		w, err := ocf.NewWriter[string](&file, s)
		require.NoError(t, err)
		v := "a"
		require.NoError(t, w.Write(&v))
		require.NoError(t, w.Flush())
		require.NoError(t, w.Flush(), "nothing is no block")
		r, err := ocf.NewReader[string](bytes.NewReader(file.Bytes()))
		require.NoError(t, err)
		require.Equal(t, []string{"a"}, readAll(t, r))
	})
	t.Run("a value that does not fit leaves no trace", func(t *testing.T) {
		var file bytes.Buffer
		w, err := ocf.NewWriter[any](&file, schemas.MustParse(`["string","int"]`))
		require.NoError(t, err)
		for _, v := range []any{"a", 1.5, "b"} {
			err := w.Write(&v)
			if v == 1.5 {
				var mismatch *avro.EncodeError
				require.ErrorAs(t, err, &mismatch)
			} else {
				require.NoError(t, err)
			}
		}
		require.NoError(t, w.Close())
		r, err := ocf.NewReader[any](&file)
		require.NoError(t, err)
		require.Equal(t, []any{"a", "b"}, readAll(t, r))
	})
	t.Run("encoded data go in as they are", func(t *testing.T) {
		var file bytes.Buffer
		w, err := ocf.NewWriter[string](&file, s)
		require.NoError(t, err)
		require.NoError(t, w.WriteDatum([]byte{2, 'a'}))
		require.NoError(t, w.Close())
		r, err := ocf.NewReader[string](&file)
		require.NoError(t, err)
		require.Equal(t, []string{"a"}, readAll(t, r))
	})
	t.Run("a failed write is for good", func(t *testing.T) {
		out := &failingWriter{after: 1}
		w, err := ocf.NewWriter[string](out, s)
		require.NoError(t, err)
		v := "a"
		require.NoError(t, w.Write(&v))
		require.ErrorIs(t, w.Flush(), errFull)
		require.ErrorIs(t, w.Write(&v), errFull)
		require.ErrorIs(t, w.Close(), errFull)
		_, err = ocf.NewWriter[string](&failingWriter{}, s)
		require.ErrorIs(t, err, errFull)
	})
	t.Run("closed is closed", func(t *testing.T) {
		w, err := ocf.NewWriter[string](io.Discard, s)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.NoError(t, w.Close())
		v := "a"
		require.ErrorIs(t, w.Write(&v), ocf.ErrClosed)
		require.ErrorIs(t, w.WriteDatum(nil), ocf.ErrClosed)
	})
	t.Run("a schema's references go into the file", func(t *testing.T) {
		inner := schemas.MustParse(`{"type":"record","name":"n.Inner","fields":[{"name":"x","type":"int"}]}`)
		outer := schemas.MustParse(`{"type":"array","items":"n.Inner"}`, schemas.WithReferences(inner))
		var file bytes.Buffer
		w, err := ocf.NewWriter[any](&file, outer)
		require.NoError(t, err)
		v := any([]any{map[string]any{"x": int32(3)}})
		require.NoError(t, w.Write(&v))
		require.NoError(t, w.Close())
		r, err := ocf.NewReader[any](&file)
		require.NoError(t, err)
		require.Equal(t, []any{v}, readAll(t, r))
	})
	for _, c := range []struct {
		name, err string
		s         *schemas.Schema
		opts      []ocf.Option
	}{
		{"no schema", "the schema is nil", nil, nil},
		{"a type that does not fit", "string does not fit schema int", schemas.MustParse(`"int"`), nil},
		{"a level", "level 10 is not from 1 to 9", s, []ocf.Option{ocf.WithCompression(ocf.Deflate(10))}},
		{"another level", "level 0 is not from 1 to 22", s, []ocf.Option{ocf.WithCompression(ocf.Zstandard(0))}},
		{"a reserved key", `keys that begin with "avro." are reserved`, s, []ocf.Option{ocf.WithMetadata("avro.codec", nil)}},
		{"a key twice", `"a" is given twice`, s, []ocf.Option{ocf.WithMetadata("a", nil), ocf.WithMetadata("a", nil)}},
		{"blocks of nothing", "WithBlockBytes: 0 is less than 1", s, []ocf.Option{ocf.WithBlockBytes(0)}},
	} {
		t.Run("refused: "+c.name, func(t *testing.T) {
			_, err := ocf.NewWriter[string](io.Discard, c.s, c.opts...)
			require.ErrorContains(t, err, c.err)
		})
	}
}

type countingWriter struct{ writes int }

func (w *countingWriter) Write(b []byte) (int, error) { w.writes++; return len(b), nil }

var errFull = errors.New("full")

type failingWriter struct{ after int }

func (w *failingWriter) Write(b []byte) (int, error) {
	if w.after == 0 {
		return 0, errFull
	}
	w.after--
	return len(b), nil
}

// tick is what a generated type looks like.
type tick struct{ At int64 }

func (*tick) AvroSchema() *schemas.Schema {
	return schemas.MustParse(`{"type":"record","name":"Tick","fields":[{"name":"at","type":"long"}]}`)
}
func (t *tick) AppendAvro(dst []byte) ([]byte, error) { return wire.AppendLong(dst, t.At), nil }
func (t *tick) DecodeAvro(r *avrort.Reader) error     { t.At = r.Long(); return r.Err() }

// A generated type brings its schema: files of it need none, and others are
// resolved to it.
func TestGeneratedTypes(t *testing.T) {
	var file bytes.Buffer
	w, err := ocf.NewWriter[tick](&file, nil)
	require.NoError(t, err)
	require.NoError(t, w.Write(&tick{At: 3}))
	require.NoError(t, w.Close())
	byPointer, err := ocf.NewReader[*tick](bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	require.Equal(t, []*tick{{At: 3}}, readAll(t, byPointer))

	old := schemas.MustParse(`{"type":"record","name":"Tick","fields":[{"name":"source","type":"string"},{"name":"at","type":"int"}]}`)
	file.Reset()
	o, err := ocf.NewWriter[map[string]any](&file, old)
	require.NoError(t, err)
	require.NoError(t, o.Write(&map[string]any{"source": "a", "at": int32(4)}))
	require.NoError(t, o.Close())
	r, err := ocf.NewReader[tick](&file)
	require.NoError(t, err)
	require.Equal(t, old.String(), r.Schema().String())
	require.Equal(t, []tick{{At: 4}}, readAll(t, r))
}

func TestAppend(t *testing.T) {
	s := schemas.MustParse(eventText)
	for _, c := range compressions {
		t.Run(c.String(), func(t *testing.T) {
			f, err := os.Create(filepath.Join(t.TempDir(), "events.avro"))
			require.NoError(t, err)
			defer f.Close()
			for round := range 3 { // the first one begins the file
				var opts []ocf.Option
				schema := s
				if round != 1 {
					opts = append(opts, ocf.WithCompression(c))
				} else {
					schema = nil
				}
				w, err := ocf.Append[event](f, schema, opts...)
				require.NoError(t, err)
				for i := range 10 {
					e := eventAt(10*round + i)
					require.NoError(t, w.Write(&e))
				}
				require.NoError(t, w.Close())
			}
			_, err = f.Seek(0, io.SeekStart)
			require.NoError(t, err)
			r, err := ocf.NewReader[event](f)
			require.NoError(t, err)
			require.Equal(t, someEvents(30), readAll(t, r))
		})
	}
	t.Run("to a file of Java", func(t *testing.T) {
		text, err := os.ReadFile("testdata/java-snappy.avro")
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "java.avro")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		require.NoError(t, err)
		defer f.Close()
		w, err := ocf.Append[event](f, s)
		require.NoError(t, err)
		require.Equal(t, s.Canonical(), w.Schema().Canonical())
		e := eventAt(50)
		require.NoError(t, w.Write(&e))
		require.NoError(t, w.Close())
		text, err = os.ReadFile(path)
		require.NoError(t, err)
		r, err := ocf.NewReader[event](bytes.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, someEvents(51), readAll(t, r))
	})
	for _, c := range []struct {
		name, err string
		cut       int
		s         *schemas.Schema
		opts      []ocf.Option
	}{
		{name: "a file cut short", cut: 1, err: ocf.ErrDamagedEnd.Error()},
		{name: "another schema", s: schemas.MustParse(`"int"`), err: "the file is of another schema"},
		{name: "other logical types", s: schemas.MustParse(strings.Replace(eventText, `"long"`, `{"type":"long","logicalType":"timestamp-micros"}`, 1)), err: "the file is of other logical types"},
		{name: "another compression", opts: []ocf.Option{ocf.WithCompression(ocf.Snappy())}, err: "the file has null, not snappy"},
		{name: "metadata", opts: []ocf.Option{ocf.WithMetadata("a", nil)}, err: "cannot be added to"},
		{name: "a marker", opts: []ocf.Option{ocf.WithSyncMarker([16]byte{})}, err: "the file has one"},
		{name: "a header cut short", cut: 1 << 20, err: "not an object container file"},
	} {
		t.Run("refused: "+c.name, func(t *testing.T) {
			text := writeEvents(t, 3)
			text = text[:max(len(text)-c.cut, 3)]
			path := filepath.Join(t.TempDir(), "f.avro")
			require.NoError(t, os.WriteFile(path, text, 0o600))
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			require.NoError(t, err)
			defer f.Close()
			_, err = ocf.Append[event](f, c.s, c.opts...)
			require.ErrorContains(t, err, c.err)
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, text, after)
		})
	}
	t.Run("refused: bzip2", func(t *testing.T) {
		text, err := os.ReadFile("testdata/java-bzip2.avro")
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "f.avro")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		require.NoError(t, err)
		defer f.Close()
		_, err = ocf.Append[event](f, nil)
		var unsupported *ocf.UnsupportedError
		require.ErrorAs(t, err, &unsupported)
		require.EqualError(t, err, `ocf: compression "bzip2" is not written, only read`)
	})
}
