package memory

import (
	"context"
	"errors"
	"slices"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
)

// Lookup finds the version of subject that holds d. Options: [registry.Normalize],
// [registry.WithDeleted].
//
// The error is a [*registry.NotFoundError], with code 40401 if the subject does not exist
// and 40403 if the schema is not among its versions, or an [*registry.InvalidError] for a
// schema that cannot be read.
func (m *Registry) Lookup(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	v, err := m.lookup(ctx, subject, d, registry.NewCall(opts))
	if err != nil {
		return nil, err
	}
	return m.answer(ctx, v), nil
}

func (m *Registry) lookup(ctx context.Context, subject string, d registry.Definition, c registry.Call) (found *version, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if sizeOf(d) > m.conf.maxText {
		return nil, errSchemaTooLarge()
	}
	d = withDefaults(d)
	w := m.work(ctx)
	defer w.end()
	var q subjectname.Name
	var normalize bool
	var contexts []string
	m.read(func(s *store) {
		q, contexts = s.target(subject), s.listedContexts()
		normalize = c.Normalize || m.settingsFor(s, q).normalize()
	})
	if found, err = m.findOrMerge(w, q, d, normalize, c.Deleted); found != nil || err != nil {
		return found, err
	}
	if q.Context == subjectname.DefaultContext {
		// A name without a context finds the same name in any.
		for _, context := range contexts[1:] {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			other := subjectname.Name{Context: context, Name: q.Name}
			if !m.knows(other) {
				continue
			}
			found, err = m.findOrMerge(w, other, d, normalize, c.Deleted)
			if _, invalid := errors.AsType[*registry.InvalidError](err); invalid && !w.stops(err) {
				err = nil // it refers to what that context does not have
			}
			if found != nil || err != nil {
				return found, err
			}
		}
	}
	err = errSchemaNotFound("schema of subject " + q.String())
	m.read(func(s *store) {
		if !s.hasSubjects(q.String(), c.Deleted) {
			err = errSubjectNotFound(q.String())
		}
	})
	return nil, err
}

// knows reports whether a subject exists, if only softly deleted.
func (m *Registry) knows(subject subjectname.Name) (known bool) {
	m.read(func(s *store) { known = s.subjects[subject.String()] != nil })
	return known
}

// findOrMerge looks for d as it is and then as registering would complete it.
func (m *Registry) findOrMerge(w *work, subject subjectname.Name, d registry.Definition, normalize, deleted bool) (*version, error) {
	merged := d
	m.read(func(s *store) {
		if previous := s.at(subject.String(), latestNumber, false); previous != nil {
			mergeData(m.settingsFor(s, subject), &merged, &previous.entry.definition)
		}
	})
	v, err := m.find(w, subject, d, normalize, deleted, false)
	if v != nil || err != nil || merged.Metadata == d.Metadata && merged.RuleSet == d.RuleSet {
		return v, err
	}
	return m.find(w, subject, merged, normalize, deleted, false)
}

// find looks for d among the versions of subject: by identity, then by meaning.
func (m *Registry) find(w *work, subject subjectname.Name, d registry.Definition, normalize, deleted, onlyLatest bool) (found *version, err error) {
	if noText(d) {
		return nil, nil
	}
	c, err := m.parse(w, subject, d, false, normalize)
	if err != nil {
		return nil, err
	}
	w.in(func(s *store) {
		if onlyLatest {
			if latest := s.at(subject.String(), latestNumber, false); latest != nil && c.finds(latest) {
				found = latest
			}
			return
		}
		if known := s.contexts[subject.Context].identity(c); known != nil {
			if use := known.uses[subject.String()]; use != nil && (deleted || !use.deleted) {
				found = use
				return
			}
		}
		found = s.sameSemantics(subject, c, deleted)
	})
	return found, nil
}

// sameSemantics returns the newest version of subject that c finds by meaning.
func (s *store) sameSemantics(subject subjectname.Name, c *candidate, deleted bool) *version {
	context := s.contexts[subject.Context]
	if context == nil || c.schema == nil {
		return nil
	}
	var newest *version
	for _, e := range context.semantics[c.semantics] {
		use := e.uses[subject.String()]
		if use == nil || use.deleted && !deleted || !c.finds(use) {
			continue
		}
		if newest == nil || use.number > newest.number {
			newest = use
		}
	}
	return newest
}

// finds reports whether c may stand for v: the same meaning, the same metadata
// and rule set but for the version that a registry writes into the metadata, and
// the same references, unless c has them all written out.
func (c *candidate) finds(v *version) bool {
	d := v.entry.definition
	if c.schema == nil || c.semantics != v.entry.semantics || c.Type != d.Type {
		return false
	}
	writtenOut := len(c.References) == 0 && len(d.References) > 0
	return (writtenOut || slices.Equal(c.References, d.References)) && sameData(c.Definition, d, v.number)
}
