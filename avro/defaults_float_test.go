package avro_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

func withDefault(typ, def string) string {
	return `{"type":"record","name":"R","fields":[{"name":"a","type":` + typ + `,"default":` + def + `}]}`
}

var noFields = schemas.MustParse(`{"type":"record","name":"R","fields":[]}`)

// A string for a float or a double is what Java 1.12.2 reads from the empty datum:
// in parsing, strict and lenient, in CanRead, in resolution, and in what is written
// for a field that the Go type or value lacks.
func TestFloatDefaultsAsStrings(t *testing.T) {
	for _, c := range []struct{ def, double, float string }{
		{`"NaN"`, "000000000000f87f", "0000c07f"},
		{`"Infinity"`, "000000000000f07f", "0000807f"},
		{`"-Infinity"`, "000000000000f0ff", "000080ff"},
		{`"+Infinity"`, "000000000000f07f", "0000807f"},
		{`"-NaN"`, "000000000000f87f", "0000c07f"},
		{`"1.5"`, "000000000000f83f", "0000c03f"},
		{`" 1.5\n"`, "000000000000f83f", "0000c03f"},
		{`"1.5f"`, "000000000000f83f", "0000c03f"},
		{`"0x1.8p0"`, "000000000000f83f", "0000c03f"},
		{`"1e3"`, "0000000000408f40", "00007a44"},
		{`"-0"`, "0000000000000080", "00000080"},
		{`"1e400"`, "000000000000f07f", "0000807f"},
		{`"3.5e38"`, "7bcdd3c4f874f047", "0000807f"},
		{`"16777217"`, "0000001000007041", "0000804b"},
		{`"\u004eaN"`, "000000000000f87f", "0000c07f"},
		{`1e400`, "000000000000f07f", "0000807f"},
	} {
		for typ, want := range map[string]string{`"double"`: c.double, `"float"`: c.float, `{"type":"float","logicalType":"x"}`: c.float} {
			for _, opts := range [][]schemas.ParseOption{nil, {schemas.Lenient()}} {
				reader, err := schemas.Parse(withDefault(typ, c.def), opts...)
				require.NoError(t, err, "%s %s", typ, c.def)
				require.Nil(t, schemas.CanRead(reader, noFields))
				r, err := avro.NewResolution(noFields, reader)
				require.NoError(t, err)
				out, err := r.Append(nil, nil)
				require.NoError(t, err)
				require.Equal(t, want, hex.EncodeToString(out), "%s %s", typ, c.def)

				generic, err := avro.NewCodec[any](reader)
				require.NoError(t, err)
				require.Equal(t, want, hex.EncodeToString(encode[any](t, generic, map[string]any{})))
				empty, err := avro.NewCodec[struct{}](reader)
				require.NoError(t, err)
				require.Equal(t, want, hex.EncodeToString(encode(t, empty, struct{}{})))
				j, err := avro.NewJSON(reader, avro.WithJSONDefaults())
				require.NoError(t, err)
				out, err = j.AppendDatum(nil, []byte(`{}`))
				require.NoError(t, err)
				require.Equal(t, want, hex.EncodeToString(out))

				// What is printed means the same.
				again, err := schemas.Parse(reader.Print())
				require.NoError(t, err)
				r, err = avro.NewResolution(noFields, again)
				require.NoError(t, err)
				out, err = r.Append(nil, nil)
				require.NoError(t, err)
				require.Equal(t, want, hex.EncodeToString(out), reader.Print())
			}
		}
		// Within a default of a record, the inner field's own.
		inner := `{"type":"record","name":"S","fields":[{"name":"b","type":"double","default":` + c.def + `}]}`
		r, err := avro.NewResolution(noFields, schemas.MustParse(withDefault(inner, `{}`)))
		require.NoError(t, err)
		out, err := r.Append(nil, nil)
		require.NoError(t, err)
		require.Equal(t, c.double, hex.EncodeToString(out))
	}
}

// In a union of a string and a double the string is one, as in Java.
func TestStringsInUnionsStayStrings(t *testing.T) {
	for _, typ := range []string{`["null","string","double"]`, `["double","string"]`, `["bytes","double"]`} {
		r, err := avro.NewResolution(noFields, schemas.MustParse(withDefault(typ, `"NaN"`)))
		require.NoError(t, err)
		out, err := r.Append(nil, nil)
		require.NoError(t, err)
		require.Equal(t, "\x06NaN", string(out[1:]), typ)
	}
}

// What CanRead allows resolves: a default that is none of its type, which only
// lenient parsing lets pass, is no default.
func TestWhatCanReadAllowsResolves(t *testing.T) {
	inner := func(def string) string {
		return `{"type":"record","name":"S","fields":[{"name":"b","type":"int"},{"name":"c","type":"double"` + def + `}]}`
	}
	types := []string{
		`"null"`, `"boolean"`, `"int"`, `"long"`, `"float"`, `"double"`, `"bytes"`, `"string"`,
		`{"type":"fixed","name":"F","size":2}`, `{"type":"enum","name":"E","symbols":["A","NaN"]}`,
		`{"type":"array","items":"double"}`, `{"type":"map","values":"float"}`, `{"type":"array","items":"int"}`,
		`["null","double"]`, `["double"]`, `["int","string"]`, `[]`, `["null","R"]`, `["R","null"]`, `{"type":"array","items":"R"}`,
		inner(``), inner(`,"default":1`), inner(`,"default":"NaN"`), inner(`,"default":"INF"`), inner(`,"default":null`), `["null",` + inner(`,"default":"nan"`) + `]`,
	}
	defaults := []string{
		`null`, `true`, `0`, `1.0`, `1e3`, `1.5`, `1e400`, `2147483648`, `9223372036854775808`, `"NaN"`, `"nan"`, `"Infinity"`, `"INF"`, `"1.5"`, `"x"`, `""`, `"A"`, `"ab"`,
		`"abc"`, `"\u0100"`, `"\u00ff\u00ff"`, `[]`, `["NaN"]`, `[1.0]`, `[1.5]`, `[{}]`, `{}`, `{"b":1}`, `{"b":1.0,"c":2}`, `{"b":1,"c":"NaN"}`, `{"b":1,"c":null}`, `{"a":null}`, `{"a":{"a":null}}`,
	}
	usable := 0
	for _, typ := range types {
		for _, def := range defaults {
			text := withDefault(typ, def)
			reader, err := schemas.Parse(text, schemas.Lenient())
			require.NoError(t, err, text)
			r, err := avro.NewResolution(noFields, reader)
			if err == nil {
				_, err = r.Append(nil, nil)
			}
			reason := schemas.CanRead(reader, noFields)
			require.Equal(t, err == nil, reason == nil, "%s: CanRead %v, resolution %v", text, reason, err)
			if _, strict := schemas.Parse(text); strict == nil {
				require.NoError(t, err, "%s is sound", text)
			}
			if err == nil {
				usable++
			} else {
				require.ErrorContains(t, reason, "default")
			}
		}
	}
	require.Greater(t, usable, 100)
}

// Generic values of a default that is no number.
func TestFloatDefaultsDecode(t *testing.T) {
	r, err := avro.NewResolution(noFields, schemas.MustParse(withDefault(`"double"`, `"NaN"`)))
	require.NoError(t, err)
	out, err := r.Append(nil, nil)
	require.NoError(t, err)
	var v any
	require.NoError(t, newCodec[any](t, withDefault(`"double"`, `"NaN"`)).Decode(out, &v))
	require.True(t, math.IsNaN(v.(map[string]any)["a"].(float64)), fmt.Sprint(v))
}
