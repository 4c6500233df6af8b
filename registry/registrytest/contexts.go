package registrytest

import (
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

func contexts(s *suite) {
	context := ".c" + s.random
	in := func(name string) string { return ":" + context + ":" + name }
	plain, name := s.subject("plain"), "orders-value"
	a, b := s.record("A"), s.record("B", field("b", "int", ""))
	outside := s.must(plain, b)

	first := s.must(in(name), a)
	s.Equal(in(name), first.Subject)
	s.Equal(1, first.ID, "a context numbers its own ids")
	s.Equal(2, s.must(in("other"), b).ID, "also of what others know")
	byID, err := s.SchemaByID(s.ctx(), in(""), 1)
	s.NoError(err)
	s.Equal(s.fullName("A"), byID.Schema.FullName())
	byID, err = s.SchemaByID(s.ctx(), in(name), 1)
	s.NoError(err)
	s.Equal(s.fullName("A"), byID.Schema.FullName())
	byID, err = s.SchemaByID(s.ctx(), "", outside.ID)
	s.NoError(err)
	s.Equal(s.fullName("B"), byID.Schema.FullName())

	all, err := s.Contexts(s.ctx())
	s.NoError(err)
	s.Contains(all, ".")
	s.Contains(all, context)
	subjects, err := s.Subjects(s.ctx(), in(""))
	s.NoError(err)
	s.Equal([]string{in(name), in("other")}, subjects)
	subjects, err = s.Subjects(s.ctx(), "")
	s.NoError(err)
	s.Contains(subjects, in(name))
	s.Contains(subjects, plain)

	// A default context written out is none.
	got, err := s.Latest(s.ctx(), ":.:"+plain)
	s.NoError(err)
	s.Equal(plain, got.Subject)

	// Its own level, and that of its context, come before the global one.
	s.NoError(s.SetCompatibility(s.ctx(), in(""), schemas.None))
	level, err := s.Compatibility(s.ctx(), in(name))
	s.NoError(err)
	s.Equal(schemas.None, level)
	s.must(in(name), b)
	s.NoError(s.SetCompatibility(s.ctx(), in(name), schemas.Full))
	level, err = s.Compatibility(s.ctx(), in(name))
	s.NoError(err)
	s.Equal(schemas.Full, level)

	// References are looked for where they are written.
	s.must(in("base"), s.record("Base"))
	d := s.record("User", field("base", s.fullName("Base"), ""))
	d.References = []registry.Reference{{Name: s.fullName("Base"), Subject: "base", Version: 1}}
	s.must(in("user"), d)
	_, err = s.Register(s.ctx(), s.subject("user"), d)
	s.refused(err, 422, 42201)
	s.refused(s.DeleteVersion(s.ctx(), in("base"), 1), 422, 42206)
	d.References[0].Subject = in("base")
	s.must(s.subject("user"), d)

	found, err := s.SchemaByGUID(s.ctx(), first.GUID)
	s.NoError(err)
	s.Equal(s.fullName("A"), found.Schema.FullName())

	// A name without a context finds one of the same name. A client does not take that
	// for an answer: ids are those of a context.
	unique := s.subject("unique")
	s.must(in(unique), a)
	_, isClient := s.Registry.(*registry.Client)
	for _, ask := range []func() (*registry.SubjectSchema, error){
		func() (*registry.SubjectSchema, error) { return s.Latest(s.ctx(), unique) },
		func() (*registry.SubjectSchema, error) { return s.Lookup(s.ctx(), unique, a) },
	} {
		got, err = ask()
		if isClient {
			s.ErrorAs(err, new(*registry.MalformedResponseError))
			continue
		}
		s.NoError(err)
		s.Equal(in(unique), got.Subject)
	}
	_, err = s.Latest(s.ctx(), ":.no"+s.random+":"+plain)
	s.refused(err, 404, 40401)
}
