package registrytest

import (
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
)

func metadata(s *suite) {
	subject := s.subject("metadata")
	d := s.record("M", field("a", "int", ""))
	plain := s.must(subject, d)
	s.Nil(plain.Metadata)

	d.Metadata = &registry.Metadata{
		Tags:       map[string][]string{"**.a": {"PII", "GDPR", "PII"}},
		Properties: map[string]string{"owner": "me", "app.version": "1"},
		Sensitive:  []string{"secret", "owner"},
	}
	with := s.must(subject, d)
	s.NotEqual(plain.ID, with.ID, "metadata is part of what a schema is")
	s.Equal(2, with.Version)
	s.Equal(&registry.Metadata{
		Tags:       map[string][]string{"**.a": {"GDPR", "PII"}},
		Properties: map[string]string{"owner": "me", "app.version": "1"},
		Sensitive:  []string{"owner", "secret"},
	}, with.Metadata, "sets are sorted")
	s.Equal([]string{"PII", "GDPR", "PII"}, d.Metadata.Tags["**.a"], "the caller's are left alone")
	s.Equal(memory.GUID(with.Definition), with.GUID)
	byID, err := s.SchemaByID(s.ctx(), "", with.ID)
	s.NoError(err)
	s.Equal(with.Metadata, byID.Metadata)

	// The next version takes it over.
	next := s.must(subject, s.record("M", field("a", "int", ""), field("b", "int", "0")))
	s.Equal(with.Metadata, next.Metadata)
	// A text that is there already, without metadata, is that version.
	s.Equal(1, s.must(subject, s.record("M", field("a", "int", ""))).Version)

	found, err := s.LatestWithMetadata(s.ctx(), subject, map[string]string{"owner": "me"})
	s.NoError(err)
	s.Equal(3, found.Version)
	_, err = s.LatestWithMetadata(s.ctx(), subject, map[string]string{"owner": "you"})
	s.refused(err, 404, 40403)
	_, err = s.LatestWithMetadata(s.ctx(), s.subject("nobody"), map[string]string{"owner": "me"})
	s.refused(err, 404, 40401)
}

func ruleSets(s *suite) {
	subject := s.subject("rules")
	d := s.record("R", field("a", "int", ""))
	d.RuleSet = &registry.RuleSet{DomainRules: []registry.Rule{{Name: "check", Type: "CEL", Kind: "CONDITION", Mode: "WRITE", Expr: "message.a > 0", Tags: []string{"PII"}, Params: map[string]string{"k": "v"}}}}
	got := s.must(subject, d)
	s.Equal(d.RuleSet, got.RuleSet)
	byID, err := s.SchemaByID(s.ctx(), "", got.ID)
	s.NoError(err)
	s.Equal(d.RuleSet, byID.RuleSet)
	s.Equal(memory.GUID(got.Definition), got.GUID)
	next := s.must(subject, s.record("R", field("a", "int", ""), field("b", "int", "0")))
	s.Equal(d.RuleSet, next.RuleSet, "the next version takes it over")

	for name, rule := range map[string]registry.Rule{
		"no name":           {Type: "CEL"},
		"no type":           {Name: "r"},
		"a name with space": {Name: "a b", Type: "CEL"},
		"a migration":       {Name: "r", Type: "CEL", Mode: "UPGRADE"},
		"two actions":       {Name: "r", Type: "CEL", Mode: "WRITE", OnFailure: "NONE,ERROR"},
	} {
		d.RuleSet = &registry.RuleSet{DomainRules: []registry.Rule{rule}}
		_, err := s.Register(s.ctx(), subject, d)
		s.refused(err, 422, 42210)
		s.Error(err, name)
	}
}

func settings(s *suite) {
	subject := s.subject("settings")
	_, err := s.Config(s.ctx(), subject)
	s.refused(err, 404, 40408)
	s.refused(s.DeleteConfig(s.ctx(), subject), 404, 40401)

	// Fields are set one by one.
	yes, level := true, schemas.Full
	s.NoError(s.SetConfig(s.ctx(), subject, registry.Config{Normalize: &yes}))
	s.NoError(s.SetConfig(s.ctx(), subject, registry.Config{Level: &level, CompatibilityGroup: "major"}))
	conf, err := s.Config(s.ctx(), subject)
	s.NoError(err)
	s.Equal(&yes, conf.Normalize)
	s.Equal(&level, conf.Level)
	s.Equal("major", conf.CompatibilityGroup)

	// The group: versions are compared with those of the same major version.
	d := s.record("S", field("a", "int", ""))
	d.Metadata = &registry.Metadata{Properties: map[string]string{"major": "1"}}
	s.must(subject, d)
	d = s.record("S", field("a", "string", ""))
	_, err = s.Register(s.ctx(), subject, d)
	s.refused(err, 409, 40901)
	d.Metadata = &registry.Metadata{Properties: map[string]string{"major": "2"}}
	s.Equal(2, s.must(subject, d).Version)

	// Normalization without being asked.
	unsorted := registry.Definition{Text: `{"type":"record","name":"` + s.fullName("S") + `","fields":[{"name":"a","type":"double","default":1}]}`,
		Metadata: &registry.Metadata{Properties: map[string]string{"major": "3"}}}
	s.Contains(s.must(subject, unsorted).Text, "1.0")

	// An alias stands for another subject.
	alias := s.subject("alias")
	s.NoError(s.SetConfig(s.ctx(), alias, registry.Config{Alias: subject}))
	found, err := s.Latest(s.ctx(), alias)
	s.NoError(err)
	s.Equal(subject, found.Subject)
	s.Equal(3, found.Version)

	// Defaults lie under what is registered, overrides over it.
	filled := s.subject("filled")
	s.NoError(s.SetConfig(s.ctx(), filled, registry.Config{
		DefaultMetadata:  &registry.Metadata{Properties: map[string]string{"a": "default", "b": "default", "c": "default"}},
		OverrideMetadata: &registry.Metadata{Properties: map[string]string{"c": "override"}},
	}))
	d = s.record("F")
	d.Metadata = &registry.Metadata{Properties: map[string]string{"b": "own", "c": "own"}}
	got := s.must(filled, d)
	s.Equal(map[string]string{"a": "default", "b": "own", "c": "override"}, got.Metadata.Properties)
	s.Equal(1, s.must(filled, d).Version)

	s.NoError(s.DeleteConfig(s.ctx(), subject))
	_, err = s.Config(s.ctx(), subject)
	s.refused(err, 404, 40408)
	_, err = s.Config(s.ctx(), subject, registry.DefaultToGlobal())
	s.NoError(err)
	bad := schemas.Level(99)
	s.Error(s.SetConfig(s.ctx(), subject, registry.Config{Level: &bad}))
}
