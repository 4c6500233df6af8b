package registrytest

import (
	"slices"
	"strings"

	"github.com/kavro/kavro/registry"
)

func versions(s *suite) {
	subject := s.subject("versions")
	var ids []int
	for _, d := range []registry.Definition{
		s.record("V", field("a", "int", "")),
		s.record("V", field("a", "int", ""), field("b", "int", "0")),
		s.record("V", field("a", "int", ""), field("b", "int", "0"), field("c", "int", "0")),
	} {
		got := s.must(subject, d)
		ids = append(ids, got.ID)
		s.Equal(len(ids), got.Version)
	}
	numbers, err := s.Versions(s.ctx(), subject)
	s.NoError(err)
	s.Equal([]int{1, 2, 3}, numbers)
	for i, id := range ids {
		got, err := s.Version(s.ctx(), subject, i+1)
		s.NoError(err)
		s.Equal(subject, got.Subject)
		s.Equal(i+1, got.Version)
		s.Equal(id, got.ID)
		s.False(got.Deleted)
		s.Len(got.Schema.Root().Fields(), i+1)
	}
	latest, err := s.Latest(s.ctx(), subject)
	s.NoError(err)
	s.Equal(3, latest.Version)
	minusOne, err := s.Version(s.ctx(), subject, -1)
	s.NoError(err)
	s.Equal(3, minusOne.Version)
	for _, number := range []int{0, -2} {
		_, err := s.Version(s.ctx(), subject, number)
		s.Error(err, number)
	}
}

func subjects(s *suite) {
	kept, deleted := s.subject("kept"), s.subject("deleted")
	s.must(kept, s.record("S"))
	s.must(deleted, s.record("S"))
	all, err := s.Subjects(s.ctx(), "")
	s.NoError(err)
	s.Contains(all, kept)
	s.Contains(all, deleted)
	_, err = s.DeleteSubject(s.ctx(), deleted)
	s.NoError(err)
	all, err = s.Subjects(s.ctx(), "")
	s.NoError(err)
	s.Contains(all, kept)
	s.NotContains(all, deleted)
	all, err = s.Subjects(s.ctx(), "", registry.WithDeleted())
	s.NoError(err)
	s.Contains(all, kept)
	s.Contains(all, deleted)
	types, err := s.Types(s.ctx())
	s.NoError(err)
	s.Contains(types, "AVRO")
}

func subjectsByPrefix(s *suite) {
	for _, name := range []string{"a-1", "a-2", "b-1"} {
		s.must(s.subject(name), s.record("S"))
	}
	some, err := s.Subjects(s.ctx(), s.subject("a-"))
	s.NoError(err)
	s.Equal([]string{s.subject("a-1"), s.subject("a-2")}, some)
	none, err := s.Subjects(s.ctx(), s.subject("c-"))
	s.NoError(err)
	s.Empty(none)
	_, err = s.DeleteSubject(s.ctx(), s.subject("a-1"))
	s.NoError(err)
	some, err = s.Subjects(s.ctx(), s.subject("a-"), registry.WithDeleted())
	s.NoError(err)
	s.Equal([]string{s.subject("a-1"), s.subject("a-2")}, some)
}

func pages(s *suite) {
	for _, name := range []string{"a-1", "a-2", "b-1"} {
		s.must(s.subject(name), s.record("S"))
	}
	some, err := s.Subjects(s.ctx(), s.subject(""), registry.Page(1, 1))
	s.NoError(err)
	s.Equal([]string{s.subject("a-2")}, some)
	_, err = s.DeleteSubject(s.ctx(), s.subject("a-1"))
	s.NoError(err)
	some, err = s.Subjects(s.ctx(), s.subject("a-"), registry.OnlyDeleted())
	s.NoError(err)
	s.Equal([]string{s.subject("a-1")}, some)
}

// Names are the subjects that a registry, and what is between, must leave alone.
var Names = []string{
	"a/b", "a//b", "a%b", "a%2Fb", "a b", "a:b", "a;b", "a+b", "a?b", "a#b", "a,b", "a@b", "a=b", "a&b", "a\"b",
	"..", "a/../b", "versions", "a/versions/1", "größe", "значение", "値", "a\u00a0b", "~", "a*b", "(a)", "[a]", "{a}", "$a", "'a'",
}

// named leaves a name alone on the way there and back.
func named(s *suite, name string) {
	subject := s.subject(name)
	if name == ".." {
		subject = ".." // only as a whole segment is it a danger
	}
	got := s.must(subject, s.record("N"))
	s.Equal(subject, got.Subject)
	found, err := s.Latest(s.ctx(), subject)
	s.NoError(err)
	s.Equal(subject, found.Subject)
	all, err := s.Subjects(s.ctx(), "")
	s.NoError(err)
	s.Contains(all, subject)
	numbers, err := s.DeleteSubject(s.ctx(), subject)
	s.NoError(err)
	s.True(slices.Contains(numbers, got.Version))
	_, err = s.DeleteSubject(s.ctx(), subject, registry.Permanent())
	s.NoError(err)
}

func missing(s *suite) {
	unknown, known := s.subject("unknown"), s.subject("known")
	d := s.record("M")
	s.must(known, d)
	other := s.record("Other")

	_, err := s.Lookup(s.ctx(), unknown, d)
	s.refused(err, 404, 40401)
	_, err = s.Lookup(s.ctx(), known, other)
	s.refused(err, 404, 40403)
	_, err = s.Latest(s.ctx(), unknown)
	s.refused(err, 404, 40401)
	_, err = s.Versions(s.ctx(), unknown)
	s.refused(err, 404, 40401)
	_, err = s.Version(s.ctx(), known, 99)
	s.refused(err, 404, 40402)
	_, err = s.SchemaByID(s.ctx(), "", 1<<30)
	s.refused(err, 404, 40403)
	_, err = s.DeleteSubject(s.ctx(), unknown)
	s.refused(err, 404, 40401)
	s.refused(s.DeleteVersion(s.ctx(), unknown, 1), 404, 40401)
	s.refused(s.DeleteVersion(s.ctx(), known, 99), 404, 40402)
	s.refused(s.CheckCompatibility(s.ctx(), known, d, registry.Against(99)), 404, 40402)
	_, err = s.ReferencedBy(s.ctx(), unknown, 1)
	s.refused(err, 404, 40401)

	numbers, err := s.Versions(s.ctx(), known)
	s.NoError(err)
	s.Equal([]int{1}, numbers, "nothing came of it")
}

// invalid are texts that are no schemas. {ns} stands for a namespace.
var invalid = []struct{ name, text string }{
	{"not JSON", `{`},
	{"no type", `{"type":"recod"}`},
	{"empty", ``},
	{"unknown name", `{"type":"record","name":"{ns}.I","fields":[{"name":"a","type":"no.Such"}]}`},
	{"invalid name", `{"type":"record","name":"a-b","fields":[]}`},
	{"invalid default", `{"type":"record","name":"{ns}.I","fields":[{"name":"a","type":"int","default":"x"}]}`},
	{"field twice", `{"type":"record","name":"{ns}.I","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}`},
	{"union of unions", `["null",["string"]]`},
	{"union branches alike", `["string","string"]`},
}

func invalidSchema(s *suite, text string) {
	subject := s.subject("invalid")
	_, err := s.Register(s.ctx(), subject, registry.Definition{Text: strings.ReplaceAll(text, "{ns}", "ns"+s.random)})
	s.Error(err)
	if r, ok := response(err); ok { // a client may refuse without asking
		s.Equal(422, r.Status, "%v", err)
		s.Equal(42201, r.Code, "%v", err)
	}
	_, err = s.Versions(s.ctx(), subject)
	s.refused(err, 404, 40401)
}
