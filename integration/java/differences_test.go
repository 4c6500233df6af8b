package java

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// TestNames shows what a name without a namespace means where a type of that name
// has one and another has none. By the specification it is the enclosing
// namespace's. Java does not see a record from within, and takes the other.
func TestNames(t *testing.T) {
	o := dial(t, startOracle(t))
	for _, c := range []struct{ name, text, kavro, java string }{
		{
			name: "n.A is known, and A too: both say n.A",
			text: `{"type":"record","name":"n.R","fields":[
				{"name":"a","type":{"type":"fixed","name":"A","namespace":"","size":1}},
				{"name":"b","type":{"type":"fixed","name":"n.A","size":2}},
				{"name":"c","type":"A"}]}`,
			kavro: "n.A", java: "n.A",
		},
		{
			name: "n.A is around the use",
			text: `{"type":"record","name":"n.A","fields":[
				{"name":"a","type":{"type":"fixed","name":"A","namespace":"","size":1}},
				{"name":"c","type":["null","A"]}]}`,
			kavro: "n.A", java: "A",
		},
		{
			name: "n.A is yet to come",
			text: `{"type":"record","name":"n.R","fields":[
				{"name":"a","type":{"type":"fixed","name":"A","namespace":"","size":1}},
				{"name":"c","type":"A"},
				{"name":"b","type":{"type":"fixed","name":"n.A","size":2}}]}`,
			kavro: "A", java: "A",
		},
		{
			name: "only A is known: both say A",
			text: `{"type":"record","name":"n.R","fields":[
				{"name":"a","type":{"type":"fixed","name":"A","namespace":"","size":1}},
				{"name":"c","type":"A"}]}`,
			kavro: "A", java: "A",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := schemas.Parse(c.text)
			require.NoError(t, err)
			require.Equal(t, c.kavro, typeOf(t, s.Canonical()))
			a, err := o.ask(question{"op": "parse", "schema": c.text})
			require.NoError(t, err)
			require.Equal(t, c.java, typeOf(t, a.Canonical))
		})
	}
}

var fieldC = regexp.MustCompile(`"name":"c","type":(?:\["null",)?"([^"]*)"`)

// typeOf returns the full name that a canonical form has for field c's type, or its
// branch beside null.
func typeOf(t *testing.T, canonical string) string {
	t.Helper()
	m := fieldC.FindStringSubmatch(canonical)
	require.NotNil(t, m, canonical)
	return m[1]
}
