package registry

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// A program's schema was parsed by the program: looking it up and registering it parses nothing.
func TestDefinitionOfIsNotParsedAgain(t *testing.T) {
	f := newFixture()
	c, _ := f.serve(t)
	s := schemas.MustParse(userV1)
	d := DefinitionOf(s)
	require.Equal(t, userV1, d.Text)
	_, err := c.Lookup(t.Context(), "users-value", d)
	require.Error(t, err)
	made, err := c.Register(t.Context(), "users-value", d)
	require.NoError(t, err)
	require.Same(t, s, made.Schema)

	d.Text = userV2 // changed afterwards: the text counts
	made, err = c.Register(t.Context(), "users-value", d)
	require.NoError(t, err)
	require.Equal(t, schemas.MustParse(userV2).Canonical(), made.Schema.Canonical())

	var large *schemas.ParseError
	c, _ = f.serve(t, WithMaxSchema(10))
	_, err = c.Register(t.Context(), "users-value", DefinitionOf(s))
	require.ErrorAs(t, err, &large, "the limit holds all the same")
}

// A registry's refusal of a schema that was parsed leniently says what is wrong with it.
func TestDefinitionOfLenientSchema(t *testing.T) {
	f := newFixture()
	c, _ := f.serve(t)
	s, err := schemas.Parse(`{"type":"record","name":"a-b","fields":[]}`, schemas.Lenient())
	require.NoError(t, err)
	for _, d := range []Definition{{Text: s.String()}, DefinitionOf(s)} {
		_, err = c.Register(t.Context(), "s", d)
		var refused *InvalidError
		require.ErrorAs(t, err, &refused)
		var parse *schemas.ParseError
		require.True(t, errors.As(refused.Err, &parse), "%v", err)
	}
}

func TestDefinitionOfReferences(t *testing.T) {
	p := schemas.NewParser()
	_, err := p.Define(`{"type":"fixed","name":"Id","size":4}`)
	require.NoError(t, err)
	s, err := p.Parse(`{"type":"record","name":"Order","fields":[{"name":"id","type":"Id"}]}`)
	require.NoError(t, err)
	d := DefinitionOf(s)
	require.Equal(t, s.SelfContained(), d.Text)
	f := newFixture()
	c, _ := f.serve(t)
	made, err := c.Register(t.Context(), "orders-value", d)
	require.NoError(t, err)
	require.Equal(t, d.Text, made.Text)
	require.Equal(t, d.Text, made.Schema.String())
}
