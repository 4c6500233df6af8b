package avro_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/goavro"
	"github.com/kavro/kavro/avro/ocf"
	"github.com/kavro/kavro/schemas"
)

// hostile are schemas whose values hold much more than the bytes they take, as an
// array of items of so many bytes, all zero but for what item says.
var hostile = []struct {
	name, items, item string
}{
	{"null fields and one that takes a byte", wide(2000, `"null"`, `"boolean"`), "\x00"},
	{"null fields alone", wide(2000, `"null"`, `"null"`), ""},
	{"records of no fields", wide(2000, `{"type":"record","name":"E","fields":[]}`, `"boolean"`), "\x00"},
	{"fixed of no bytes", wide(2000, `{"type":"fixed","name":"E","size":0}`, `"boolean"`), "\x00"},
	{"records of null fields within one", wide(40, wide(50, `"null"`, `"null"`), `"boolean"`), "\x00"},
	{"records one within the other around a byte", chain(`"boolean"`), "\xce\x0f\x00"},
	{"records one within the other around nothing", chain(`"null"`), "\xce\x0f"},
	{"records that hold the next twice", doubling(16, `{"name":"x","type":"null"}`), ""},
	{"records that hold the next twice, and a byte", wide(1, doubling(16, `{"name":"x","type":"null"}`), `"boolean"`), "\x00"},
	{"a union of one branch", `[` + wide(2000, `"null"`, `"null"`) + `]`, "\x00"},
	{"a union of records", `["null",` + wide(2000, `"null"`, `"null"`) + `]`, "\x02"},
	{"records with long names", `{"type":"record","name":"R","fields":[{"name":"` + strings.Repeat("n", 5000) + `","type":"boolean"}]}`, "\x00"},
	{"symbols with long names", `{"type":"enum","name":"E","symbols":["` + strings.Repeat("n", 5000) + `"]}`, "\x00"},
	{"branches with long names", `["null",{"type":"fixed","name":"` + strings.Repeat("n", 5000) + `","size":0}]`, "\x02"},
	{"maps of records of null fields", `{"type":"map","values":` + wide(200, `"null"`, `"null"`) + `}`, "\x02\x00\x00"},
	{"arrays of null", `{"type":"array","items":"null"}`, "\x02\x00"},
	{"arrays of arrays", `{"type":"array","items":{"type":"array","items":"null"}}`, "\x02\x00\x00"},
	{"decimals of a large scale", `{"type":"bytes","logicalType":"decimal","precision":16000,"scale":16000}`, "\x02\x01"},
	{"decimals of a large scale on one byte", `{"type":"bytes","logicalType":"decimal","precision":16000,"scale":16000}`, "\x00"},
	{"big-decimals of a large scale", `{"type":"bytes","logicalType":"big-decimal"}`, "\x0a\x02\x01\xfe\xff\x01"},
}

// wide is a record of n fields of one type, and one of another.
func wide(n int, typ, last string) string {
	var s strings.Builder
	fmt.Fprintf(&s, `{"type":"record","name":"W%d","fields":[{"name":"n","type":%s}`, n, typ)
	name := typ
	if at := strings.Index(typ, `"name":"`); at >= 0 {
		name = typ[at+7:][:strings.IndexByte(typ[at+8:], '"')+2]
	}
	for i := range n - 1 {
		fmt.Fprintf(&s, `,{"name":"n%d","type":%s}`, i, name)
	}
	return s.String() + `,{"name":"last","type":` + last + `}]}`
}

// chain is a union of 1,000 records, each within the next one.
func chain(typ string) string {
	branches := []string{fmt.Sprintf(`{"type":"record","name":"C0","fields":[{"name":"f","type":%s}]}`, typ)}
	for i := range 999 {
		branches = append(branches, fmt.Sprintf(`{"type":"record","name":"C%d","fields":[{"name":"f","type":"C%d"}]}`, i+1, i))
	}
	return "[" + strings.Join(branches, ",") + "]"
}

// What decoding allocates is bounded by a multiple of the datum's bytes and a
// constant, whatever the shape of the value, in every way that there is to decode
// without a Go type of one's own.
func TestMemoryIsBoundedWhateverTheShape(t *testing.T) {
	for _, c := range hostile {
		const items = 1 << 14
		schema := `{"type":"array","items":` + c.items + `}`
		datum := append(append(avrort.AppendLong(nil, int64(items)), strings.Repeat(c.item, items)...), 0)
		s := schemas.MustParse(schema)
		var file bytes.Buffer
		for way, decode := range map[string]func(t *testing.T) func() error{
			"generic": func(t *testing.T) func() error {
				codec := newCodec[any](t, schema)
				return func() error { return codec.Decode(datum, new(any)) }
			},
			"a struct with any": func(t *testing.T) func() error {
				codec := newCodec[struct {
					V any `avro:"v"`
				}](t, `{"type":"record","name":"Top","fields":[{"name":"v","type":`+schema+`}]}`)
				return func() error {
					return codec.Decode(datum, new(struct {
						V any `avro:"v"`
					}))
				}
			},
			"tagged unions": func(t *testing.T) func() error {
				codec := newCodec[any](t, schema, avro.WithTaggedUnions())
				return func() error { return codec.Decode(datum, new(any)) }
			},
			"a map of any": func(t *testing.T) func() error {
				codec := newCodec[map[string]any](t, `{"type":"record","name":"Top","fields":[{"name":"v","type":`+schema+`}]}`)
				return func() error { return codec.Decode(datum, new(map[string]any)) }
			},
			"passed over": func(t *testing.T) func() error {
				codec := newCodec[struct{}](t, `{"type":"record","name":"Top","fields":[{"name":"v","type":`+schema+`,"default":[]}]}`)
				return func() error { return codec.Decode(datum, new(struct{})) }
			},
			"JSON": func(t *testing.T) func() error {
				j, err := avro.NewJSON(s)
				require.NoError(t, err)
				return func() error { _, err := j.Append(nil, datum); return err }
			},
			"plain JSON": func(t *testing.T) func() error {
				j, err := avro.NewJSON(s, avro.WithPlainJSON())
				require.NoError(t, err)
				return func() error { _, err := j.Append(nil, datum); return err }
			},
			"goavro": func(t *testing.T) func() error {
				codec, err := goavro.NewCodec(s)
				if err != nil { // no schema for goavro, or no platform
					return func() error { return nil }
				}
				return func() error { return codec.Decode(datum, new(any)) }
			},
			"resolution": func(t *testing.T) func() error {
				codec := newCodec[any](t, schema)
				r, err := avro.NewResolution(s, s)
				require.NoError(t, err)
				return func() error {
					out, err := r.Append(nil, datum)
					if err != nil {
						return err
					}
					return codec.Decode(out, new(any))
				}
			},
			"a container file": func(t *testing.T) func() error {
				file.Reset()
				w, err := ocf.NewWriter[any](&file, s)
				require.NoError(t, err)
				require.NoError(t, w.Close())
				sync := file.Bytes()[file.Len()-16:]
				block := append(avrort.AppendLong(avrort.AppendLong(nil, 1), int64(len(datum))), datum...)
				whole := append(append(bytes.Clone(file.Bytes()), block...), sync...)
				return func() error {
					r, err := ocf.NewReader[any](bytes.NewReader(whole))
					if err != nil {
						return err
					}
					return r.Read(new(any))
				}
			},
		} {
			t.Run(c.name+", "+way, func(t *testing.T) {
				run := decode(t)
				var err error
				allocated := allocatedBytes(func() { err = run() })
				if err != nil {
					require.True(t, errors.Is(err, avro.ErrLimit) || errors.Is(err, ocf.ErrLimit), "%v", err)
				}
				constant, perByte := 32<<20, 2000
				if strings.HasSuffix(way, "JSON") { // grows to 16 MiB, and 256 bytes for each: five times that while it does
					constant, perByte = 112<<20, 2000
				}
				require.Less(t, allocated, uint64(constant+perByte*len(datum)), "%d bytes for %d, %v", allocated, len(datum), err)
			})
		}
	}
}

// A field of a record need not take a byte: 64 KiB of fields are taken in any case,
// and more where the option says so.
func TestFieldsThatTakeNoBytes(t *testing.T) {
	schema := `{"type":"array","items":` + wide(99, `"null"`, `"boolean"`) + `}`
	datum := func(n int) []byte { return append(append(avrort.AppendLong(nil, int64(n)), make([]byte, n)...), 0) }
	var v any
	require.NoError(t, newCodec[any](t, schema).Decode(datum(680), &v))
	require.Len(t, v, 680)
	err := newCodec[any](t, schema).Decode(datum(690), &v)
	require.ErrorIs(t, err, avro.ErrLimit)
	require.ErrorContains(t, err, "[683]: limit reached: more fields of records than 65536 and 4 for each of 693 bytes (WithMaxEmptyItems)")
	require.NoError(t, newCodec[any](t, schema, avro.WithMaxEmptyItems(1<<20)).Decode(datum(690), &v))
	require.NoError(t, newCodec[any](t, `{"type":"array","items":`+wide(99, `"boolean"`, `"boolean"`)+`}`).Decode(append(append(avrort.AppendLong(nil, 5000), make([]byte, 500000)...), 0), &v), "fields that take a byte are not limited")
}

// Defaults that JSON leaves out are in proportion to it.
func TestJSONDefaultsAreInProportion(t *testing.T) {
	s := schemas.MustParse(`{"type":"array","items":{"type":"record","name":"R","fields":[{"name":"s","type":"string","default":"` + strings.Repeat("x", 60000) + `"}]}}`)
	j, err := avro.NewJSON(s, avro.WithJSONDefaults())
	require.NoError(t, err)
	_, err = j.AppendDatum(nil, []byte(`[`+strings.Repeat(`{},`, 200)+`{}]`))
	require.NoError(t, err)
	_, err = j.AppendDatum(nil, []byte(`[`+strings.Repeat(`{},`, 20000)+`{}]`))
	require.ErrorIs(t, err, avro.ErrLimit)
}
