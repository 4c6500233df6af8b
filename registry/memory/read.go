package memory

import (
	"context"
	"slices"
	"strconv"

	"github.com/kavro/kavro/internal/schemaguid"
	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
)

// target is a subject as callers name it: an alias stands for another.
func (s *store) target(subject string) subjectname.Name {
	q := subjectname.Split(subject)
	if conf := s.configs[q.String()]; conf != nil && conf.Alias != "" && q.Name != "" {
		return subjectname.Split(q.Within(conf.Alias))
	}
	return q
}

// hasSubjects reports whether the subject exists or, for the name of a context,
// any in it.
func (s *store) hasSubjects(subject string, deleted bool) bool {
	if q := subjectname.Split(subject); q.Name != "" {
		sub := s.subjects[subject]
		return sub != nil && (sub.live > 0 || deleted)
	}
	matches := subjectname.Match(subject)
	for _, sub := range s.subjects {
		if matches(sub.name) && (sub.live > 0 || deleted) {
			return true
		}
	}
	return false
}

// SchemaByID returns the schema with this id in the context of subject; "" is the
// default context. If several subjects have it, the answer names the one that
// had it first, unless subject is one of them. A schema outlives its soft
// deletion. The error is a [*registry.NotFoundError] with code 40403.
func (m *Registry) SchemaByID(ctx context.Context, subject string, id int) (*registry.SubjectSchema, error) {
	v, err := m.versionByID(ctx, subject, id)
	if err != nil {
		return nil, err
	}
	return m.answer(ctx, v), nil
}

func (m *Registry) versionByID(ctx context.Context, subject string, id int) (v *version, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.read(func(s *store) { v = s.byID(s.target(subject), id) })
	if v == nil {
		return nil, errIDNotFound(id)
	}
	return v, nil
}

// byID finds an id in a context. A subject of another context than the default
// one must have the schema itself; one of the default context finds it under the
// same name in another context, and otherwise under any name of its own.
func (s *store) byID(subject subjectname.Name, id int) *version {
	if c := s.contexts[subject.Context]; c != nil {
		if e := c.ids[id]; e != nil {
			if subject.Name == "" {
				return e.shown
			}
			if use := e.uses[subject.String()]; use != nil {
				return use
			}
		}
	}
	if subject.Name == "" || subject.Context != subjectname.DefaultContext {
		return nil
	}
	for _, context := range s.listedContexts()[1:] {
		if e := s.contexts[context].ids[id]; e != nil {
			if use := e.uses[subjectname.Prefix(context)+subject.Name]; use != nil {
				return use
			}
		}
	}
	if e := s.contexts[subjectname.DefaultContext].ids[id]; e != nil {
		return e.shown
	}
	return nil
}

// SchemaByGUID returns the schema with this GUID, from whatever context. The
// answer has no subject and version. The error is a [*registry.NotFoundError] with code
// 40403.
func (m *Registry) SchemaByGUID(ctx context.Context, guid string) (*registry.SubjectSchema, error) {
	v, err := m.versionByGUID(ctx, guid)
	if err != nil {
		return nil, err
	}
	out := m.answer(ctx, v)
	out.Subject, out.Version = "", 0
	return out, nil
}

func (m *Registry) versionByGUID(ctx context.Context, guid string) (v *version, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if identity, ok := schemaguid.Parse(guid); ok {
		m.read(func(s *store) {
			for _, context := range s.listedContexts() {
				if e := s.contexts[context].identities.first(identity); e != nil {
					v = e.shown
					return
				}
			}
		})
	}
	if v == nil {
		return nil, errGUIDNotFound(guid)
	}
	return v, nil
}

// IDsByGUID returns the ids of the schema with this GUID, one for each context
// that has it. A GUID that does not exist has none.
func (m *Registry) IDsByGUID(ctx context.Context, guid string) (ids []registry.ContextID, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	identity, ok := schemaguid.Parse(guid)
	if !ok {
		return nil, nil
	}
	m.read(func(s *store) {
		for _, context := range s.listedContexts() {
			if e := s.contexts[context].identities.first(identity); e != nil {
				ids = append(ids, e.ContextID)
			}
		}
	})
	return ids, nil
}

// Latest is Version with -1.
func (m *Registry) Latest(ctx context.Context, subject string) (*registry.SubjectSchema, error) {
	return m.Version(ctx, subject, latestNumber)
}

// Version returns one version of subject, -1 for the latest one that is not
// deleted. A subject of the default context is also looked for, by name, in the
// others. Option: [registry.WithDeleted].
//
// The error is a [*registry.NotFoundError], with code 40401 if the subject does not exist
// and 40402 if the version does not, or an [*registry.InvalidError] with code 42202.
func (m *Registry) Version(ctx context.Context, subject string, version int, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	c := registry.NewCall(opts)
	v, err := m.versionOf(ctx, subject, version, c.Deleted)
	if err != nil {
		return nil, err
	}
	out := m.answer(ctx, v)
	if c.Format == formatResolved && out.Schema != nil {
		out.Text = out.Schema.PrintResolved()
	}
	return out, nil
}

// formatResolved is the format that has references written out.
const formatResolved = "resolved"

func (m *Registry) versionOf(ctx context.Context, subject string, number int, deleted bool) (v *version, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if number == 0 || number < latestNumber {
		return nil, errInvalidVersion(strconv.Itoa(number))
	}
	m.read(func(s *store) {
		q := s.target(subject)
		if v = s.anywhere(q, number, deleted); v != nil {
			return
		}
		err = errVersionNotFound(q.String(), number)
		if !s.hasSubjects(q.String(), deleted) {
			err = errSubjectNotFound(q.String())
		}
	})
	return v, err
}

// anywhere looks for a version in the subject's context and, if that is the
// default one, in all others.
func (s *store) anywhere(subject subjectname.Name, number int, deleted bool) *version {
	if v := s.at(subject.String(), number, deleted); v != nil || subject.Context != subjectname.DefaultContext {
		return v
	}
	for _, context := range s.listedContexts()[1:] {
		if v := s.at(subjectname.Prefix(context)+subject.Name, number, deleted); v != nil {
			return v
		}
	}
	return nil
}

// Text returns the text of a version, -1 for the latest, as it is kept. Errors are
// those of Version.
func (m *Registry) Text(ctx context.Context, subject string, version int) (string, error) {
	v, err := m.versionOf(ctx, subject, version, false)
	if err != nil {
		return "", err
	}
	return v.entry.definition.Text, nil
}

// LatestWithMetadata returns the newest version of subject whose metadata has all
// these properties. Option: [registry.WithDeleted].
//
// The error is a [*registry.NotFoundError], with code 40401 if the subject does not exist
// and 40403 if no version matches.
func (m *Registry) LatestWithMetadata(ctx context.Context, subject string, properties map[string]string, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	v, err := m.latestWithMetadata(ctx, subject, properties, registry.NewCall(opts).Deleted)
	if err != nil {
		return nil, err
	}
	return m.answer(ctx, v), nil
}

func (m *Registry) latestWithMetadata(ctx context.Context, subject string, properties map[string]string, deleted bool) (found *version, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.read(func(s *store) {
		q := s.target(subject)
		for _, v := range slices.Backward(s.versionsOf(q)) {
			if (deleted || !v.deleted) && hasProperties(v.entry.definition.Metadata, properties) {
				found = v
				return
			}
		}
		err = errSchemaNotFound("schema of subject " + q.String() + " with this metadata")
		if !s.hasSubjects(q.String(), deleted) {
			err = errSubjectNotFound(q.String())
		}
	})
	return found, err
}

// hasProperties reports whether m has all the properties. No metadata has none,
// not even no properties.
func hasProperties(m *registry.Metadata, properties map[string]string) bool {
	if m == nil {
		return false
	}
	for name, value := range properties {
		if its, ok := m.Properties[name]; !ok || its != value {
			return false
		}
	}
	return true
}

// maxID returns the highest id that the context of v has given.
func (m *Registry) maxID(v *version) (id int) {
	m.read(func(s *store) { id = s.contexts[v.entry.Context].maxID })
	return id
}
