package registry

import (
	"context"
	"errors"
	"slices"
)

// Lookup finds the version of subject that holds d. Options: [Normalize],
// [WithDeleted].
//
// The error is a [*NotFoundError], with code 40401 if the subject does not exist
// and 40403 if the schema is not among its versions, or an [*InvalidError] for a
// schema that cannot be read.
func (m *Memory) Lookup(ctx context.Context, subject string, d Definition, opts ...CallOption) (*SubjectSchema, error) {
	v, err := m.lookup(ctx, subject, d, newCall(opts))
	if err != nil {
		return nil, err
	}
	return m.answer(v), nil
}

func (m *Memory) lookup(ctx context.Context, subject string, d Definition, c call) (found *version, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(d.Text) > m.conf.maxText {
		return nil, errSchemaTooLarge()
	}
	d = withDefaults(d)
	m.read(func(s *store) {
		q := s.target(subject)
		normalize := c.normalize || m.settingsFor(s, q).normalize()
		if found, err = m.findOrMerge(s, q, d, normalize, c.deleted); found != nil || err != nil {
			return
		}
		if q.context == defaultContext {
			// A name without a context finds the same name in any.
			for _, context := range s.listedContexts()[1:] {
				found, err = m.findOrMerge(s, qualified{context: context, name: q.name}, d, normalize, c.deleted)
				if _, invalid := errors.AsType[*InvalidError](err); invalid {
					err = nil // it refers to what that context does not have
				}
				if found != nil || err != nil {
					return
				}
			}
		}
		err = errSchemaNotFound("schema of subject " + q.String())
		if !s.hasSubjects(q.String(), c.deleted) {
			err = errSubjectNotFound(q.String())
		}
	})
	return found, err
}

// findOrMerge looks for d as it is and then as registering would complete it.
func (m *Memory) findOrMerge(s *store, subject qualified, d Definition, normalize, deleted bool) (*version, error) {
	v, err := m.find(s, subject, d, normalize, deleted, false)
	if v != nil || err != nil {
		return v, err
	}
	previous := s.at(subject.String(), latestVersion, false)
	if previous == nil {
		return nil, nil
	}
	merged := d
	mergeData(m.settingsFor(s, subject), &merged, &previous.entry.definition)
	if merged.Metadata == d.Metadata && merged.RuleSet == d.RuleSet {
		return nil, nil
	}
	return m.find(s, subject, merged, normalize, deleted, false)
}

// find looks for d among the versions of subject: by identity, then by meaning.
func (m *Memory) find(s *store, subject qualified, d Definition, normalize, deleted, onlyLatest bool) (*version, error) {
	if noText(d) {
		return nil, nil
	}
	d.References = slices.Clone(d.References)
	c, err := s.parse(&m.conf, subject, d, false, normalize)
	if err != nil {
		return nil, err
	}
	if onlyLatest {
		latest := s.at(subject.String(), latestVersion, false)
		if latest != nil && s.finds(c, latest) {
			return latest, nil
		}
		return nil, nil
	}
	if known := s.contexts[subject.context].identity(c); known != nil {
		if use := known.uses[subject.String()]; use != nil && (deleted || !use.deleted) {
			return use, nil
		}
	}
	return s.sameMeaning(subject, c, deleted), nil
}

// sameMeaning returns the newest version of subject that c finds by meaning.
func (s *store) sameMeaning(subject qualified, c *candidate, deleted bool) *version {
	context := s.contexts[subject.context]
	if context == nil || c.schema == nil {
		return nil
	}
	var newest *version
	for _, e := range context.meanings[c.meaning] {
		use := e.uses[subject.String()]
		if use == nil || use.deleted && !deleted || !s.finds(c, use) {
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
func (s *store) finds(c *candidate, v *version) bool {
	d := v.entry.definition
	if c.schema == nil || c.meaning != v.entry.meaning || c.Type != d.Type {
		return false
	}
	writtenOut := len(c.References) == 0 && len(d.References) > 0
	return (writtenOut || slices.Equal(c.References, d.References)) && sameData(c.Definition, d, v.number)
}
