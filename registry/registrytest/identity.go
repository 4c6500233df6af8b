package registrytest

import (
	"strings"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
)

func sharedIDs(s *suite) {
	a, b := s.subject("a"), s.subject("b")
	one, two := s.record("R", field("a", "int", "")), s.record("R", field("a", "int", ""), field("b", "int", "0"))

	first := s.must(a, one)
	s.Equal(1, first.Version)
	s.Positive(first.ID)
	s.Equal(first.ID, s.must(a, one).ID, "registered again")
	s.Equal(1, s.must(a, one).Version, "registered again")

	second := s.must(a, two)
	s.Equal(2, second.Version)
	s.NotEqual(first.ID, second.ID)

	other := s.must(b, two)
	s.Equal(second.ID, other.ID, "the same schema under another subject")
	s.Equal(1, other.Version, "has a version of its own")

	s.Equal(1, s.must(a, one).Version, "an older version, registered again, is not a new one")

	byID, err := s.SchemaByID(s.ctx(), "", second.ID)
	s.NoError(err)
	s.Equal(second.ID, byID.ID)
	s.Equal(second.Schema.Print(), byID.Schema.Print())
	uses, err := s.VersionsByID(s.ctx(), "", second.ID)
	s.NoError(err)
	s.ElementsMatch([]registry.SubjectVersion{{Subject: a, Version: 2}, {Subject: b, Version: 1}}, uses)
}

// pair is two texts of a record, without its name, and whether they are the same
// schema: as they are, and after normalization.
type pair struct {
	name              string
	a, b              string // fields and what follows
	plain, normalized bool
}

var pairs = []pair{
	{"whitespace", `"fields":[]`, "\n\"fields\" : [ ]", true, true},
	{"order of attributes", `"fields":[{"name":"a","type":"int"}]`, `"fields":[{"type":"int","name":"a"}]`, true, true},
	{"a type in an object", `"fields":[{"name":"a","type":"int"}]`, `"fields":[{"name":"a","type":{"type":"int"}}]`, true, true},
	{"order ascending, written out", `"fields":[{"name":"a","type":"int"}]`, `"fields":[{"name":"a","type":"int","order":"ascending"}]`, true, true},
	{"order of properties", `"fields":[],"x":1,"y":2`, `"fields":[],"y":2,"x":1`, true, true},
	{"order of the keys in a property", `"fields":[],"x":{"k":1,"l":2}`, `"fields":[],"x":{"l":2,"k":1}`, true, true},
	{"order of aliases", `"aliases":["A","B"],"fields":[]`, `"aliases":["B","A"],"fields":[]`, true, true},
	{"doc", `"fields":[]`, `"doc":"d","fields":[]`, false, false},
	{"aliases", `"fields":[]`, `"aliases":["A"],"fields":[]`, false, false},
	{"a property", `"fields":[]`, `"fields":[],"x":1`, false, false},
	{"order of a field", `"fields":[{"name":"a","type":"int"}]`, `"fields":[{"name":"a","type":"int","order":"descending"}]`, false, false},
	{"default", `"fields":[{"name":"a","type":"int","default":1}]`, `"fields":[{"name":"a","type":"int","default":2}]`, false, false},
	{"default 1 or 1.0", `"fields":[{"name":"a","type":"double","default":1}]`, `"fields":[{"name":"a","type":"double","default":1.0}]`, false, true},
	{"logical type", `"fields":[{"name":"a","type":"int"}]`, `"fields":[{"name":"a","type":{"type":"int","logicalType":"date"}}]`, false, false},
	{"default symbol", `"fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["A"]}}]`, `"fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}}]`, false, false},
	{"scale", `"fields":[{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":1}}]`, `"fields":[{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}}]`, false, false},
	{"a namespace beside a full name", `"fields":[]`, `"namespace":"ignored","fields":[]`, true, true},
}

// sameSchema registers a pair, and finds out whether it gets one id.
func sameSchema(s *suite, mode string, p pair, same bool, opts ...registry.CallOption) {
	subject := s.subject("same")
	define := func(rest string) registry.Definition {
		return registry.Definition{Text: `{"type":"record","name":"` + s.fullName(mode+"R") + `",` + rest + `}`}
	}
	a := s.must(subject, define(p.a), opts...)
	s.NoError(s.SetCompatibility(s.ctx(), subject, schemas.None))
	b := s.must(subject, define(p.b), opts...)
	s.Equal(same, a.ID == b.ID, "one id")
	s.Equal(same, a.Version == b.Version, "one version")
	if same {
		s.Equal(a.GUID, b.GUID)
	}
}

// nameAndNamespace are the same as a full name.
func nameAndNamespace(s *suite) {
	subject := s.subject("name")
	a := s.must(subject, registry.Definition{Text: `{"type":"record","name":"R","namespace":"ns` + s.random + `.x","fields":[]}`})
	b := s.must(subject, registry.Definition{Text: `{"type":"record","name":"ns` + s.random + `.x.R","fields":[]}`})
	s.Equal(a.ID, b.ID)
}

// foundNormalized: what is registered normalized is found only the same way, if
// it is another text.
func foundNormalized(s *suite) {
	subject := s.subject("normalized")
	unsorted := registry.Definition{Text: `{"type":"record","name":"` + s.fullName("N") + `","fields":[{"name":"a","type":"double","default":1}]}`}
	s.must(subject, unsorted, registry.Normalize())
	_, err := s.Lookup(s.ctx(), subject, unsorted)
	s.refused(err, 404, 40403)
	_, err = s.Lookup(s.ctx(), subject, unsorted, registry.Normalize())
	s.NoError(err)
}

func guids(s *suite) {
	subject := s.subject("guid")
	got := s.must(subject, s.record("G", field("a", "int", "")))
	s.Equal(memory.GUID(got.Definition), got.GUID)
	s.Regexp(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`, got.GUID)

	found, err := s.SchemaByGUID(s.ctx(), got.GUID)
	s.NoError(err)
	s.Equal(got.GUID, found.GUID)
	s.Equal(got.Schema.Print(), found.Schema.Print())
	found, err = s.SchemaByGUID(s.ctx(), strings.ReplaceAll(got.GUID, "-", ""))
	s.NoError(err, "without hyphens")
	s.Equal(got.GUID, found.GUID)

	byID, err := s.SchemaByID(s.ctx(), "", got.ID)
	s.NoError(err)
	s.Equal(got.GUID, byID.GUID)

	_, err = s.SchemaByGUID(s.ctx(), "00000000-0000-4000-8000-000000000000")
	s.refused(err, 404, 40403)
	_, err = s.SchemaByGUID(s.ctx(), "not a guid")
	s.Error(err)
}
