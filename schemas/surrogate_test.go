package schemas_test

import (
	"strings"
	"testing"

	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// Half of a surrogate pair is no character: wherever it is, the text is refused, and
// no reader finds out later that a default cannot be written.
func TestHalfSurrogates(t *testing.T) {
	const first, second = `\ud83d`, `\ude00`
	for name, text := range map[string]string{
		"default":            record(`{"name":"a","type":"string","default":"%"}`),
		"key of a default":   record(`{"name":"a","type":{"type":"map","values":"int"},"default":{"%":1}}`),
		"nested default":     record(`{"name":"a","type":{"type":"array","items":["null",{"type":"map","values":"string"}]},"default":[{"k":"%"}]}`),
		"default in a union": record(`{"name":"a","type":["null","string"],"default":"%"}`),
		"doc":                `{"type":"record","name":"R","doc":"a % b","fields":[]}`,
		"doc of a field":     record(`{"name":"a","type":"int","doc":"%"}`),
		"attribute":          `{"type":"int","x":["%"]}`,
		"name of one":        `{"type":"int","%":1}`,
		"alias of a field":   record(`{"name":"a","type":"int","aliases":["%"]}`),
		"logical type":       `{"type":"int","logicalType":"%"}`,
		"name":               record(`{"name":"a%","type":"int"}`),
		"symbol":             `{"type":"enum","name":"E","symbols":["A%"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, half := range []string{first, second, `\uD800`, `\uDFFF`, first + first + second, second + first, first + `\\` + second[1:], first + "x" + second, first + `\n`, first + `\u0041`, "x" + first} {
				_, strict := schemas.Parse(strings.ReplaceAll(text, "%", half))
				_, lenient := schemas.Parse(strings.ReplaceAll(text, "%", half), schemas.Lenient())
				for _, err := range []error{strict, lenient} {
					require.ErrorContains(t, err, "is half of a surrogate pair", half)
				}
			}
			if name == "name" || name == "symbol" {
				return // ASCII, or letters
			}
			for _, whole := range []string{first + second, `\\` + first[1:], `\ud7ff`, `\ue000`, `\ufffd`} {
				_, err := schemas.Parse(strings.ReplaceAll(text, "%", whole))
				require.NoError(t, err, whole)
			}
		})
	}
}
