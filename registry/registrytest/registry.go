package registrytest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// Registry is what [memory.Registry] and [registry.Client] have in common.
type Registry interface {
	Register(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error)
	Lookup(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error)
	SchemaByID(ctx context.Context, subject string, id int) (*registry.SubjectSchema, error)
	SchemaByGUID(ctx context.Context, guid string) (*registry.SubjectSchema, error)
	Latest(ctx context.Context, subject string) (*registry.SubjectSchema, error)
	LatestWithMetadata(ctx context.Context, subject string, properties map[string]string, opts ...registry.CallOption) (*registry.SubjectSchema, error)
	Version(ctx context.Context, subject string, version int, opts ...registry.CallOption) (*registry.SubjectSchema, error)
	Versions(ctx context.Context, subject string, opts ...registry.CallOption) ([]int, error)
	VersionsByID(ctx context.Context, subject string, id int, opts ...registry.CallOption) ([]registry.SubjectVersion, error)
	Subjects(ctx context.Context, prefix string, opts ...registry.CallOption) ([]string, error)
	DeleteSubject(ctx context.Context, subject string, opts ...registry.CallOption) ([]int, error)
	DeleteVersion(ctx context.Context, subject string, version int, opts ...registry.CallOption) error
	ReferencedBy(ctx context.Context, subject string, version int, opts ...registry.CallOption) ([]int, error)
	CheckCompatibility(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) error
	Compatibility(ctx context.Context, subject string) (schemas.Level, error)
	SetCompatibility(ctx context.Context, subject string, l schemas.Level) error
	Config(ctx context.Context, subject string, opts ...registry.CallOption) (registry.Config, error)
	SetConfig(ctx context.Context, subject string, c registry.Config) error
	DeleteConfig(ctx context.Context, subject string) error
	Mode(ctx context.Context, subject string, opts ...registry.CallOption) (registry.Mode, error)
	SetMode(ctx context.Context, subject string, m registry.Mode, opts ...registry.CallOption) error
	DeleteMode(ctx context.Context, subject string) error
	Contexts(ctx context.Context, opts ...registry.CallOption) ([]string, error)
	Types(ctx context.Context) ([]string, error)
}

// Feature is something that not every registry has.
type Feature uint

// The features.
const (
	Contexts      Feature = 1 << iota // contexts with ids of their own
	GUIDs                             // and GUIDs computed as Confluent's
	Modes                             // READONLY and IMPORT, enforced
	Metadata                          // kept, taken over, and part of a schema's identity
	RuleSets                          // kept
	Settings                          // aliases, groups, normalization per subject
	Identity                          // tells schemas apart as Confluent's does
	FreshIDs                          // an id that was deleted for good is not given again
	AllConfluent  = Contexts | GUIDs | Modes | Metadata | RuleSets | Settings | Identity | FreshIDs
	NoFeatures    = Feature(0)
	featureString = "contexts guids modes metadata rulesets settings identity freshids"
)

func (f Feature) has(all Feature) bool { return f&all == all }

// String names the features.
func (f Feature) String() string {
	var names []string
	for i, name := range strings.Fields(featureString) {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// test is one thing that a registry does.
type test struct {
	name  string
	needs Feature
	run   func(*suite)
}

func tests() []test {
	list := []test{
		{"a schema has one id in all subjects", NoFeatures, sharedIDs},
		{"versions", NoFeatures, versions},
		{"subjects", NoFeatures, subjects},
		{"subjects by prefix", NoFeatures, subjectsByPrefix},
		{"soft deletes", NoFeatures, softDeletes},
		{"soft delete first", NoFeatures, softFirst},
		{"soft delete twice", NoFeatures, softTwice},
		{"versions after deletes", NoFeatures, versionsAfterDeletes},
		{"ids after deletes", FreshIDs, idsAfterDeletes},
		{"references", NoFeatures, references},
		{"references to the latest", NoFeatures, latestReference},
		{"references written out", Identity, writtenOut},
		{"referenced schemas stay", NoFeatures, referencedStay},
		{"levels", NoFeatures, levels},
		{"compatibility is checked as at a registration", NoFeatures, checks},
		{"reasons", NoFeatures, reasons},
		{"what does not exist", NoFeatures, missing},
		{"GUIDs", GUIDs, guids},
		{"modes", Modes, modes},
		{"imports", Modes, imports},
		{"contexts", Contexts, contexts},
		{"metadata", Metadata, metadata},
		{"rule sets", RuleSets, ruleSets},
		{"configuration", Settings, settings},
		{"pages", Settings, pages},
		{"found normalized", Identity, foundNormalized},
		{"same schema: name and namespace", Identity, nameAndNamespace},
	}
	for _, pair := range pairs {
		list = append(list,
			test{"same schema: " + pair.name, Identity, func(s *suite) { sameSchema(s, "plain", pair, pair.plain) }},
			test{"same schema, normalized: " + pair.name, Identity, func(s *suite) { sameSchema(s, "normalized", pair, pair.normalized, registry.Normalize()) }})
	}
	for _, name := range Names {
		list = append(list, test{"subject " + name, NoFeatures, func(s *suite) { named(s, name) }})
	}
	for _, bad := range invalid {
		list = append(list, test{"invalid schema: " + bad.name, NoFeatures, func(s *suite) { invalidSchema(s, bad.text) }})
	}
	return list
}

// Run checks the registries that open returns; it is called once per test. The
// tests that need a feature that is not there do not exist.
func Run(t *testing.T, open func(t *testing.T) Registry, features Feature) {
	for _, c := range tests() {
		if features.has(c.needs) {
			t.Run(c.name, func(t *testing.T) { c.run(newSuite(t, open(t), require.New(t))) })
		}
	}
}

// Differences are the tests that a registry is known not to pass, each with a part
// of what its first failed check says, on one line. It is to be so short that no
// other check says it.
type Differences map[string]string

// Compare runs all tests. One that fails must be known, for the reason given; one
// that is known must fail.
func Compare(t *testing.T, open func(t *testing.T) Registry, known Differences) {
	names := map[string]bool{}
	for _, c := range tests() {
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			failure := firstFailure(func(checks require.TestingT) { c.run(newSuite(t, open(t), require.New(checks))) })
			expected, differs := known[c.name]
			switch {
			case differs && failure == "":
				require.Fail(t, "this registry does now what Confluent's does", "known as a difference: %s", expected)
			case differs:
				require.Contains(t, failure, expected)
			default:
				require.Empty(t, failure)
			}
		})
	}
	for name := range known {
		require.True(t, names[name], "%q is not the name of a test", name)
	}
}

// firstFailure runs a test up to the first check that fails, and returns what it
// says, on one line. It is "" if none does.
func firstFailure(run func(checks require.TestingT)) string {
	var f failure
	done := make(chan struct{})
	go func() { // which may end in the middle
		defer close(done)
		run(&f)
	}()
	<-done
	return f.text
}

type failure struct{ text string }

func (f *failure) Errorf(format string, args ...any) {
	_, text, _ := strings.Cut(fmt.Sprintf(format, args...), "Error:") // after where it was
	f.text = strings.Join(strings.Fields(text), " ")
}

func (f *failure) FailNow() { runtime.Goexit() }

// suite is one test and what it works with.
type suite struct {
	*testing.T
	*require.Assertions
	Registry
	random string // begins the names of the test's subjects
}

func newSuite(t *testing.T, r Registry, checks *require.Assertions) *suite {
	return &suite{T: t, Assertions: checks, Registry: r, random: strings.ToLower(rand.Text()[:8])}
}

// The two packages have these names as well.
func (s *suite) ctx() context.Context { return s.Context() }

// subject is a name that no other test uses.
func (s *suite) subject(name string) string { return s.random + "-" + name }

// text is a record with fields, such as "a int" or `b string = ""`, under a name
// of its own, so that no other test has the schema.
func (s *suite) record(name string, fields ...string) registry.Definition {
	return registry.Definition{Text: `{"type":"record","name":"` + s.fullName(name) + `","fields":[` + strings.Join(fields, ",") + `]}`}
}

func (s *suite) fullName(name string) string { return "ns" + s.random + "." + name }

// field is a field of a record; def is a default, "" is none.
func field(name, typ, def string) string {
	out := `{"name":"` + name + `","type":"` + typ + `"`
	if def != "" {
		out += `,"default":` + def
	}
	return out + "}"
}

// must register d under subject.
func (s *suite) must(subject string, d registry.Definition, opts ...registry.CallOption) *registry.SubjectSchema {
	s.Helper()
	got, err := s.Register(s.ctx(), subject, d, opts...)
	s.NoError(err)
	if got.Version == 0 { // some say only the id
		found, err := s.Lookup(s.ctx(), subject, d, opts...)
		s.NoError(err)
		s.Equal(got.ID, found.ID)
		got = found
	}
	return got
}

// refused checks that err is the registry's, with a status and a code. Registries
// that are older than their codes say the status instead.
func (s *suite) refused(err error, status, code int) {
	s.Helper()
	s.Error(err)
	r, ok := response(err)
	s.True(ok, "%T: %v", err, err)
	s.Equal(status, r.Status, "%v", err)
	if r.Code != status {
		s.Equal(code, r.Code, "%v", err)
	}
}

// response returns what a registry answered.
func response(err error) (registry.Response, bool) {
	if e, ok := errors.AsType[*registry.NotFoundError](err); ok {
		return e.Response, true
	}
	if e, ok := errors.AsType[*registry.ConflictError](err); ok {
		return e.Response, true
	}
	if e, ok := errors.AsType[*registry.InvalidError](err); ok {
		return e.Response, true
	}
	if e, ok := errors.AsType[*registry.UnavailableError](err); ok {
		return e.Response, true
	}
	if e, ok := errors.AsType[*registry.UnauthorizedError](err); ok {
		return e.Response, true
	}
	return registry.Response{}, false
}
