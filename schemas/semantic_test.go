package schemas_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

func ExampleSemanticChanges() {
	v1 := schemas.MustParse(`{"type": "record", "name": "Payment", "fields": [
		{"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
		{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}`)
	v2 := schemas.MustParse(`{"type": "record", "name": "Payment", "fields": [
		{"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 4}},
		{"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}}]}`)
	fmt.Println(schemas.CanRead(v2, v1))
	changes, err := schemas.SemanticChanges(v2, v1)
	for _, c := range changes {
		fmt.Println(c)
	}
	fmt.Println(err)
	// Output:
	// <nil>
	// amount: written as decimal(10, 2), read as decimal(10, 4): the same bytes are another number
	// at: written as timestamp-millis, read as timestamp-micros: the same data is another value
	// <nil>
}

const (
	millis  = `{"type":"long","logicalType":"timestamp-millis"}`
	micros  = `{"type":"long","logicalType":"timestamp-micros"}`
	dec10x2 = `{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}`
)

// semanticChanges returns the changes between two schemas, and requires the same ones within each of
// many places.
func semanticChanges(t *testing.T, writer, reader string) []string {
	w, r := schemas.MustParse(writer), schemas.MustParse(reader)
	require.NoError(t, schemas.CanRead(r, w), "it is about what CanRead allows")
	changes, err := schemas.SemanticChanges(r, w)
	require.NoError(t, err)
	lines := []string{}
	for _, c := range changes {
		lines = append(lines, string(c.Kind)+" "+c.String())
	}
	return lines
}

func TestSemanticChanges(t *testing.T) {
	enum := func(symbols, rest string) string {
		return `{"type":"enum","name":"E","symbols":[` + symbols + `]` + rest + `}`
	}
	for _, test := range []struct{ name, writer, reader, want string }{
		{"another unit", millis, micros, "LOGICAL_TYPE_CHANGED written as timestamp-millis, read as timestamp-micros: the same data is another value"},
		{"another clock", millis, `{"type":"long","logicalType":"local-timestamp-millis"}`, "LOGICAL_TYPE_CHANGED written as timestamp-millis, read as local-timestamp-millis: the same data is another value"},
		{"added", `"long"`, millis, "LOGICAL_TYPE_CHANGED written as long, read as timestamp-millis: the same data is another value"},
		{"removed", `{"type":"int","logicalType":"date"}`, `"int"`, "LOGICAL_TYPE_CHANGED written as date, read as int: the same data is another value"},
		{"a date promoted to a time", `{"type":"int","logicalType":"date"}`, millis, "LOGICAL_TYPE_CHANGED written as date, read as timestamp-millis: the same data is another value"},
		{"a time promoted to a number", `{"type":"int","logicalType":"time-millis"}`, `"double"`, "LOGICAL_TYPE_CHANGED written as time-millis, read as double: the same data is another value"},
		{"uuid", `"string"`, `{"type":"string","logicalType":"uuid"}`, "LOGICAL_TYPE_CHANGED written as string, read as uuid: the same data is another value"},
		{"duration", `{"type":"fixed","name":"F","size":12}`, `{"type":"fixed","name":"F","size":12,"logicalType":"duration"}`, "LOGICAL_TYPE_CHANGED written as fixed F, read as duration: the same data is another value"},
		{"decimal to big-decimal", dec10x2, `{"type":"bytes","logicalType":"big-decimal"}`, "LOGICAL_TYPE_CHANGED written as decimal(10, 2), read as big-decimal: the same data is another value"},
		{"decimal to text", dec10x2, `"string"`, "LOGICAL_TYPE_CHANGED written as decimal(10, 2), read as string: the same data is another value"},
		{"one that only programs know", `{"type":"long","logicalType":"cents"}`, `{"type":"long","logicalType":"euros"}`, "LOGICAL_TYPE_CHANGED written as cents, read as euros: the same data is another value"},
		{"one that is not valid counts as none", `{"type":"int","logicalType":"timestamp-millis"}`, `"int"`, ""},
		{"decimal without scale is of scale 0", `{"type":"bytes","logicalType":"decimal","precision":10}`, `{"type":"bytes","logicalType":"decimal","precision":10,"scale":0}`, ""},
		{"scale", dec10x2, strings.Replace(dec10x2, `"scale":2`, `"scale":3`, 1), "SCALE_CHANGED written as decimal(10, 2), read as decimal(10, 3): the same bytes are another number"},
		{"a smaller precision", dec10x2, strings.Replace(dec10x2, `10`, `8`, 1), "PRECISION_CHANGED written as decimal(10, 2), read as decimal(8, 2): one side may meet numbers of more than 8 digits"},
		{"a greater precision", dec10x2, strings.Replace(dec10x2, `10`, `12`, 1), "PRECISION_CHANGED written as decimal(10, 2), read as decimal(12, 2): one side may meet numbers of more than 10 digits"},
		{"symbols for which there is the default", enum(`"A","B","C"`, ""), enum(`"C"`, `,"default":"C"`), "SYMBOLS_BECOME_DEFAULT symbols A, B of enum E are read as C, its default"},
		{"a default symbol that is not needed", enum(`"A"`, ""), enum(`"A","B"`, `,"default":"B"`), ""},
		{"symbols in another order", enum(`"A","B"`, ""), enum(`"B","A"`, ""), ""},
		{"long to double", `"long"`, `"double"`, "NUMBERS_ROUNDED written as long, read as double: whole numbers beyond 2^53 are rounded"},
		{"int to float", `"int"`, `"float"`, "NUMBERS_ROUNDED written as int, read as float: whole numbers beyond 2^24 are rounded"},
		{"int to double", `"int"`, `"double"`, ""},
		{"int to long", `"int"`, `"long"`, ""},
		{"string to bytes", `"string"`, `"bytes"`, ""},
		{"a default", record(`{"name":"a","type":"int","default":0}`), record(`{"name":"a","type":"int","default":1}`), "DEFAULT_CHANGED a: the default is 0 for the writer and 1 for the reader: data without the field has another value"},
		{"a default written otherwise", record(`{"name":"a","type":"double","default":1}`), record(`{"name":"a","type":"double","default":1.0e0}`), ""},
		{"a default in quotes", record(`{"name":"a","type":"double","default":"1.5"}`), record(`{"name":"a","type":"double","default":1.5}`), ""},
		{"a default of a part that is written otherwise", record(`{"name":"a","type":["null",{"type":"array","items":"float"}],"default":[1]}`), record(`{"name":"a","type":["null",{"type":"array","items":"float"}],"default":[1.0]}`), ""},
		{"a default more", record(`{"name":"a","type":"int"}`), record(`{"name":"a","type":"int","default":1}`), ""},
		{"fields in another order", record(`{"name":"a","type":"int"}`, `{"name":"b","type":`+millis+`}`), record(`{"name":"b","type":`+millis+`}`, `{"name":"a","type":"int"}`), ""},
		{"the sort order, documentation", record(`{"name":"a","type":"int"}`), record(`{"name":"a","type":"int","order":"ignore","doc":"d"}`), ""},
		{"a field that is gone, and one that is new", record(`{"name":"a","type":` + millis + `}`), record(`{"name":"b","type":["null",` + micros + `],"default":null}`), ""},
		{"a branch that is made of a type", `"long"`, `["null",` + millis + `]`, "LOGICAL_TYPE_CHANGED written as long, read as timestamp-millis: the same data is another value"},
		{"branches in another order", `["null",` + millis + `,"string"]`, `["string",` + micros + `,"null"]`, "LOGICAL_TYPE_CHANGED written as timestamp-millis, read as timestamp-micros: the same data is another value"},
		{"a branch of its own type before one it is promoted to", `"int"`, `["double",{"type":"int","logicalType":"date"}]`, "LOGICAL_TYPE_CHANGED written as int, read as date: the same data is another value"},
		{"several fields of one primitive type", record(`{"name":"a","type":"long"}`, `{"name":"b","type":"long"}`), record(`{"name":"a","type":"double"}`, `{"name":"b","type":"double"}`),
			"NUMBERS_ROUNDED a: written as long, read as double: whole numbers beyond 2^53 are rounded\nNUMBERS_ROUNDED b: written as long, read as double: whole numbers beyond 2^53 are rounded"},
		{"a record that contains itself", record(`{"name":"at","type":`+millis+`}`, `{"name":"next","type":["null","R"]}`), record(`{"name":"at","type":`+micros+`}`, `{"name":"next","type":["null","R"]}`),
			"LOGICAL_TYPE_CHANGED at: written as timestamp-millis, read as timestamp-micros: the same data is another value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, strings.Join(semanticChanges(t, test.writer, test.reader), "\n"))
		})
	}
}

// Whatever is around it, it is found, and the path leads there.
func TestSemanticChangesDeepDown(t *testing.T) {
	around := map[string]func(inner string, n int) string{
		"f%d": func(inner string, n int) string {
			return fmt.Sprintf(`{"type":"record","name":"n.R%d","fields":[{"name":"f%d","type":%s}]}`, n, n, inner)
		},
		"[]": func(inner string, _ int) string { return `{"type":"array","items":` + inner + `}` },
		"{}": func(inner string, _ int) string { return `{"type":"map","values":` + inner + `}` },
	}
	writer, reader, path := millis, micros, ""
	for n, step := range []string{"f%d", "[]", "f%d", "{}", "[]", "f%d", "f%d"} {
		writer, reader = around[step](`["null",`+writer+`]`, n), around[step](`["null",`+reader+`]`, n)
		if step == "f%d" {
			step = fmt.Sprintf(".f%d", n)
		}
		path = step + path
		require.Equal(t, []string{"LOGICAL_TYPE_CHANGED " + strings.TrimPrefix(path, ".") + ": written as timestamp-millis, read as timestamp-micros: the same data is another value"},
			semanticChanges(t, writer, reader))
	}
}

func TestSemanticChangesByAliases(t *testing.T) {
	require.Equal(t, []string{"LOGICAL_TYPE_CHANGED since: written as timestamp-millis, read as timestamp-micros: the same data is another value"}, semanticChanges(t,
		`{"type":"record","name":"a.Old","fields":[{"name":"at","type":`+millis+`}]}`,
		`{"type":"record","name":"b.New","aliases":["a.Old"],"fields":[{"name":"since","aliases":["at"],"type":`+micros+`}]}`))
	// Of two records that match, the one of the same full name counts.
	two := func(first, second string) string {
		return `[{"type":"record","name":"a.R","fields":[{"name":"at","type":` + first + `}]},{"type":"record","name":"b.R","fields":[{"name":"at","type":` + second + `}]}]`
	}
	require.Empty(t, semanticChanges(t, two(millis, micros), two(millis, micros)))
	require.Len(t, semanticChanges(t, two(millis, micros), two(micros, micros)), 1)
	// By references.
	money := func(scale int) *schemas.Schema {
		return schemas.MustParse(fmt.Sprintf(`{"type":"fixed","name":"Money","size":8,"logicalType":"decimal","precision":18,"scale":%d}`, scale))
	}
	order := record(`{"name":"total","type":"Money"}`)
	changes, err := schemas.SemanticChanges(schemas.MustParse(order, schemas.WithReferences(money(2))), schemas.MustParse(order, schemas.WithReferences(money(3))))
	require.NoError(t, err)
	require.Equal(t, []schemas.SemanticChange{{Kind: schemas.ScaleChanged, Field: "total", Text: "written as decimal(18, 3), read as decimal(18, 2): the same bytes are another number"}}, changes)
}

func TestLevelSemanticChanges(t *testing.T) {
	plain, first, second := schemas.MustParse(`"long"`), schemas.MustParse(millis), schemas.MustParse(micros)
	history := []*schemas.Schema{plain, first}
	at := func(level schemas.Level) (found []string) {
		changes, err := level.SemanticChanges(second, history)
		require.NoError(t, err)
		for _, c := range changes {
			found = append(found, fmt.Sprintf("%d %t %s", c.Version, c.OldReads, c))
		}
		return found
	}
	const same = ": the same data is another value"
	backward := []string{"2 false written as timestamp-millis, read as timestamp-micros" + same}
	for _, level := range []schemas.Level{schemas.None, schemas.Backward, schemas.Full} {
		require.Equal(t, backward, at(level), level)
	}
	require.Equal(t, []string{"2 true written as timestamp-micros, read as timestamp-millis" + same}, at(schemas.Forward))
	require.Equal(t, append(backward, "1 false written as long, read as timestamp-micros"+same), at(schemas.FullTransitive))

	some, more := schemas.MustParse(`{"type":"enum","name":"E","symbols":["A"],"default":"A"}`), schemas.MustParse(`{"type":"enum","name":"E","symbols":["A","B"],"default":"A"}`)
	changes, err := schemas.Full.SemanticChanges(more, []*schemas.Schema{some})
	require.NoError(t, err)
	require.Equal(t, []schemas.SemanticChange{{Kind: schemas.SymbolsBecomeDefault, Text: "symbols B of enum E are read as A, its default", Version: 1, OldReads: true}}, changes)
	changes, err = schemas.Backward.SemanticChanges(more, []*schemas.Schema{some})
	require.NoError(t, err)
	require.Empty(t, changes)
	changes, err = schemas.Backward.SemanticChanges(more, nil)
	require.NoError(t, err)
	require.Empty(t, changes)
}

// Hostile pairs take no more than a comparison does.
func TestSemanticChangesIsBounded(t *testing.T) {
	cycle := func(n int) *schemas.Schema { // records in a circle; of two circles every pair is met
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,{"name":"f%d","type":{"type":"record","name":"n%d.R","fields":[{"name":"x","type":["null","n%d.R"]}]}}`, i, i, (i+1)%n)
		}
		return schemas.MustParse(`{"type":"record","name":"Top","fields":[` + b.String()[1:] + `]}`)
	}
	_, err := schemas.SemanticChanges(cycle(95), cycle(96))
	require.ErrorIs(t, err, schemas.ErrTooLarge)
}
