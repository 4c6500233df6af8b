package avro_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

// An alias never has a value written as something else that a reader with the
// program's schema, or anybody who knows the field by its name, takes it for.
func TestExactResolutionAliases(t *testing.T) {
	field := func(name, more string) string { return `{"name":"` + name + `","type":"string"` + more + `}` }
	fields := func(f ...string) string {
		list := ""
		for i, one := range f {
			if i > 0 {
				list += ","
			}
			list += one
		}
		return record("R", list)
	}
	named := func(name, aliases string) string {
		return `{"type":"record","name":"` + name + `","aliases":[` + aliases + `],"fields":[` + field("s", "") + `]}`
	}
	type m = map[string]any
	a := avro.Union{Branch: "A", Value: m{"s": "v"}}
	for _, c := range []struct {
		name        string
		own, target string
		value       any
		written     any // nil: an error
		err         string
	}{
		{"name and alias, the new field has a default", fields(field("x", "")), fields(field("new", `,"aliases":["x"],"default":"d"`), field("x", `,"default":"q"`)),
			m{"x": "v"}, m{"new": "d", "x": "v"}, ""},
		{"name and alias, the new field has none", fields(field("x", "")), fields(field("new", `,"aliases":["x"]`), field("x", `,"default":"q"`)),
			m{"x": "v"}, nil, "no field new"},
		{"name and alias, in the other order", fields(field("x", "")), fields(field("x", `,"default":"q"`), field("new", `,"aliases":["x"]`)),
			m{"x": "v"}, nil, "no field new"},
		{"name and alias, no defaults", fields(field("x", "")), fields(field("x", ""), field("new", `,"aliases":["x"]`)), m{"x": "v"}, nil, "no field new"},
		{"two fields claim one alias", fields(field("x", "")), fields(field("y", `,"aliases":["x"]`), field("z", `,"aliases":["x"]`)), m{"x": "v"}, nil, "no field y"},
		{"two aliases of one field", fields(field("x", ""), field("y", "")), fields(field("z", `,"aliases":["x","y"]`)), m{"x": "v", "y": "w"}, nil, "x and y"},
		{"swapped names", fields(field("x", ""), field("y", "")), fields(field("x", `,"aliases":["y"]`), field("y", `,"aliases":["x"]`)),
			m{"x": "v", "y": "w"}, m{"x": "v", "y": "w"}, ""},
		{"names in a ring", fields(field("x", ""), field("y", ""), field("z", "")), fields(field("y", `,"aliases":["x"]`), field("z", `,"aliases":["y"]`), field("x", `,"aliases":["z"]`)),
			m{"x": "1", "y": "2", "z": "3"}, m{"x": "1", "y": "2", "z": "3"}, ""},
		{"renamed, a reader has no default", fields(field("x", "")), fields(field("y", `,"aliases":["x"]`)), m{"x": "v"}, m{"y": "v"}, ""},
		{"renamed, a reader would take its default", fields(field("x", `,"default":"q"`)), fields(field("y", `,"aliases":["x"]`)), m{"x": "v"}, nil, "x: the field is set (it is not its default), and a reader"},
		{"renamed, and it is its default", fields(field("x", `,"default":"q"`)), fields(field("y", `,"aliases":["x"]`)), m{"x": "q"}, m{"y": "q"}, ""},
		{"renamed, and moved", fields(field("x", `,"default":"q"`), field("z", "")), fields(field("z", ""), field("y", `,"aliases":["x"]`)), m{"x": "v", "z": "w"}, nil, "x: the field is set"},
		{"renamed and back", fields(field("x", `,"default":"q","aliases":["y"]`)), fields(field("y", `,"aliases":["x"]`)), m{"x": "v"}, m{"y": "v"}, ""},
		{"the program's alias finds another field", fields(field("x", `,"default":"q"`), field("z", `,"aliases":["x"],"default":"d"`)), fields(field("x", "")), m{"x": "v", "z": "d"}, nil, "x"},
		{"the program's alias finds another default", fields(field("x", `,"default":"q","aliases":["y"]`)), fields(field("y", `,"default":"d"`)), m{"x": "q"}, nil, "x has no place of its own"},
		{"the program's alias finds the same default", fields(field("x", `,"default":"q","aliases":["y"]`)), fields(field("y", `,"default":"q"`)), m{"x": "q"}, m{"y": "q"}, ""},

		{"branches with swapped names", `[` + named("A", "") + `,` + named("B", "") + `]`, `[` + named("A", `"B"`) + `,` + named("B", `"A"`) + `]`, a, a, ""},
		{"a branch by its name and by an alias", `[` + named("A", "") + `,` + named("B", "") + `]`, `[` + named("C", `"A"`) + `,` + named("A", "") + `,` + named("B", "") + `]`, a, a, ""},
		{"a branch that a reader takes for another", `[` + named("B", "") + `,` + named("A", "") + `]`, `[` + named("B", "") + `,` + named("C", `"A"`) + `]`, a, nil, "another branch of the union, B"},
		{"enums with swapped names", record("R", `{"name":"e","type":[{"type":"enum","name":"A","symbols":["P","Q"]},{"type":"enum","name":"B","symbols":["P","Q"]}]}`),
			record("R", `{"name":"e","type":[{"type":"enum","name":"A","aliases":["B"],"symbols":["P","Q"]},{"type":"enum","name":"B","aliases":["A"],"symbols":["P","Q"]}]},{"name":"n","type":"int","default":0}`),
			m{"e": avro.Union{Branch: "B", Value: "Q"}}, m{"e": avro.Union{Branch: "B", Value: "Q"}, "n": int32(0)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			own, target := schemas.MustParse(c.own), schemas.MustParse(c.target)
			codec, err := avro.NewCodec[any](own)
			require.NoError(t, err)
			datum, err := codec.Append(nil, &c.value)
			require.NoError(t, err)
			r, err := avro.NewExactResolution(own, target)
			var out []byte
			if err == nil {
				out, err = r.Append(nil, datum)
			}
			if c.written == nil {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.written, decoded(t, target, out))
			back, err := avro.NewResolution(target, own)
			if err != nil {
				return
			}
			again, err := back.Append(nil, out)
			require.NoError(t, err)
			require.Equal(t, decoded(t, own, datum), decoded(t, own, again))
		})
	}
}

func decoded(t *testing.T, s *schemas.Schema, datum []byte) any {
	codec, err := avro.NewCodec[any](s)
	require.NoError(t, err)
	var v any
	require.NoError(t, codec.Decode(datum, &v))
	return v
}
