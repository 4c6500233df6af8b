package avro_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// A reader that knows another version of a record gets the bytes of its own: new
// fields are filled with their defaults, old ones dropped, numbers widened.
func ExampleResolution() {
	v1 := schemas.MustParse(`{"type":"record","name":"User","fields":[
		{"name":"name","type":"string"}, {"name":"age","type":"int"}]}`)
	v2 := schemas.MustParse(`{"type":"record","name":"User","fields":[
		{"name":"age","type":"double"}, {"name":"full_name","type":"string","aliases":["name"]},
		{"name":"admin","type":"boolean","default":false}]}`)
	r, err := avro.NewResolution(v1, v2)
	if err != nil {
		panic(err)
	}
	datum, err := r.Append(nil, []byte{6, 'a', 'd', 'a', 72})
	if err != nil {
		panic(err)
	}
	j, _ := avro.NewJSON(v2)
	text, err := j.Append(nil, datum)
	fmt.Println(string(text), err)
	// Output: {"age":36,"full_name":"ada","admin":false} <nil>
}

// What cannot be read is an error of the value that needs it.
func ExampleResolution_Append() {
	v1 := schemas.MustParse(`{"type":"record","name":"Job","fields":[
		{"name":"states","type":{"type":"array","items":{"type":"enum","name":"State","symbols":["OPEN","DONE","LOST"]}}}]}`)
	v0 := schemas.MustParse(`{"type":"record","name":"Job","fields":[
		{"name":"states","type":{"type":"array","items":{"type":"enum","name":"State","symbols":["DONE","OPEN"]}}}]}`)
	r, err := avro.NewResolution(v1, v0)
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Append(nil, []byte{4, 0, 2, 0}))
	_, err = r.Append(nil, []byte{4, 0, 4, 0})
	fmt.Println(err)
	// Output:
	// [4 2 0 0] <nil>
	// states[1]: the reader's enum State has no symbol LOST, and no default
}

func record(name, fields string) string {
	return `{"type":"record","name":"` + name + `","fields":[` + fields + `]}`
}

func TestResolutionRewrites(t *testing.T) {
	for _, c := range []struct{ name, writer, datum, reader, want string }{
		{name: "an equal schema changes nothing", writer: `"string"`, datum: "0461 62", reader: `"string"`, want: "046162"},
		{name: "int to long is the same bytes", writer: `"int"`, datum: "feffffff0f", reader: `"long"`, want: "feffffff0f"},
		{name: "int to float", writer: `"int"`, datum: "04", reader: `"float"`, want: "00000040"},
		{name: "long to float rounds once", writer: `"long"`, datum: "828080808084808020", reader: `"float"`, want: "0100805d"},
		{name: "long to double", writer: `"long"`, datum: "04", reader: `"double"`, want: "0000000000000040"},
		{name: "float to double", writer: `"float"`, datum: "00000040", reader: `"double"`, want: "0000000000000040"},
		{name: "bytes to string", writer: `"bytes"`, datum: "02ff", reader: `"string"`, want: "02ff"},
		{name: "into a union", writer: `"int"`, datum: "04", reader: `["null","long"]`, want: "0204"},
		{name: "an exact branch before one promoted to", writer: `"int"`, datum: "04", reader: `["double","long","int"]`, want: "0404"},
		{name: "the first branch promoted to", writer: `"int"`, datum: "04", reader: `["string","double","long"]`, want: "02 0000000000000040"},
		{name: "out of a union", writer: `["null","int"]`, datum: "0204", reader: `"double"`, want: "0000000000000040"},
		{name: "branches move", writer: `["null","int","string"]`, datum: "0404 6162", reader: `["string","int","null"]`, want: "0004 6162"},
		{name: "branches grow", writer: `["null","int"]`, datum: "0204", reader: `["null","int","string"]`, want: "0204"},
		{name: "symbols move", writer: `{"type":"enum","name":"E","symbols":["A","B"]}`, datum: "02", reader: `{"type":"enum","name":"E","symbols":["B","A"]}`, want: "00"},
		{name: "unknown symbols become the reader's default", writer: `{"type":"enum","name":"E","symbols":["A","B"]}`, datum: "02", reader: `{"type":"enum","name":"E","symbols":["C","A"],"default":"C"}`, want: "00"},
		{
			name:   "an array's blocks stay blocks, without the sizes that are wrong now",
			writer: `{"type":"array","items":"int"}`, datum: "03040204 02 06 01020800", reader: `{"type":"array","items":"double"}`,
			want: "04 000000000000f03f 0000000000000040 02 0000000000000840 02 0000000000001040 00",
		},
		{
			name:   "a block size stays where the items stay",
			writer: `{"type":"array","items":"int"}`, datum: "03040204 00", reader: `{"type":"array","items":"long"}`, want: "03040204 00",
		},
		{
			name:   "a map's values change, its keys stay",
			writer: `{"type":"map","values":"int"}`, datum: "02 0261 04 00", reader: `{"type":"map","values":["null","int"]}`, want: "02 0261 0204 00",
		},
		{
			name:   "a count of 0 in two bytes",
			writer: `{"type":"array","items":"int"}`, datum: "8000", reader: `{"type":"array","items":"double"}`, want: "8000",
		},
		{
			name:   "a field added in front, in the middle, at the end",
			writer: record("R", `{"name":"a","type":"int"},{"name":"b","type":"int"}`), datum: "0204",
			reader: record("R", `{"name":"x","type":"int","default":8},{"name":"a","type":"int"},{"name":"y","type":"int","default":9},{"name":"b","type":"int"},{"name":"z","type":"int","default":10}`),
			want:   "10 02 12 04 14",
		},
		{
			name:   "fields dropped at both ends",
			writer: record("R", `{"name":"a","type":"string"},{"name":"b","type":"int"},{"name":"c","type":["null","string"]}`), datum: "0461620402 0463 64",
			reader: record("R", `{"name":"b","type":"int"}`), want: "04",
		},
		{
			name:   "a dropped array is jumped over, block by block",
			writer: record("R", `{"name":"a","type":{"type":"array","items":"string"}},{"name":"b","type":"int"}`), datum: "01 06 ffffff 02 0261 01 02 ff 00 08",
			reader: record("R", `{"name":"b","type":"int"}`), want: "08",
		},
		{
			name:   "fields in another order",
			writer: record("R", `{"name":"a","type":"int"},{"name":"b","type":"string"},{"name":"c","type":"int"},{"name":"d","type":"int"}`), datum: "02 0278 04 06",
			reader: record("R", `{"name":"d","type":"int"},{"name":"b","type":"string"},{"name":"a","type":"int"},{"name":"c","type":"int"}`), want: "06 0278 02 04",
		},
		{
			name:   "fields in another order and of other types",
			writer: record("R", `{"name":"a","type":"int"},{"name":"b","type":{"type":"array","items":"int"}},{"name":"c","type":"int"}`), datum: "02 020400 06",
			reader: record("R", `{"name":"c","type":["null","int"]},{"name":"b","type":{"type":"array","items":"float"}},{"name":"a","type":"double"}`),
			want:   "0206 02 0000004000 000000000000f03f",
		},
		{
			name:   "another order within another order",
			writer: record("R", `{"name":"a","type":`+record("I", `{"name":"x","type":"int"},{"name":"y","type":"int"}`)+`},{"name":"b","type":"I"}`), datum: "02040608",
			reader: record("R", `{"name":"b","type":`+record("I", `{"name":"y","type":"int"},{"name":"x","type":"int"}`)+`},{"name":"a","type":"I"}`), want: "08060402",
		},
		{
			name:   "a recursive record of another order",
			writer: record("L", `{"name":"v","type":"int"},{"name":"n","type":["null","L"]}`), datum: "0202040206 00",
			reader: record("L", `{"name":"n","type":["null","L"]},{"name":"v","type":"int"}`), want: "0202 00 060402",
		},
		{
			name:   "aliases in a namespace, of records, fields, enums and fixed",
			writer: `{"type":"record","name":"a.Old","fields":[{"name":"f","type":{"type":"enum","name":"E1","symbols":["X"]}},{"name":"g","type":{"type":"fixed","name":"F1","size":1}}]}`, datum: "00ff",
			reader: `{"type":"record","name":"a.New","aliases":["Old"],"fields":[{"name":"gg","aliases":["g"],"type":{"type":"fixed","name":"F2","aliases":["F1"],"size":1}},{"name":"ff","aliases":["f"],"type":{"type":"enum","name":"E2","aliases":["a.E1"],"symbols":["X"]}}]}`,
			want:   "ff00",
		},
		{
			name:   "an alias of another namespace is another type, but names match by their last part",
			writer: `[{"type":"record","name":"a.R","fields":[{"name":"x","type":"int"}]},"null"]`, datum: "0004",
			reader: `["null",{"type":"record","name":"b.R","fields":[{"name":"x","type":"int"}]}]`, want: "0204",
		},
		{
			name:   "a union takes a record that fits, whatever its name",
			writer: record("Written", `{"name":"x","type":"int"}`), datum: "04",
			reader: `["null",` + record("Other", `{"name":"q","type":"int"}`) + `,` + record("Like", `{"name":"x","type":"long"}`) + `]`, want: "0404",
		},
		{
			name:   "an error is a record",
			writer: `{"type":"error","name":"R","fields":[{"name":"x","type":"int"}]}`, datum: "04",
			reader: record("R", `{"name":"x","type":"float"}`), want: "00000040",
		},
		{
			name:   "fields that take no bytes come and go",
			writer: record("R", `{"name":"n","type":"null"},{"name":"a","type":"int"}`), datum: "04",
			reader: record("R", `{"name":"a","type":"int"},{"name":"m","type":"null","default":null}`), want: "04",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := avro.NewResolution(schemas.MustParse(c.writer), schemas.MustParse(c.reader))
			require.NoError(t, err)
			datum := unhex(t, c.datum)
			before := []byte("before")
			out, err := r.Append(before[:6:6], datum)
			require.NoError(t, err)
			require.Equal(t, hex.EncodeToString(unhex(t, c.want)), hex.EncodeToString(out[6:]))
			require.Equal(t, hex.EncodeToString(datum), hex.EncodeToString(unhex(t, c.datum)), "the input is not changed")
			for cut := range datum {
				out, err = r.Append(before, datum[:cut])
				require.Error(t, err, "cut after %d bytes", cut)
				require.Equal(t, "before", string(out))
			}
			_, err = r.Append(nil, append(datum, 0))
			require.ErrorIs(t, err, avro.ErrTrailing)
		})
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	require.NoError(t, err)
	return b
}

func TestResolutionIdentical(t *testing.T) {
	base := record("R", `{"name":"a","type":"int"},{"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"]}},{"name":"u","type":["null","string"]}`)
	for _, c := range []struct {
		name, reader string
		identical    bool
	}{
		{"itself", base, true},
		{"another name, order and doc, an int read as long, a symbol, a branch and a null more", `{"type":"record","name":"S","doc":"d","fields":[
			{"name":"a","type":"long","order":"ignore"},{"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y","Z"]}},
			{"name":"u","type":["null","string","int"]},{"name":"n","type":"null","default":null}]}`, true},
		{"a symbol less", record("R", `{"name":"a","type":"int"},{"name":"e","type":{"type":"enum","name":"E","symbols":["X"]}},{"name":"u","type":["null","string"]}`), false},
		{"a branch less", record("R", `{"name":"a","type":"int"},{"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"]}},{"name":"u","type":["null"]}`), false},
		{"an int read as float", record("R", `{"name":"a","type":"float"},{"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"]}},{"name":"u","type":["null","string"]}`), false},
		{"a field more", base[:len(base)-2] + `,{"name":"z","type":"int","default":0}]}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			writer, reader := schemas.MustParse(base), schemas.MustParse(c.reader)
			r, err := avro.NewResolution(writer, reader)
			require.NoError(t, err)
			require.Equal(t, c.identical, r.Identical())
			require.Same(t, writer, r.Writer())
			require.Same(t, reader, r.Reader())
		})
	}
}

func TestResolutionErrors(t *testing.T) {
	line := record("Line", `{"name":"sku","type":"string"},{"name":"kind","type":{"type":"enum","name":"Kind","symbols":["A","B"]}}`)
	lines := record("Order", `{"name":"lines","type":{"type":"map","values":{"type":"array","items":`+line+`}}}`)
	fewer := strings.Replace(lines, `["A","B"]`, `["A"]`, 1)
	tree := record("T", `{"name":"v","type":"int"},{"name":"kids","type":{"type":"array","items":"T"}}`)
	unions := record("T", `{"name":"v","type":["null","int","string"]},{"name":"kids","type":{"type":"array","items":"T"}}`)
	ints := strings.Replace(unions, `["null","int","string"]`, `"int"`, 1)

	for _, c := range []struct {
		name, writer, reader, datum string
		opts                        []avro.Option
		path, err                   string
		offset                      int
	}{
		{name: "a symbol, by key and index", writer: lines, reader: fewer, datum: "02 046162 04 0278 00 0279 02 00 00", path: `lines["ab"][1].kind`, offset: 10,
			err: `lines["ab"][1].kind: the reader's enum Kind has no symbol B, and no default`},
		{name: "an index over several blocks", writer: lines, reader: lines, datum: "02 046162 02 0278 00 04 0278 00 0278 06", path: `lines["ab"][2].kind`, offset: 14},
		{name: "a count", writer: lines, reader: lines, datum: "02 046162 08 00", path: `lines["ab"]`, offset: 4},
		{name: "a branch nobody reads", writer: unions, reader: ints, datum: "02 04 02 02 08 02 00 00", path: "kids[0].kids[0].v", offset: 7},
		{name: "deep in a recursive record", writer: tree, reader: tree, datum: "02 04 0200 02 02 04", path: "kids[1].kids", offset: 5},
		{name: "too deep", writer: tree, reader: tree, datum: "0202 0202 0202 0200", opts: []avro.Option{avro.WithMaxDepth(2)}, path: "kids[0].kids[0]", offset: 4},
		{name: "a string too long", writer: `"string"`, reader: `"string"`, datum: "08 61626364", opts: []avro.Option{avro.WithMaxBytes(3)}},
		{name: "too many items", writer: `{"type":"array","items":"int"}`, reader: `{"type":"array","items":"int"}`, datum: "04 0202 02 0200", opts: []avro.Option{avro.WithMaxItems(2)}, offset: 3},
		{name: "too many items of no bytes", writer: `{"type":"array","items":"null"}`, reader: `{"type":"array","items":"null"}`, datum: "04 00", opts: []avro.Option{avro.WithMaxEmptyItems(1)}},
		{name: "too many bytes of defaults", writer: `{"type":"array","items":` + record("E", ``) + `}`, datum: "06 00", opts: []avro.Option{avro.WithMaxBytes(20)},
			reader: `{"type":"array","items":` + record("E", `{"name":"s","type":"string","default":"0123456789"}`) + `}`, path: "[1]", offset: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := avro.NewResolution(schemas.MustParse(c.writer), schemas.MustParse(c.reader), c.opts...)
			require.NoError(t, err)
			_, err = r.Append(nil, unhex(t, c.datum))
			var at *avro.DecodeError
			require.ErrorAs(t, err, &at)
			require.Equal(t, c.path, at.Path, "%v", err)
			require.Equal(t, c.offset, at.Offset, "%v", err)
			if c.opts != nil {
				require.ErrorIs(t, err, avro.ErrLimit)
			}
			if c.err != "" {
				require.EqualError(t, err, c.err)
			}
		})
	}
}

func TestNewResolutionRefuses(t *testing.T) {
	for _, c := range []struct{ name, writer, reader, err string }{
		{
			name: "types that do not promote", writer: `"long"`, reader: `"int"`,
			err: "nothing written with long can be read with int: written as long, read as int",
		},
		{
			name:   "a field without a default",
			writer: record("R", `{"name":"i","type":`+record("I", ``)+`}`),
			reader: record("R", `{"name":"i","type":`+record("I", `{"name":"x","type":"int"}`)+`}`),
			err:    "nothing written with record R can be read with record R: i: written as record I, read as record I: the writer has no field x, and the reader no default for it",
		},
		{
			name: "no branch of a union", writer: `["int","string"]`, reader: `["null","boolean"]`,
			err: "nothing written with union of int and string can be read with union of null and boolean: written as int, read as union of null and boolean: no branch of the reader matches",
		},
		{
			name: "no symbol", writer: `{"type":"enum","name":"E","symbols":["A"]}`, reader: `{"type":"enum","name":"E","symbols":["B"]}`,
			err: "nothing written with enum E can be read with enum E: the reader knows none of its symbols",
		},
		{
			name: "a fixed of another size", writer: `{"type":"fixed","name":"F","size":1}`, reader: `{"type":"fixed","name":"F","size":2}`,
			err: "nothing written with fixed F can be read with fixed F: written as fixed F, read as fixed F: the sizes differ: 1 and 2",
		},
		{
			name: "a record without an end", writer: record("R", `{"name":"r","type":"R"}`), reader: record("R", `{"name":"r","type":"R"}`),
			err: "nothing written with record R can be read with record R: r: no value of record R ends",
		},
		{
			name:   "two fields of the writer for one of the reader",
			writer: record("R", `{"name":"a","type":"int"},{"name":"b","type":"int"}`), reader: record("R", `{"name":"b","type":"int","aliases":["a"]}`),
			err: "nothing written with record R can be read with record R: written as record R, read as record R: a and b of the writer are both the reader's b",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := avro.NewResolution(schemas.MustParse(c.writer), schemas.MustParse(c.reader))
			var none *avro.ResolveError
			require.ErrorAs(t, err, &none)
			require.EqualError(t, err, c.err)
		})
	}
	_, err := avro.NewResolution(schemas.MustParse(`"int"`), schemas.MustParse(`"int"`), avro.WithMaxDepth(-1))
	require.EqualError(t, err, "avro: WithMaxDepth: -1 is negative")
}

// Where Java's Resolver refuses what its SchemaCompatibility promises, the
// promise is kept.
func TestResolutionKeepsPromises(t *testing.T) {
	for _, c := range []struct{ name, writer, reader, datum, want string }{
		{
			name:   "a union that names an enum by another namespace",
			writer: `{"type":"enum","name":"a.E","symbols":["X"]}`, reader: `["null",{"type":"enum","name":"b.E","symbols":["X"]}]`, datum: "00", want: "0200",
		},
		{
			name:   "a union that names a fixed by another namespace",
			writer: `{"type":"fixed","name":"a.F","size":1}`, reader: `["null",{"type":"fixed","name":"b.F","size":1}]`, datum: "ff", want: "02ff",
		},
		{
			name:   "a field alias in a record of another namespace",
			writer: `{"type":"record","name":"a.R","fields":[{"name":"old","type":"int"}]}`, reader: `{"type":"record","name":"b.R","fields":[{"name":"new","aliases":["old"],"type":"int"}]}`, datum: "04", want: "04",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			writer, reader := schemas.MustParse(c.writer), schemas.MustParse(c.reader)
			require.NoError(t, schemas.CanRead(reader, writer))
			r, err := avro.NewResolution(writer, reader)
			require.NoError(t, err)
			out, err := r.Append(nil, unhex(t, c.datum))
			require.NoError(t, err)
			require.Equal(t, c.want, hex.EncodeToString(out))
		})
	}
}

// Hostile schemas: the program stays small, and comparing them ends.
func TestResolutionOfHostileSchemas(t *testing.T) {
	t.Run("records that double forty times", func(t *testing.T) {
		text := `{"type":"record","name":"R0","fields":[{"name":"b","type":"boolean"}]}`
		for i := range 40 {
			text = record(fmt.Sprintf("R%d", i+1), fmt.Sprintf(`{"name":"x","type":%s},{"name":"y","type":"R%d"}`, text, i))
		}
		s := schemas.MustParse(text)
		r, err := avro.NewResolution(s, s)
		require.NoError(t, err)
		_, err = r.Append(nil, make([]byte, 1000))
		require.ErrorIs(t, err, avro.ErrShort)
	})
	t.Run("records of nothing that double forty times, filled", func(t *testing.T) {
		writer, reader := record("R0", ``), record("R0", `{"name":"b","type":"boolean","default":true}`)
		for i := range 40 {
			writer = record(fmt.Sprintf("R%d", i+1), fmt.Sprintf(`{"name":"x","type":%s},{"name":"y","type":"R%d"}`, writer, i))
			reader = record(fmt.Sprintf("R%d", i+1), fmt.Sprintf(`{"name":"x","type":%s},{"name":"y","type":"R%d"}`, reader, i))
		}
		r, err := avro.NewResolution(schemas.MustParse(writer), schemas.MustParse(reader), avro.WithMaxBytes(1<<16))
		require.NoError(t, err)
		_, err = r.Append(nil, nil)
		require.ErrorIs(t, err, avro.ErrLimit)
	})
	t.Run("defaults that double forty times", func(t *testing.T) {
		writer, reader := record("R0", ``), record("R0", `{"name":"b","type":"boolean","default":true}`)
		for i := range 40 {
			reader = record(fmt.Sprintf("R%d", i+1), fmt.Sprintf(`{"name":"x","type":%s,"default":{}},{"name":"y","type":"R%d","default":{}}`, reader, i))
		}
		_, err := avro.NewResolution(schemas.MustParse(writer), schemas.MustParse(reader, schemas.Lenient()))
		require.ErrorContains(t, err, "too large")
	})
	t.Run("unions of records, each against each", func(t *testing.T) {
		unions := func(n int) (writer, reader *schemas.Schema) {
			var w, r []string
			for i := range n {
				w = append(w, record(fmt.Sprintf("W%d", i), fmt.Sprintf(`{"name":"f%d","type":"int"}`, i)))
				r = append(r, record(fmt.Sprintf("R%d", i), fmt.Sprintf(`{"name":"f%d","type":"int"}`, i)))
			}
			return schemas.MustParse("[" + strings.Join(w, ",") + "]"), schemas.MustParse("[" + strings.Join(r, ",") + "]")
		}
		writer, reader := unions(300)
		res, err := avro.NewResolution(writer, reader)
		require.NoError(t, err)
		out, err := res.Append(nil, unhex(t, "ce0202"))
		require.NoError(t, err)
		require.Equal(t, "ce0202", hex.EncodeToString(out))

		writer, reader = unions(2000)
		_, err = avro.NewResolution(writer, reader)
		require.ErrorContains(t, err, "comparing the schemas takes more than 1048576 steps")
		_, err = avro.NewResolution(writer, writer)
		require.NoError(t, err)
	})
	t.Run("a thousand records, each with unions of all", func(t *testing.T) {
		var text []string
		for i := range 1000 {
			fields := fmt.Sprintf(`{"name":"a","type":["null","R%d"]},{"name":"b","type":["null","R%d"]}`, max(i-1, 0), i/2)
			text = append(text, record(fmt.Sprintf("R%d", i), fields))
		}
		last := record("Last", `{"name":"x","type":"int"}`)
		writer := schemas.MustParse("[" + strings.Join(text, ",") + "," + last + "]")
		reader := schemas.MustParse("[" + strings.Join(text, ",") + "," + strings.Replace(last, "int", "double", 1) + "]")
		r, err := avro.NewResolution(writer, reader)
		require.NoError(t, err)
		out, err := r.Append(nil, unhex(t, "ce0f 0000"))
		require.NoError(t, err)
		require.Equal(t, "ce0f0000", hex.EncodeToString(out))
	})
}

func TestResolutionDoesNotAllocate(t *testing.T) {
	tree := record("T", `{"name":"v","type":"int"},{"name":"kids","type":{"type":"array","items":"T"}}`)
	for _, c := range []struct{ name, writer, reader, datum string }{
		{"flat", record("R", `{"name":"a","type":"int"},{"name":"b","type":"string"}`), record("R", `{"name":"b","type":"string"},{"name":"c","type":"long","default":7},{"name":"a","type":"double"}`), "02 0461 62"},
		{"recursive", tree, strings.Replace(tree, `"int"`, `"double"`, 1), "02 02 04 02 06 02 08 02 0a 00 00 00 00 00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := avro.NewResolution(schemas.MustParse(c.writer), schemas.MustParse(c.reader))
			require.NoError(t, err)
			datum, dst := unhex(t, c.datum), make([]byte, 0, 256)
			requireAllocs(t, 0, func() {
				if _, err := r.Append(dst, datum); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// What nothing changes is left to the codec, which finds what is wrong in it.
func TestResolutionUnchecked(t *testing.T) {
	reader := schemas.MustParse(record("R", `{"name":"a","type":"double"},{"name":"b","type":"string"},{"name":"c","type":"boolean"}`))
	r, err := avro.NewResolution(schemas.MustParse(record("R", `{"name":"x","type":"null"},{"name":"a","type":"int"},{"name":"b","type":"string"},{"name":"c","type":"boolean"}`)), reader)
	require.NoError(t, err)
	c, err := avro.NewCodec[map[string]any](reader)
	require.NoError(t, err)
	for _, damage := range []struct{ name, datum, path string }{
		{"none", "02 0478 79 01", ""},
		{"a boolean", "02 0478 79 02", "c"},
		{"a length", "02 0678 79 02", "c"},
		{"a string cut short", "02 0478", "b"},
	} {
		datum := unhex(t, damage.datum)
		out, err := r.AppendUnchecked([]byte("before"), datum)
		require.NoError(t, err, damage.name)
		require.Equal(t, "before"+string(unhex(t, "000000000000f03f"))+string(datum[1:]), string(out), damage.name)
		var v map[string]any
		err = c.Decode(out[6:], &v)
		_, checked := r.Append(nil, datum)
		if damage.path == "" {
			require.NoError(t, err)
			require.NoError(t, checked)
			continue
		}
		for _, err := range []error{err, checked} {
			var at *avro.DecodeError
			require.ErrorAs(t, err, &at, damage.name)
			require.Equal(t, damage.path, at.Path, damage.name)
		}
	}
	out, err := r.AppendUnchecked([]byte("before"), unhex(t, "80"))
	require.ErrorIs(t, err, avro.ErrShort, "what changes is checked")
	require.Equal(t, "before", string(out))
}

func TestResolutionConcurrently(t *testing.T) {
	tree := record("T", `{"name":"v","type":"int"},{"name":"kids","type":{"type":"array","items":"T"}}`)
	r, err := avro.NewResolution(schemas.MustParse(tree), schemas.MustParse(strings.Replace(tree, `"int"`, `"float"`, 1)))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			datum := append([]byte(strings.Repeat("\x02\x02", g)), 2, 0)
			datum = append(datum, make([]byte, g)...)
			want, err := r.Append(nil, datum)
			for range 200 {
				out, again := r.Append(nil, datum)
				if errors.Join(err, again) != nil || string(out) != string(want) {
					t.Errorf("%x: %v %v", out, err, again)
					return
				}
			}
		})
	}
	wg.Wait()
}
