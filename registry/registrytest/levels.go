package registrytest

import (
	"errors"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

func levels(s *suite) {
	eachLevel(s, func(name, subject string, next registry.Definition, ok bool) {
		_, err := s.Register(s.ctx(), subject, next)
		if ok {
			s.NoError(err, name)
		} else {
			s.refused(err, 409, 40901)
		}
	})
}

func checks(s *suite) {
	eachLevel(s, func(name, subject string, next registry.Definition, ok bool) {
		err := s.CheckCompatibility(s.ctx(), subject, next)
		if ok {
			s.NoError(err, name)
		} else {
			s.Error(err, name)
		}
	})
}

// eachLevel calls try with subjects of every level, what is to be registered
// there, and whether the level lets it.
func eachLevel(s *suite, try func(name, subject string, next registry.Definition, ok bool)) {
	// Against a history of {a}, {a, b = 0}: what each level lets follow.
	history := []registry.Definition{
		s.record("L", field("a", "int", "")),
		s.record("L", field("a", "int", ""), field("b", "int", "0")),
	}
	all := []schemas.Level{schemas.None, schemas.Backward, schemas.BackwardTransitive, schemas.Forward, schemas.ForwardTransitive, schemas.Full, schemas.FullTransitive}
	allowed := func(levels ...schemas.Level) map[schemas.Level]bool {
		m := map[schemas.Level]bool{schemas.None: true}
		for _, l := range levels {
			m[l] = true
		}
		return m
	}
	for i, c := range []struct {
		name string
		next registry.Definition
		ok   map[schemas.Level]bool
	}{
		{"a field with a default", s.record("L", field("a", "int", ""), field("b", "int", "0"), field("c", "int", "0")), allowed(all...)},
		{"a field without a default", s.record("L", field("a", "int", ""), field("b", "int", "0"), field("c", "int", "")), allowed(schemas.Forward, schemas.ForwardTransitive)},
		{"without the field that has none", s.record("L", field("b", "int", "0")), allowed(schemas.Backward, schemas.BackwardTransitive)},
		{"without a field that has one", s.record("L", field("a", "int", "")), allowed(all...)},
		{"the default taken away", s.record("L", field("a", "int", ""), field("b", "int", "")), allowed(schemas.Backward, schemas.Forward, schemas.ForwardTransitive, schemas.Full)},
		{"a wider type", s.record("L", field("a", "long", ""), field("b", "int", "0")), allowed(schemas.Backward, schemas.BackwardTransitive)},
		{"a narrower type", s.record("L", field("a", "string", ""), field("b", "int", "0")), allowed()},
	} {
		for _, level := range all {
			subject := s.subject(string(rune('a'+i)) + level.String())
			for _, d := range history {
				s.must(subject, d)
			}
			s.NoError(s.SetCompatibility(s.ctx(), subject, level))
			got, err := s.Compatibility(s.ctx(), subject)
			s.NoError(err)
			s.Equal(level, got)

			try(c.name+", "+level.String(), subject, c.next, c.ok[level])
		}
	}
}

func reasons(s *suite) {
	subject := s.subject("reasons")
	s.NoError(s.SetCompatibility(s.ctx(), subject, schemas.FullTransitive))
	s.must(subject, s.record("W", field("a", "int", "")))
	s.must(subject, s.record("W", field("a", "int", ""), field("b", "int", "0")))

	err := s.CheckCompatibility(s.ctx(), subject, s.record("W", field("a", "string", ""), field("b", "int", "0")))
	found, ok := errors.AsType[*schemas.IncompatibleError](err)
	s.True(ok, "%T: %v", err, err)
	s.NotEmpty(found.Reasons)
	for _, r := range found.Reasons {
		s.Equal(schemas.TypeMismatch, r.Kind)
		s.Equal("/fields/0/type", r.Path)
		s.Equal(2, r.Version, "the newest version is compared first")
	}

	// What was deleted does not count.
	s.NoError(s.DeleteVersion(s.ctx(), subject, 2))
	err = s.CheckCompatibility(s.ctx(), subject, s.record("W", field("a", "int", ""), field("b", "string", `""`)))
	s.NoError(err)

	s.NoError(s.CheckCompatibility(s.ctx(), s.subject("nothing"), s.record("W")), "nothing to be incompatible with")
	s.Error(s.CheckCompatibility(s.ctx(), subject, s.record("W", field("a", "string", "")), registry.Against(1)))
	s.NoError(s.CheckCompatibility(s.ctx(), subject, s.record("W", field("a", "int", "")), registry.Against(-1)))
}
