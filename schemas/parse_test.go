package schemas_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// record is a record R with the given fields, in JSON.
func record(fields ...string) string {
	return `{"type":"record","name":"R","fields":[` + strings.Join(fields, ",") + `]}`
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ name, text, err string }{
		{"empty text", "", "schema: line 1, column 1: want a JSON value, found the end of the text"},
		{"a name without quotes", "string", `schema: line 1, column 1: want a JSON value, found 's'`},
		{"text after the schema", "\"int\"\n x", `schema: line 2, column 2: the value has ended, found 'x'`},
		{"a trailing comma", `["int",]`, `schema: line 1, column 8: want a JSON value, found ']'`},
		{"no comma", `["int" "long"]`, `schema: line 1, column 8: want ',' or ']', found '"'`},
		{"an attribute without quotes", `{type:1}`, `column 2: want a quoted key, found 't'`},
		{"no colon", `{"type" "int"}`, `want ':', found '"'`},
		{"a control character in a string", "\"a\nb\"", `control character 0x0a in a string must be escaped`},
		{"bytes that are not UTF-8", "\"\xff\"", `byte 0xff is not UTF-8`},
		{"not an escape", `"\x41"`, `not an escape of JSON: \x`},
		{"a short escape", `"\u12"`, `not an escape of JSON: \u12"`},
		{"a number with a leading zero", `{"type":"int","x":01}`, `a number may not begin with 0`},
		{"a number without digits", `{"type":"int","x":-}`, `want a digit, found '}'`},
		{"a number that ends in a point", `{"type":"int","x":1.}`, `want a digit, found '}'`},
		{"a number without exponent", `{"type":"int","x":1e+}`, `want a digit, found '}'`},

		{"no schema", "7", "a schema is a name, an object or an array of branches, not a number"},
		{"an object without type", `{"name":"R"}`, `an object needs a "type"`},
		{"a type in a type", `{"type":{"type":"int"}}`, `(/type): the "type" of an object is a string, not an object; write what is inside it in place of the object`},
		{"a misspelt type", record(`{"name":"a","type":"strng"}`), `(/fields/0/type): unknown type "strng"; did you mean "string"?`},
		{"a complex type by its name alone", record(`{"name":"a","type":"array","items":"int"}`), `"array" is not a type by itself: a complex type is an object, {"type":"array", ...}`},
		{"a misspelt kind", `{"type":"recrod","name":"R","fields":[]}`, `(/type): unknown type "recrod"; did you mean "record"?`},
		{"a misspelt name", record(`{"name":"a","type":{"type":"fixed","name":"ns.Hash","size":1}}`, `{"name":"b","type":"ns.Hsah"}`), `unknown type "ns.Hsah"; did you mean "ns.Hash"?`},
		{"nothing like it", `"Order"`, `unknown type "Order"`},
		{"a named type in an object", record(`{"name":"a","type":{"type":"R"}}`), `an object cannot refer to a named type: write "R" instead of {"type":"R"}`},

		{"no name", `{"type":"fixed","size":1}`, `a fixed needs a "name"`},
		{"a name that is no string", `{"type":"fixed","name":null,"size":1}`, `(/name): a name is a string, not null`},
		{"a name with a dash", `{"type":"enum","name":"a-b","symbols":[]}`, `"a-b" is not a name: letters, digits and underscores`},
		{"a name with a letter beyond ASCII", `{"type":"enum","name":"Größe","symbols":[]}`, `"Größe" is not a name`},
		{"a part of the namespace that is empty", `{"type":"enum","name":"E","namespace":"a.","symbols":[]}`, `"a..E" is not a name`},
		{"an empty name", `{"type":"enum","name":"","symbols":[]}`, `"" is not a name`},
		{"the name of a primitive type", `{"type":"enum","name":"long","symbols":[]}`, `"long" is the name of a primitive type`},
		{"a name twice", record(`{"name":"a","type":{"type":"fixed","name":"R","size":1}}`), `R is defined already: use its name alone`},
		{"aliases that are no array", `{"type":"fixed","name":"F","size":1,"aliases":"G"}`, `aliases are an array of names, not a string`},
		{"an alias that is no string", `{"type":"fixed","name":"F","size":1,"aliases":["G",1]}`, `(/aliases/1): an alias is a string, not a number`},
		{"an alias that is no name", `{"type":"fixed","name":"F","size":1,"aliases":["a-b"]}`, `"a-b" is not a name`},

		{"no fields", `{"type":"record","name":"R"}`, `a record needs "fields", if only an empty array`},
		{"fields that are no array", `{"type":"record","name":"R","fields":{}}`, `fields are an array, not an object`},
		{"a field that is no object", record(`"a"`), `a field is an object with a "name" and a "type", not a string`},
		{"a field without name", record(`{"type":"int"}`), `(/fields/0): a field needs a "name"`},
		{"a field without type", record(`{"name":"a"}`), `field a needs a "type"`},
		{"a field's name that is no name", record(`{"name":"a.b","type":"int"}`), `"a.b" is not a field's name`},
		{"a field twice", record(`{"name":"a","type":"int"}`, `{"name":"a","type":"int"}`), `(/fields/1): field a is there already, at position 0`},
		{"an unknown order", record(`{"name":"a","type":"int","order":"up"}`), `the order of a field is "ascending", "descending" or "ignore", not "up"`},
		{"an order that is no string", record(`{"name":"a","type":"int","order":null}`), `the order of a field is`},

		{"no symbols", `{"type":"enum","name":"E"}`, `an enum needs "symbols"`},
		{"symbols that are no array", `{"type":"enum","name":"E","symbols":"A"}`, `symbols are an array of names, not a string`},
		{"a symbol that is no string", `{"type":"enum","name":"E","symbols":[1]}`, `a symbol is a string, not a number`},
		{"a symbol that is no name", `{"type":"enum","name":"E","symbols":["a b"]}`, `"a b" is not a symbol`},
		{"a symbol twice", `{"type":"enum","name":"E","symbols":["A","B","A"]}`, `(/symbols/2): symbol A is there already, at position 0`},
		{"a default that is no symbol", `{"type":"enum","name":"E","symbols":["A"],"default":"B"}`, `the default "B" is not one of the symbols`},
		{"an enum's default that is no string", `{"type":"enum","name":"E","symbols":["A"],"default":0}`, `the default of an enum is one of its symbols, not a number`},

		{"no size", `{"type":"fixed","name":"F"}`, `a fixed needs a "size"`},
		{"a size with a fraction", `{"type":"fixed","name":"F","size":16.0}`, `the size of a fixed is a number of bytes, 0 to 2147483639, not 16.0`},
		{"a negative size", `{"type":"fixed","name":"F","size":-1}`, `not -1`},
		{"a size beyond Java's arrays", `{"type":"fixed","name":"F","size":2147483640}`, `not 2147483640`},
		{"no items", `{"type":"array"}`, `an array needs "items"`},
		{"no values", `{"type":"map","items":"int"}`, `a map needs "values"`},
		{"a union in a union", `["null",["int"]]`, `(/1): a union cannot be a branch of a union`},
		{"a branch twice", `["int",{"type":"int","logicalType":"date"}]`, `a union cannot hold int twice`},
		{"two arrays", `[{"type":"array","items":"int"},{"type":"array","items":"long"}]`, `a union cannot hold array twice`},
		{"a name twice that is not defined yet", record(`{"name":"a","type":["X","X"]}`, `{"name":"b","type":{"type":"fixed","name":"X","size":1}}`), `a union cannot hold X twice`},
		{"the record around it, by its name alone", record(`{"name":"a","type":{"type":"record","name":"ns.S","fields":[{"name":"b","type":"R"}]}}`), `unknown type "ns.R"`},

		{"a default of another kind", record(`{"name":"a","type":"int","default":"1"}`), `(/fields/0/default): the default of field a does not fit: want an int, a whole number of 32 bits, not "1"`},
		{"an int that is too large", record(`{"name":"a","type":"int","default":2147483648}`), `want an int`},
		{"an int with a fraction of zero", record(`{"name":"a","type":"int","default":1.0}`), `want an int`},
		{"a long that is too small", record(`{"name":"a","type":"long","default":-9223372036854775809}`), `want a long`},
		{"an exponent", record(`{"name":"a","type":"long","default":1e3}`), `want a long`},
		{"a double as a string that is none", record(`{"name":"a","type":"double","default":"INF"}`), `want a number, not "INF"`},
		{"a double as a string within an array", record(`{"name":"a","type":{"type":"array","items":"double"},"default":["NaN"]}`), `want a number, not "NaN"`},
		{"a double as a string within a union", record(`{"name":"a","type":["double","null"],"default":"NaN"}`), `"NaN" fits no branch of the union`},
		{"bytes beyond 255", record(`{"name":"a","type":"bytes","default":"\u0100"}`), `'Ā' is no byte`},
		{"a fixed of another length", record(`{"name":"a","type":{"type":"fixed","name":"F","size":2},"default":"\u00ff"}`), `want 2 bytes, not 1`},
		{"not a symbol", record(`{"name":"a","type":{"type":"enum","name":"E","symbols":["A"]},"default":"B"}`), `want a symbol of E, not "B"`},
		{"a mismatch inside an array", record(`{"name":"a","type":{"type":"array","items":"int"},"default":[1,null]}`), `(/fields/0/default/1): the default of field a does not fit: want an int`},
		{"a mismatch inside a map", record(`{"name":"a","type":{"type":"map","values":"string"},"default":{"k":1}}`), `(/fields/0/default/k): the default of field a does not fit: want a string, not 1`},
		{"a field missing", record(`{"name":"a","type":{"type":"record","name":"S","fields":[{"name":"x","type":"int"}]},"default":{}}`), `field x of S is missing and has no default`},
		{"no branch", record(`{"name":"a","type":["null","int"],"default":"x"}`), `"x" fits no branch of the union`},
		{"a tagged branch", record(`{"name":"a","type":["null","int"],"default":{"int":1}}`), `{"int":1} fits no branch of the union`},
		{"a default of a type defined later", record(`{"name":"a","type":"E","default":"B"}`, `{"name":"b","type":{"type":"enum","name":"E","symbols":["A"]}}`), `want a symbol of E`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := schemas.Parse(test.text)
			var parse *schemas.ParseError
			require.ErrorAs(t, err, &parse)
			require.ErrorContains(t, err, test.err)
		})
	}
}

func TestParseAccepts(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a name used before its definition", record(`{"name":"a","type":"X"}`, `{"name":"b","type":{"type":"fixed","name":"X","size":1}}`),
			record(`{"name":"a","type":{"type":"fixed","name":"X","size":1}}`, `{"name":"b","type":"X"}`)},
		{"of repeated attributes the last", `{"type":"long","type":"int","x":1,"y":2,"x":3}`, `{"type":"int","x":3,"y":2}`},
		{"attributes of other types are ignored", `{"type":"int","size":1,"fields":3,"doc":"d","default":5}`, `{"type":"int","default":5}`},
		{"documentation that is no string is ignored", record(`{"name":"a","type":"int","doc":7}`), record(`{"name":"a","type":"int"}`)},
		{"a namespace that is no string is ignored", `{"type":"fixed","name":"F","namespace":7,"size":0}`, `{"type":"fixed","name":"F","size":0}`},
		{"a dot in the name wins over the namespace", `{"type":"fixed","name":"a.F","namespace":"b","size":0}`, `{"type":"fixed","name":"F","namespace":"a","size":0}`},
		{"a leading dot is the null namespace", `{"type":"fixed","name":".F","namespace":"b","size":0}`, `{"type":"fixed","name":"F","size":0}`},
		{"the null namespace as a last resort", `{"type":"record","name":"a.R","fields":[{"name":"x","type":{"type":"fixed","name":"F","namespace":"","size":0}},{"name":"y","type":"F"}]}`,
			`{"type":"record","name":"R","namespace":"a","fields":[{"name":"x","type":{"type":"fixed","name":"F","namespace":"","size":0}},{"name":"y","type":"F"}]}`},
		{"primitive names within a namespace", `{"type":"record","name":"a.int","fields":[{"name":"x","type":"int"},{"name":"y","type":["null","a.int"]}]}`,
			`{"type":"record","name":"int","namespace":"a","fields":[{"name":"x","type":"int"},{"name":"y","type":["null","a.int"]}]}`},
		{"an order in capitals", record(`{"name":"a","type":"int","order":"IGNORE"}`), record(`{"name":"a","type":"int","order":"ignore"}`)},
		{"a null default of an enum is none", `{"type":"enum","name":"E","symbols":["A"],"default":null}`, `{"type":"enum","name":"E","symbols":["A"]}`},
		{"aliases of fields are any text", record(`{"name":"a","type":"int","aliases":["x-y","x-y"]}`), record(`{"name":"a","type":"int","aliases":["x-y"]}`)},
		{"a default in any branch", record(`{"name":"a","type":["null","string",{"type":"array","items":["int","string"]}],"default":[1,"x"]}`),
			record(`{"name":"a","type":["null","string",{"type":"array","items":["int","string"]}],"default":[1,"x"]}`)},
		{"a default that leaves out what has one", record(`{"name":"a","type":{"type":"record","name":"S","fields":[{"name":"x","type":"int","default":1}]},"default":{"other":1}}`),
			record(`{"name":"a","type":{"type":"record","name":"S","fields":[{"name":"x","type":"int","default":1}]},"default":{"other":1}}`)},
		{"a number out of the range of doubles", record(`{"name":"a","type":"double","default":1e999}`), record(`{"name":"a","type":"double","default":"Infinity"}`)},
		{"escapes in names", `{"\u0074ype":"fixed","name":"\u0046","size":0}`, `{"type":"fixed","name":"F","size":0}`},
		{"a record without a finite value", record(`{"name":"a","type":"R"}`), record(`{"name":"a","type":"R"}`)},
		{"comments", "// one\n[ /* two */ \"int\" ] // three", `["int"]`},
		{"a surrogate pair", `{"type":"int","x":"\ud83d\ude00"}`, `{"type":"int","x":"😀"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := schemas.Parse(test.text)
			require.NoError(t, err)
			require.Equal(t, test.want, s.Print())
		})
	}
}

func TestLenient(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"names", `{"type":"record","name":"a-b","namespace":"x y","fields":[{"name":"1","type":{"type":"enum","name":"é","symbols":["+"]}}]}`,
			`{"type":"record","name":"a-b","namespace":"x y","fields":[{"name":"1","type":{"type":"enum","name":"é","symbols":["+"]}}]}`},
		{"a default that does not fit", record(`{"name":"a","type":"int","default":"x"}`), record(`{"name":"a","type":"int","default":"x"}`)},
		{"a float's default as a string that is none", record(`{"name":"a","type":"float","default":"inf"}`), record(`{"name":"a","type":"float","default":"inf"}`)},
		{"a default without end", record(`{"name":"a","type":["null","R"],"default":{}}`), record(`{"name":"a","type":["null","R"],"default":{}}`)},
		{"a default that is no symbol", `{"type":"enum","name":"E","symbols":["A"],"default":"B"}`, `{"type":"enum","name":"E","symbols":["A"]}`},
		{"a default that is no string", `{"type":"enum","name":"E","symbols":["A"],"default":1}`, `{"type":"enum","name":"E","symbols":["A"]}`},
		{"an unknown order", record(`{"name":"a","type":"int","order":"up"}`), record(`{"name":"a","type":"int"}`)},
		{"a name in an object", record(`{"name":"a","type":["null",{"type":"R"}]}`), record(`{"name":"a","type":["null","R"]}`)},
		{"a type in an object", `{"type":{"type":["null",{"type":{"type":"int","x":1}}]}}`, `["null",{"type":"int","x":1}]`},
		{"a definition word for word again", record(`{"name":"a","type":{"type":"fixed","name":"F","size":1}}`, `{"name":"b","type":{"type":"fixed","name":"F","size":1,"doc":"d"}}`),
			record(`{"name":"a","type":{"type":"fixed","name":"F","size":1}}`, `{"name":"b","type":"F"}`)},
		{"a recursive definition again", record(`{"name":"a","type":["null",` + record(`{"name":"a","type":["null","R"]}`) + `]}`), record(`{"name":"a","type":["null","R"]}`)},
		{"a size in quotes", `{"type":"fixed","name":"F","size":"016"}`, `{"type":"fixed","name":"F","size":16}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := schemas.Parse(test.text)
			require.Error(t, err)
			s, err := schemas.Parse(test.text, schemas.Lenient())
			require.NoError(t, err)
			require.Equal(t, test.want, s.Print())
		})
	}
	for name, text := range map[string]string{
		"a definition again, differently": record(`{"name":"a","type":{"type":"fixed","name":"F","size":1}}`, `{"name":"b","type":{"type":"fixed","name":"F","size":2}}`),
		"no name":                         `{"type":"fixed","name":"","size":1}`,
		"an unknown type":                 `{"type":{"type":"X"}}`,
		"a field twice":                   record(`{"name":"a","type":"int"}`, `{"name":"a","type":"int"}`),
		"a comment that does not end":     `"int" /*`,
	} {
		t.Run("not even "+name, func(t *testing.T) {
			_, err := schemas.Parse(text, schemas.Lenient())
			require.Error(t, err)
		})
	}
}

func TestReferences(t *testing.T) {
	address := schemas.MustParse(`{"type":"record","name":"com.acme.Address","fields":[{"name":"zip","type":{"type":"fixed","name":"Zip","size":5}}]}`)
	text := `{"type":"record","name":"com.acme.Person","fields":[{"name":"home","type":"com.acme.Address"},{"name":"zip","type":"Zip"}]}`

	_, err := schemas.Parse(text)
	require.ErrorContains(t, err, `(/fields/0/type): unknown type "com.acme.Address"`)

	person, err := schemas.Parse(text, schemas.WithReferences(address))
	require.NoError(t, err)
	require.Equal(t, []*schemas.Schema{address}, person.References())
	require.Same(t, address.Root(), person.Root().Fields()[0].Type(), "shared with the reference")
	require.Equal(t, `{"name":"com.acme.Person","type":"record","fields":[{"name":"home","type":{"name":"com.acme.Address","type":"record","fields":[`+
		`{"name":"zip","type":{"name":"com.acme.Zip","type":"fixed","size":5}}]}},{"name":"zip","type":"com.acme.Zip"}]}`, person.Canonical())
	require.Equal(t, `{"type":"record","name":"Person","namespace":"com.acme","fields":[{"name":"home","type":"Address"},`+
		`{"name":"zip","type":{"type":"fixed","name":"Zip","size":5}}]}`, person.Print(), "only the top of a reference is known by name, as in Java")

	again, err := schemas.Parse(person.Print(), schemas.WithReferences(address), schemas.Lenient())
	require.NoError(t, err, "what Java prints reads back")
	require.Equal(t, person.Canonical(), again.Canonical())

	t.Run("the same text with another reference is another schema", func(t *testing.T) {
		other := schemas.MustParse(`{"type":"record","name":"com.acme.Address","fields":[{"name":"zip","type":{"type":"fixed","name":"Zip","size":6}}]}`)
		person2, err := schemas.Parse(text, schemas.WithReferences(other))
		require.NoError(t, err)
		require.NotEqual(t, person.Fingerprint(), person2.Fingerprint())

		_, err = schemas.Parse(text, schemas.WithReferences(address, other))
		require.ErrorContains(t, err, "reference 2 of 2 defines com.acme.Address unlike a reference before it")
	})
	t.Run("references of references are known", func(t *testing.T) {
		team, err := schemas.Parse(`{"type":"array","items":["com.acme.Person","com.acme.Zip"]}`, schemas.WithReferences(person))
		require.NoError(t, err)
		require.Equal(t, `{"type":"array","items":["com.acme.Person",{"type":"fixed","name":"Zip","namespace":"com.acme","size":5}]}`, team.Print())
	})
	t.Run("the same type by two ways", func(t *testing.T) {
		_, err := schemas.Parse(`"com.acme.Person"`, schemas.WithReferences(address), schemas.WithReferences(person))
		require.NoError(t, err)
	})
	t.Run("a type of a reference defined again", func(t *testing.T) {
		again := `["null",{"type":"fixed","name":"com.acme.Zip","size":5}]`
		_, err := schemas.Parse(again, schemas.WithReferences(address))
		require.ErrorContains(t, err, "com.acme.Zip is defined already, by a reference: use its name alone")
		s, err := schemas.Parse(again, schemas.WithReferences(address), schemas.Lenient())
		require.NoError(t, err)
		require.Same(t, address.Root().Fields()[0].Type(), s.Root().Branches()[1])
	})
	t.Run("nil", func(t *testing.T) {
		_, err := schemas.Parse(`"int"`, schemas.WithReferences(nil))
		require.ErrorContains(t, err, "reference 1 of 1 is nil")
	})
}

func TestTree(t *testing.T) {
	s := schemas.MustParse(`{"type":"record","name":"a.R","doc":"top","aliases":["Q","b.Q",".Q","a.Q"],"x":1,"fields":[
		{"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"],"default":"B"},"default":"A","order":"ignore","aliases":["old"],"doc":"an enum","y":[1.50]},
		{"name":"m","type":{"type":"map","values":["null","R"]}},
		{"name":"f","type":{"type":"fixed","name":"b.F","size":3}},
		{"name":"big","type":"long","default":9007199254740993}]}`)
	n := s.Root()
	require.Equal(t, "a.R", s.FullName())
	require.Equal(t, []string{"a.R", "R", "a", "top"}, []string{n.FullName(), n.Name(), n.Namespace(), n.Doc()})
	require.Equal(t, []string{"a.Q", "b.Q", "Q"}, n.Aliases())
	require.Equal(t, []schemas.Prop{{Name: "x", Value: json.RawMessage("1")}}, n.Props())
	require.Equal(t, "record", n.Type().String())

	e := n.Fields()[0]
	require.Equal(t, []string{"e", "ignore", "an enum", "old"}, []string{e.Name(), e.Order(), e.Doc(), e.Aliases()[0]})
	require.Equal(t, []schemas.Prop{{Name: "y", Value: json.RawMessage("[1.50]")}}, e.Props())
	def, ok := e.Default()
	require.True(t, ok)
	require.Equal(t, `"A"`, string(def))
	symbol, ok := e.Type().EnumDefault()
	require.True(t, ok)
	require.Equal(t, "B", symbol)
	at, ok := e.Type().Symbol("B")
	require.True(t, ok)
	require.Equal(t, 1, at)
	_, ok = e.Type().Symbol("C")
	require.False(t, ok)

	m, ok := n.Field("m")
	require.True(t, ok)
	require.Equal(t, 1, m.Index())
	require.Equal(t, "ascending", m.Order())
	_, ok = m.Default()
	require.False(t, ok)
	require.Same(t, n, m.Type().Items().Branches()[1], "a reference is the node that it refers to")
	require.Equal(t, "a.R", m.Type().Items().Branches()[1].BranchName())
	require.Equal(t, "null", m.Type().Items().Branches()[0].BranchName())
	_, ok = n.Field("old")
	require.False(t, ok)

	require.Equal(t, 3, n.Fields()[2].Type().Size())
	require.Equal(t, "b.F", n.Fields()[2].Type().FullName())
	big, _ := n.Fields()[3].Default()
	require.Equal(t, "9007199254740993", string(big), "every digit is kept")

	var names []string
	for node := range s.Types() {
		names = append(names, node.BranchName())
	}
	require.Equal(t, []string{"a.R", "a.E", "map", "union", "null", "b.F", "long"}, names)
}

func TestLogicalTypes(t *testing.T) {
	tests := []struct {
		text string
		want schemas.Logical
	}{
		{`{"type":"bytes","logicalType":"decimal","precision":9}`, schemas.Logical{Name: "decimal", Precision: 9}},
		{`{"type":"bytes","logicalType":"decimal","precision":9,"scale":9}`, schemas.Logical{Name: "decimal", Precision: 9, Scale: 9}},
		{`{"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":9,"scale":2}`, schemas.Logical{Name: "decimal", Precision: 9, Scale: 2}},
		{`{"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":10}`, schemas.Logical{}},
		{`{"type":"fixed","name":"F","size":0,"logicalType":"decimal","precision":1}`, schemas.Logical{}},
		{`{"type":"fixed","name":"F","size":16,"logicalType":"decimal","precision":38}`, schemas.Logical{Name: "decimal", Precision: 38}},
		{`{"type":"fixed","name":"F","size":16,"logicalType":"decimal","precision":39}`, schemas.Logical{}},
		{`{"type":"bytes","logicalType":"decimal"}`, schemas.Logical{}},
		{`{"type":"bytes","logicalType":"decimal","precision":0}`, schemas.Logical{}},
		{`{"type":"bytes","logicalType":"decimal","precision":4.0}`, schemas.Logical{}},
		{`{"type":"bytes","logicalType":"decimal","precision":"4"}`, schemas.Logical{}},
		{`{"type":"bytes","logicalType":"decimal","precision":4,"scale":5}`, schemas.Logical{}},
		{`{"type":"bytes","logicalType":"decimal","precision":4,"scale":-1}`, schemas.Logical{}},
		{`{"type":"bytes","logicalType":"decimal","precision":4,"scale":null}`, schemas.Logical{}},
		{`{"type":"string","logicalType":"decimal","precision":4}`, schemas.Logical{}},
		{`{"type":"bytes","logicalType":"big-decimal"}`, schemas.Logical{Name: "big-decimal"}},
		{`{"type":"string","logicalType":"big-decimal"}`, schemas.Logical{}},
		{`{"type":"string","logicalType":"uuid"}`, schemas.Logical{Name: "uuid"}},
		{`{"type":"fixed","name":"F","size":16,"logicalType":"uuid"}`, schemas.Logical{Name: "uuid"}},
		{`{"type":"fixed","name":"F","size":15,"logicalType":"uuid"}`, schemas.Logical{}},
		{`{"type":"bytes","logicalType":"uuid"}`, schemas.Logical{}},
		{`{"type":"int","logicalType":"date"}`, schemas.Logical{Name: "date"}},
		{`{"type":"long","logicalType":"date"}`, schemas.Logical{}},
		{`{"type":"int","logicalType":"time-millis"}`, schemas.Logical{Name: "time-millis"}},
		{`{"type":"long","logicalType":"time-millis"}`, schemas.Logical{}},
		{`{"type":"long","logicalType":"time-micros"}`, schemas.Logical{Name: "time-micros"}},
		{`{"type":"int","logicalType":"time-micros"}`, schemas.Logical{}},
		{`{"type":"long","logicalType":"timestamp-millis"}`, schemas.Logical{Name: "timestamp-millis"}},
		{`{"type":"long","logicalType":"timestamp-micros"}`, schemas.Logical{Name: "timestamp-micros"}},
		{`{"type":"long","logicalType":"timestamp-nanos"}`, schemas.Logical{Name: "timestamp-nanos"}},
		{`{"type":"long","logicalType":"local-timestamp-millis"}`, schemas.Logical{Name: "local-timestamp-millis"}},
		{`{"type":"long","logicalType":"local-timestamp-micros"}`, schemas.Logical{Name: "local-timestamp-micros"}},
		{`{"type":"long","logicalType":"local-timestamp-nanos"}`, schemas.Logical{Name: "local-timestamp-nanos"}},
		{`{"type":"double","logicalType":"timestamp-millis"}`, schemas.Logical{}},
		{`{"type":"fixed","name":"F","size":12,"logicalType":"duration"}`, schemas.Logical{Name: "duration"}},
		{`{"type":"fixed","name":"F","size":13,"logicalType":"duration"}`, schemas.Logical{}},
		{`{"type":"int","logicalType":"unheard-of"}`, schemas.Logical{}},
		{`{"type":"int","logicalType":7}`, schemas.Logical{}},
		{`{"type":"int","logicalType":"\u0064ate"}`, schemas.Logical{Name: "date"}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			s, err := schemas.Parse(test.text)
			require.NoError(t, err)
			require.Equal(t, test.want, s.Root().Logical())
		})
	}
	t.Run("on a field it means nothing", func(t *testing.T) {
		s := schemas.MustParse(record(`{"name":"a","type":"int","logicalType":"date"}`))
		require.Equal(t, schemas.Logical{}, s.Root().Fields()[0].Type().Logical())
	})
}

func TestLimits(t *testing.T) {
	deep := strings.Repeat(`{"type":"array","items":`, 200) + `"int"` + strings.Repeat("}", 200)
	_, err := schemas.Parse(deep)
	require.NoError(t, err)
	_, err = schemas.Parse(`{"type":"array","items":` + deep + `}`)
	require.ErrorContains(t, err, "types nest deeper than 200")
	_, err = schemas.Parse(`{"type":"array","items":`+deep+`}`, schemas.WithMaxDepth(201))
	require.NoError(t, err)
	_, err = schemas.Parse(`"int"`, schemas.WithMaxBytes(4))
	require.ErrorContains(t, err, "5 bytes of text, more than the limit of 4")
	require.Panics(t, func() { schemas.MustParse(`"int"`, schemas.WithMaxBytes(4)) })
}
