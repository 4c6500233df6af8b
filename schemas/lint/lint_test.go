package lint_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/schemas/lint"
)

func ExampleSchema() {
	s := schemas.MustParse(`{"type": "record", "name": "shop.Payment", "fields": [
		{"name": "amount", "type": "bytes", "logicalType": "decimal", "precision": 21, "scale": 3},
		{"name": "at", "type": ["null", "long"], "logicalType": "timestamp-micros", "default": null}]}`)
	for _, finding := range lint.Schema(s) {
		fmt.Println(finding)
	}
	// Output:
	// shop.Payment.amount: logicalType "decimal" beside the type of a field does nothing; it belongs into the type: {"type": "bytes", "logicalType": "decimal", "precision": 21, "scale": 3} (logical-type-of-field)
	// shop.Payment.at: logicalType "timestamp-micros" beside the type of a field does nothing; it belongs into the type: ["null", {"type": "long", "logicalType": "timestamp-micros"}] (logical-type-of-field)
}

func field(attributes string) string {
	return `{"type":"record","name":"n.R","fields":[{"name":"a",` + attributes + `}]}`
}

func TestSchema(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", `"int"`, ""},
		{"where it belongs", field(`"type":{"type":"long","logicalType":"timestamp-millis"}`), ""},
		{"in both places", field(`"type":{"type":"long","logicalType":"timestamp-millis"},"logicalType":"timestamp-millis"`), ""},
		{"in both places, differently", field(`"type":{"type":"long","logicalType":"timestamp-millis"},"logicalType":"timestamp-micros"`),
			`n.R.a: logicalType "timestamp-micros" beside the type of a field does nothing; it belongs into the type: {"type": "long", "logicalType": "timestamp-micros"} (logical-type-of-field)`},
		{"of a type that cannot have it", field(`"type":"string","logicalType":"date"`), `n.R.a: logicalType "date" beside the type of a field does nothing; it belongs into the type (logical-type-of-field)`},
		{"of a union that cannot have it", field(`"type":["null","string"],"logicalType":"date"`), `n.R.a: logicalType "date" beside the type of a field does nothing; it belongs into the type (logical-type-of-field)`},
		{"of a union with a named type", field(`"type":["null",{"type":"fixed","name":"F","size":1},"int"],"logicalType":"date"`),
			`n.R.a: logicalType "date" beside the type of a field does nothing; it belongs into the type: ["null", "n.F", {"type": "int", "logicalType": "date"}] (logical-type-of-field)`},
		{"one that only programs know", field(`"type":"string","logicalType":"money"`), `n.R.a: logicalType "money" beside the type of a field does nothing; it belongs into the type (logical-type-of-field)`},
		{"that is no text", field(`"type":"string","logicalType":1`), ""},
		{"deep down", `{"type":"array","items":{"type":"map","values":["null",` + field(`"type":"int","logicalType":"date"`) + `]}}`,
			`n.R.a: logicalType "date" beside the type of a field does nothing; it belongs into the type: {"type": "int", "logicalType": "date"} (logical-type-of-field)`},

		{"on another type", field(`"type":{"type":"int","logicalType":"timestamp-millis"}`), `n.R.a: logicalType "timestamp-millis" does nothing on type int: it belongs on long (useless-logical-type)`},
		{"on an array", field(`"type":{"type":"array","items":"long","logicalType":"timestamp-millis"}`), `n.R.a: logicalType "timestamp-millis" does nothing on type array: it belongs on long (useless-logical-type)`},
		{"at the top", `{"type":"string","logicalType":"decimal"}`, `logicalType "decimal" does nothing on type string: it belongs on bytes or fixed (useless-logical-type)`},
		{"in a map of arrays", field(`"type":{"type":"map","values":{"type":"array","items":{"type":"int","logicalType":"time-micros"}}}`), `n.R.a{}[]: logicalType "time-micros" does nothing on type int: it belongs on long (useless-logical-type)`},
		{"misspelt", field(`"type":{"type":"long","logicalType":"timestamp_milli"}`), `n.R.a: logicalType "timestamp_milli" does not exist; did you mean "timestamp-millis"? (useless-logical-type)`},
		{"unknown", field(`"type":{"type":"long","logicalType":"cents"}`), ""},
		{"decimal without precision", field(`"type":{"type":"bytes","logicalType":"decimal"}`), `n.R.a: logicalType "decimal" does nothing here: "precision" must be a number from 1, and "scale" one from 0 to the precision (useless-logical-type)`},
		{"decimal with too large a scale", field(`"type":{"type":"bytes","logicalType":"decimal","precision":2,"scale":3}`), `n.R.a: logicalType "decimal" does nothing here: "precision" must be a number from 1, and "scale" one from 0 to the precision (useless-logical-type)`},
		{"decimal beyond its bytes", `{"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":10}`, `F: logicalType "decimal" does nothing here: "precision" must be a number from 1 to 9, the most for 4 bytes, and "scale" one from 0 to the precision (useless-logical-type)`},
		{"uuid of another size", `{"type":"fixed","name":"F","size":12,"logicalType":"uuid"}`, `F: logicalType "uuid" does nothing on a fixed of 12 bytes: it needs 16 (useless-logical-type)`},
		{"uuid of one byte", `{"type":"fixed","name":"F","size":1,"logicalType":"uuid"}`, `F: logicalType "uuid" does nothing on a fixed of 1 byte: it needs 16 (useless-logical-type)`},
		{"duration of another size", `{"type":"fixed","name":"F","size":16,"logicalType":"duration"}`, `F: logicalType "duration" does nothing on a fixed of 16 bytes: it needs 12 (useless-logical-type)`},
		{"logical type with a letter too few", field(`"type":{"type":"long","logicalType":"timestamp-milis"}`), `n.R.a: logicalType "timestamp-milis" does not exist; did you mean "timestamp-millis"? (useless-logical-type)`},
		{"logical type near a short one", field(`"type":{"type":"int","logicalType":"rate"}`), ""},

		{"default, misspelt", field(`"type":["null","string"],"defualt":null`), `n.R.a: attribute "defualt" does nothing; did you mean "default"? (misspelt-attribute)`},
		{"default without vowels", field(`"type":"int","dflt":3`), `n.R.a: attribute "dflt" does nothing; did you mean "default"? (misspelt-attribute)`},
		{"default with a capital", field(`"type":"int","Default":3`), `n.R.a: attribute "Default" does nothing; did you mean "default"? (misspelt-attribute)`},
		{"alias of a field", field(`"type":"string","alias":["b"]`), `n.R.a: attribute "alias" does nothing; did you mean "aliases"? (misspelt-attribute)`},
		{"alias of a record", `{"type":"record","name":"R","alias":["S"],"fields":[]}`, `R: attribute "alias" does nothing; did you mean "aliases"? (misspelt-attribute)`},
		{"docs of an enum", `{"type":"enum","name":"E","docs":"d","symbols":["A"]}`, `E: attribute "docs" does nothing; did you mean "doc"? (misspelt-attribute)`},
		{"a logical type's", field(`"type":{"type":"bytes","logicalType":"decimal","precision":9,"scal":2}`), `n.R.a: attribute "scal" does nothing; did you mean "scale"? (misspelt-attribute)`},
		{"logicaltype of a field", field(`"type":"int","logicaltype":"date"`), `n.R.a: attribute "logicaltype" does nothing; did you mean "logicalType"? (misspelt-attribute)`},
		{"attributes of a program's own", field(`"type":"int","owner":"me","pii":true,"note":"n","scope":"s","connect.version":1,"java-class":"X","unit":"ms"`), ""},
		{"attributes of another place", field(`"type":"int","precision":9,"scale":2,"namespace":"x","symbols":[]`), ""},

		{"no symbols", `{"type":"enum","name":"E","symbols":[]}`, `E: an enum without symbols has no value (no-value)`},
		{"no branches", field(`"type":[]`), `n.R.a: a union without branches has no value (no-value)`},
		{"no branches at the top", `[]`, `a union without branches has no value (no-value)`},
		{"a record that contains itself", `{"type":"record","name":"R","fields":[{"name":"r","type":["null","R"]}]}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := ""
			for i, f := range lint.Schema(schemas.MustParse(test.text)) {
				require.Zero(t, i, "one finding")
				text = f.String()
			}
			require.Equal(t, test.want, text)
		})
	}
}

// Types are reported where they are defined, not where they are used.
func TestReferencesAreNotLookedAt(t *testing.T) {
	money := schemas.MustParse(`{"type":"record","name":"Money","fields":[{"name":"a","type":"int","logicalType":"date"}]}`)
	require.Len(t, lint.Schema(money), 1)
	user := schemas.MustParse(`{"type":"record","name":"User","fields":[{"name":"m","type":"Money"},{"name":"b","type":"int","logicalType":"date"}]}`, schemas.WithReferences(money))
	found := lint.Schema(user)
	require.Len(t, found, 1)
	require.Equal(t, "User.b", found[0].Path)
}
