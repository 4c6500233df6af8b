package registrytest

import "github.com/kavro/kavro/registry"

// street is a schema to refer to; person refers to a version of it, under subject
// street.
func (s *suite) street() registry.Definition { return s.record("Street", field("name", "string", "")) }

func (s *suite) person(street string, version int) registry.Definition {
	d := s.record("Person", field("street", s.fullName("Street"), ""))
	d.References = []registry.Reference{{Name: s.fullName("Street"), Subject: street, Version: version}}
	return d
}

func references(s *suite) {
	street, person := s.subject("street"), s.subject("person")
	s.must(street, s.street())
	d := s.record("Person", field("street", s.fullName("Street"), ""))
	_, err := s.Register(s.ctx(), person, d)
	s.refused(err, 422, 42201)
	_, err = s.Register(s.ctx(), person, s.person(s.subject("nobody"), 1))
	s.refused(err, 422, 42201)
	_, err = s.Register(s.ctx(), person, s.person(street, 9))
	s.refused(err, 422, 42201)

	d = s.person(street, 1)
	got := s.must(person, d)
	s.Equal(d.References, got.References)
	s.Equal("name", got.Schema.Root().Fields()[0].Type().Fields()[0].Name(), "the reference is resolved")
	byID, err := s.SchemaByID(s.ctx(), person, got.ID)
	s.NoError(err)
	s.Equal(d.References, byID.References)
	s.Equal(s.fullName("Street"), byID.Schema.Root().Fields()[0].Type().FullName())

	users, err := s.ReferencedBy(s.ctx(), street, 1)
	s.NoError(err)
	s.Equal([]int{got.ID}, users)

	// Another version of the reference is another schema.
	s.must(street, s.record("Street", field("name", "string", ""), field("city", "string", `""`)))
	other := s.must(person, s.person(street, 2))
	s.NotEqual(got.ID, other.ID)
	s.Equal(2, other.Version)
	s.Len(other.Schema.Root().Fields()[0].Type().Fields(), 2)
}

// latestReference is the version that it is now.
func latestReference(s *suite) {
	street := s.subject("street")
	s.must(street, s.street())
	got := s.must(s.subject("person"), s.person(street, 1))
	s.Equal(got.ID, s.must(s.subject("person2"), s.person(street, -1)).ID)
}

// writtenOut: a schema is found with what it refers to written out.
func writtenOut(s *suite) {
	street, person := s.subject("street"), s.subject("person")
	s.must(street, s.street())
	got := s.must(person, s.person(street, 1))
	whole := registry.Definition{Text: `{"type":"record","name":"` + s.fullName("Person") + `","fields":[{"name":"street","type":` + s.street().Text + `}]}`}
	found, err := s.Lookup(s.ctx(), person, whole)
	s.NoError(err)
	s.Equal(got.ID, found.ID)
	s.Equal(1, s.must(person, whole).Version)
}

func referencedStay(s *suite) {
	street, person := s.subject("street"), s.subject("person")
	base := s.must(street, s.street())
	got := s.must(person, s.person(street, 1))
	s.refused(s.DeleteVersion(s.ctx(), street, 1), 422, 42206)
	_, err := s.DeleteSubject(s.ctx(), street)
	s.refused(err, 422, 42206)

	// Softly deleted, a user no longer counts for a soft delete.
	_, err = s.DeleteSubject(s.ctx(), person)
	s.NoError(err)
	users, err := s.ReferencedBy(s.ctx(), street, 1)
	s.NoError(err)
	s.Empty(users)
	_, err = s.DeleteSubject(s.ctx(), street)
	s.NoError(err)
	_, err = s.DeleteSubject(s.ctx(), street, registry.Permanent())
	s.refused(err, 422, 42206)
	byID, err := s.SchemaByID(s.ctx(), "", got.ID)
	s.NoError(err)
	s.Equal(base.Schema.Root().Fields()[0].Name(), byID.Schema.Root().Fields()[0].Type().Fields()[0].Name(), "what was written can be read")
}
