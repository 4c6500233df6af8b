package memory

import (
	"context"
	"strconv"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
)

// DeleteSubject deletes all versions of subject softly: they are no longer found
// by subject or considered by levels, but still by id. With [registry.Permanent] it forgets
// what was softly deleted before, and the subject's configuration and mode. It
// returns the versions that it deleted.
//
// The error is a [*registry.NotFoundError], with code 40401 if the subject does not exist,
// 40404 if it was softly deleted already and 40405 if it was not yet, or an
// [*registry.InvalidError], with code 42205 in a read-only mode and 42206 if another
// subject refers to a version, or a [*registry.ConflictError] if a topic is associated with
// the subject.
func (m *Registry) DeleteSubject(ctx context.Context, subject string, opts ...registry.CallOption) ([]int, error) {
	end, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	q := m.state.target(subject)
	permanent := registry.NewCall(opts).Permanent
	switch full := q.String(); {
	case !m.state.hasSubjects(full, true):
		return nil, errSubjectNotFound(full)
	case !permanent && !m.state.hasSubjects(full, false):
		return nil, errSubjectSoftDeleted(full)
	}
	return m.deleteSubject(q, permanent)
}

// deleteSubject deletes a subject that exists. The caller holds changes.
func (m *Registry) deleteSubject(q subjectname.Name, permanent bool) ([]int, error) {
	s, full := m.state, q.String()
	if s.readOnly(q) {
		return nil, errReadOnly(q)
	}
	if len(s.associationsOf(full)) > 0 {
		return nil, errSubjectAssociated(full)
	}
	numbers := []int{}
	for _, v := range s.versionsOf(q) {
		if !permanent && v.deleted {
			continue
		}
		for _, id := range s.referrers(full, v.number, permanent) {
			if s.usedElsewhere(id, full, permanent) {
				return nil, errReferenced(full, v.number)
			}
		}
		if permanent && !v.deleted {
			return nil, errSubjectNotSoftDeleted(full)
		}
		numbers = append(numbers, v.number)
	}
	if len(numbers) == 0 {
		return numbers, nil
	}
	if !permanent {
		return numbers, m.commit(event{Op: opDelete, Subject: full, Versions: numbers, Time: m.timestamp()})
	}
	events := append([]event{{Op: opDrop, Subject: full, Versions: numbers}}, m.dropSettings(full)...)
	return numbers, m.commit(events...)
}

// usedElsewhere reports whether a schema is a version of another subject than
// this one.
func (s *store) usedElsewhere(id registry.ContextID, subject string, deleted bool) bool {
	e := s.contexts[id.Context].ids[id.ID]
	if e == nil {
		return false
	}
	for name, use := range e.uses {
		if name != subject && (deleted || !use.deleted) {
			return true
		}
	}
	return false
}

// dropSettings returns the events that remove the configuration and the mode of
// a subject, if it has them.
func (m *Registry) dropSettings(full string) []event {
	var events []event
	if _, ok := m.state.modes[full]; ok {
		events = append(events, event{Op: opMode, Subject: full})
	}
	if _, ok := m.state.configs[full]; ok {
		events = append(events, event{Op: opConfig, Subject: full})
	}
	return events
}

// DeleteVersion deletes one version of subject, -1 for the latest, softly or,
// with [registry.Permanent], for good.
//
// The error is a [*registry.NotFoundError], with code 40401 if the subject does not exist,
// 40402 if the version does not, 40406 if it was softly deleted already and 40407
// if it was not yet, or an [*registry.InvalidError], with code 42202 for a number that is
// none, 42205 in a read-only mode and 42206 if another schema refers to it.
func (m *Registry) DeleteVersion(ctx context.Context, subject string, version int, opts ...registry.CallOption) error {
	_, err := m.deleteVersion(ctx, subject, version, registry.NewCall(opts).Permanent)
	return err
}

// deleteVersion returns the number of the version that it deleted.
func (m *Registry) deleteVersion(ctx context.Context, subject string, number int, permanent bool) (int, error) {
	if number == 0 || number < latestNumber {
		return 0, errInvalidVersion(strconv.Itoa(number))
	}
	end, err := m.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer end()
	s, q := m.state, m.state.target(subject)
	full := q.String()
	v := s.at(full, number, true)
	switch {
	case v == nil && !s.hasSubjects(full, true):
		return 0, errSubjectNotFound(full)
	case v == nil:
		return 0, errVersionNotFound(full, number)
	case v.deleted && !permanent:
		return 0, errVersionSoftDeleted(full, number)
	case s.readOnly(q):
		return 0, errReadOnly(q)
	case !permanent && s.subjects[full].live == 1 && len(s.associationsOf(full)) > 0:
		return 0, errNoActiveVersion(full)
	case s.isReferenced(full, v.number, permanent):
		return 0, errReferenced(full, v.number)
	case permanent && !v.deleted:
		return 0, errVersionNotSoftDeleted(full, v.number)
	}
	if !permanent {
		return v.number, m.commit(event{Op: opDelete, Subject: full, Versions: []int{v.number}, Time: m.timestamp()})
	}
	events := []event{{Op: opDrop, Subject: full, Versions: []int{v.number}}}
	if len(s.subjects[full].versions) == 1 {
		events = append(events, m.dropSettings(full)...)
	}
	return v.number, m.commit(events...)
}

// DeleteContext removes a context, ".ctx" or ":.ctx:", from the list of contexts.
// The error is an [*registry.InvalidError] with code 42211 if it has subjects, softly
// deleted ones included.
func (m *Registry) DeleteContext(ctx context.Context, context string) error {
	end, err := m.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	q := subjectname.OfContext(context)
	if m.state.hasSubjects(q.String(), true) {
		return errContextNotEmpty(q.String())
	}
	if q.Context == subjectname.DefaultContext || m.state.contexts[q.Context] == nil {
		return nil
	}
	return m.commit(event{Op: opDropContext, Context: q.Context})
}
