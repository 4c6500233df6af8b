package registrytest

import "github.com/kavro/kavro/registry"

func modes(s *suite) {
	subject := s.subject("modes")
	d := s.record("M", field("a", "int", ""))
	s.must(subject, d)
	_, err := s.Mode(s.ctx(), subject)
	s.refused(err, 404, 40409)
	mode, err := s.Mode(s.ctx(), subject, registry.DefaultToGlobal())
	s.NoError(err)
	s.Equal(registry.ReadWrite, mode)

	s.NoError(s.SetMode(s.ctx(), subject, registry.ReadOnly))
	mode, err = s.Mode(s.ctx(), subject)
	s.NoError(err)
	s.Equal(registry.ReadOnly, mode)
	_, err = s.Register(s.ctx(), subject, s.record("M", field("a", "int", ""), field("b", "int", "0")))
	s.refused(err, 422, 42205)
	s.Equal(1, s.must(subject, d).Version, "what is there already is found")
	_, err = s.DeleteSubject(s.ctx(), subject)
	s.refused(err, 422, 42205)
	s.refused(s.DeleteVersion(s.ctx(), subject, 1), 422, 42205)
	s.refused(s.SetCompatibility(s.ctx(), subject, 0), 422, 42205)
	s.NoError(s.CheckCompatibility(s.ctx(), subject, d))

	s.NoError(s.DeleteMode(s.ctx(), subject))
	s.refused(s.DeleteMode(s.ctx(), subject), 404, 40401)
	s.must(subject, s.record("M", field("a", "int", ""), field("b", "int", "0")))

	s.refused(s.SetMode(s.ctx(), subject, "SIDEWAYS"), 422, 42204)
	s.refused(s.SetMode(s.ctx(), subject, registry.Forward), 422, 42204)
	s.refused(s.SetMode(s.ctx(), subject, registry.Import), 422, 42205)
	s.NoError(s.SetMode(s.ctx(), subject, registry.Import, registry.Force()))
	s.NoError(s.DeleteMode(s.ctx(), subject))
}

func imports(s *suite) {
	subject := s.subject("imports")
	d := s.record("I", field("a", "int", ""))
	_, err := s.Register(s.ctx(), subject, d, registry.AtID(70_000, 7))
	s.refused(err, 422, 42205)

	// What was softly deleted gives way to an import.
	s.must(subject, d)
	_, err = s.DeleteSubject(s.ctx(), subject)
	s.NoError(err)
	s.NoError(s.SetMode(s.ctx(), subject, registry.Import))
	_, err = s.Versions(s.ctx(), subject, registry.WithDeleted())
	s.refused(err, 404, 40401)

	id := 1_000_000 + int(s.random[0])*1000 + int(s.random[1])
	got, err := s.Register(s.ctx(), subject, d, registry.AtID(id, 7))
	s.NoError(err)
	s.Equal(id, got.ID)
	s.Equal(7, got.Version)
	_, err = s.Register(s.ctx(), subject, d)
	s.NoError(err, "what is there is found")
	_, err = s.Register(s.ctx(), subject, s.record("Other"))
	s.refused(err, 422, 42205)
	_, err = s.Register(s.ctx(), subject, s.record("Other"), registry.AtID(id, 8))
	s.refused(err, 422, 42205)

	// No level is enforced, and numbers may be left out.
	got, err = s.Register(s.ctx(), subject, s.record("Other"), registry.AtID(id+1, 0))
	s.NoError(err)
	s.Equal(8, got.Version)
	byID, err := s.SchemaByID(s.ctx(), "", id)
	s.NoError(err)
	s.Equal(s.fullName("I"), byID.Schema.FullName())
	s.NoError(s.DeleteMode(s.ctx(), subject))

	next := s.must(s.subject("after"), s.record("After"))
	s.Greater(next.ID, id+1, "ids go on after those that were imported")
}
