package srclient_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	sr "github.com/riferrei/srclient"
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/srclient"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

var (
	_ serde.SchemaRegistrar = (*srclient.Source)(nil)
	_ serde.SchemaSource    = (*srclient.Source)(nil)
)

const (
	address = `{"type":"record","name":"Address","fields":[{"name":"zip","type":"string"}]}`
	user    = `{"type":"record","name":"User","fields":[{"name":"home","type":"Address"}]}`
	wrong   = `{"type":"record","name":"User","fields":[{"name":"home","type":"Address"},{"name":"age","type":"int"}]}`
)

func newServer(t *testing.T) *httptest.Server {
	server := httptest.NewServer(memory.Handler(memory.New()))
	t.Cleanup(server.Close)
	return server
}

// Both ways see the same registry.
func TestBothWays(t *testing.T) {
	server := newServer(t)
	theirs := sr.NewSchemaRegistryClient(server.URL)
	theirs.CachingEnabled(false)
	source := srclient.NewSource(theirs)
	c, err := registry.New(server.URL)
	require.NoError(t, err)
	defer c.Close()
	ours := srclient.NewClient(c)
	ctx := t.Context()

	first, err := source.Register(ctx, "address", registry.Definition{Text: address})
	require.NoError(t, err)
	require.NotNil(t, first.Schema)
	refs := []registry.Reference{{Name: "Address", Subject: "address", Version: 1}}
	second, err := source.Register(ctx, "user", registry.Definition{Text: user, References: refs})
	require.NoError(t, err)

	for name, got := range map[string]func() (*registry.SubjectSchema, error){
		"by id":   func() (*registry.SubjectSchema, error) { return source.SchemaByID(ctx, "user", second.ID) },
		"latest":  func() (*registry.SubjectSchema, error) { return source.Latest(ctx, "user") },
		"version": func() (*registry.SubjectSchema, error) { return source.Version(ctx, "user", 1) },
		"-1":      func() (*registry.SubjectSchema, error) { return source.Version(ctx, "user", -1) },
		"lookup": func() (*registry.SubjectSchema, error) {
			return source.Lookup(ctx, "user", registry.Definition{Text: user, References: refs})
		},
	} {
		s, err := got()
		require.NoError(t, err, name)
		require.Equal(t, second.ID, s.ID, name)
		require.Equal(t, user, s.Text, name)
		require.Equal(t, refs, s.References, name)
		require.Equal(t, second.Schema.Canonical(), s.Schema.Canonical(), name)
	}
	versions, err := source.Versions(ctx, "user")
	require.NoError(t, err)
	require.Equal(t, []int{1}, versions)
	level, err := source.Compatibility(ctx, "user")
	require.NoError(t, err)
	require.Equal(t, schemas.Backward, level)

	for name, got := range map[string]func() (*sr.Schema, error){
		"by id":   func() (*sr.Schema, error) { return ours.GetSchema(second.ID) },
		"latest":  func() (*sr.Schema, error) { return ours.GetLatestSchema("user") },
		"version": func() (*sr.Schema, error) { return ours.GetSchemaByVersion("user", 1) },
		"lookup": func() (*sr.Schema, error) {
			return ours.LookupSchema("user", user, sr.Avro, sr.Reference{Name: "Address", Subject: "address", Version: 1})
		},
		"create": func() (*sr.Schema, error) {
			return ours.CreateSchema("user", user, sr.Avro, sr.Reference{Name: "Address", Subject: "address", Version: 1})
		},
	} {
		s, err := got()
		require.NoError(t, err, name)
		require.Equal(t, second.ID, s.ID(), name)
		require.Equal(t, user, s.Schema(), name)
		require.Equal(t, sr.Avro, *s.SchemaType(), name)
		require.Len(t, s.References(), 1, name)
	}
	compatible, err := ours.IsSchemaCompatible("user", wrong, "latest", sr.Avro, sr.Reference{Name: "Address", Subject: "address", Version: 1})
	require.NoError(t, err)
	require.False(t, compatible)
	changed, err := ours.ChangeSubjectCompatibilityLevel("user", sr.None)
	require.NoError(t, err)
	require.Equal(t, sr.None, *changed)
	own, err := ours.GetCompatibilityLevel("user", false)
	require.NoError(t, err)
	require.Equal(t, sr.None, *own)
	after, err := ours.DeleteSubjectCompatibilityLevel("user")
	require.NoError(t, err)
	require.Equal(t, sr.Backward, *after)
	uses, err := ours.GetSubjectVersionsById(second.ID)
	require.NoError(t, err)
	require.Len(t, uses, 1)
	require.Equal(t, "user", uses[0].Subject)
	require.NoError(t, ours.DeleteSubject("user", true))
	require.NoError(t, ours.DeleteSubjectByVersion("address", 1, false))
	subjects, err := ours.GetSubjects()
	require.NoError(t, err)
	require.Empty(t, subjects)
	subjects, err = ours.GetSubjectsIncludingDeleted()
	require.NoError(t, err)
	require.Equal(t, []string{"address"}, subjects)
}

// What srclient says is told apart by what a caller can do about it.
func TestSourceErrors(t *testing.T) {
	server := newServer(t)
	source := srclient.NewSource(sr.NewSchemaRegistryClient(server.URL))
	ctx := t.Context()
	_, err := source.SchemaByID(ctx, "", 7)
	var notFound *registry.NotFoundError
	require.ErrorAs(t, err, &notFound)
	require.Equal(t, 40403, notFound.Code)
	require.Equal(t, 404, notFound.Status)
	_, err = source.Register(ctx, "a", registry.Definition{Text: `"whole"`})
	require.ErrorAs(t, err, new(*registry.InvalidError))
	_, err = source.Register(ctx, "a", registry.Definition{Text: `"int"`})
	require.NoError(t, err)
	_, err = source.Register(ctx, "a", registry.Definition{Text: `"string"`})
	require.ErrorAs(t, err, new(*registry.ConflictError))
	_, err = source.Register(ctx, "a", registry.Definition{Text: `"int"`, Metadata: &registry.Metadata{}})
	require.ErrorAs(t, err, new(*registry.InvalidError))
	_, err = source.Register(ctx, "a", registry.Definition{Text: `"int"`}, registry.Normalize())
	require.ErrorAs(t, err, new(*registry.InvalidError))
	_, err = source.SchemaByGUID(ctx, "x")
	require.ErrorAs(t, err, new(*registry.InvalidError))

	mine := errors.New("changed my mind")
	ended, cancel := context.WithCancelCause(ctx)
	cancel(mine)
	_, err = source.Latest(ended, "a")
	require.ErrorIs(t, err, mine)
	server.Close()
	_, err = source.Latest(ctx, "b")
	require.ErrorAs(t, err, new(*registry.UnavailableError))
}

// A value is written and read with a client of srclient behind serde.
func TestSerdeThroughSource(t *testing.T) {
	source := srclient.NewSource(sr.NewSchemaRegistryClient(newServer(t).URL))
	type Point struct {
		X int32 `avro:"x"`
	}
	schema := schemas.MustParse(`{"type":"record","name":"Point","fields":[{"name":"x","type":"int"}]}`)
	write, err := serde.NewAvroSerializer[Point](source, serde.WithSchema(schema))
	require.NoError(t, err)
	read, err := serde.NewAvroDeserializer[Point](source, serde.WithSchema(schema))
	require.NoError(t, err)
	to := &serde.Target{Topic: "points"}
	payload, err := write.Append(t.Context(), nil, to, &Point{7})
	require.NoError(t, err)
	var got Point
	require.NoError(t, read.Decode(t.Context(), payload, to, &got))
	require.Equal(t, Point{7}, got)
}
