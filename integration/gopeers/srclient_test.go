package gopeers

import (
	"errors"
	"testing"

	"github.com/riferrei/srclient"
	"github.com/stretchr/testify/require"
)

func TestSrclient(t *testing.T) {
	url, _ := serve(t)
	c := srclient.NewSchemaRegistryClient(url)
	code := func(err error) int {
		var e srclient.Error
		require.True(t, errors.As(err, &e), "%v", err)
		return e.Code
	}

	names, err := c.GetSubjects()
	require.NoError(t, err)
	require.Empty(t, names)
	level, err := c.GetGlobalCompatibilityLevel()
	require.NoError(t, err)
	require.Equal(t, srclient.Backward, *level)

	first, err := c.CreateSchema("users-value", userV1, srclient.Avro)
	require.NoError(t, err)
	require.Equal(t, 1, first.ID())
	require.Equal(t, 1, first.Version())
	second, err := c.CreateSchema("users-value", userV2, srclient.Avro)
	require.NoError(t, err)
	require.Equal(t, 2, second.Version())
	again, err := c.CreateSchema("other-value", userV1, srclient.Avro)
	require.NoError(t, err)
	require.Equal(t, 1, again.ID())
	_, err = c.CreateSchema("users-value", userBad, srclient.Avro)
	require.Equal(t, 40901, code(err))
	_, err = c.CreateSchema("users-value", `{"type":"recod"}`, srclient.Avro)
	require.Equal(t, 42201, code(err))

	// With caches dropped, so that it asks.
	c.ResetCache()
	byID, err := c.GetSchema(1)
	require.NoError(t, err)
	require.JSONEq(t, userV1, byID.Schema())
	datum, err := byID.Codec().BinaryFromNative(nil, map[string]any{"name": "ada"})
	require.NoError(t, err)
	require.Equal(t, []byte("\x06ada"), datum)
	latest, err := c.GetLatestSchema("users-value")
	require.NoError(t, err)
	require.Equal(t, 2, latest.Version())
	require.JSONEq(t, userV2, latest.Schema())
	byVersion, err := c.GetSchemaByVersion("users-value", 1)
	require.NoError(t, err)
	require.Equal(t, 1, byVersion.ID())
	versions, err := c.GetSchemaVersions("users-value")
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, versions)
	found, err := c.LookupSchema("users-value", userV2, srclient.Avro)
	require.NoError(t, err)
	require.Equal(t, 2, found.Version())
	uses, err := c.GetSubjectVersionsById(1)
	require.NoError(t, err)
	require.Len(t, uses, 2)
	for err, want := range map[error]int{
		second1(c.GetSchema(999)):                                         40403,
		second1(c.GetLatestSchema("nobody")):                              40401,
		second1(c.GetSchemaByVersion("users-value", 9)):                   40402,
		second1(c.LookupSchema("users-value", `"string"`, srclient.Avro)): 40403,
		second1(c.GetCompatibilityLevel("users-value", false)):            40408,
	} {
		require.Equal(t, want, code(err))
	}

	ok, err := c.IsSchemaCompatible("users-value", userV1, "latest", srclient.Avro)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = c.IsSchemaCompatible("users-value", `"string"`, "latest", srclient.Avro)
	require.NoError(t, err)
	require.False(t, ok)

	level, err = c.GetCompatibilityLevel("users-value", true)
	require.NoError(t, err)
	require.Equal(t, srclient.Backward, *level)
	level, err = c.ChangeSubjectCompatibilityLevel("users-value", srclient.FullTransitive)
	require.NoError(t, err)
	require.Equal(t, srclient.FullTransitive, *level)
	level, err = c.GetCompatibilityLevel("users-value", false)
	require.NoError(t, err)
	require.Equal(t, srclient.FullTransitive, *level)
	_, err = c.DeleteSubjectCompatibilityLevel("users-value")
	require.NoError(t, err)

	team, err := c.CreateSchema("teams-value", teamV1, srclient.Avro, srclient.Reference{Name: "acme.User", Subject: "users-value", Version: 2})
	require.NoError(t, err)
	c.ResetCache()
	team, err = c.GetSchema(team.ID())
	require.NoError(t, err)
	require.Equal(t, []srclient.Reference{{Name: "acme.User", Subject: "users-value", Version: 2}}, team.References())
	require.Equal(t, 42206, code(c.DeleteSubjectByVersion("users-value", 2, false)))

	require.NoError(t, c.DeleteSubjectByVersion("users-value", 1, false))
	require.NoError(t, c.DeleteSubject("teams-value", false))
	require.Equal(t, 40404, code(c.DeleteSubject("teams-value", false)))
	require.NoError(t, c.DeleteSubject("teams-value", true))
	names, err = c.GetSubjectsIncludingDeleted()
	require.NoError(t, err)
	require.Equal(t, []string{"other-value", "users-value"}, names)
}

// second1 is the error of a call that also gives something else.
func second1[T any](_ T, err error) error { return err }
