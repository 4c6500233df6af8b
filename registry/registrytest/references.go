package registrytest

import "github.com/kavro/kavro/registry"

func references(s *suite) {
	street, person := s.subject("street"), s.subject("person")
	base := s.must(street, s.record("Street", field("name", "string", "")))
	ref := func(version int) []registry.Reference {
		return []registry.Reference{{Name: s.fullName("Street"), Subject: street, Version: version}}
	}
	d := s.record("Person", field("street", s.fullName("Street"), ""))

	_, err := s.Register(s.ctx(), person, d)
	s.refused(err, 422, 42201)
	for _, bad := range [][]registry.Reference{
		{{Name: s.fullName("Street"), Subject: s.subject("nobody"), Version: 1}},
		{{Name: s.fullName("Street"), Subject: street, Version: 9}},
	} {
		d.References = bad
		_, err := s.Register(s.ctx(), person, d)
		s.refused(err, 422, 42201)
	}

	d.References = ref(1)
	got := s.must(person, d)
	s.Equal(ref(1), got.References)
	s.Equal("name", got.Schema.Root().Fields()[0].Type().Fields()[0].Name(), "the reference is resolved")
	byID, err := s.SchemaByID(s.ctx(), person, got.ID)
	s.NoError(err)
	s.Equal(ref(1), byID.References)
	s.Equal(s.fullName("Street"), byID.Schema.Root().Fields()[0].Type().FullName())

	users, err := s.ReferencedBy(s.ctx(), street, 1)
	s.NoError(err)
	s.Equal([]int{got.ID}, users)

	// The latest is the one that it is now.
	d.References = ref(-1)
	s.Equal(got.ID, s.must(s.subject("person2"), d).ID)

	s.refused(s.DeleteVersion(s.ctx(), street, 1), 422, 42206)
	_, err = s.DeleteSubject(s.ctx(), street)
	s.refused(err, 422, 42206)

	if s.features.has(Identity) {
		// With the reference written out it is found.
		whole := registry.Definition{Text: `{"type":"record","name":"` + s.fullName("Person") + `","fields":[{"name":"street","type":` +
			s.record("Street", field("name", "string", "")).Text + `}]}`}
		found, err := s.Lookup(s.ctx(), person, whole)
		s.NoError(err)
		s.Equal(got.ID, found.ID)
		s.Equal(1, s.must(person, whole).Version)
	}

	// Another version of the reference is another schema.
	s.must(street, s.record("Street", field("name", "string", ""), field("city", "string", `""`)))
	d.References = ref(2)
	other := s.must(person, d)
	s.NotEqual(got.ID, other.ID)
	s.Equal(2, other.Version)
	s.Len(other.Schema.Root().Fields()[0].Type().Fields(), 2)

	// Softly deleted, it no longer counts for a soft delete.
	for _, subject := range []string{person, s.subject("person2")} {
		_, err = s.DeleteSubject(s.ctx(), subject)
		s.NoError(err)
	}
	users, err = s.ReferencedBy(s.ctx(), street, 1)
	s.NoError(err)
	s.Empty(users)
	_, err = s.DeleteSubject(s.ctx(), street)
	s.NoError(err)
	_, err = s.DeleteSubject(s.ctx(), street, registry.Permanent())
	s.refused(err, 422, 42206)
	byID, err = s.SchemaByID(s.ctx(), "", got.ID)
	s.NoError(err)
	s.Equal(base.Schema.Root().Fields()[0].Name(), byID.Schema.Root().Fields()[0].Type().Fields()[0].Name(), "what was written can be read")
}
