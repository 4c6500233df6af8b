package avro_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

func ExampleAppendDefault() {
	s := schemas.MustParse(`{"type":"record","name":"R","fields":[{"name":"greeting","type":["null","string"],"default":"hi"}]}`)
	datum, err := avro.AppendDefault(nil, s.Root().Fields()[0])
	fmt.Println(datum, err)
	// Output: [2 4 104 105] <nil>
}

func TestAppendDefault(t *testing.T) {
	inner := `{"type":"record","name":"I","fields":[{"name":"x","type":"int","default":9},{"name":"y","type":"string"}]}`
	for _, c := range []struct{ name, typ, def, want, err string }{
		{name: "null", typ: `"null"`, def: `null`, want: ""},
		{name: "boolean", typ: `"boolean"`, def: `true`, want: "01"},
		{name: "int", typ: `"int"`, def: `-5`, want: "09"},
		{name: "a long beyond 2^53", typ: `"long"`, def: `9007199254740993`, want: "8280808080808020"},
		{name: "the smallest long", typ: `"long"`, def: `-9223372036854775808`, want: "ffffffffffffffffff01"},
		{name: "a float from a whole number", typ: `"float"`, def: `1`, want: "0000803f"},
		{name: "a float rounds through a double, as in Java", typ: `"float"`, def: `0.1`, want: "cdcccc3d"},
		{name: "a float too large is an infinity, as in Java", typ: `"float"`, def: `1e39`, want: "0000807f"},
		{name: "a double too large too", typ: `"double"`, def: `-1e400`, want: "000000000000f0ff"},
		{name: "bytes are ISO-8859-1", typ: `"bytes"`, def: `"\u00ff\u0000A\u00e9"`, want: "08ff0041e9"},
		{name: "a string is UTF-8", typ: `"string"`, def: `"\u00e9"`, want: "04c3a9"},
		{name: "fixed", typ: `{"type":"fixed","name":"F","size":2}`, def: `"\u00ff\u0001"`, want: "ff01"},
		{name: "a fixed too short is filled up, as in Java", typ: `{"type":"fixed","name":"F","size":2}`, def: `"\u00ff"`, want: "ff00"},
		{name: "a fixed too long is cut, as in Java", typ: `{"type":"fixed","name":"F","size":2}`, def: `"abc"`, want: "6162"},
		{name: "enum", typ: `{"type":"enum","name":"E","symbols":["A","B"]}`, def: `"B"`, want: "02"},
		{name: "array", typ: `{"type":"array","items":"int"}`, def: `[1,2]`, want: "04020400"},
		{name: "an empty array", typ: `{"type":"array","items":"int"}`, def: `[]`, want: "00"},
		{name: "map", typ: `{"type":"map","values":"string"}`, def: `{"k":"v"}`, want: "02026b027600"},
		{name: "a record is filled from its own defaults", typ: inner, def: `{"y":"z"}`, want: "12027a"},
		{name: "a record ignores what it does not know", typ: inner, def: `{"y":"z","q":[1,{}]}`, want: "12027a"},
		{name: "the branch that fits", typ: `["null","int","string"]`, def: `"a"`, want: "040261"},
		{name: "the first branch that fits", typ: `["double","int"]`, def: `1`, want: "00000000000000f03f"},
		{name: "the branch that a number fits", typ: `["int","long","double"]`, def: `5000000000`, want: "0280c8afa025"},
		{name: "the branch that a fraction fits", typ: `["int","double"]`, def: `1.5`, want: "02000000000000f83f"},
		{name: "a record that lacks a field is not the branch", typ: `[` + inner + `,{"type":"map","values":"int"}]`, def: `{"q":1}`, want: "020202710200"},
		{name: "null behind a record", typ: `[` + inner + `,"null"]`, def: `null`, want: "02"},

		{name: "refused: none", typ: `"int"`, err: "field f has no default"},
		{name: "refused: another kind", typ: `"int"`, def: `"1"`, err: `"1" is no default of type int`},
		{name: "refused: beyond an int", typ: `"int"`, def: `2147483648`, err: "is no default of type int"},
		{name: "refused: a character that is no byte", typ: `"bytes"`, def: `"\u0100"`, err: "stands for no byte"},
		{name: "refused: an unknown symbol", typ: `{"type":"enum","name":"E","symbols":["A"]}`, def: `"B"`, err: `"B" is no default of type enum E`},
		{name: "refused: no branch", typ: `["null","int"]`, def: `"a"`, err: `"a" is no default of any branch of union of null and int`},
		{name: "refused: a record that lacks a field", typ: inner, def: `{}`, err: "no value for its field y, which has no default itself"},
		{name: "refused: an item", typ: `{"type":"array","items":"int"}`, def: `[1,null]`, err: "null is no default of type int"},
		{name: "refused: a value", typ: `{"type":"map","values":"int"}`, def: `{"a":null}`, err: "null is no default of type int"},
		{name: "refused: no array", typ: `{"type":"array","items":"int"}`, def: `{}`, err: "is no default of type array of int"},
		{name: "refused: no map", typ: `{"type":"map","values":"int"}`, def: `[]`, err: "is no default of type map of int"},
		{name: "refused: no record", typ: inner, def: `[]`, err: "is no default of type record I"},
		{name: "refused: no boolean", typ: `"boolean"`, def: `0`, err: "is no default of type boolean"},
		{name: "refused: no null", typ: `"null"`, def: `0`, err: "is no default of type null"},
		{name: "refused: no float", typ: `"float"`, def: `"INF"`, err: "is no default of type float"},
		{name: "refused: a float as a string within an array", typ: `{"type":"array","items":"float"}`, def: `["NaN"]`, err: `"NaN" is no default of type float`},
		{name: "refused: a float as a string within a union", typ: `["float","null"]`, def: `"NaN"`, err: "is no default of any branch"},
		{name: "refused: no string", typ: `"string"`, def: `1`, err: "is no default of type string"},
		{name: "refused: a fixed of a gigabyte", typ: `{"type":"fixed","name":"F","size":1073741824}`, def: `""`, err: "limit reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			def := ""
			if c.def != "" {
				def = `,"default":` + c.def
			}
			s, err := schemas.Parse(`{"type":"record","name":"R","fields":[{"name":"f","type":`+c.typ+def+`}]}`, schemas.Lenient())
			require.NoError(t, err)
			out, err := avro.AppendDefault([]byte("before"), s.Root().Fields()[0])
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				require.Equal(t, "before", string(out))
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, hex.EncodeToString(out[6:]))
		})
	}
}

// A default of a hostile schema ends, however its records multiply.
func TestAppendDefaultEnds(t *testing.T) {
	unions := `"int"`
	for i := range 30 {
		unions = fmt.Sprintf(`{"type":"array","items":["string",{"type":"record","name":"A%d","fields":[{"name":"v","type":%s}]},{"type":"record","name":"B%d","fields":[{"name":"v","type":"A%d"}]}]}`, i, unions, i, i)
	}
	def := strings.Repeat(`[{"v":`, 30) + `"no int"` + strings.Repeat(`}]`, 30)
	s, err := schemas.Parse(`{"type":"record","name":"R","fields":[{"name":"f","type":`+unions+`,"default":`+def+`}]}`, schemas.Lenient())
	require.NoError(t, err)
	_, err = avro.AppendDefault(nil, s.Root().Fields()[0])
	require.Error(t, err)
}
