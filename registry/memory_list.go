package registry

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
)

// Versions returns the versions of subject, ascending. Options: [WithDeleted],
// [OnlyDeleted], [Page]. The error is a [*NotFoundError] with code 40401.
func (m *Memory) Versions(ctx context.Context, subject string, opts ...CallOption) (numbers []int, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := newCall(opts)
	m.read(func(s *store) {
		q := s.target(subject)
		if !s.hasSubjects(q.String(), c.deleted || c.deletedOnly) {
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
func shows(c call, deleted bool) bool {
	if c.deletedOnly {
		return deleted
	}
	return c.deleted || !deleted
}

// page returns what c asks for of a list.
func page[T any](list []T, c call) []T {
	list = list[min(max(c.offset, 0), len(list)):]
	if c.limit > 0 {
		list = list[:min(c.limit, len(list))]
	}
	return list
}

// Subjects returns the subjects whose full name begins with prefix, sorted; ""
// is all subjects of all contexts, ":.ctx:" those of one context, and ":*:ord"
// those of any context that begin with ord. Any other prefix is about the default
// context. Options: [WithDeleted], [OnlyDeleted], [Page].
func (m *Memory) Subjects(ctx context.Context, prefix string, opts ...CallOption) ([]string, error) {
	if prefix == "" {
		prefix = anyContext
	}
	return m.subjectsWith(ctx, prefix, newCall(opts))
}

func (m *Memory) subjectsWith(ctx context.Context, prefix string, c call) (names []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.read(func(s *store) {
		matches := matchPrefix(prefix)
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
// Options: [WithDeleted], [LatestOnly], [Page].
func (m *Memory) Schemas(ctx context.Context, prefix string, opts ...CallOption) ([]*SubjectSchema, error) {
	versions, err := m.schemasWith(ctx, prefix, newCall(opts))
	if err != nil {
		return nil, err
	}
	out := make([]*SubjectSchema, len(versions))
	for i, v := range versions {
		out[i] = m.answer(ctx, v)
	}
	return out, nil
}

func (m *Memory) schemasWith(ctx context.Context, prefix string, c call) (versions []*version, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.read(func(s *store) {
		matches := matchPrefix(prefix)
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
			if c.latestOnly && len(versions) > first {
				versions = append(versions[:first], versions[len(versions)-1])
			}
		}
	})
	return page(versions, c), nil
}

// VersionsByID returns the versions that have this id in the context of subject,
// sorted by subject. Options: [WithDeleted], [Page]. The error is a
// [*NotFoundError] with code 40403.
func (m *Memory) VersionsByID(ctx context.Context, subject string, id int, opts ...CallOption) (versions []SubjectVersion, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := newCall(opts)
	m.read(func(s *store) {
		v := s.byID(s.target(subject), id)
		if v == nil {
			err = errSchemaNotFound("schema id " + strconv.Itoa(id))
			return
		}
		for _, use := range v.entry.uses {
			if shows(c, use.deleted) {
				versions = append(versions, SubjectVersion{Subject: use.subject, Version: use.number})
			}
		}
	})
	slices.SortFunc(versions, func(a, b SubjectVersion) int { return cmp.Compare(a.Subject, b.Subject) })
	return page(versions, c), err
}

// ReferencedBy returns the ids of the schemas that refer to a version, -1 for the
// latest. Options: [WithDeleted], [Page]. Errors are those of Version.
func (m *Memory) ReferencedBy(ctx context.Context, subject string, version int, opts ...CallOption) ([]int, error) {
	v, err := m.versionOf(ctx, subject, version, true)
	if err != nil {
		return nil, err
	}
	c := newCall(opts)
	var ids []int
	m.read(func(s *store) {
		for _, id := range s.referrers(v.subject, v.number, c.deleted) {
			ids = append(ids, id.ID)
		}
	})
	return page(ids, c), nil
}

// Types returns the kinds of schemas that can be registered.
func (m *Memory) Types(ctx context.Context) ([]string, error) {
	return []string{"JSON", "PROTOBUF", typeAvro}, ctx.Err()
}

// Contexts returns the names of the contexts: "." and those that have had a
// schema. Option: [Page].
func (m *Memory) Contexts(ctx context.Context, opts ...CallOption) (names []string, err error) {
	m.read(func(s *store) { names = s.listedContexts() })
	return page(names, newCall(opts)), ctx.Err()
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
func (m *Memory) LogState() (state LogState) {
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
func (m *Memory) Stats() (stats Stats) {
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
