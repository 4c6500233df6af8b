package schemas_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// A parser gives what parsing with references gives.
func TestParser(t *testing.T) {
	texts := []string{
		`{"type":"record","name":"a.A","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["X"]}}]}`,
		`{"type":"record","name":"b.B","fields":[{"name":"a","type":"a.A"},{"name":"e","type":["null","a.E"]}]}`,
		`{"type":"array","items":"b.B"}`,
	}
	p := schemas.NewParser()
	var refs []*schemas.Schema
	for _, text := range texts {
		want, err := schemas.Parse(text, schemas.WithReferences(refs...))
		require.NoError(t, err)
		got, err := p.Parse(text)
		require.NoError(t, err)
		require.Equal(t, want.PrintResolved(), got.PrintResolved())
		require.Equal(t, want.Print(), got.Print())
		got, err = p.Define(text)
		require.NoError(t, err)
		require.Equal(t, want.PrintResolved(), got.PrintResolved())
		require.Len(t, got.References(), len(refs))
		refs = append(refs, want)
	}
	_, err := p.Define(`{"type":"record","name":"a.A","fields":[]}`)
	require.ErrorContains(t, err, "a.A is defined already, by a reference")
	_, err = p.Parse(`{"type":"fixed","name":"x-y","size":1}`)
	require.ErrorContains(t, err, "not a name")
	_, err = p.Parse(`{"type":"fixed","name":"x-y","size":1}`, schemas.Lenient())
	require.NoError(t, err)
	_, err = p.Define(`{"type":"record","name":"C","fields":[{"name":"d","type":"D"}]}`)
	require.ErrorContains(t, err, "unknown type \"D\"")
	_, err = p.Parse(`"C"`)
	require.ErrorContains(t, err, "unknown type \"C\"", "what could not be read defines nothing")
}

// What a parser allocates grows with what it reads: many schemas that each define
// much, chains of them, and each that uses all before.
func TestParserIsLinear(t *testing.T) {
	wide := func(i int) string {
		return fmt.Sprintf(`{"type":"record","name":"T%d","fields":[%s]}`, i, fill(3_000, ",", func(k int) string {
			return fmt.Sprintf(`{"name":"f%d","type":{"type":"fixed","name":"X%d_%d","size":1}}`, k, i, k)
		}))
	}
	chain := func(i int) string {
		previous := "int"
		if i > 0 {
			previous = fmt.Sprintf("T%d", i-1)
		}
		return strings.Replace(wide(i), `"fields":[`, fmt.Sprintf(`"fields":[{"name":"up","type":%q},`, previous), 1)
	}
	for name, text := range map[string]func(i int) string{"wide": wide, "chain": chain} {
		read := func(n int) uint64 {
			return allocated(func() {
				p := schemas.NewParser()
				for i := range n {
					_, err := p.Define(text(i))
					require.NoError(t, err)
				}
			})
		}
		read(10)
		small, large := read(30), read(300)
		require.Less(t, large, 14*small, name)
	}
}

// Types nest as deep as is allowed together with those that they refer to.
func TestParserDepth(t *testing.T) {
	p := schemas.NewParser(schemas.WithMaxDepth(10))
	_, err := p.Define(`{"type":"record","name":"T0","fields":[]}`)
	require.NoError(t, err)
	for i := range 20 {
		_, err := p.Define(fmt.Sprintf(`{"type":"record","name":"T%d","fields":[{"name":"t","type":"T%d"}]}`, i+1, i))
		require.NoError(t, err)
	}
	_, err = p.Parse(`"T9"`)
	require.NoError(t, err)
	_, err = p.Parse(`"T12"`)
	require.ErrorContains(t, err, "types nest deeper than 10")
}

// Long namespaces that many schemas inherit take no more than those of a few.
func TestParserNames(t *testing.T) {
	p := schemas.NewParser()
	space := strings.Repeat("a", 500_000)
	for i := range 10 {
		_, err := p.Define(fmt.Sprintf(`{"type":"record","name":"R%d","namespace":%q,"fields":[%s]}`, i, space, fill(1200, ",", func(k int) string {
			return fmt.Sprintf(`{"name":"f%d","type":{"type":"fixed","name":"X%d_%d","size":1}}`, k, i, k)
		})))
		if i < 5 {
			require.NoError(t, err)
		} else if err != nil {
			require.ErrorContains(t, err, "full names of this schema are too long")
			return
		}
	}
	require.Fail(t, "names without end")
}
