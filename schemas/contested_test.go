package schemas_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
)

// contested are the vectors about which specification, Java and the Go libraries
// disagree, and what kavro chooses. strict and lenient: does Parse accept it?
var contested = map[string]struct {
	strict, lenient bool
	why             string
}{
	"goavro.TestEnumSymbols#3": {true, true,
		"an enum without symbols: Java and Python accept it, and the specification does not forbid it"},
	"derived: null namespace": {true, true,
		"a namespace that is null counts as none, as in Java and Python"},
	"java.TestSchema.disallowTypeObjectForNamedType#1": {false, true,
		`{"type":"Name"} for a named type: refused by Java 1.12.2 and by Python, but registries hold it`},
	"derived: reference wrapped in an object": {false, true,
		`{"type":"Name"} for a named type: refused by Java 1.12.2 and by Python, but registries hold it`},
	"goavro.TestSchemaFixed#2": {false, true,
		"a size in quotes: Java and Python refuse it; the rule of the canonical form about quotes suggests that such schemas exist"},
	"twmb.TestParseFixedStringSizeINTEGERS: string size with leading zeros": {false, true,
		"a size in quotes: Java and Python refuse it; the rule of the canonical form about quotes suggests that such schemas exist"},
	"twmb.TestParseFixedStringSizeINTEGERS: zero string": {false, true,
		"a size in quotes: Java and Python refuse it; the rule of the canonical form about quotes suggests that such schemas exist"},
	"twmb.TestBytesFixedDefaultRejectsHighUnicode: bytes U+0100": {false, true,
		"a default of bytes beyond U+00FF: the specification forbids it, and Java would write a question mark"},
	"derived: default: bytes with U+0100": {false, true,
		"a default of bytes beyond U+00FF: the specification forbids it, and Java would write a question mark"},
	"twmb.TestParseFloatDefaultFromString: float string default": {true, true,
		"a float's default as a string: the specification wants a number, which NaN and the infinities are not; Java takes what Double.valueOf does"},
	"twmb.TestParseFloatDefaultFromString: float Inf string default": {false, true,
		"a float's default as a string that Java does not read: infinities are \"Infinity\" and \"-Infinity\""},
	"twmb.TestDefaultValidationErrors: enum field default not in symbols": {false, true,
		"a default that is not a symbol of its enum: Java finds out when it needs it, which is too late"},
	"twmb.TestDefaultValidationErrors: fixed default wrong length": {false, true,
		"a default of a fixed with another length: Java finds out when it needs it, which is too late"},
	"derived: two definitions of the same fullname": {false, true,
		"a definition repeated word for word: the specification forbids it; Java accepts it, and prints it itself for types inside references"},
	"derived: comment inside": {true, true,
		"comments: JSON has none, but Java's parser skips them, and so .avsc files have them; the schema's text is without them"},
}

// TestContested shows the choice for each contested vector of parse_valid.json
// and parse_invalid.json. Those of canonical.json and compat.json, an error that
// becomes a record and decimals of another scale, are with the settled ones: there
// kavro does what Java does.
func TestContested(t *testing.T) {
	found := 0
	for _, file := range []string{"parse_valid.json", "parse_invalid.json"} {
		for _, v := range vectors.Load[parseVector](file) {
			if !v.Contested {
				continue
			}
			found++
			t.Run(v.Name, func(t *testing.T) {
				choice, ok := contested[v.Name]
				require.True(t, ok, "no choice is documented for this vector")
				_, err := schemas.Parse(v.Schema)
				require.Equal(t, choice.strict, err == nil, "strict: %s: %v", choice.why, err)
				_, err = schemas.Parse(v.Schema, schemas.Lenient())
				require.Equal(t, choice.lenient, err == nil, "lenient: %s: %v", choice.why, err)
			})
		}
	}
	require.Equal(t, len(contested), found)
}
