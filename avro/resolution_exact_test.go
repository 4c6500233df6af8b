package avro_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

// A program that is newer than the schema it writes with loses nothing in silence.
func ExampleNewExactResolution() {
	own := schemas.MustParse(`{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},
		{"name":"channel","type":"string","default":"web"}]}`)
	target := schemas.MustParse(`{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}`)
	r, err := avro.NewExactResolution(own, target)
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Append(nil, []byte{2, '1', 6, 'w', 'e', 'b'}))
	_, err = r.Append(nil, []byte{2, '1', 6, 'a', 'p', 'p'})
	fmt.Println(err)
	// Output:
	// [2 49] <nil>
	// channel: the field is set (it is not its default), and record Order of the schema to be written does not have it
}

func enum(name, symbols string) string {
	return `{"type":"enum","name":"` + name + `","symbols":[` + symbols + `],"default":"NEW"}`
}

const (
	oldStatus = `"NEW","PAID"`
	newStatus = `"NEW","PAID","RETURNED"`
	bigInt    = 1<<24 + 1
	bigLong   = 1<<53 + 1
)

func inRecord(field string) string { return record("R", `{"name":"f","type":`+field+`}`) }

func with(field string) string {
	return record("R", `{"name":"a","type":"int"},`+field+`,{"name":"z","type":"int"}`)
}

func only(value any) map[string]any { return map[string]any{"f": value} }

// Each value is encoded with own, and then is to be written with target: at each
// place where a value may be, and for each way in which it could be changed.
func TestExactResolution(t *testing.T) {
	branch := func(name string, v any) any { return avro.Union{Branch: name, Value: v} }
	dropped := func(typ, def string) string { return with(`{"name":"x","type":` + typ + def + `}`) }
	without := record("R", `{"name":"a","type":"int"},{"name":"z","type":"int"}`)
	holding := func(x any) map[string]any { return map[string]any{"a": 1, "x": x, "z": 2} }
	line := func(fields string) string { return record("Line", fields) }
	oldLine, newLine := line(`{"name":"n","type":"int"}`), line(`{"name":"n","type":"int"},{"name":"vat","type":"int","default":0}`)
	set, unset := map[string]any{"n": 1, "vat": 7}, map[string]any{"n": 1, "vat": 0}
	list := func(item string) string { return inRecord(`{"type":"array","items":` + item + `}`) }
	table := func(item string) string { return inRecord(`{"type":"map","values":` + item + `}`) }
	decimal := func(precision, scale int) string {
		return inRecord(fmt.Sprintf(`{"type":"bytes","logicalType":"decimal","precision":%d,"scale":%d}`, precision, scale))
	}
	logical := func(typ, name string) string { return inRecord(`{"type":"` + typ + `","logicalType":"` + name + `"}`) }
	plain := func(typ string) string { return inRecord(`"` + typ + `"`) }
	fixed16 := `{"type":"fixed","name":"F","size":16`
	a, b := record("x.A", `{"name":"s","type":"string"}`), record("x.B", `{"name":"s","type":"string"}`)
	ab := inRecord(`[` + a + `,` + b + `]`)

	for _, c := range []struct {
		name        string
		own, target string
		value       any
		err         string // "": written
	}{
		{"symbol", inRecord(enum("S", newStatus)), inRecord(enum("S", oldStatus)), only("RETURNED"), "f: the schema to be written has no symbol RETURNED in its enum S"},
		{"symbol in an array", list(enum("S", newStatus)), list(enum("S", oldStatus)), only([]string{"NEW", "RETURNED"}), "f[1]: the schema to be written has no symbol RETURNED"},
		{"symbol in a map", table(enum("S", newStatus)), table(enum("S", oldStatus)), only(map[string]string{"k": "RETURNED"}), `f["k"]: the schema to be written has no symbol RETURNED`},
		{"symbol in a union", inRecord(`["null",` + enum("S", newStatus) + `]`), inRecord(`["null",` + enum("S", oldStatus) + `]`), only("RETURNED"), "f: the schema to be written has no symbol RETURNED"},
		{"symbol at the top", enum("S", newStatus), enum("S", oldStatus), "RETURNED", "the schema to be written has no symbol RETURNED"},
		{"symbol in another order", inRecord(enum("S", `"RETURNED","NEW"`)), inRecord(enum("S", `"NEW","RETURNED"`)), only("RETURNED"), ""},
		{"known symbol", inRecord(enum("S", newStatus)), inRecord(enum("S", oldStatus)), only("PAID"), ""},

		{"field", dropped(`"string"`, `,"default":"web"`), without, holding("app"), "x: the field is set (it is not its default)"},
		{"field that is its default", dropped(`"string"`, `,"default":"web"`), without, holding("web"), ""},
		{"field that is zero, and its default is not", dropped(`"boolean"`, `,"default":true`), without, holding(false), "x: the field is set (it is not its default)"},
		{"field that is empty, and its default is not", dropped(`"string"`, `,"default":"web"`), without, holding(""), "x: the field is set (it is not its default)"},
		{"array that is empty, and its default is not", dropped(`{"type":"array","items":"int"}`, `,"default":[1]`), without, holding([]int{}), "x: the field is set (it is not its default)"},
		{"map that is empty, and its default is not", dropped(`{"type":"map","values":"int"}`, `,"default":{"a":1}`), without, holding(map[string]int{}), "x: the field is set (it is not its default)"},
		{"bytes that are empty, and their default is not", dropped(`"bytes"`, `,"default":"a"`), without, holding([]byte{}), "x: the field is set (it is not its default)"},
		{"field in a record that is empty, and its default is not", dropped(line(`{"name":"n","type":"string"}`), `,"default":{"n":"web"}`), without, holding(map[string]any{"n": ""}), "x: the field is set (it is not its default)"},
		{"field that is null, and its default is empty", dropped(`["string","null"]`, `,"default":""`), without, holding(nil), "x: the field is set (it is not its default)"},
		{"field that is empty, as its default is", dropped(`"string"`, `,"default":""`), without, holding(""), ""},
		{"field that is null, as its default is", dropped(`["null","string"]`, `,"default":null`), without, holding(nil), ""},
		{"field that is null, and its default is not", dropped(`["string","null"]`, `,"default":"web"`), without, holding(nil), "x: the field is set (it is not its default)"},
		{"number that is zero, and its default is not", dropped(`"int"`, `,"default":3`), without, holding(0), "x: the field is set (it is not its default)"},
		{"empty text behind a pointer", dropped(`["null","string"]`, `,"default":null`), without, holding(""), "x: the field is set"},
		{"field without a default", dropped(`"string"`, ``), without, holding("app"), "x: the field is set (it is not zero)"},
		{"empty field without a default", dropped(`"string"`, ``), without, holding(""), ""},
		{"field of null", dropped(`["null","string"]`, ``), without, holding(nil), ""},
		{"field that points at zero", dropped(`["null","int"]`, `,"default":null`), without, holding(0), "x: the field is set"},
		{"array", dropped(`{"type":"array","items":"int"}`, `,"default":[]`), without, holding([]int{1}), "x: the field is set"},
		{"empty array", dropped(`{"type":"array","items":"int"}`, `,"default":[]`), without, holding([]int{}), ""},
		{"array that is its default", dropped(`{"type":"array","items":"int"}`, `,"default":[1,2]`), without, holding([]int{1, 2}), ""},
		{"map that is its default", dropped(`{"type":"map","values":"int"}`, `,"default":{"p":1,"q":2,"r":3,"s":4}`), without, holding(map[string]int{"s": 4, "r": 3, "q": 2, "p": 1}), ""},
		{"record", dropped(line(`{"name":"n","type":"int"}`), ``), without, holding(map[string]any{"n": 1}), "x: the field is set"},
		{"record of zeros", dropped(line(`{"name":"n","type":"int"},{"name":"d","type":"double"}`), ``), without, holding(map[string]any{"n": 0, "d": 0.0}), ""},
		{"enum", dropped(enum("S", oldStatus), ``), without, holding("NEW"), "x: the field is set"},
		{"fixed", dropped(fixed16+`}`, ``), without, holding(make([]byte, 16)), ""},
		{"field that the target has by an alias", with(`{"name":"x","type":"string"}`), with(`{"name":"y","type":"string","aliases":["x"]}`), holding("app"), ""},
		{"field that is renamed, but for an older target", with(`{"name":"x","type":"int","aliases":["y"],"default":0}`), with(`{"name":"y","type":"int","default":0}`), holding(5), "x: the field is set"},
		{"fields in another order", with(`{"name":"x","type":"int"}`), record("R", `{"name":"z","type":"int"},{"name":"a","type":"int"}`), holding(5), "x: the field is set"},

		{"field in an array", list(newLine), list(oldLine), only([]any{unset, set}), "f[1].vat: the field is set"},
		{"field in a map", table(newLine), table(oldLine), only(map[string]any{"k": set}), `f["k"].vat: the field is set`},
		{"field in a union", inRecord(`["null",` + newLine + `]`), inRecord(`["null",` + oldLine + `]`), only(set), "f.vat: the field is set"},
		{"field in a record", inRecord(newLine), inRecord(oldLine), only(set), "f.vat: the field is set"},
		{"field that is not set, in an array", list(newLine), list(oldLine), only([]any{unset, unset}), ""},
		{"field deep in a recursive record", record("N", `{"name":"x","type":"int","default":0},{"name":"next","type":["null","N"]}`), record("N", `{"name":"next","type":["null","N"]}`),
			map[string]any{"x": 0, "next": map[string]any{"x": 1, "next": nil}}, "next.x: the field is set"},
		{"new fields of the target", inRecord(oldLine), inRecord(newLine), only(map[string]any{"n": 1}), ""},

		{"int as float", plain("int"), plain("float"), only(bigInt), "f: 16777217 is not exact as a float"},
		{"small int as float", plain("int"), plain("float"), only(-16777216), ""},
		{"long as double", plain("long"), plain("double"), only(int64(bigLong)), "f: 9007199254740993 is not exact as a double"},
		{"largest long as double", plain("long"), plain("double"), only(int64(1<<63 - 1)), "is not exact"},
		{"smallest long as double", plain("long"), plain("double"), only(int64(-1 << 63)), ""},
		{"long as float", plain("long"), plain("float"), only(int64(bigInt)), "is not exact as a float"},
		{"int as long", plain("int"), plain("long"), only(bigInt), ""},
		{"int as double", plain("int"), plain("double"), only(bigInt), ""},
		{"float as double", plain("float"), plain("double"), only(float32(0.1)), ""},
		{"int in a union takes the exact branch", plain("int"), inRecord(`["float","long"]`), only(bigInt), ""},
		{"bytes as string", plain("bytes"), plain("string"), only([]byte{0xff}), "f: bytes that are not UTF-8"},
		{"text as string", plain("bytes"), plain("string"), only([]byte("ä")), ""},
		{"string as bytes", plain("string"), plain("bytes"), only("ä"), ""},

		{"decimal of another scale", decimal(9, 2), decimal(9, 4), only(avro.NewDecimal(1250, 2)), "f: bytes cannot be written as bytes: the logical types differ: decimal(9,2) and decimal(9,4)"},
		{"decimal of more digits", decimal(9, 2), decimal(4, 2), only(avro.NewDecimal(-10000, 2)), "f: a decimal of more than 4 digits"},
		{"decimal of enough digits", decimal(9, 2), decimal(4, 2), only(avro.NewDecimal(-9999, 2)), ""},
		{"decimal of more precision", decimal(4, 2), decimal(9, 2), only(avro.NewDecimal(-9999, 2)), ""},
		{"bytes as decimal", plain("bytes"), decimal(4, 2), only([]byte{0x7f, 0xff}), "f: a decimal of more than 4 digits"},
		{"text as decimal", plain("string"), decimal(9, 2), only("12.50"), "text is no decimal"},
		{"decimal as text", decimal(9, 2), plain("string"), only(avro.NewDecimal(0x41, 2)), "text is no decimal"},
		{"decimal as big-decimal", decimal(9, 2), logical("bytes", "big-decimal"), only(avro.NewDecimal(1, 2)), "the logical types differ"},
		{"bytes as big-decimal", plain("bytes"), logical("bytes", "big-decimal"), only([]byte("12.50")), "f: "},
		{"millis as micros", logical("long", "timestamp-millis"), logical("long", "timestamp-micros"), only(int64(5)), "the logical types differ: timestamp-millis and timestamp-micros"},
		{"timestamp as local", logical("long", "timestamp-millis"), logical("long", "local-timestamp-millis"), only(int64(5)), "the logical types differ"},
		{"date as millis", logical("int", "date"), logical("long", "timestamp-millis"), only(5), "the logical types differ"},
		{"millis as long", logical("long", "timestamp-millis"), plain("long"), only(int64(5)), ""},
		{"long as millis", plain("long"), logical("long", "timestamp-millis"), only(int64(5)), ""},
		{"text as uuid", plain("string"), logical("string", "uuid"), only("x"), `f: "x" is not a UUID`},
		{"uuid as uuid", plain("string"), logical("string", "uuid"), only("01234567-89ab-cdef-0123-456789abcdef"), ""},
		{"fixed of another logical type", inRecord(fixed16 + `,"logicalType":"uuid"}`), inRecord(fixed16 + `,"logicalType":"decimal","precision":9}`), only(make([]byte, 16)), "the logical types differ"},
		{"logical types in a union", inRecord(`["null",{"type":"long","logicalType":"timestamp-millis"}]`), inRecord(`["null",{"type":"long","logicalType":"timestamp-micros"}]`), only(int64(5)), "the logical types differ"},
		{"null beside another logical type", inRecord(`["null",{"type":"long","logicalType":"timestamp-millis"}]`), inRecord(`["null",{"type":"long","logicalType":"timestamp-micros"}]`), only(nil), ""},

		{"branch that the target lacks", inRecord(`["null","string","int"]`), inRecord(`["null","string"]`), only(branch("int", 1)), "f: int cannot be written as union of null and string"},
		{"null that the target lacks", inRecord(`["null","string"]`), plain("string"), only(nil), "f: null cannot be written as string"},
		{"branch in another place", inRecord(`["null","string"]`), inRecord(`["string","null"]`), only("x"), ""},
		{"one more number", inRecord(`["int","string"]`), inRecord(`["long","string"]`), only(branch("int", 1)), ""},
		{"two branches as one", inRecord(`["string","bytes"]`), plain("string"), only(branch("bytes", []byte("x"))), "f: bytes cannot be written as string: another branch of the union, string, is written as that"},
		{"record by its fields", ab, inRecord(`[` + a + `]`), only(branch("x.B", map[string]any{"s": "b"})), "f: record x.B cannot be written as"},
		{"record by an alias", ab, inRecord(`[{"type":"record","name":"x.A","aliases":["x.B"],"fields":[{"name":"s","type":"string"}]}]`), only(branch("x.B", map[string]any{"s": "b"})), "another branch of the union, x.A, is written as that"},
		{"records alone", ab, inRecord(a), only(branch("x.B", map[string]any{"s": "b"})), "another branch of the union, x.A, is written as that"},
		{"records of one unqualified name", inRecord(`[` + record("p.A", `{"name":"s","type":"string"}`) + `,` + record("q.A", `{"name":"s","type":"string"}`) + `]`),
			inRecord(`[` + record("q.A", `{"name":"s","type":"string"}`) + `,` + record("p.A", `{"name":"s","type":"string"}`) + `]`), only(branch("p.A", map[string]any{"s": "b"})), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			own, target := schemas.MustParse(c.own), schemas.MustParse(c.target)
			codec, err := avro.NewCodec[any](own)
			require.NoError(t, err)
			datum, err := codec.Append(nil, &c.value)
			require.NoError(t, err)
			r, err := avro.NewExactResolution(own, target)
			if err == nil {
				for _, appendTo := range []func(dst, datum []byte) ([]byte, error){r.Append, r.AppendUnchecked} {
					var out []byte
					if out, err = appendTo([]byte("kept"), datum); err != nil {
						require.Equal(t, "kept", string(out))
						require.False(t, r.Identical())
						continue
					}
					reader, err := avro.NewCodec[any](target)
					require.NoError(t, err)
					var v any
					require.NoError(t, reader.Decode(out[len("kept"):], &v))
				}
			}
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
		})
	}
}

// A union keeps its branches apart by their full names, so that each comes out as
// what it was.
func TestExactResolutionKeepsBranches(t *testing.T) {
	field := `{"name":"s","type":"string"}`
	own := schemas.MustParse(`[` + record("p.A", field) + `,` + record("q.A", field) + `]`)
	target := schemas.MustParse(`[` + record("q.A", field) + `,` + record("p.A", field) + `]`)
	r, err := avro.NewExactResolution(own, target)
	require.NoError(t, err)
	out, err := r.Append(nil, []byte{0, 2, 'x'})
	require.NoError(t, err)
	require.Equal(t, []byte{2, 2, 'x'}, out)
}

func TestExactResolutionAllocates(t *testing.T) {
	own := schemas.MustParse(with(`{"name":"x","type":` + enum("S", newStatus) + `},{"name":"y","type":"string","default":"web"}`))
	target := schemas.MustParse(with(`{"name":"x","type":` + enum("S", oldStatus) + `}`))
	r, err := avro.NewExactResolution(own, target)
	require.NoError(t, err)
	datum, dst := []byte{2, 2, 6, 'w', 'e', 'b', 4}, make([]byte, 0, 64)
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, err = r.Append(dst, datum) }))
	require.NoError(t, err)
}

// Data that reach a part of which nothing can be read say so, as far as it is not
// their own choice of a symbol or a branch.
func TestPartsThatDoNotResolve(t *testing.T) {
	needs := record("Line", `{"name":"n","type":"int"},{"name":"vat","type":"int"}`)
	lacks := record("Line", `{"name":"n","type":"int"}`)
	for _, c := range []struct {
		name           string
		writer, reader string
		datum          []byte
		schemas        bool // it is the fault of the two schemas
	}{
		{"items of an array", inRecord(`{"type":"array","items":` + lacks + `}`), inRecord(`{"type":"array","items":` + needs + `}`), []byte{2, 2, 0}, true},
		{"values of a map", inRecord(`{"type":"map","values":"int"}`), inRecord(`{"type":"map","values":"string"}`), []byte{2, 2, 'k', 2, 0}, true},
		{"record in a union", inRecord(`["null",` + lacks + `]`), inRecord(`["null",` + needs + `]`), []byte{2, 2}, true},
		{"record in a writer's union", inRecord(`[` + lacks + `,` + record("Full", `{"name":"n","type":"int"},{"name":"vat","type":"int"}`) + `]`), inRecord(needs), []byte{0, 2}, true},
		{"symbol", inRecord(`{"type":"enum","name":"E","symbols":["A","B"]}`), inRecord(`{"type":"enum","name":"E","symbols":["A"]}`), []byte{2}, false},
		{"branch", inRecord(`["null","string","int"]`), inRecord(`["null","string"]`), []byte{4, 2}, false},
		{"null", inRecord(`["null","string"]`), inRecord(`"string"`), []byte{0}, false},
		{"cut short", inRecord(`"string"`), inRecord(`"string"`), []byte{8, 'x'}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := avro.NewResolution(schemas.MustParse(c.writer), schemas.MustParse(c.reader))
			require.NoError(t, err)
			_, err = r.Append(nil, c.datum)
			var decode *avro.DecodeError
			require.ErrorAs(t, err, &decode)
			var resolve *avro.ResolveError
			if c.schemas {
				require.ErrorAs(t, err, &resolve)
				require.Equal(t, c.reader, resolve.Reader.String())
			} else {
				require.NotErrorAs(t, err, &resolve)
			}
		})
	}
}
