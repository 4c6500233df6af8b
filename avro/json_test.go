package avro_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// Avro's own JSON names the branch of a union; plain JSON does so only where the
// value alone would not tell.
func ExampleJSON() {
	s := schemas.MustParse(`{"type":"record","name":"Event","fields":[
		{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
		{"name":"user","type":["null","string"]},
		{"name":"data","type":"bytes"}]}`)
	datum := []byte{0x80, 0x80, 0xe6, 0x82, 0xb9, 0x66, 2, 6, 'a', 'd', 'a', 4, 0xff, 'A'}

	own, _ := avro.NewJSON(s)
	plain, _ := avro.NewJSON(s, avro.WithPlainJSON())
	for _, j := range []*avro.JSON{own, plain} {
		text, err := j.Append(nil, datum)
		fmt.Println(string(text), err)
	}
	// Output:
	// {"at":1760000000000,"user":{"string":"ada"},"data":"\u00ffA"} <nil>
	// {"at":"2025-10-09T08:53:20.000Z","user":"ada","data":"/0E="} <nil>
}

func ExampleCodec_DecodeJSON() {
	type user struct {
		Name string `avro:"name"`
		Age  *int32 `avro:"age"`
	}
	c, err := avro.NewCodec[user](schemas.MustParse(`{"type":"record","name":"User","fields":[
		{"name":"name","type":"string"}, {"name":"age","type":["null","int"],"default":null}]}`),
		avro.WithPlainJSON(), avro.WithJSONDefaults())
	if err != nil {
		panic(err)
	}
	var u user
	fmt.Println(c.DecodeJSON([]byte(`{"name":"ada"}`), &u), u.Name, u.Age == nil)
	text, err := c.AppendJSON(nil, &u)
	fmt.Println(string(text), err)
	fmt.Println(c.DecodeJSON([]byte(`{"name":"ada","age":36.5}`), &u))
	// Output:
	// <nil> ada true
	// {"name":"ada","age":null} <nil>
	// age: out of range: 36.5 is not a whole number of 64 bits
}

// jsonCases are data and their JSON, both ways.
var jsonCases = []struct{ name, schema, datum, own, plain string }{
	{name: "null", schema: `"null"`, datum: "", own: `null`, plain: `null`},
	{name: "boolean", schema: `"boolean"`, datum: "01", own: `true`, plain: `true`},
	{name: "a long beyond 2^53", schema: `"long"`, datum: "8280808080808020", own: `9007199254740993`, plain: `9007199254740993`},
	{name: "the smallest long", schema: `"long"`, datum: "ffffffffffffffffff01", own: `-9223372036854775808`, plain: `-9223372036854775808`},
	{name: "a float is the shortest that reads back as a float", schema: `"float"`, datum: "cdcccc3d", own: `0.1`, plain: `0.1`},
	{name: "a double", schema: `"double"`, datum: "9a9999999999b93f", own: `0.1`, plain: `0.1`},
	{name: "a large double", schema: `"double"`, datum: "9c7500883ce4377e", own: `1e+300`, plain: `1e+300`},
	{name: "minus zero", schema: `"double"`, datum: "0000000000000080", own: `-0`, plain: `-0`},
	{name: "NaN", schema: `"double"`, datum: "000000000000f87f", own: `"NaN"`, plain: `"NaN"`},
	{name: "infinity", schema: `"float"`, datum: "0000807f", own: `"Infinity"`, plain: `"Infinity"`},
	{name: "minus infinity", schema: `"float"`, datum: "000080ff", own: `"-Infinity"`, plain: `"-Infinity"`},
	{name: "a string", schema: `"string"`, datum: "14 22 5c 0a 01 c3a9 e282ac 7f", own: "\"\\\"\\\\\\n\\u0001\u00e9\u20ac\x7f\"", plain: "\"\\\"\\\\\\n\\u0001\u00e9\u20ac\x7f\""},
	{name: "bytes", schema: `"bytes"`, datum: "08 ff 00 41 22", own: `"\u00ff\u0000A\""`, plain: `"/wBBIg=="`},
	{name: "fixed", schema: `{"type":"fixed","name":"F","size":2}`, datum: "80 7f", own: `"\u0080\u007f"`, plain: `"gH8="`},
	{name: "an enum", schema: `{"type":"enum","name":"E","symbols":["A","B"]}`, datum: "02", own: `"B"`, plain: `"B"`},
	{name: "an array", schema: `{"type":"array","items":"int"}`, datum: "04 02 04 00", own: `[1,2]`, plain: `[1,2]`},
	{name: "an empty map", schema: `{"type":"map","values":"int"}`, datum: "00", own: `{}`, plain: `{}`},
	{name: "a map", schema: `{"type":"map","values":"int"}`, datum: "02 0461 62 04 00", own: `{"ab":2}`, plain: `{"ab":2}`},
	{name: "an empty record", schema: `{"type":"record","name":"R","fields":[]}`, datum: "", own: `{}`, plain: `{}`},
	{name: "a null branch", schema: `["null","int"]`, datum: "00", own: `null`, plain: `null`},
	{name: "a branch by itself", schema: `["null","int"]`, datum: "02 04", own: `{"int":2}`, plain: `2`},
	{name: "a named branch", schema: `["null",{"type":"fixed","name":"n.F","size":1}]`, datum: "02 41", own: `{"n.F":"A"}`, plain: `"QQ=="`},
	{name: "two kinds of number", schema: `["null","int","double"]`, datum: "02 04", own: `{"int":2}`, plain: `{"int":2}`},
	{name: "two kinds of number, and none of them", schema: `["int","double","string"]`, datum: "04 02 61", own: `{"string":"a"}`, plain: `"a"`},
	{name: "two records", schema: `[{"type":"record","name":"A","fields":[]},{"type":"record","name":"n.B","fields":[{"name":"x","type":"int"}]}]`, datum: "02 04", own: `{"n.B":{"x":2}}`, plain: `{"n.B":{"x":2}}`},
	{name: "one record", schema: `["string",{"type":"record","name":"n.B","fields":[{"name":"x","type":"int"}]}]`, datum: "02 04", own: `{"n.B":{"x":2}}`, plain: `{"x":2}`},
	{name: "a record beside tags is tagged", schema: `["string","bytes",{"type":"map","values":"int"}]`, datum: "04 00", own: `{"map":{}}`, plain: `{"map":{}}`},
	{name: "NaN beside a string is tagged", schema: `["string","double"]`, datum: "02 000000000000f87f", own: `{"double":"NaN"}`, plain: `{"double":"NaN"}`},
	{name: "a number beside a string is not", schema: `["string","double"]`, datum: "02 000000000000f03f", own: `{"double":1}`, plain: `1`},

	{name: "decimal", schema: `{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}`, datum: "02 85", own: `"\u0085"`, plain: `-1.23`},
	{name: "decimal of fixed", schema: `{"type":"fixed","name":"D","size":3,"logicalType":"decimal","precision":5,"scale":3}`, datum: "000001", own: `"\u0000\u0000\u0001"`, plain: `0.001`},
	{name: "big-decimal", schema: `{"type":"bytes","logicalType":"big-decimal"}`, datum: "06 02 7b 04", own: `"\u0002{\u0004"`, plain: `1.23`},
	{name: "a big-decimal of negative scale", schema: `{"type":"bytes","logicalType":"big-decimal"}`, datum: "06 02 01 01", own: `"\u0002\u0001\u0001"`, plain: `1e1`},
	{name: "date", schema: `{"type":"int","logicalType":"date"}`, datum: "01", own: `-1`, plain: `"1969-12-31"`},
	{name: "time-millis", schema: `{"type":"int","logicalType":"time-millis"}`, datum: "a2a6 ad2d", own: `47557009`, plain: `"13:12:37.009"`},
	{name: "time-micros", schema: `{"type":"long","logicalType":"time-micros"}`, datum: "02", own: `1`, plain: `"00:00:00.000001"`},
	{name: "a time of no day", schema: `{"type":"int","logicalType":"time-millis"}`, datum: "01", own: `-1`, plain: `-1`},
	{name: "timestamp-millis", schema: `{"type":"long","logicalType":"timestamp-millis"}`, datum: "01", own: `-1`, plain: `"1969-12-31T23:59:59.999Z"`},
	{name: "timestamp-micros", schema: `{"type":"long","logicalType":"timestamp-micros"}`, datum: "00", own: `0`, plain: `"1970-01-01T00:00:00.000000Z"`},
	{name: "timestamp-nanos", schema: `{"type":"long","logicalType":"timestamp-nanos"}`, datum: "02", own: `1`, plain: `"1970-01-01T00:00:00.000000001Z"`},
	{name: "a timestamp of no year", schema: `{"type":"long","logicalType":"timestamp-millis"}`, datum: "feffffffffffffffff01", own: `9223372036854775807`, plain: `9223372036854775807`},
	{name: "a timestamp of no year, beside a number", schema: `["double",{"type":"long","logicalType":"timestamp-millis"}]`, datum: "02 feffffffffffffffff01", own: `{"long":9223372036854775807}`, plain: `{"long":9223372036854775807}`},
	{name: "local-timestamp-millis", schema: `{"type":"long","logicalType":"local-timestamp-millis"}`, datum: "02", own: `1`, plain: `"1970-01-01T00:00:00.001"`},
	{name: "uuid", schema: `{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}`, datum: "0123456789abcdef0123456789abcdef", own: `"\u0001#Eg\u0089\u00ab\u00cd\u00ef\u0001#Eg\u0089\u00ab\u00cd\u00ef"`, plain: `"01234567-89ab-cdef-0123-456789abcdef"`},
	{name: "duration", schema: `{"type":"fixed","name":"D","size":12,"logicalType":"duration"}`, datum: "01000000 02000000 bc0b0000", own: `"\u0001\u0000\u0000\u0000\u0002\u0000\u0000\u0000\u00bc\u000b\u0000\u0000"`, plain: `"P1M2DT3.004S"`},
}

func TestJSON(t *testing.T) {
	for _, c := range jsonCases {
		t.Run(c.name, func(t *testing.T) {
			s := schemas.MustParse(c.schema)
			datum := unhex(t, c.datum)
			for _, kind := range []struct {
				opts []avro.Option
				text string
			}{{nil, c.own}, {[]avro.Option{avro.WithPlainJSON()}, c.plain}} {
				j, err := avro.NewJSON(s, kind.opts...)
				require.NoError(t, err)
				text, err := j.Append([]byte("before"), datum)
				require.NoError(t, err)
				require.Equal(t, "before"+kind.text, string(text))
				require.True(t, json.Valid(text[6:]))
				back, err := j.AppendDatum([]byte("before"), text[6:])
				require.NoError(t, err)
				require.Equal(t, "before"+string(datum), string(back), hex.EncodeToString(back))
				for cut := range datum {
					text, err = j.Append([]byte("before"), datum[:cut])
					require.Error(t, err)
					require.Equal(t, "before", string(text))
				}
				_, err = j.Append(nil, append(datum[:len(datum):len(datum)], 0))
				require.ErrorIs(t, err, avro.ErrTrailing)
			}
		})
	}
}

// JSON that is read though it is never written.
func TestJSONReads(t *testing.T) {
	rec := `{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","aliases":["old"],"type":["null","string"],"default":"x"}]}`
	for _, c := range []struct {
		name, schema, text, datum string
		opts                      []avro.Option
	}{
		{name: "white space", schema: `{"type":"array","items":"int"}`, text: " [ 1 ,\t2 ]\r\n", datum: "04020400"},
		{name: "whole numbers in other words", schema: `{"type":"array","items":"int"}`, text: `[1.0, 2e0, 30E-1, -0, 0.0e99, 1.20e1]`, datum: "0c 02 04 06 00 00 18 00"},
		{name: "a float from whole digits", schema: `"float"`, text: `3`, datum: "00004040"},
		{name: "Java's other spelling of infinity", schema: `"double"`, text: `"-INF"`, datum: "000000000000f0ff"},
		{name: "escapes", schema: `"string"`, text: `"\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\"`, datum: "1c c3a9f09f98802f080c0a0d09225c"},
		{name: "escaped keys", schema: `{"type":"map","values":"int"}`, text: `{"\u0061":1}`, datum: "02 0261 02 00"},
		{name: "fields in any order", schema: rec, text: `{"b":{"string":"y"},"a":1}`, datum: "02 02 0279"},
		{name: "a field by its alias", schema: rec, text: `{"a":1,"old":null}`, datum: "02 00"},
		{name: "a default", schema: rec, text: `{"a":1}`, datum: "02 02 0278", opts: []avro.Option{avro.WithJSONDefaults()}},
		{name: "a tag where none is needed", schema: `["null","string"]`, text: `{"string":"y"}`, datum: "02 0279", opts: []avro.Option{avro.WithPlainJSON()}},
		{name: "a decimal as a string", schema: `["null",{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}]`, text: `"1.5"`, datum: "02 04 0096", opts: []avro.Option{avro.WithPlainJSON()}},
		{name: "a decimal with an exponent", schema: `{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}`, text: `15e-1`, datum: "04 0096", opts: []avro.Option{avro.WithPlainJSON()}},
		{name: "a date as a number", schema: `{"type":"int","logicalType":"date"}`, text: `2`, datum: "04", opts: []avro.Option{avro.WithPlainJSON()}},
		{name: "another offset", schema: `{"type":"long","logicalType":"timestamp-millis"}`, text: `"1970-01-01T01:00:00.001+01:00"`, datum: "02", opts: []avro.Option{avro.WithPlainJSON()}},
		{name: "a part of a duration", schema: `{"type":"fixed","name":"D","size":12,"logicalType":"duration"}`, text: `"P3D"`, datum: "00000000 03000000 00000000", opts: []avro.Option{avro.WithPlainJSON()}},
		{name: "raw logical types", schema: `{"type":"fixed","name":"D","size":12,"logicalType":"duration"}`, text: `"AQAAAAIAAAC8CwAA"`, datum: "01000000 02000000 bc0b0000", opts: []avro.Option{avro.WithPlainJSON(), avro.WithRawLogicalTypes()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, err := avro.NewJSON(schemas.MustParse(c.schema, schemas.Lenient()), c.opts...)
			require.NoError(t, err)
			datum, err := j.AppendDatum(nil, []byte(c.text))
			require.NoError(t, err)
			require.Equal(t, hex.EncodeToString(unhex(t, c.datum)), hex.EncodeToString(datum))
		})
	}
}

func TestJSONRefuses(t *testing.T) {
	rec := `{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"m","type":{"type":"map","values":{"type":"array","items":"int"}}}]}`
	plain := []avro.Option{avro.WithPlainJSON()}
	millis := `{"type":"long","logicalType":"timestamp-millis"}`
	for _, c := range []struct {
		name, schema, text string
		opts               []avro.Option
		path               string
		offset             int
		err                string
	}{
		{name: "nothing", schema: `"int"`, text: ` `, offset: 1, err: "byte 1: JSON: input ends within a value"},
		{name: "two values", schema: `"int"`, text: `1 2`, offset: 2, err: "the value has ended, found '2'"},
		{name: "a word", schema: `"boolean"`, text: `nope`, err: `want a JSON value, found 'n'`},
		{name: "a word cut short", schema: `"boolean"`, text: `tru`, offset: 3, err: "input ends"},
		{name: "a plus", schema: `"int"`, text: `+1`, err: `want a JSON value, found '+'`},
		{name: "a leading zero", schema: `"int"`, text: `01`, offset: 1, err: "a number may not begin with 0"},
		{name: "a point without digits", schema: `"double"`, text: `1.`, offset: 2, err: "input ends"},
		{name: "an exponent without digits", schema: `"double"`, text: `1ex`, offset: 2, err: `want a digit, found 'x'`},
		{name: "a bare NaN", schema: `"double"`, text: `NaN`, err: `want a JSON value, found 'N'`},
		{name: "a missing comma", schema: `{"type":"array","items":"int"}`, text: `[1 2]`, offset: 3, err: "want ',' or ']', found '2'"},
		{name: "a comma too many", schema: `{"type":"array","items":"int"}`, text: `[1,]`, offset: 3, err: "want a JSON value, found ']'"},
		{name: "a missing colon", schema: `{"type":"map","values":"int"}`, text: `{"a" 1}`, offset: 5, err: "want ':', found '1'"},
		{name: "a key that is no string", schema: `{"type":"map","values":"int"}`, text: `{1:1}`, offset: 1, err: "want a quoted key, found '1'"},
		{name: "the wrong bracket", schema: `{"type":"array","items":"int"}`, text: `[1}`, offset: 2, err: "want ',' or ']', found '}'"},
		{name: "a control character", schema: `"string"`, text: "\"\n\"", offset: 1, err: "control character 0x0a"},
		{name: "no such escape", schema: `"string"`, text: `"\x"`, offset: 1, err: `not an escape of JSON: \x`},
		{name: "half a surrogate pair", schema: `"string"`, text: `"\ud83d"`, offset: 1, err: "half of a surrogate pair"},
		{name: "not UTF-8", schema: `"string"`, text: "\"a\xff\"", offset: 2, err: "not UTF-8"},

		{name: "another kind", schema: rec, text: `{"a":"1","m":{}}`, path: "a", offset: 5, err: "a: JSON: a string where int belongs"},
		{name: "deep inside", schema: rec, text: `{"m":{"k":[1,true]},"a":1}`, path: `m["k"][1]`, offset: 13, err: `m["k"][1]: JSON: true where int belongs`},
		{name: "a missing field", schema: rec, text: `{"a":1}`, err: "the field m is missing"},
		{name: "an unknown field", schema: rec, text: `{"a":1,"m":{},"z":1}`, offset: 14, err: `R has no field "z"`},
		{name: "a field twice", schema: rec, text: `{"a":1,"m":{},"a":1}`, offset: 14, err: "the field a is there twice"},
		{name: "a key twice", schema: rec, text: `{"a":1,"m":{"k":[],"\u006b":[]}}`, path: "m", offset: 19, err: `the key "\u006b" is there twice`},
		{name: "a fraction", schema: `"int"`, text: `1.5`, err: "1.5 is not a whole number"},
		{name: "beyond an int", schema: `"int"`, text: `2147483648`, err: "2147483648 is not an int"},
		{name: "beyond a long", schema: `"long"`, text: `9223372036854775808`, err: "not a whole number of 64 bits"},
		{name: "an exponent beyond all", schema: `"long"`, text: `1e999999999999`, err: "not a whole number"},
		{name: "an exponent that is long to write", schema: `"long"`, text: `1e2000000000`, err: "not a whole number"},
		{name: "beyond a float", schema: `"float"`, text: `1e39`, err: "1e39 is beyond a float of 32 bits"},
		{name: "beyond a double", schema: `"double"`, text: `-1e400`, err: "beyond a float of 64 bits"},
		{name: "a character that is no byte", schema: `"bytes"`, text: `"a\u0100"`, err: "stands for no byte"},
		{name: "a fixed too long", schema: `{"type":"fixed","name":"F","size":1}`, text: `"ab"`, err: "2 bytes for F of 1"},
		{name: "an unknown symbol", schema: `{"type":"enum","name":"E","symbols":["A"]}`, text: `"B"`, err: `E has no symbol "B"`},
		{name: "an unknown branch", schema: `["null","int"]`, text: `{"long":1}`, offset: 1, err: `no branch of union of null and int is called "long"`},
		{name: "a bare value", schema: `["null","int"]`, text: `1`, err: "a number where"},
		{name: "two branches at once", schema: `["null","int"]`, text: `{"int":1,"null":null}`, err: "an object of 2 members"},
		{name: "ambiguous", schema: `["int","double"]`, text: `1`, opts: plain, err: "ambiguous: a number in union of int and double"},
		{name: "not base64", schema: `"bytes"`, text: `"a"`, opts: plain, err: "not base64"},
		{name: "finer than the unit", schema: millis, text: `"1970-01-01T00:00:00.0001Z"`, opts: plain, err: "finer than the unit"},
		{name: "a time of day finer than the unit", schema: `{"type":"int","logicalType":"time-millis"}`, text: `"00:00:00.0001"`, opts: plain, err: "finer than the unit"},
		{name: "no timestamp", schema: millis, text: `"yesterday"`, opts: plain, err: `"yesterday" is not written like "2006-01-02T15:04:05Z07:00"`},
		{name: "beyond a timestamp", schema: `{"type":"long","logicalType":"timestamp-nanos"}`, text: `"9999-01-01T00:00:00Z"`, opts: plain, err: "out of range"},
		{name: "more digits than the scale", schema: `{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}`, text: `1.234`, opts: plain, err: "more than 2 digits"},
		{name: "a decimal of a billion digits", schema: `{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}`, text: `1e1000000000`, opts: plain, err: "out of range"},
		{name: "no duration", schema: `{"type":"fixed","name":"D","size":12,"logicalType":"duration"}`, text: `"PT1H"`, opts: plain, err: "not a duration"},
		{name: "a duration too long", schema: `{"type":"fixed","name":"D","size":12,"logicalType":"duration"}`, text: `"P4294967296D"`, opts: plain, err: "not a duration"},
		{name: "no uuid", schema: `{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}`, text: `"0"`, opts: plain, err: "not a UUID"},

		{name: "too deep", schema: `{"type":"record","name":"L","fields":[{"name":"n","type":["null","L"]}]}`, text: strings.Repeat(`{"n":{"L":`, 5) + `{"n":null}` + strings.Repeat(`}}`, 5),
			opts: []avro.Option{avro.WithMaxDepth(3)}, path: "n.n.n", offset: 30, err: "limit reached"},
		{name: "a string too long", schema: `"string"`, text: `"abcd"`, opts: []avro.Option{avro.WithMaxBytes(3)}, err: "limit reached"},
		{name: "too many items", schema: `{"type":"array","items":"int"}`, text: `[1,2]`, opts: []avro.Option{avro.WithMaxItems(1)}, err: "limit reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, err := avro.NewJSON(schemas.MustParse(c.schema), c.opts...)
			require.NoError(t, err)
			out, err := j.AppendDatum([]byte("before"), []byte(c.text))
			require.Equal(t, "before", string(out))
			var at *avro.DecodeError
			require.ErrorAs(t, err, &at)
			require.ErrorContains(t, err, c.err)
			require.Equal(t, c.path, at.Path, "%v", err)
			require.Equal(t, c.offset, at.Offset, "%v", err)
		})
	}
}

func TestJSONOfBadText(t *testing.T) {
	s := schemas.MustParse(`{"type":"map","values":"string"}`)
	datum := unhex(t, "02 02ff 06 61ff62 00")
	j, err := avro.NewJSON(s)
	require.NoError(t, err)
	text, err := j.Append(nil, datum)
	require.NoError(t, err)
	require.Equal(t, "{\"\ufffd\":\"a\ufffdb\"}", string(text))

	strict, err := avro.NewJSON(s, avro.WithValidUTF8())
	require.NoError(t, err)
	_, err = strict.Append(nil, datum)
	require.ErrorContains(t, err, "not UTF-8")
}

// Values that take no bytes are not bounded by the datum's length, so they are
// counted.
func TestJSONOfManyEmptyValues(t *testing.T) {
	text := record("R0", `{"name":"n","type":"null"}`)
	for i := range 40 {
		text = record(fmt.Sprintf("R%d", i+1), fmt.Sprintf(`{"name":"x","type":%s},{"name":"y","type":"R%d"}`, text, i))
	}
	j, err := avro.NewJSON(schemas.MustParse(text))
	require.NoError(t, err)
	_, err = j.Append(nil, nil)
	require.ErrorIs(t, err, avro.ErrLimit)
}

// Deep JSON is scanned without recursion, and read no deeper than the schema.
func TestDeepJSON(t *testing.T) {
	j, err := avro.NewJSON(schemas.MustParse(`"int"`))
	require.NoError(t, err)
	const deep = 1 << 20
	_, err = j.AppendDatum(nil, []byte(strings.Repeat("[", deep)))
	require.ErrorIs(t, err, avro.ErrShort)
	_, err = j.AppendDatum(nil, []byte(strings.Repeat("[", deep)+strings.Repeat("]", deep)))
	require.EqualError(t, err, "byte 0: JSON: an array where int belongs")
}

func TestCodecJSON(t *testing.T) {
	type line struct {
		SKU   string  `avro:"sku"`
		Price float64 `avro:"price"`
	}
	type order struct {
		ID    int64             `avro:"id"`
		At    time.Time         `avro:"at"`
		Note  *string           `avro:"note"`
		Lines []line            `avro:"lines"`
		Tags  map[string]string `avro:"tags"`
		Raw   []byte            `avro:"raw"`
	}
	s := schemas.MustParse(record("Order", `{"name":"id","type":"long"},{"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}},
		{"name":"note","type":["null","string"]},{"name":"lines","type":{"type":"array","items":`+record("Line", `{"name":"sku","type":"string"},{"name":"price","type":"double"}`)+`}},
		{"name":"tags","type":{"type":"map","values":"string"}},{"name":"raw","type":"bytes"}`))
	note := "by the door"
	in := order{
		ID: math.MaxInt64, At: time.UnixMicro(1760000000123456).UTC(), Note: &note,
		Lines: []line{{"a", 0.1}}, Tags: map[string]string{"k": "v"}, Raw: []byte{255},
	}
	for _, c := range []struct {
		name, text string
		opts       []avro.Option
	}{
		{"own", `{"id":9223372036854775807,"at":1760000000123456,"note":{"string":"by the door"},"lines":[{"sku":"a","price":0.1}],"tags":{"k":"v"},"raw":"\u00ff"}`, nil},
		{"plain", `{"id":9223372036854775807,"at":"2025-10-09T08:53:20.123456Z","note":"by the door","lines":[{"sku":"a","price":0.1}],"tags":{"k":"v"},"raw":"` + base64.StdEncoding.EncodeToString(in.Raw) + `"}`, []avro.Option{avro.WithPlainJSON()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			codec, err := avro.NewCodec[order](s, c.opts...)
			require.NoError(t, err)
			text, err := codec.AppendJSON([]byte("before"), &in)
			require.NoError(t, err)
			require.Equal(t, "before"+c.text, string(text))
			var out order
			require.NoError(t, codec.DecodeJSON(text[6:], &out))
			require.Equal(t, in, out)

			generic, err := avro.NewCodec[any](s, c.opts...)
			require.NoError(t, err)
			var v any
			require.NoError(t, generic.DecodeJSON([]byte(c.text), &v))
			text, err = generic.AppendJSON(nil, &v)
			require.NoError(t, err)
			require.Equal(t, c.text, string(text))
		})
	}
	codec, err := avro.NewCodec[order](s)
	require.NoError(t, err)
	out, err := codec.AppendJSON([]byte("before"), nil)
	var mismatch *avro.EncodeError
	require.ErrorAs(t, err, &mismatch)
	require.Equal(t, "before", string(out))
	var at *avro.DecodeError
	require.ErrorAs(t, codec.DecodeJSON([]byte(`{"id":"x"}`), new(order)), &at)

	narrow, err := avro.NewCodec[struct {
		N int8 `avro:"n"`
	}](schemas.MustParse(record("R", `{"name":"n","type":"long"}`)))
	require.NoError(t, err)
	err = narrow.DecodeJSON([]byte(`{"n":300}`), &struct {
		N int8 `avro:"n"`
	}{})
	require.ErrorAs(t, err, &at)
	require.Equal(t, "n", at.Path)
	require.Zero(t, at.Offset)
}

// FuzzJSON checks two laws. What is read as JSON, written and read again is the
// same datum. A datum that is written as JSON gives, read and written again, the
// same JSON.
func FuzzJSON(f *testing.F) {
	for i, c := range jsonCases {
		f.Add(uint8(i), []byte(c.own), unhexSeed(c.datum))
		f.Add(uint8(i), []byte(c.plain), unhexSeed(c.datum))
	}
	f.Fuzz(func(t *testing.T, which uint8, text, datum []byte) {
		c := jsonCases[int(which)%len(jsonCases)]
		s, err := schemas.Parse(c.schema)
		require.NoError(t, err)
		for _, opts := range [][]avro.Option{nil, {avro.WithPlainJSON()}, {avro.WithPlainJSON(), avro.WithRawLogicalTypes()}} {
			j, err := avro.NewJSON(s, opts...)
			require.NoError(t, err)
			if read, err := j.AppendDatum(nil, text); err == nil {
				require.True(t, json.Valid(text))
				written, err := j.Append(nil, read)
				require.NoError(t, err)
				again, err := j.AppendDatum(nil, written)
				require.NoError(t, err, string(written))
				require.Equal(t, read, again)
			}
			written, err := j.Append(nil, datum)
			if err != nil {
				continue
			}
			require.True(t, json.Valid(written))
			read, err := j.AppendDatum(nil, written)
			if err != nil {
				require.True(t, lossy(c.schema), "%s: %v", written, err)
				continue
			}
			again, err := j.Append(nil, read)
			require.NoError(t, err)
			require.Equal(t, string(written), string(again))
		}
	})
}

// lossy types are read more generously than they are written: decimals of more
// digits than their precision, keys that are there twice.
func lossy(schema string) bool {
	return strings.Contains(schema, "decimal") || strings.Contains(schema, `"map"`)
}

func unhexSeed(text string) []byte {
	b, _ := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	return b
}
