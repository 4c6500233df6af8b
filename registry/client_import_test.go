package registry

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// The registry decides what it takes. What a lenient parser reads is sent, byte for
// byte: to a subject in mode IMPORT, to one that does not validate new schemas, and
// to one that refuses it, whose refusal says where the text is wrong.
func TestTheRegistryDecidesWhatItTakes(t *testing.T) {
	texts := map[string]string{
		"a name with a hyphen":        `{"type":"record","name":"Key","namespace":"my-server.shop","fields":[]}`,
		"a field with a dollar sign":  `{"type":"record","name":"Key","fields":[{"name":"$id","type":"int"}]}`,
		"a default of another type":   `{"type":"record","name":"Key","fields":[{"name":"id","type":"int","default":"x"}]}`,
		"a default that is no number": `{"type":"record","name":"Key","fields":[{"name":"id","type":"int","default":null}]}`,
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			f := newFixture()
			c := f.client(t)
			ctx := t.Context()
			d := Definition{Text: text}

			_, err := c.Register(ctx, "strict", d)
			var refused *InvalidError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, 42201, refused.Code)
			require.Equal(t, "http://registry/subjects/strict/versions", refused.URL, "it was sent")
			var parse *schemas.ParseError
			require.ErrorAs(t, err, &parse, "where it is wrong")
			_, err = c.Register(ctx, "strict", d, AtID(101, 1))
			require.ErrorAs(t, err, &refused, "an id needs the mode, which the registry knows")

			require.NoError(t, c.SetMode(ctx, "imported", Import))
			s, err := c.Register(ctx, "imported", d, AtID(101, 7))
			require.NoError(t, err)
			require.Equal(t, 101, s.ID)
			require.Equal(t, text, s.Text)
			require.Contains(t, s.Schema.FullName(), "Key")
			kept, err := f.Memory.Version(ctx, "imported", 7)
			require.NoError(t, err)
			require.Equal(t, text, kept.Text)

			require.NoError(t, c.Do(ctx, "PUT", "/config/lax", map[string]any{"validateNewSchemas": false}, nil))
			require.NoError(t, c.CheckCompatibility(ctx, "lax", d))
			s, err = c.Register(ctx, "lax", d)
			require.NoError(t, err)
			found, err := c.Lookup(ctx, "lax", d)
			require.NoError(t, err)
			require.Equal(t, s.ID, found.ID)
		})
	}

	// What no registry reads is not sent.
	f := newFixture()
	c := f.client(t)
	require.NoError(t, c.SetMode(t.Context(), "imported", Import))
	before := f.Total()
	for _, text := range []string{"{", `{"type":"recod"}`, "\"\xff\"", `["int","int"]`} {
		_, err := c.Register(t.Context(), "imported", Definition{Text: text}, AtID(101, 7))
		var refused *InvalidError
		require.ErrorAs(t, err, &refused, text)
	}
	require.Equal(t, before, f.Total())
}
