package schemas_test

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

func inUTF16(text string, order binary.AppendByteOrder, mark bool) string {
	var out []byte
	if mark {
		out = order.AppendUint16(out, 0xfeff)
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

// Files that are no schemas are called by their name.
func TestForeignFiles(t *testing.T) {
	little, big := binary.LittleEndian, binary.BigEndian
	for _, test := range []struct{ name, text, err string }{
		{"nothing", "", "line 1, column 1: want a JSON value, found the end of the text; the text is empty"},
		{"spaces", " \r\n\t", "the text is empty"},
		{"a comment alone", "// nothing\n", "want a JSON value, found the end of the text"},
		{"an Avro data file", "Obj\x01\x04\x14avro.codec", "an Avro data file; its schema is in its header"},
		{"gzip", "\x1f\x8b\x08\x00", "compressed with gzip"},
		{"zstandard", "\x28\xb5\x2f\xfd\x04", "compressed with zstandard"},
		{"a jar", "PK\x03\x04\x14", "a zip or jar archive"},
		{"a Parquet file", "PAR1\x15", "a Parquet file"},
		{"an executable", "\x7fELF\x02\x01\x01\x00\x00", "a binary file"},
		{"a framed value", "\x00\x00\x00\x00\x29\x06ada", "a binary file"},
		{"HTML", "\n<!DOCTYPE html><html><body>404</body></html>", "HTML or XML"},
		{"UTF-16, little end first", inUTF16(`"int"`, little, true), "text in UTF-16: save it as UTF-8"},
		{"UTF-16, big end first", inUTF16(`"int"`, big, true), "text in UTF-16: save it as UTF-8"},
		{"UTF-16 without a mark", inUTF16(`{"type":"int"}`, little, false), "text in UTF-16: save it as UTF-8"},
		{"UTF-16 without a mark, big end first", inUTF16(`{"type":"int"}`, big, false), "text in UTF-16: save it as UTF-8"},
		{"Latin-1", "{\"type\":\"int\",\"doc\":\"Gr\xfc\xdfe\"}", "byte 0xfc is not UTF-8"},
		{"Avro IDL", "@namespace(\"shop\")\nprotocol Orders {}", "Avro IDL"},
		{"Avro IDL of one schema", "schema Order;", "Avro IDL"},
		{"Protobuf", "syntax = \"proto3\";", "a Protobuf file"},
		{"YAML", "type: record\nname: Order\n", "YAML"},
		{"YAML with a head", "---\ntype: record\n", "YAML"},

		{"JSON that is no schema", `{"name":"Order"}`, `line 1, column 1: an object needs a "type"`},
		{"a number", `12`, `not a number`},
		{"an Avro protocol", `{"protocol":"Orders","types":[]}`, `this is an Avro protocol: its types are under "types"`},
		{"a JSON Schema", `{"type":"object","properties":{}}`, `unknown type "object"; this is a JSON Schema, not an Avro schema`},
		{"a JSON Schema with its mark", `{"$schema":"http://json-schema.org/draft-07/schema#"}`, `this is a JSON Schema`},
		{"what a registry sends", `{"subject":"a","id":1,"schema":"\"int\""}`, `the schema is the text of its "schema"`},
		{"an error of a registry", `{"error_code":40401,"message":"Subject not found."}`, `this is an error of a registry`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := schemas.Parse(test.text)
			var parse *schemas.ParseError
			require.ErrorAs(t, err, &parse)
			require.ErrorContains(t, err, test.err)
		})
	}
	t.Run("a byte order mark of UTF-8 is no harm", func(t *testing.T) {
		s, err := schemas.Parse("\ufeff\"int\"")
		require.NoError(t, err)
		require.Equal(t, `"int"`, s.String())
	})
}
