package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
)

// Versions returns the versions of subject, ascending. Options: [registry.WithDeleted],
// [registry.OnlyDeleted], [registry.Page]. The error is a [*registry.NotFoundError] with code 40401.
func (m *Registry) Versions(ctx context.Context, subject string, opts ...registry.CallOption) (numbers []int, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := registry.NewCall(opts)
	m.read(func(s *store) {
		q := s.target(subject)
		if !s.hasSubjects(q.String(), c.Deleted || c.DeletedOnly) {
			err = errSubjectNotFound(q.String())
			return
		}
		for _, v := range s.versionsOf(q) {
			if shows(c, v.deleted) {
				numbers = append(numbers, v.number)
			}
		}
	})
	return page(numbers, c), err
}

// shows reports whether c asks for what was, or was not, deleted.
func shows(c registry.Call, deleted bool) bool {
	if c.DeletedOnly {
		return deleted
	}
	return c.Deleted || !deleted
}

// page returns what c asks for of a list.
func page[T any](list []T, c registry.Call) []T {
	list = list[min(max(c.Offset, 0), len(list)):]
	if c.Limit > 0 {
		list = list[:min(c.Limit, len(list))]
	}
	return list
}

// Subjects returns the subjects whose full name begins with prefix, sorted; ""
// is all subjects of all contexts, ":.ctx:" those of one context, and ":*:ord"
// those of any context that begin with ord. Any other prefix is about the default
// context. Options: [registry.WithDeleted], [registry.OnlyDeleted], [registry.Page].
func (m *Registry) Subjects(ctx context.Context, prefix string, opts ...registry.CallOption) ([]string, error) {
	if prefix == "" {
		prefix = subjectname.AnyContext
	}
	return m.subjectsWith(ctx, prefix, registry.NewCall(opts))
}

func (m *Registry) subjectsWith(ctx context.Context, prefix string, c registry.Call) (names []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.read(func(s *store) {
		matches := subjectname.MatchPrefix(prefix)
		for _, q := range s.names() {
			full := q.String()
			if matches(q) && shows(c, s.subjects[full].live == 0) {
				names = append(names, full)
			}
		}
	})
	return page(names, c), nil
}

// Schemas returns the versions of all subjects whose full name begins with
// prefix, sorted by subject and version; "" is all of the default context.
// Options: [registry.WithDeleted], [registry.LatestOnly], [registry.Page].
func (m *Registry) Schemas(ctx context.Context, prefix string, opts ...registry.CallOption) ([]*registry.SubjectSchema, error) {
	versions, err := m.schemasWith(ctx, prefix, registry.NewCall(opts))
	if err != nil {
		return nil, err
	}
	out := make([]*registry.SubjectSchema, len(versions))
	for i, v := range versions {
		out[i] = m.answer(ctx, v)
	}
	return out, nil
}

func (m *Registry) schemasWith(ctx context.Context, prefix string, c registry.Call) (versions []*version, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.read(func(s *store) {
		matches := subjectname.MatchPrefix(prefix)
		for _, q := range s.names() {
			if !matches(q) {
				continue
			}
			first := len(versions)
			for _, v := range s.subjects[q.String()].versions {
				if shows(c, v.deleted) {
					versions = append(versions, v)
				}
			}
			if c.LatestOnly && len(versions) > first {
				versions = append(versions[:first], versions[len(versions)-1])
			}
		}
	})
	return page(versions, c), nil
}

// VersionsByID returns the versions that have this id in the context of subject,
// sorted by subject. Options: [registry.WithDeleted], [registry.Page]. The error is a
// [*registry.NotFoundError] with code 40403.
func (m *Registry) VersionsByID(ctx context.Context, subject string, id int, opts ...registry.CallOption) (versions []registry.SubjectVersion, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := registry.NewCall(opts)
	m.read(func(s *store) {
		v := s.byID(s.target(subject), id)
		if v == nil {
			err = errSchemaNotFound("schema id " + strconv.Itoa(id))
			return
		}
		for _, use := range v.entry.uses {
			if shows(c, use.deleted) {
				versions = append(versions, registry.SubjectVersion{Subject: use.subject, Version: use.number})
			}
		}
	})
	slices.SortFunc(versions, func(a, b registry.SubjectVersion) int { return cmp.Compare(a.Subject, b.Subject) })
	return page(versions, c), err
}

// ReferencedBy returns the ids of the schemas that refer to a version, -1 for the
// latest. Options: [registry.WithDeleted], [registry.Page]. Errors are those of Version.
func (m *Registry) ReferencedBy(ctx context.Context, subject string, version int, opts ...registry.CallOption) ([]int, error) {
	v, err := m.versionOf(ctx, subject, version, true)
	if err != nil {
		return nil, err
	}
	c := registry.NewCall(opts)
	var ids []int
	m.read(func(s *store) {
		for _, id := range s.referrers(v.subject, v.number, c.Deleted) {
			ids = append(ids, id.ID)
		}
	})
	return page(ids, c), nil
}

// Types returns the kinds of schemas that can be registered.
func (m *Registry) Types(ctx context.Context) ([]string, error) {
	return []string{"JSON", "PROTOBUF", typeAvro}, ctx.Err()
}

// Contexts returns the names of the contexts: "." and those that have had a
// schema. Option: [registry.Page].
func (m *Registry) Contexts(ctx context.Context, opts ...registry.CallOption) (names []string, err error) {
	m.read(func(s *store) { names = s.listedContexts() })
	return page(names, registry.NewCall(opts)), ctx.Err()
}

// Stats says how much a registry holds.
type Stats struct {
	Contexts int
	Subjects int   // with at least one version that is not deleted
	Versions int   // that are not deleted
	Schemas  int   // ids
	LogBytes int64 // of the log; 0 without one

	LogState
}

// LogState is what is wrong with the log of a registry. Texts are "" if nothing is.
type LogState struct {
	NotRewritten string // why it, which is due for that, was not rewritten: see [Recovery]
	NotWritten   string // why no change can be written to it any more
}

// LogState says what is wrong with the log.
func (m *Registry) LogState() (state LogState) {
	if m.log == nil {
		return state
	}
	state.NotRewritten = m.log.recovery.NotRewritten
	if broken := m.log.broken.Load(); broken != nil {
		state.NotWritten = (*broken).Error()
	}
	return state
}

// Stats counts what m holds.
func (m *Registry) Stats() (stats Stats) {
	m.read(func(s *store) {
		stats.Contexts = len(s.listedContexts())
		for sub := range maps.Values(s.subjects) {
			if sub.live > 0 {
				stats.Subjects++
			}
			stats.Versions += sub.live
		}
		for c := range maps.Values(s.contexts) {
			stats.Schemas += len(c.ids)
		}
	})
	if m.log != nil {
		stats.LogBytes, stats.LogState = m.log.size.Load(), m.LogState()
	}
	return stats
}
