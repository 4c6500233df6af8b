package schemas_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
)

// What Java's Schema.toString prints was taken from Apache Avro 1.12.2 on Java 17;
// of a double it prints the shortest digits that read back, as Java does since 19.
func TestPrint(t *testing.T) {
	tests := []struct{ name, text, print, normalized string }{
		{name: "a primitive type", text: ` { "type" : "int" } `, print: `"int"`},
		{name: "a primitive type with attributes", text: `{"x":1,"type":"int"}`, print: `{"type":"int","x":1}`},
		{name: "a union", text: `["null", {"type":"array","items":"int"}]`, print: `["null",{"type":"array","items":"int"}]`},
		{
			name: "every attribute, in Java's order",
			text: `{"y":[1],"aliases":["b.B","A"],"fields":[{"z":0,"aliases":["g","f"],"order":"descending","default":1,"doc":"","type":"int","name":"i"}],
				"x":{"b":1,"a":2},"doc":"","name":"a.R","type":"error"}`,
			print: `{"type":"error","name":"R","namespace":"a","doc":"","fields":[{"name":"i","type":"int","doc":"","default":1,"order":"descending","aliases":["g","f"],"z":0}],` +
				`"y":[1],"x":{"b":1,"a":2},"aliases":["b.B","A"]}`,
			normalized: `{"type":"record","name":"R","namespace":"a","fields":[{"name":"i","type":"int","doc":"","default":1,"order":"descending","aliases":["f","g"],"z":0}],` +
				`"x":{"a":2,"b":1},"y":[1],"aliases":["A","b.B"]}`,
		},
		{
			name: "an enum and a fixed",
			text: `["null",{"default":"B","symbols":["A","B"],"x":1,"doc":"d","name":"E","type":"enum"},{"aliases":["b.G"],"size":2,"namespace":"n","name":"F","type":"fixed"}]`,
			print: `["null",{"type":"enum","name":"E","doc":"d","symbols":["A","B"],"default":"B","x":1},` +
				`{"type":"fixed","name":"F","namespace":"n","size":2,"aliases":["b.G"]}]`,
		},
		{
			name: "names relative to the namespace around them",
			text: `{"type":"record","name":"a.R","fields":[{"name":"x","type":{"type":"record","name":"b.S","fields":[{"name":"r","type":"a.R"},{"name":"s","type":"b.S"},` +
				`{"name":"t","type":{"type":"fixed","name":"T","namespace":"","size":1}},{"name":"m","type":{"type":"fixed","name":"map","size":1}},{"name":"n","type":"b.map"}]}},{"name":"y","type":"b.S"}]}`,
			print: `{"type":"record","name":"R","namespace":"a","fields":[{"name":"x","type":{"type":"record","name":"S","namespace":"b","fields":[{"name":"r","type":"a.R"},{"name":"s","type":"S"},` +
				`{"name":"t","type":{"type":"fixed","name":"T","namespace":"","size":1}},{"name":"m","type":{"type":"fixed","name":"map","size":1}},{"name":"n","type":"b.map"}]}},{"name":"y","type":"b.S"}]}`,
		},
		{
			name:  "numbers",
			text:  `{"type":"int","x":[0,-0,12345678901234567890123,1.0,-0.0,1e3,0.1,1E7,9999999.0,123e-5,0.001,0.00099,1e23,5e-324,1.7976931348623157e308,1e999,-1e999,2.50]}`,
			print: `{"type":"int","x":[0,0,12345678901234567890123,1.0,-0.0,1000.0,0.1,1.0E7,9999999.0,0.00123,0.001,9.9E-4,1.0E23,4.9E-324,1.7976931348623157E308,"Infinity","-Infinity",2.5]}`,
		},
		{
			name:  "strings",
			text:  `{"type":"int","x":"\u0000\b\f\n\r\t\u001f\u007f\"\\\/é\u2028\ud83d\ude00"}`,
			print: `{"type":"int","x":"\u0000\b\f\n\r\t\u001F` + "\u007f" + `\"\\/é` + "\u2028😀" + `"}`,
		},
		{name: "repeated keys within values", text: `{"type":"int","x":{"a":1,"b":[true,false,null],"a":{"c":2}}}`, print: `{"type":"int","x":{"a":{"c":2},"b":[true,false,null]}}`},
		{
			name: "normalized defaults are values of their type",
			text: `{"type":"record","name":"R","fields":[{"name":"d","type":"double","default":1},{"name":"f","type":"float","default":0.1},{"name":"l","type":"long","default":9007199254740993},` +
				`{"name":"u","type":["null","double"],"default":1},{"name":"n","type":["null","double"],"default":null},{"name":"b","type":["bytes","string"],"default":"\u00ff"},` +
				`{"name":"a","type":{"type":"array","items":"float"},"default":[1,2.5]},{"name":"m","type":{"type":"map","values":"double"},"default":{"b":1,"a":2}},` +
				`{"name":"r","type":{"type":"record","name":"S","fields":[{"name":"x","type":"double"}]},"default":{"x":1,"other":1}}]}`,
			print: `{"type":"record","name":"R","fields":[{"name":"d","type":"double","default":1},{"name":"f","type":"float","default":0.1},{"name":"l","type":"long","default":9007199254740993},` +
				`{"name":"u","type":["null","double"],"default":1},{"name":"n","type":["null","double"],"default":null},{"name":"b","type":["bytes","string"],"default":"ÿ"},` +
				`{"name":"a","type":{"type":"array","items":"float"},"default":[1,2.5]},{"name":"m","type":{"type":"map","values":"double"},"default":{"b":1,"a":2}},` +
				`{"name":"r","type":{"type":"record","name":"S","fields":[{"name":"x","type":"double"}]},"default":{"x":1,"other":1}}]}`,
			normalized: `{"type":"record","name":"R","fields":[{"name":"d","type":"double","default":1.0},{"name":"f","type":"float","default":0.1},{"name":"l","type":"long","default":9007199254740993},` +
				`{"name":"u","type":["null","double"],"default":1.0},{"name":"n","type":["null","double"],"default":null},{"name":"b","type":["bytes","string"],"default":"ÿ"},` +
				`{"name":"a","type":{"type":"array","items":"float"},"default":[1.0,2.5]},{"name":"m","type":{"type":"map","values":"double"},"default":{"a":2.0,"b":1.0}},` +
				`{"name":"r","type":{"type":"record","name":"S","fields":[{"name":"x","type":"double"}]},"default":{"other":1,"x":1.0}}]}`,
		},
		{
			name:       "normalized logical types come first",
			text:       `{"type":"bytes","scale":2,"a":1,"precision":4,"logicalType":"decimal"}`,
			print:      `{"type":"bytes","scale":2,"a":1,"precision":4,"logicalType":"decimal"}`,
			normalized: `{"type":"bytes","logicalType":"decimal","precision":4,"scale":2,"a":1}`,
		},
		{
			name:       "a scale of zero is an attribute like others",
			text:       `{"type":"bytes","scale":0,"a":1,"precision":4,"logicalType":"decimal"}`,
			print:      `{"type":"bytes","scale":0,"a":1,"precision":4,"logicalType":"decimal"}`,
			normalized: `{"type":"bytes","logicalType":"decimal","precision":4,"a":1,"scale":0}`,
		},
		{
			name:       "a logical type that Java ignores is an attribute like others",
			text:       `{"type":"string","logicalType":"uuid","avro.java.string":"String"}`,
			print:      `{"type":"string","logicalType":"uuid","avro.java.string":"String"}`,
			normalized: `{"type":"string","avro.java.string":"String","logicalType":"uuid"}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemas.MustParse(test.text)
			require.Equal(t, test.print, s.Print())
			if test.normalized == "" {
				test.normalized = test.print
			}
			require.Equal(t, test.normalized, s.Normalized())
			require.Equal(t, test.text, s.String())
		})
	}
}

func TestPrintResolved(t *testing.T) {
	ref := schemas.MustParse(`{"type":"fixed","name":"a.F","size":1}`)
	s := schemas.MustParse(`{"type":"record","name":"a.R","fields":[{"name":"x","type":"F"},{"name":"y","type":"F"}]}`, schemas.WithReferences(ref))
	require.Equal(t, `{"type":"record","name":"R","namespace":"a","fields":[{"name":"x","type":"F"},{"name":"y","type":"F"}]}`, s.Print())
	require.Equal(t, `{"type":"record","name":"R","namespace":"a","fields":[{"name":"x","type":{"type":"fixed","name":"F","size":1}},{"name":"y","type":"F"}]}`, s.PrintResolved())
}

// Printing loses nothing: it reads back as the same schema, for every vector.
func TestPrintReadsBack(t *testing.T) {
	for _, v := range vectors.Load[parseVector]("parse_valid.json") {
		t.Run(v.Name, func(t *testing.T) {
			s := schemas.MustParse(v.Schema)
			again, err := schemas.Parse(s.Print())
			require.NoError(t, err)
			require.Equal(t, s.Print(), again.Print())
			require.Equal(t, s.Canonical(), again.Canonical())
			normal, err := schemas.Parse(s.Normalized())
			require.NoError(t, err)
			require.Equal(t, s.Normalized(), normal.Normalized())
			require.Equal(t, s.Canonical(), normal.Canonical())
		})
	}
}
