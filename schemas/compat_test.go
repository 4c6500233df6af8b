package schemas_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

func ExampleCanRead() {
	writer := schemas.MustParse(`{"type":"record","name":"User","fields":[
		{"name":"name","type":"string"}, {"name":"age","type":"string"}]}`)
	reader := schemas.MustParse(`{"type":"record","name":"User","fields":[
		{"name":"name","type":"string"}, {"name":"age","type":"int"}, {"name":"email","type":"string"}]}`)

	err := schemas.CanRead(reader, writer)
	var incompatible *schemas.IncompatibleError
	if errors.As(err, &incompatible) {
		for _, reason := range incompatible.Reasons {
			fmt.Println(reason.Kind, reason.Path, "|", reason)
		}
	}
	// Output:
	// TYPE_MISMATCH /fields/1/type | age: string cannot be read as int
	// READER_FIELD_MISSING_DEFAULT_VALUE /fields/2 | field email is not in the writer's schema and needs a default
}

func TestCanRead(t *testing.T) {
	enum := func(name, rest string) string {
		return `{"type":"enum","name":"` + name + `","symbols":["A"]` + rest + `}`
	}
	tests := []struct {
		name, reader, writer string
		want                 []string // kind, path, message
		err                  string
	}{
		{name: "a name by its alias", reader: `{"type":"record","name":"b.New","aliases":["a.Old"],"fields":[]}`, writer: `{"type":"record","name":"a.Old","fields":[]}`},
		{name: "an alias belongs to its type's namespace", reader: `{"type":"record","name":"a.New","aliases":["Old"],"fields":[]}`, writer: `{"type":"record","name":"Old","fields":[]}`,
			want: []string{"NAME_MISMATCH /name expected: Old"},
			err:  `incompatible schema: the reader cannot read the writer's data: record Old of the writer is record a.New for the reader, which needs the same name or the alias "Old"`},
		{name: "an alias in the null namespace", reader: `{"type":"record","name":"a.New","aliases":[".Old"],"fields":[]}`, writer: `{"type":"record","name":"Old","fields":[]}`},
		{name: "a field by its alias", reader: record(`{"name":"new","type":"long","aliases":["older","old"]}`), writer: record(`{"name":"old","type":"int"}`)},
		{name: "a field by its name and by an alias", reader: record(`{"name":"new","type":"long","aliases":["old"]}`), writer: record(`{"name":"old","type":"int"}`, `{"name":"new","type":"int"}`),
			want: []string{"NAME_MISMATCH /fields/0/name Reader record field new matches multiple fields in writer record schema"},
			err:  "new: the writer has both new and old, which are one field for the reader by its aliases"},
		{name: "an alias that is the field's own name", reader: record(`{"name":"a","type":"int","aliases":["a"]}`), writer: record(`{"name":"a","type":"int"}`)},
		{name: "promotions out of a union", reader: `"double"`, writer: `["int","long","float"]`},
		{name: "promotions into a union", reader: `["null","double"]`, writer: `"int"`},
		{name: "string and bytes", reader: `["bytes"]`, writer: `["string"]`},
		{name: "every mismatch of a union that is no union any more", reader: `"int"`, writer: `["null","string","int"]`,
			want: []string{"TYPE_MISMATCH /0 reader type: INT not compatible with writer type: NULL", "TYPE_MISMATCH /1 reader type: INT not compatible with writer type: STRING"},
			err:  "null cannot be read as int; string cannot be read as int"},
		{name: "items and values", reader: `{"type":"map","values":{"type":"array","items":["null","int"]}}`, writer: `{"type":"map","values":{"type":"array","items":["null","string"]}}`,
			want: []string{"MISSING_UNION_BRANCH /values/items/1 reader union lacking writer type: STRING"},
			err:  "{}[]: no branch of the reader's union can take string"},
		{name: "the cause within a union", reader: record(`{"name":"home","type":["null",{"type":"record","name":"Address","fields":[{"name":"zip","type":"int"}]}]}`),
			writer: record(`{"name":"home","type":["null",{"type":"record","name":"Address","fields":[{"name":"street","type":"string"}]}]}`),
			want:   []string{"MISSING_UNION_BRANCH /fields/0/type/1 reader union lacking writer type: RECORD"},
			err:    "home: no branch of the reader's union can take record Address (field home.zip is not in the writer's schema and needs a default)"},
		{name: "the name is the cause", reader: `["null",{"type":"fixed","name":"F","size":1}]`, writer: `{"type":"fixed","name":"G","size":1}`,
			want: []string{"MISSING_UNION_BRANCH / reader union lacking writer type: FIXED"},
			err:  `no branch of the reader's union can take fixed G (fixed G of the writer is fixed F for the reader, which needs the same name or the alias "G")`},
		{name: "name and size", reader: `{"type":"fixed","name":"F","size":1}`, writer: `{"type":"fixed","name":"G","size":2}`,
			want: []string{"NAME_MISMATCH /name expected: G", "FIXED_SIZE_MISMATCH /size expected: 2, found: 1"},
			err:  "fixed G has 2 bytes for the writer and 1 for the reader"},
		{name: "symbols in alphabetical order", reader: enum("E", ""), writer: `{"type":"enum","name":"E","symbols":["C","A","B"]}`,
			want: []string{"MISSING_ENUM_SYMBOLS /symbols [B, C]"}, err: "enum E of the reader lacks the writer's symbols [B, C]: it needs them, or a default symbol"},
		{name: "a default symbol", reader: enum("E", `,"default":"A"`), writer: `{"type":"enum","name":"E","symbols":["C","A","B"]}`},
		{name: "a field of a type that has a default symbol", reader: record(`{"name":"e","type":` + enum("E", `,"default":"A"`) + `}`), writer: record(),
			want: []string{"TYPE_MISMATCH /fields/0/type reader type: ENUM not compatible with writer type: RECORD"}, err: "e: record R cannot be read as enum E"},
		{name: "recursive records", reader: record(`{"name":"next","type":["null","R"]}`, `{"name":"x","type":"long"}`), writer: record(`{"name":"x","type":"int"}`, `{"name":"next","type":["null","R"]}`)},
		{name: "a recursive record that changes is reported once", reader: record(`{"name":"x","type":"int"}`, `{"name":"next","type":["null","R"]}`),
			writer: record(`{"name":"x","type":"long"}`, `{"name":"next","type":["null","R"]}`),
			want:   []string{"TYPE_MISMATCH /fields/0/type reader type: INT not compatible with writer type: LONG"}, err: "x: long cannot be read as int"},
		{name: "a type in two places is reported in both, as Java does", reader: record(`{"name":"a","type":{"type":"fixed","name":"F","size":1}}`, `{"name":"b","type":"F"}`),
			writer: record(`{"name":"a","type":{"type":"fixed","name":"F","size":2}}`, `{"name":"b","type":"F"}`),
			want:   []string{"FIXED_SIZE_MISMATCH /fields/0/type/size expected: 2, found: 1", "FIXED_SIZE_MISMATCH /fields/0/type/size expected: 2, found: 1"},
			err:    "incompatible schema: the reader cannot read the writer's data: a: fixed F has 2 bytes for the writer and 1 for the reader"},
		{name: "an error is a record", reader: `{"type":"error","name":"E","fields":[]}`, writer: `{"type":"record","name":"E","fields":[]}`},
		{name: "logical types do not count", reader: `{"type":"int","logicalType":"date"}`, writer: `{"type":"int","logicalType":"time-millis"}`},
		{name: "an empty union writes nothing", reader: `"int"`, writer: `[]`},
		{name: "an empty union reads nothing", reader: `[]`, writer: `"int"`, want: []string{"MISSING_UNION_BRANCH / reader union lacking writer type: INT"}, err: "no branch"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := schemas.CanRead(schemas.MustParse(test.reader), schemas.MustParse(test.writer))
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			var incompatible *schemas.IncompatibleError
			require.ErrorAs(t, err, &incompatible)
			var got []string
			for _, r := range incompatible.Reasons {
				got = append(got, fmt.Sprintf("%s %s %s", r.Kind, r.Path, r.Message))
			}
			require.Equal(t, test.want, got)
			require.ErrorContains(t, err, test.err)
		})
	}
}

// Reasons made from a registry's answer have no schemas behind them.
func TestReasonString(t *testing.T) {
	r := schemas.Reason{Kind: schemas.TypeMismatch, Path: "/fields/0/type", Message: "reader type: INT not compatible with writer type: STRING"}
	require.Equal(t, "TYPE_MISMATCH at /fields/0/type: reader type: INT not compatible with writer type: STRING", r.String())
	err := &schemas.IncompatibleError{Level: schemas.Backward, Reasons: []schemas.Reason{r}}
	require.EqualError(t, err, "incompatible schema at level BACKWARD: the reader cannot read the writer's data: "+r.String())
}
