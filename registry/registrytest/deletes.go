package registrytest

import "github.com/kavro/kavro/registry"

func softDeletes(s *suite) {
	subject := s.subject("deletes")
	one := s.record("D", field("a", "int", ""))
	two := s.record("D", field("a", "int", ""), field("b", "int", "0"))
	first, second := s.must(subject, one), s.must(subject, two)

	s.NoError(s.DeleteVersion(s.ctx(), subject, 1))
	s.Equal([]int{2}, s.versions(subject))
	s.Equal([]int{1, 2}, s.versions(subject, registry.WithDeleted()))
	_, err := s.Version(s.ctx(), subject, 1)
	s.refused(err, 404, 40402)
	hidden, err := s.Version(s.ctx(), subject, 1, registry.WithDeleted())
	s.NoError(err)
	s.Equal(first.ID, hidden.ID)
	_, err = s.Lookup(s.ctx(), subject, one)
	s.refused(err, 404, 40403)
	found, err := s.Lookup(s.ctx(), subject, one, registry.WithDeleted())
	s.NoError(err)
	s.Equal(1, found.Version)
	_, err = s.SchemaByID(s.ctx(), "", first.ID)
	s.NoError(err, "still found by id")

	// Registered again it has its id and a new version, which replaces the old one.
	again := s.must(subject, one)
	s.Equal(first.ID, again.ID)
	s.Equal(3, again.Version)
	s.Equal([]int{2, 3}, s.versions(subject))

	numbers, err := s.DeleteSubject(s.ctx(), subject)
	s.NoError(err)
	s.Equal([]int{2, 3}, numbers)
	_, err = s.Latest(s.ctx(), subject)
	s.refused(err, 404, 40401)
	_, err = s.Versions(s.ctx(), subject)
	s.refused(err, 404, 40401)
	_, err = s.Lookup(s.ctx(), subject, one)
	s.refused(err, 404, 40401)
	_, err = s.SchemaByID(s.ctx(), "", second.ID)
	s.NoError(err, "still found by id")
}

// versions are the numbers of a subject's versions.
func (s *suite) versions(subject string, opts ...registry.CallOption) []int {
	s.Helper()
	numbers, err := s.Versions(s.ctx(), subject, opts...)
	s.NoError(err)
	return numbers
}

// softFirst deletes for good what was not softly deleted.
func softFirst(s *suite) {
	subject := s.subject("deletes")
	s.must(subject, s.record("D", field("a", "int", "")))
	s.refused(s.DeleteVersion(s.ctx(), subject, 1, registry.Permanent()), 404, 40407)
	_, err := s.DeleteSubject(s.ctx(), subject, registry.Permanent())
	s.refused(err, 404, 40405)
	s.Equal([]int{1}, s.versions(subject))
}

func softTwice(s *suite) {
	subject := s.subject("deletes")
	s.must(subject, s.record("D", field("a", "int", "")))
	s.must(subject, s.record("D", field("a", "int", ""), field("b", "int", "0")))
	_, err := s.DeleteSubject(s.ctx(), subject)
	s.NoError(err)
	_, err = s.DeleteSubject(s.ctx(), subject)
	s.refused(err, 404, 40404)

	subject = s.subject("version")
	s.must(subject, s.record("D", field("a", "int", "")))
	s.must(subject, s.record("D", field("a", "int", ""), field("b", "int", "0")))
	s.NoError(s.DeleteVersion(s.ctx(), subject, 1))
	s.refused(s.DeleteVersion(s.ctx(), subject, 1), 404, 40406)
}

// versionsAfterDeletes go on, also past what was softly deleted, and begin again
// once all is gone.
func versionsAfterDeletes(s *suite) {
	subject, keeper := s.subject("deletes"), s.subject("keeper")
	one := s.record("D", field("a", "int", ""))
	two := s.record("D", field("a", "int", ""), field("b", "int", "0"))
	first, second := s.must(subject, one), s.must(subject, two)
	s.must(keeper, one)
	_, err := s.DeleteSubject(s.ctx(), subject)
	s.NoError(err)

	again := s.must(subject, two)
	s.Equal(second.ID, again.ID)
	s.Equal(3, again.Version)
	_, err = s.DeleteSubject(s.ctx(), subject)
	s.NoError(err)
	_, err = s.DeleteSubject(s.ctx(), subject, registry.Permanent())
	s.NoError(err)
	_, err = s.DeleteSubject(s.ctx(), subject, registry.Permanent())
	s.refused(err, 404, 40401)
	_, err = s.Versions(s.ctx(), subject, registry.WithDeleted())
	s.refused(err, 404, 40401)

	s.Equal(1, s.must(subject, one).Version)
	s.Equal(first.ID, s.must(subject, one).ID, "another subject kept it")
}

func idsAfterDeletes(s *suite) {
	subject := s.subject("ids")
	d := s.record("D", field("a", "int", ""))
	first := s.must(subject, d)
	_, err := s.DeleteSubject(s.ctx(), subject)
	s.NoError(err)
	_, err = s.DeleteSubject(s.ctx(), subject, registry.Permanent())
	s.NoError(err)
	again := s.must(subject, d)
	s.Greater(again.ID, first.ID, "an id that was in use is not given again")
	s.Equal(1, again.Version)
}
