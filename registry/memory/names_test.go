package memory

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
)

// A schema that need not keep all rules, in an import or where new schemas are not
// validated, must have names all the same.
func TestNamesOfSchemas(t *testing.T) {
	record := func(name, field string) string {
		return fmt.Sprintf(`{"type":"record","name":%q,"fields":[{"name":%q,"type":"int"}]}`, name, field)
	}
	tests := []struct {
		name, text string
		strict     bool   // all take it
		err        string // "": what need not keep all rules takes it
	}{
		{"plain", record("R", "f"), true, ""},
		{"letters of another script", record("Größe", "名前"), false, ""},
		{"digits of another script", record("R\u0663", "f"), false, ""},
		{"a namespace that is none", record("my-space.1.R", "f"), false, ""},
		{"an alias that is none", `{"type":"fixed","name":"F","size":1,"aliases":["x-y"]}`, false, ""},
		{"an alias of a field", `{"type":"record","name":"R","fields":[{"name":"a","type":"int","aliases":["x-y"]}]}`, true, ""},
		{"a default that does not fit", `{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}`, false, ""},
		{"a hyphen in a record", record("a-b", "f"), false, "Illegal character in: a-b"},
		{"a digit first", record("n.1R", "f"), false, "Illegal initial character: 1R"},
		{"a field", record("R", "a b"), false, "Illegal character in: a b"},
		{"a letter beyond 16 bits", record("R", "\U00020000"), false, "Illegal initial character: \U00020000"},
		{"a symbol", `{"type":"enum","name":"E","symbols":["A","B-C"]}`, false, "Illegal character in: B-C"},
		{"a fixed in a union in an array", `{"type":"array","items":["null",{"type":"fixed","name":"x.y z","size":1}]}`, false, "Illegal character in: y z"},
		{"within a map within a field", `{"type":"record","name":"R","fields":[{"name":"m","type":{"type":"map","values":{"type":"enum","name":"E","symbols":["$"]}}}]}`,
			false, "Illegal initial character: $"},
	}
	no := false
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx, m := t.Context(), New()
			d := registry.Definition{Text: test.text}
			check := func(err error) {
				t.Helper()
				if test.err == "" {
					require.NoError(t, err)
					return
				}
				var invalid *registry.InvalidError
				require.ErrorAs(t, err, &invalid)
				require.Equal(t, 42201, invalid.Code)
				require.ErrorContains(t, err, test.err)
			}
			require.NoError(t, m.SetMode(ctx, "import", registry.Import))
			_, err := m.Register(ctx, "import", d, registry.AtID(7, 1))
			check(err)
			_, err = m.updateConfig(ctx, "lenient", settingsUpdate{ValidateNewSchemas: some(&no)})
			require.NoError(t, err)
			check(m.CheckCompatibility(ctx, "lenient", d))
			_, err = m.Register(ctx, "lenient", d)
			check(err)
			_, err = m.Lookup(ctx, "lenient", d)
			check(err)
			_, err = m.Register(ctx, "strict", d)
			require.Equal(t, test.strict, err == nil)
			if test.err != "" {
				require.Empty(t, m.state.subjects)
			}
		})
	}
}
