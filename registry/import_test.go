package registry

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/inprocess"
	"github.com/kavro/kavro/schemas"
)

// The registry decides what it takes. What a lenient parser reads is sent, byte for
// byte: to a subject in mode IMPORT, to one that does not validate new schemas, and
// to one that refuses it, whose refusal says where the text is wrong.
func TestTheRegistryDecidesWhatItTakes(t *testing.T) {
	texts := map[string]string{
		"a name with a hyphen":        `{"type":"record","name":"Key","namespace":"my-server.shop","fields":[]}`,
		"an alias with a dollar sign": `{"type":"record","name":"Key","fields":[],"aliases":["$id"]}`,
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

	// Names of fields are checked in any mode, by the registry.
	f := newFixture()
	c := f.client(t)
	require.NoError(t, c.SetMode(t.Context(), "imported", Import))
	_, err := c.Register(t.Context(), "imported", Definition{Text: `{"type":"record","name":"Key","fields":[{"name":"$id","type":"int"}]}`}, AtID(101, 7))
	var sent *InvalidError
	require.ErrorAs(t, err, &sent)
	require.Equal(t, "http://registry/subjects/imported/versions", sent.URL)
	require.ErrorContains(t, err, "Illegal initial character: $id")

	// What no registry reads is not sent.
	before := f.Total()
	for _, text := range []string{"{", `{"type":"recod"}`, "\"\xff\"", `["int","int"]`} {
		_, err := c.Register(t.Context(), "imported", Definition{Text: text}, AtID(101, 7))
		var refused *InvalidError
		require.ErrorAs(t, err, &refused, text)
	}
	require.Equal(t, before, f.Total())
}

// A limit that is met names what raises it, and is then no limit: of what is
// registered, read, compared and referred to.
func TestSchemasBeyondAMegabyte(t *testing.T) {
	large := func(name string) string {
		return `{"type":"record","name":"` + name + `","doc":"` + strings.Repeat("x", 5<<18) + `","fields":[]}`
	}
	m, handler := Hooks.NewMemory(8 << 20)
	base, err := m.Register(t.Context(), "base", Definition{Text: large("base")})
	require.NoError(t, err)
	d := Definition{Text: record("user", "base"), References: refer("base")}
	user, err := m.Register(t.Context(), "user", d)
	require.NoError(t, err)
	next := Definition{Text: large("next")}
	client := func(opts ...Option) *Client {
		c, err := New("http://registry", append(opts, quick(), WithRoundTripper(inprocess.Transport{Handler: handler}))...)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		return c
	}
	calls := map[string]func(c *Client) error{
		"by id":         func(c *Client) error { _, err := c.SchemaByID(t.Context(), "", base.ID); return err },
		"latest":        func(c *Client) error { _, err := c.Latest(t.Context(), "base"); return err },
		"referred to":   func(c *Client) error { _, err := c.SchemaByID(t.Context(), "", user.ID); return err },
		"looked up":     func(c *Client) error { _, err := c.Lookup(t.Context(), "user", d); return err },
		"registered":    func(c *Client) error { _, err := c.Register(t.Context(), "next", next); return err },
		"compatibility": func(c *Client) error { return c.CheckCompatibility(t.Context(), "next", next) },
	}
	for name, call := range calls {
		err := call(client())
		var parse *schemas.ParseError
		require.ErrorAs(t, err, &parse, name)
		require.ErrorContains(t, err, "more than the limit of 1048576, which registry.WithMaxSchema and the key kavro.registry.max.schema.bytes set", name)
	}
	c := client(WithMaxSchema(8 << 20))
	for name, call := range calls {
		require.NoError(t, call(c), name)
	}
	_, err = New("http://registry", WithMaxSchema(0))
	require.ErrorContains(t, err, "WithMaxSchema: 0 is less than 1")
}
