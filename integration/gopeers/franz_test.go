package gopeers

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/sr"
)

func TestFranzRegistryClient(t *testing.T) {
	url, _ := serve(t)
	ctx := t.Context()
	c, err := sr.NewClient(sr.URLs(url))
	require.NoError(t, err)

	types, err := c.SupportedTypes(ctx)
	require.NoError(t, err)
	require.Contains(t, types, sr.TypeAvro)
	names, err := c.Subjects(ctx)
	require.NoError(t, err)
	require.Empty(t, names)

	first, err := c.CreateSchema(ctx, "users-value", sr.Schema{Schema: userV1})
	require.NoError(t, err)
	require.Equal(t, 1, first.ID)
	require.Equal(t, 1, first.Version)
	require.NotEmpty(t, first.GUID)
	id, err := c.RegisterSchema(ctx, "users-value", sr.Schema{Schema: userV2}, -1, -1)
	require.NoError(t, err)
	require.Equal(t, 2, id)
	_, err = c.CreateSchema(ctx, "users-value", sr.Schema{Schema: userBad})
	var refused *sr.ResponseError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, 40901, refused.ErrorCode)
	require.Contains(t, refused.Message, "READER_FIELD_MISSING_DEFAULT_VALUE")

	byID, err := c.SchemaByID(ctx, 1)
	require.NoError(t, err)
	require.JSONEq(t, userV1, byID.Schema)
	byGUID, err := c.SchemaByGUID(ctx, first.GUID)
	require.NoError(t, err)
	require.JSONEq(t, userV1, byGUID.Schema.Schema)
	ids, err := c.SchemaIDsByGUID(ctx, first.GUID)
	require.NoError(t, err)
	require.Len(t, ids, 1)
	require.Equal(t, 1, ids[0].ID)
	text, err := c.SchemaTextByID(ctx, 1)
	require.NoError(t, err)
	require.JSONEq(t, userV1, text)
	text, err = c.SchemaTextByVersion(ctx, "users-value", 2)
	require.NoError(t, err)
	require.JSONEq(t, userV2, text)
	names, err = c.SubjectsByID(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, []string{"users-value"}, names)
	uses, err := c.SchemaVersionsByID(ctx, 2)
	require.NoError(t, err)
	require.Equal(t, []sr.SubjectVersion{{Subject: "users-value", Version: 2}}, uses)
	usages, err := c.SchemaUsagesByID(ctx, 2)
	require.NoError(t, err)
	require.Len(t, usages, 1)
	versions, err := c.SubjectVersions(ctx, "users-value")
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, versions)
	latest, err := c.SchemaByVersion(ctx, "users-value", -1)
	require.NoError(t, err)
	require.Equal(t, 2, latest.ID)
	all, err := c.Schemas(ctx, "users-value")
	require.NoError(t, err)
	require.Len(t, all, 2)
	all, err = c.AllSchemas(ctx)
	require.NoError(t, err)
	require.Len(t, all, 2)
	found, err := c.LookupSchema(ctx, "users-value", sr.Schema{Schema: userV1})
	require.NoError(t, err)
	require.Equal(t, 1, found.Version)
	for _, missing := range []struct {
		err  error
		want *sr.Error
	}{
		{second1(c.SchemaByID(ctx, 999)), sr.ErrSchemaNotFound},
		{second1(c.SchemaByVersion(ctx, "nobody", 1)), sr.ErrSubjectNotFound},
		{second1(c.SchemaByVersion(ctx, "users-value", 9)), sr.ErrVersionNotFound},
		{second1(c.LookupSchema(ctx, "users-value", sr.Schema{Schema: `"int"`})), sr.ErrSchemaNotFound},
		{c.Mode(ctx, "users-value")[0].Err, sr.ErrSubjectLevelModeNotConfigured},
		{c.Compatibility(ctx, "users-value")[0].Err, sr.ErrSubjectLevelCompatibilityNotConfigured},
	} {
		require.ErrorAs(t, missing.err, &refused)
		require.Equal(t, missing.want, refused.SchemaError())
	}

	check, err := c.CheckCompatibility(sr.WithParams(ctx, sr.Verbose), "users-value", -1, sr.Schema{Schema: `"string"`})
	require.NoError(t, err)
	require.False(t, check.Is)
	require.Contains(t, check.Messages[0], "TYPE_MISMATCH")
	check, err = c.CheckCompatibility(ctx, "users-value", -2, sr.Schema{Schema: userV1})
	require.NoError(t, err)
	require.True(t, check.Is)

	for _, r := range c.SetCompatibility(ctx, sr.SetCompatibility{Level: sr.CompatFullTransitive, Normalize: true}, "users-value") {
		require.NoError(t, r.Err)
	}
	got := c.Compatibility(ctx, "users-value", sr.GlobalSubject)
	require.Equal(t, sr.CompatFullTransitive, got[0].Level)
	require.True(t, got[0].Normalize)
	require.Equal(t, sr.CompatBackward, got[1].Level)
	require.NoError(t, c.ResetCompatibility(ctx, "users-value")[0].Err)
	require.NoError(t, c.SetMode(ctx, sr.ModeReadOnly, "users-value")[0].Err)
	require.Equal(t, sr.ModeReadOnly, c.Mode(ctx, "users-value")[0].Mode)
	require.NoError(t, c.ResetMode(ctx, "users-value")[0].Err)

	_, err = c.CreateSchema(ctx, "teams-value", sr.Schema{Schema: teamV1, References: []sr.SchemaReference{{Name: "acme.User", Subject: "users-value", Version: 2}}})
	require.NoError(t, err)
	users, err := c.SchemaReferences(ctx, "users-value", 2)
	require.NoError(t, err)
	require.Len(t, users, 1)
	require.Equal(t, "teams-value", users[0].Subject)

	// In a context of its own.
	inside, err := sr.NewClient(sr.URLs(url), sr.DefaultSchemaContext(".eu"))
	require.NoError(t, err)
	made, err := inside.CreateSchema(ctx, "users-value", sr.Schema{Schema: userV1})
	require.NoError(t, err)
	require.Equal(t, 1, made.ID)
	contexts, err := c.Contexts(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{".", ".eu"}, contexts)
	numbers, err := inside.DeleteSubject(ctx, "users-value", sr.SoftDelete)
	require.NoError(t, err)
	require.Equal(t, []int{1}, numbers)
	_, err = inside.DeleteSubject(ctx, "users-value", sr.HardDelete)
	require.NoError(t, err)
	require.NoError(t, c.DeleteContext(ctx, ".eu"))

	require.NoError(t, c.DeleteSchema(ctx, "users-value", 1, sr.SoftDelete))
	require.ErrorAs(t, c.DeleteSchema(ctx, "users-value", 2, sr.SoftDelete), &refused)
	require.Equal(t, sr.ErrReferenceExists, refused.SchemaError())
	require.NoError(t, c.DeleteSchema(ctx, "users-value", 1, sr.HardDelete))
}
