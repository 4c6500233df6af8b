package gopeers

import (
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry"
	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/rest"
	"github.com/stretchr/testify/require"
)

func confluentClient(t *testing.T, url string) schemaregistry.Client {
	c, err := schemaregistry.NewClient(schemaregistry.NewConfig(url))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func TestConfluentRegistryClient(t *testing.T) {
	url, _ := serve(t)
	c := confluentClient(t, url)
	code := func(err error) int {
		var refused *rest.Error
		require.ErrorAs(t, err, &refused)
		return refused.Code
	}
	v1, v2 := schemaregistry.SchemaInfo{Schema: userV1}, schemaregistry.SchemaInfo{Schema: userV2}

	names, err := c.GetAllSubjects()
	require.NoError(t, err)
	require.Empty(t, names)
	contexts, err := c.GetAllContexts()
	require.NoError(t, err)
	require.Equal(t, []string{"."}, contexts)
	id, err := c.Register("users-value", v1, false)
	require.NoError(t, err)
	require.Equal(t, 1, id)
	full, err := c.RegisterFullResponse("users-value", v2, true)
	require.NoError(t, err)
	require.Equal(t, 2, full.ID)
	require.NotEmpty(t, full.GUID)
	_, err = c.Register("users-value", schemaregistry.SchemaInfo{Schema: userBad}, false)
	require.Equal(t, 40901, code(err))

	require.NoError(t, c.ClearCaches())
	info, err := c.GetBySubjectAndID("users-value", 1)
	require.NoError(t, err)
	require.JSONEq(t, userV1, info.Schema)
	info, err = c.GetByGUID(full.GUID)
	require.NoError(t, err)
	require.JSONEq(t, userV2, info.Schema)
	uses, err := c.GetSubjectsAndVersionsByID(2)
	require.NoError(t, err)
	require.Equal(t, []schemaregistry.SubjectAndVersion{{Subject: "users-value", Version: 2}}, uses)
	id, err = c.GetID("users-value", v1, false)
	require.NoError(t, err)
	require.Equal(t, 1, id)
	full, err = c.GetIDFullResponse("users-value", v2, false)
	require.NoError(t, err)
	require.Equal(t, 2, full.Version)
	latest, err := c.GetLatestSchemaMetadata("users-value")
	require.NoError(t, err)
	require.Equal(t, 2, latest.Version)
	old, err := c.GetSchemaMetadata("users-value", 1)
	require.NoError(t, err)
	require.Equal(t, 1, old.ID)
	versions, err := c.GetAllVersions("users-value")
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, versions)
	version, err := c.GetVersion("users-value", v2, false)
	require.NoError(t, err)
	require.Equal(t, 2, version)
	require.Equal(t, 40403, code(second1(c.GetBySubjectAndID("users-value", 999))))
	require.Equal(t, 40401, code(second1(c.GetLatestSchemaMetadata("nobody"))))
	require.Equal(t, 40402, code(second1(c.GetSchemaMetadata("users-value", 9))))
	require.Equal(t, 40408, code(second1(c.GetCompatibility("users-value"))))

	ok, err := c.TestSubjectCompatibility("users-value", v1)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = c.TestCompatibility("users-value", 2, schemaregistry.SchemaInfo{Schema: `"string"`})
	require.NoError(t, err)
	require.False(t, ok)

	level, err := c.GetDefaultCompatibility()
	require.NoError(t, err)
	require.EqualValues(t, schemaregistry.Backward, level)
	_, err = c.UpdateCompatibility("users-value", schemaregistry.FullTransitive)
	require.NoError(t, err)
	level, err = c.GetCompatibility("users-value")
	require.NoError(t, err)
	require.EqualValues(t, schemaregistry.FullTransitive, level)
	_, err = c.UpdateConfig("users-value", schemaregistry.ServerConfig{Normalize: true, CompatibilityUpdate: schemaregistry.Forward})
	require.NoError(t, err)
	conf, err := c.GetConfig("users-value", true)
	require.NoError(t, err)
	require.True(t, conf.Normalize)
	require.EqualValues(t, schemaregistry.Forward, conf.CompatibilityLevel)

	// A data contract.
	v1.Metadata = &schemaregistry.Metadata{Properties: map[string]string{"owner": "me"}}
	v1.RuleSet = &schemaregistry.RuleSet{DomainRules: []schemaregistry.Rule{{Name: "named", Kind: "CONDITION", Mode: "WRITE", Type: "CEL", Expr: "size(message.name) > 0"}}}
	_, err = c.Register("contracts-value", v1, false)
	require.NoError(t, err)
	owned, err := c.GetLatestWithMetadata("contracts-value", map[string]string{"owner": "me"}, false)
	require.NoError(t, err)
	require.Equal(t, v1.RuleSet, owned.RuleSet)

	team := schemaregistry.SchemaInfo{Schema: teamV1, References: []schemaregistry.Reference{{Name: "acme.User", Subject: "users-value", Version: 2}}}
	_, err = c.Register("teams-value", team, false)
	require.NoError(t, err)
	require.Equal(t, 42206, code(second1(c.DeleteSubjectVersion("users-value", 2, false))))

	// A topic is associated with a subject.
	made, err := c.CreateAssociation(schemaregistry.AssociationCreateOrUpdateRequest{
		ResourceName: "people", ResourceNamespace: "lkc", ResourceID: "id-1", ResourceType: "topic",
		Associations: []schemaregistry.AssociationCreateOrUpdateInfo{{Subject: "users-value", AssociationType: "value", Lifecycle: schemaregistry.WEAK}},
	})
	require.NoError(t, err)
	require.Equal(t, "people", made.ResourceName)
	associated, err := c.GetAssociationsByResourceName("people", "-", "topic", []string{"value"}, "", 0, -1)
	require.NoError(t, err)
	require.Len(t, associated, 1)
	require.Equal(t, "users-value", associated[0].Subject)
	require.NoError(t, c.DeleteAssociations("id-1", "topic", nil, false))

	numbers, err := c.DeleteSubject("teams-value", false)
	require.NoError(t, err)
	require.Equal(t, []int{1}, numbers)
	_, err = c.DeleteSubject("teams-value", true)
	require.NoError(t, err)
	deleted, err := c.DeleteSubjectVersion("users-value", 1, false)
	require.NoError(t, err)
	require.Equal(t, 1, deleted)
	full, err = c.GetSchemaMetadataIncludeDeleted("users-value", 1, true)
	require.NoError(t, err)
	require.Equal(t, 1, full.ID)
}
