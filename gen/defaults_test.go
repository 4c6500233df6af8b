package gen_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/gen"
	"github.com/kavro/kavro/schemas"
)

// defaulted are types with defaults of all kinds; %[1]d makes names the case's own.
var defaulted = []struct{ typ, def string }{
	{`"null"`, `null`},
	{`"boolean"`, `true`}, {`"boolean"`, `false`},
	{`"int"`, `0`}, {`"int"`, `-2147483648`}, {`"int"`, `2147483647`},
	{`"long"`, `-9223372036854775808`}, {`"long"`, `9223372036854775807`}, {`"long"`, `0`},
	{`"float"`, `"NaN"`}, {`"float"`, `"-Infinity"`}, {`"float"`, `"1.5"`}, {`"float"`, `-0.0`}, {`"float"`, `1e-45`}, {`"float"`, `3.4028235e38`}, {`"float"`, `1e39`},
	{`"float"`, `0.1`}, {`"float"`, `16777217`}, {`"float"`, `"16777217"`}, {`"float"`, `0`},
	{`"double"`, `"NaN"`}, {`"double"`, `"Infinity"`}, {`"double"`, `"-Infinity"`}, {`"double"`, `"1.5f"`}, {`"double"`, `-0.0`}, {`"double"`, `5e-324`},
	{`"double"`, `1.7976931348623157e308`}, {`"double"`, `-1e400`}, {`"double"`, `9007199254740993`}, {`"double"`, `0`},
	{`"bytes"`, `""`}, {`"bytes"`, `"\u0000\u00ff\u0080A\"\\"`}, {`"string"`, `""`}, {`"string"`, `"é\n\u0000\"` + "`" + `\ud83d\ude00"`},
	{`{"type":"fixed","name":"F%[1]d","size":3}`, `"\u0000\u00ff\u0001"`}, {`{"type":"fixed","name":"F%[1]d","size":3}`, `"\u0000\u0000\u0000"`}, {`{"type":"fixed","name":"F%[1]d","size":0}`, `""`},
	{`{"type":"enum","name":"E%[1]d","symbols":["A","B"]}`, `"A"`}, {`{"type":"enum","name":"E%[1]d","symbols":["A","B"],"default":"A"}`, `"B"`}, {`{"type":"enum","name":"other.E%[1]d","symbols":["A","B"]}`, `"B"`},
	{`{"type":"array","items":"int"}`, `[]`}, {`{"type":"array","items":"long"}`, `[1,0,-1]`}, {`{"type":"array","items":"double"}`, `[0,1.5,1e400,-0.0]`}, {`{"type":"array","items":["null","float"]}`, `[null,1.5,1e39]`},
	{`{"type":"array","items":"null"}`, `[null,null]`}, {`{"type":"array","items":{"type":"array","items":"string"}}`, `[[],["a"],[]]`}, {`{"type":"array","items":"boolean"}`, `[false,true]`}, {`{"type":"array","items":"bytes"}`, `["","\u00ff"]`},
	{`{"type":"array","items":{"type":"enum","name":"other.E%[1]d","symbols":["A","B"]}}`, `["B","A"]`}, {`{"type":"array","items":{"type":"fixed","name":"F%[1]d","size":1}}`, `["\u0000","\u0001"]`},
	{`{"type":"map","values":"int"}`, `{}`}, {`{"type":"map","values":"string"}`, `{"b":"","a":"\u00e9","":"x"}`}, {`{"type":"map","values":{"type":"map","values":["null","long"]}}`, `{"k":{"a":null,"b":7},"l":{}}`},
	{`["null","int"]`, `null`}, {`["int","null"]`, `0`}, {`["null","int"]`, `-5`}, {`["null","long"]`, `9223372036854775807`}, {`["null","float"]`, `1.5`}, {`["null","double"]`, `-0.0`}, {`["double","null"]`, `-1e400`}, {`["null","boolean"]`, `false`}, {`["null","string"]`, `""`},
	{`["null","bytes"]`, `""`}, {`["null","bytes"]`, `"\u00ff"`}, {`["null",{"type":"array","items":"int"}]`, `[]`}, {`["null",{"type":"map","values":"int"}]`, `{}`}, {`["null",{"type":"map","values":"int"}]`, `{"a":0}`},
	{`["null",{"type":"enum","name":"E%[1]d","symbols":["A","B"]}]`, `"A"`}, {`["null",{"type":"enum","name":"other.E%[1]d","symbols":["A","B"]}]`, `"B"`}, {`["null",{"type":"fixed","name":"F%[1]d","size":2}]`, `"\u0000\u0000"`}, {`["null",{"type":"fixed","name":"other.F%[1]d","size":2}]`, `"ab"`},
	{`["null",{"type":"record","name":"S%[1]d","fields":[{"name":"x","type":"int"},{"name":"y","type":"double","default":"NaN"}]}]`, `{"x":0}`}, {`["null",{"type":"record","name":"other.S%[1]d","fields":[]}]`, `{}`},
	{`["int"]`, `7`}, {`[["null","int"]]`, `null`}, {`["string"]`, `""`}, {`[{"type":"record","name":"S%[1]d","fields":[{"name":"x","type":"int","default":3}]}]`, `{}`},
	{`["null","int","string"]`, `null`}, {`["null","int","string"]`, `"a"`}, {`["null","int","string"]`, `0`}, {`["int","long","double"]`, `5000000000`}, {`["int","double","null"]`, `1.5`}, {`["string","bytes"]`, `""`},
	{`["null","int",{"type":"record","name":"S%[1]d","fields":[{"name":"x","type":"int"}]}]`, `{"x":0}`}, {`["null","int",{"type":"record","name":"other.S%[1]d","fields":[{"name":"x","type":"int"}]}]`, `{"x":4}`},
	{`["null","int",{"type":"enum","name":"E%[1]d","symbols":["A","B"]}]`, `"A"`}, {`["null","int",{"type":"enum","name":"other.E%[1]d","symbols":["A","B"]}]`, `"B"`}, {`["null","int",{"type":"fixed","name":"F%[1]d","size":1}]`, `"\u0000"`},
	{`["null","int",{"type":"array","items":["null","string","boolean"]}]`, `[null,"a",false]`}, {`["null","int",{"type":"map","values":"int"}]`, `{}`},
	{`{"type":"record","name":"S%[1]d","fields":[{"name":"a","type":"int"},{"name":"b","type":"string","default":"d"},{"name":"c","type":{"type":"record","name":"other.T%[1]d","fields":[{"name":"z","type":["null","long"],"default":9}]},"default":{}}]}`, `{"a":1}`},
	{`{"type":"record","name":"S%[1]d","fields":[]}`, `{}`}, {`{"type":"array","items":{"type":"record","name":"S%[1]d","fields":[{"name":"a","type":"int","default":2}]}}`, `[{},{"a":0}]`}, {`{"type":"map","values":{"type":"record","name":"other.S%[1]d","fields":[{"name":"a","type":["null","int"],"default":2}]}}`, `{"k":{},"l":{"a":null}}`},
	{`["null","R%[1]d"]`, `null`}, {`{"type":"array","items":"R%[1]d"}`, `[]`}, {`{"type":"array","items":"R%[1]d"}`, `[{"f":[]}]`}, {`{"type":"map","values":"R%[1]d"}`, `{"k":{"f":{}}}`},
	{`{"type":"bytes","logicalType":"decimal","precision":5,"scale":2}`, `"\u0004\u00e2"`}, {`{"type":"bytes","logicalType":"decimal","precision":5,"scale":2}`, `"\u00ff"`}, {`{"type":"bytes","logicalType":"decimal","precision":60,"scale":2}`, `"\u0080\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000"`},
	{`{"type":"bytes","logicalType":"decimal","precision":60,"scale":2}`, `"\u007f\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000"`}, {`{"type":"bytes","logicalType":"decimal","precision":5}`, `"\u0000"`},
	{`{"type":"fixed","name":"F%[1]d","size":4,"logicalType":"decimal","precision":5,"scale":2}`, `"\u00ff\u00ff\u00ff\u0000"`}, {`["null",{"type":"bytes","logicalType":"decimal","precision":5,"scale":2}]`, `"\u0000"`},
	{`{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}`, `"\u0027\u000f"`}, {`{"type":"fixed","name":"F%[1]d","size":2,"logicalType":"decimal","precision":4}`, `"\u00d8\u00f1"`},
	{`{"type":"bytes","logicalType":"big-decimal"}`, `"\u0002\u0001\u0004"`}, {`["null",{"type":"bytes","logicalType":"big-decimal"}]`, `"\u0002\u00ff\u0003"`},
	{`{"type":"string","logicalType":"uuid"}`, `"01234567-89ab-cdef-0123-456789abcdef"`}, {`{"type":"string","logicalType":"uuid"}`, `"00000000-0000-0000-0000-000000000000"`}, {`["null",{"type":"string","logicalType":"uuid"}]`, `"00000000-0000-0000-0000-000000000000"`},
	{`{"type":"fixed","name":"F%[1]d","size":16,"logicalType":"uuid"}`, `"0123456789abcdef"`}, {`["null",{"type":"fixed","name":"F%[1]d","size":16,"logicalType":"uuid"}]`, `"\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000"`},
	{`{"type":"int","logicalType":"date"}`, `0`}, {`{"type":"int","logicalType":"date"}`, `-719162`}, {`{"type":"int","logicalType":"date"}`, `2147483647`}, {`["null",{"type":"int","logicalType":"date"}]`, `-2147483648`},
	{`{"type":"int","logicalType":"time-millis"}`, `0`}, {`{"type":"int","logicalType":"time-millis"}`, `86399999`}, {`{"type":"long","logicalType":"time-micros"}`, `86399999999`}, {`["null",{"type":"long","logicalType":"time-micros"}]`, `0`},
	{`{"type":"long","logicalType":"timestamp-millis"}`, `9223372036854775807`}, {`{"type":"long","logicalType":"timestamp-millis"}`, `-62135596800000`}, {`{"type":"long","logicalType":"timestamp-micros"}`, `-9223372036854775808`}, {`{"type":"long","logicalType":"timestamp-nanos"}`, `-9223372036854775808`}, {`{"type":"long","logicalType":"timestamp-nanos"}`, `1`},
	{`{"type":"long","logicalType":"local-timestamp-millis"}`, `-1`}, {`{"type":"long","logicalType":"local-timestamp-micros"}`, `1`}, {`["null",{"type":"long","logicalType":"local-timestamp-nanos"}]`, `0`}, {`{"type":"array","items":{"type":"long","logicalType":"timestamp-millis"}}`, `[0,1]`},
	{`["null","int",{"type":"long","logicalType":"timestamp-millis"}]`, `5000000000`}, {`{"type":"map","values":{"type":"int","logicalType":"time-millis"}}`, `{"a":0,"b":5}`}, {`{"type":"array","items":["null",{"type":"string","logicalType":"uuid"}]}`, `[null,"01234567-89ab-cdef-0123-456789abcdef"]`},
	{`{"type":"fixed","name":"F%[1]d","size":12,"logicalType":"duration"}`, `"\u0001\u0000\u0000\u0000\u0002\u0000\u0000\u0000\u00ff\u00ff\u00ff\u00ff"`}, {`["null",{"type":"fixed","name":"F%[1]d","size":12,"logicalType":"duration"}]`, `"\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000"`},
	{`{"type":"long","logicalType":"date"}`, `7`}, {`{"type":"string","logicalType":"nothing"}`, `"x"`}, {`{"type":"double","logicalType":"nothing"}`, `"NaN"`},
}

const defaultsChecker = `package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	%q
)

var failed bool

func check[T any, P interface {
	*T
	avro.Generated
}](made *T, typ, def string) {
	err := compare[T, P](made)
	if err != nil {
		failed = true
		fmt.Printf("%%s, default %%s: %%v\n", typ, def, err)
	}
}

// compare requires that what New returned is what resolution gives for a writer
// without the field: the same datum, once maps are sorted.
func compare[T any, P interface {
	*T
	avro.Generated
}](made *T) error {
	reader := P(made).AvroSchema()
	writer := schemas.MustParse(fmt.Sprintf(` + "`" + `{"type":"record","name":%%q,"fields":[]}` + "`" + `, reader.FullName()))
	r, err := avro.NewResolution(writer, reader)
	if err != nil {
		return err
	}
	resolved, err := r.Append(nil, nil)
	if err != nil {
		return err
	}
	c, err := avro.NewCodec[T](reader, avro.WithSortedMaps())
	if err != nil {
		return err
	}
	decoded := new(T)
	if err := c.Decode(resolved, decoded); err != nil {
		return err
	}
	want, err := c.Append(nil, decoded)
	if err != nil {
		return err
	}
	have, err := c.Append(nil, made)
	if err == nil && !bytes.Equal(want, have) {
		err = fmt.Errorf("New gives %%#v, which is %%x, not %%x", made, have, want)
	}
	return err
}

func main() {
%s	if failed {
		os.Exit(1)
	}
	fmt.Println("all passed")
}
`

// A constructor's value is, byte for byte, what resolution makes of the defaults,
// whatever their type.
func TestConstructorsHoldTheDefaults(t *testing.T) {
	o := newOverlaid(t)
	const dir = overlayDir + "/defaults"
	var in []gen.Input
	var calls strings.Builder
	for i, c := range defaulted {
		typ := strings.ReplaceAll(c.typ, "%[1]d", fmt.Sprint(i))
		s, err := schemas.Parse(fmt.Sprintf(`{"type":"record","name":"R%d","fields":[{"name":"f","type":%s,"default":%s}]}`, i, typ, c.def))
		if err != nil { // a union within a union
			continue
		}
		in = append(in, gen.Input{Name: fmt.Sprintf("r%d.avsc", i), Schema: s})
		fmt.Fprintf(&calls, "\tcheck(events.NewR%d(), %q, %q)\n", i, typ, c.def)
	}
	require.Greater(t, len(in), 120)
	files, err := gen.Generate(in, gen.WithImportPath("github.com/kavro/kavro/"+dir+"/events"))
	require.NoError(t, err)
	for _, f := range files {
		o.file(dir+"/events/"+f.Path, f.Content)
	}
	o.file(dir+"/main.go", fmt.Appendf(nil, defaultsChecker, "github.com/kavro/kavro/"+dir+"/events", calls.String()))
	out, err := o.run("run", "./"+dir)
	require.NoError(t, err, out)
	require.Equal(t, "all passed\n", out)
}

// A default that the Go type cannot hold is an error, or, on request, zero, and the
// constructor says so.
func TestDefaultsThatGoCannotHold(t *testing.T) {
	for _, c := range []struct{ typ, def, err string }{
		{`{"type":"string","logicalType":"uuid"}`, `""`, `"" is not a UUID`},
		{`["null",{"type":"string","logicalType":"uuid"}]`, `"none"`, `"none" is not a UUID`},
		{`{"type":"array","items":{"type":"string","logicalType":"uuid"}}`, `["01234567-89ab-cdef-0123-456789abcdef","x"]`, `"x" is not a UUID`},
		{`{"type":"map","values":{"type":"string","logicalType":"uuid"}}`, `{"k":"x"}`, `"x" is not a UUID`},
		{`{"type":"record","name":"S","fields":[{"name":"u","type":{"type":"string","logicalType":"uuid"}}]}`, `{"u":"x"}`, `"x" is not a UUID`},
		{`["null","int",{"type":"string","logicalType":"uuid"}]`, `"x"`, `"x" is not a UUID`},
		{`{"type":"int","logicalType":"time-millis"}`, `-1`, "-1 units of 1ms are not a time of day"},
		{`{"type":"int","logicalType":"time-millis"}`, `86400000`, "not a time of day"},
		{`{"type":"long","logicalType":"time-micros"}`, `86400000000`, "not a time of day"},
		{`{"type":"bytes","logicalType":"big-decimal"}`, `""`, "not a big-decimal"},
		{`{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}`, `"12.50"`, "a decimal(6,2) cannot be that: more than 6 digits"},
		{`{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}`, `"\u0027\u0010"`, "more than 4 digits"},
		{`{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}`, `"\u00d8\u00f0"`, "more than 4 digits"},
		{`["null",{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}]`, `"12.50"`, "more than 6 digits"},
		{`["null","int",{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}]`, `"12.50"`, "more than 6 digits"},
		{`{"type":"array","items":{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}}`, `["\u0001","12.50"]`, "more than 6 digits"},
		{`{"type":"map","values":{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}}`, `{"k":"12.50"}`, "more than 6 digits"},
		{`{"type":"record","name":"S","fields":[{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}}]}`, `{"d":"12.50"}`, "more than 6 digits"},
		{`{"type":"fixed","name":"F","size":5,"logicalType":"decimal","precision":6,"scale":2}`, `"12.50"`, "more than 6 digits"},
		{`"int"`, `"x"`, `"x" is no default of type int`},
		{`"int"`, `2147483648`, "is no default of type int"},
		{`"double"`, `"INF"`, `"INF" is no default of type double`},
		{`"boolean"`, `0`, "is no default of type boolean"},
		{`"bytes"`, `"\u0100"`, "stands for no byte"},
		{`{"type":"enum","name":"E","symbols":["A"]}`, `"B"`, "is no default of type enum E"},
		{`{"type":"array","items":"double"}`, `["NaN"]`, "is no default of type double"},
		{`["null","int"]`, `"x"`, "is no default of any branch"},
		{`["null","R"]`, `{}`, "contains itself"},
	} {
		s, err := schemas.Parse(`{"type":"record","name":"R","fields":[{"name":"some_field","type":`+c.typ+`,"default":`+c.def+`}]}`, schemas.Lenient())
		require.NoError(t, err)
		in := []gen.Input{{Name: "r.avsc", Schema: s}}
		_, err = gen.Generate(in)
		require.ErrorContains(t, err, "gen: the default of R.some_field: ", c.typ)
		require.ErrorContains(t, err, c.err, c.typ)
		require.ErrorContains(t, err, "WithZeroDefaults")

		files, err := gen.Generate(in, gen.WithZeroDefaults())
		require.NoError(t, err)
		text := string(files[0].Content)
		_, text, ok := strings.Cut(text, "// NewR returns a value with the defaults of the schema.")
		require.True(t, ok)
		require.Contains(t, strings.Join(strings.Fields(strings.ReplaceAll(text, "//", "")), " "), "SomeField is zero, as its default is no value of its type: ", c.typ)
	}
}
