package memory

import (
	"context"
	"slices"
	"strconv"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
)

// Register gives d an id and a version under subject, or finds those that it
// has. A schema that the subject has already, in any version, keeps its version
// and is not checked again. A new one must keep the level that is configured,
// and gets the number after the highest that the subject ever had. The same
// schema has one id in a context, whatever the subject.
//
// An empty d.Text takes over the text of the latest version; metadata and rule
// set are taken over wherever d has none. Options: [registry.Normalize], [registry.AtID], [registry.Force]
// (no check of the level).
//
// The error is an [*registry.InvalidError] for a schema, subject, rule set or mode that
// does not allow it, wrapping the [*schemas.ParseError] if there is one, or a
// [*registry.ConflictError] wrapping a [*schemas.IncompatibleError], in whose reasons
// Version is the subject's.
func (m *Registry) Register(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	v, err := m.register(ctx, subject, newRegistration(d, registry.NewCall(opts)))
	if err != nil {
		return nil, err
	}
	return m.answer(ctx, v), nil
}

// registration is a request to register.
type registration struct {
	registry.Definition
	id        int // below 0: the registry chooses
	version   int // 0: the next; -1: the latest, if that is the schema, or the next
	normalize bool
	force     bool
}

func newRegistration(d registry.Definition, c registry.Call) registration {
	r := registration{Definition: withDefaults(d), id: -1, version: c.Version, normalize: c.Normalize, force: c.Force}
	if c.ID > 0 {
		r.id = c.ID
	}
	return r
}

func (m *Registry) register(ctx context.Context, subject string, r registration) (*version, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := m.checkRegistration(subject, r); err != nil {
		return nil, err
	}
	w := m.work(ctx)
	defer w.end()
	var q subjectname.Name
	m.read(func(s *store) { q = s.target(subject) })
	found, err := m.alreadyRegistered(w, q, r)
	if found != nil || err != nil {
		return found, err
	}
	err = m.change(w, func(w *work) error {
		m.read(func(s *store) { q = s.target(subject) })
		_, err := m.planRegistration(w, q, r)
		return err
	}, func(w *work) (err error) {
		found, err = m.registerNew(w, m.state.target(subject), r)
		return err
	})
	return found, err
}

// checkRegistration reports what is wrong with r whatever the registry holds.
func (m *Registry) checkRegistration(subject string, r registration) error {
	if !isText(r.Definition) {
		return errInvalidSchema("The definition is not valid UTF-8", nil)
	}
	if r.Type != "PROTOBUF" && loneSurrogate(r.Text) {
		return errInvalidSchema("The schema has an escape that is half of a surrogate pair: no UTF-8 can hold it", nil)
	}
	if err := checkRuleSet(r.RuleSet); err != nil {
		return err
	}
	if !subjectname.Valid(subject) {
		return errInvalidSubject(subject)
	}
	if sizeOf(r.Definition) > m.conf.maxText {
		return errSchemaTooLarge()
	}
	return nil
}

// alreadyRegistered returns the version that holds what r asks for, if nothing
// needs to be changed. It ignores modes: reading is always allowed.
func (m *Registry) alreadyRegistered(w *work, subject subjectname.Name, r registration) (*version, error) {
	var conf *settings
	w.in(func(s *store) { conf = m.settingsFor(s, subject) })
	if conf.fillsIn() {
		return nil, nil
	}
	onlyLatest := r.version == latestNumber
	v, err := m.find(w, subject, r.Definition, r.normalize || conf.normalize(), false, onlyLatest)
	if v == nil || err != nil {
		return nil, err
	}
	switch id := v.entry.ID; {
	case r.version == 0 || onlyLatest:
		if r.id < 0 || r.id == id {
			return v, nil
		}
	case r.id == id && r.version == v.number:
		return v, nil
	case r.id == id:
		// An import may have given the same schema other versions.
		var older *version
		w.in(func(s *store) { older = s.at(subject.String(), r.version, false) })
		if older != nil && older.entry == v.entry {
			return older, nil
		}
	}
	return nil, nil
}

// registrationPlan is a registration that may be made, or what there is already.
type registrationPlan struct {
	exists     *version // nothing is to be done
	candidate  *candidate
	id, number int
	history    []*version
}

// registerNew registers r under subject, or finds it. The caller holds changes.
func (m *Registry) registerNew(w *work, subject subjectname.Name, r registration) (*version, error) {
	p, err := m.planRegistration(w, subject, r)
	if err != nil || p.exists != nil {
		return p.exists, err
	}
	return m.store(subject, p.id, p.number, p.candidate, p.history)
}

// planRegistration finds out what registering r under subject would do, and whether
// it may.
func (m *Registry) planRegistration(w *work, subject subjectname.Name, r registration) (p registrationPlan, err error) {
	if !subjectname.Valid(subject.String()) {
		return p, errInvalidSubject(subject.String()) // an alias may stand for it
	}
	var conf *settings
	var mode registry.Mode
	w.in(func(s *store) {
		conf, mode = m.settingsFor(s, subject), s.modeFor(subject)
		p.history = s.versionsOf(subject)
		if !w.held {
			p.history = slices.Clone(p.history)
		}
	})
	if err := checkMode(subject, mode, r.id); err != nil {
		return p, err
	}
	importing := mode == registry.Import || mode == registry.Forward
	next := 1
	if n := len(p.history); n > 0 {
		next = p.history[n-1].number + 1
	}
	if !importing {
		if err := fillIn(conf, &r, latestOf(p.history), next); err != nil {
			return p, err
		}
	} else if noText(r.Definition) {
		return p, errInvalidSchema("Empty schema", nil)
	}
	if sizeOf(r.Definition) > m.conf.maxText {
		return p, errSchemaTooLarge() // with what the configuration adds
	}

	strict := r.id < 0 && conf.validateNew()
	c, err := m.parse(w, subject, r.Definition, strict, !importing && (r.normalize || conf.normalize()))
	if err != nil {
		return p, err
	}
	p.candidate, p.id = c, r.id
	w.in(func(s *store) {
		if err = s.checkStrongReferences(subject, c.References); err == nil {
			p.exists, p.id = s.registered(subject, c, r)
		}
	})
	if err != nil || p.exists != nil {
		return p, err
	}
	if !importing && !r.force {
		check, err := m.check(w, conf, c, p.history)
		if err != nil {
			return p, err
		}
		if len(check.messages) > 0 {
			return p, errIncompatible(subject.String(), check.list(), check.reasons)
		}
	}

	p.number = r.version
	if p.number <= 0 {
		p.number = next
	} else if p.number != next && !importing {
		return p, errInvalidSchema("Version is not one more than previous version", nil)
	}
	w.in(func(s *store) {
		if p.id < 0 {
			p.id = s.contexts[subject.Context].nextID()
		} else {
			err = s.checkID(subject, p.id, c)
		}
	})
	return p, err
}

// registered returns the version of subject that holds c already, or the id that c
// has in its context: that which r asks for if it has none, or another.
func (s *store) registered(subject subjectname.Name, c *candidate, r registration) (*version, int) {
	id := r.id
	if known := s.contexts[subject.Context].identity(c); known != nil && (id < 0 || id == known.ID) {
		if use := known.uses[subject.String()]; r.version == 0 && use != nil && !use.deleted {
			return use, id
		}
		id = known.ID
	}
	if r.version == 0 {
		if v := s.sameSemantics(subject, c, false); v != nil && (id < 0 || id == v.entry.ID) {
			return v, id
		}
	}
	return nil, id
}

// store makes the events of a registration and commits them.
func (m *Registry) store(subject subjectname.Name, id, number int, c *candidate, history []*version) (*version, error) {
	full := subject.String()
	var events []event
	// A version that was softly deleted gives way to a new one with the same id,
	// unless something refers to it.
	if len(history) > 0 && m.state.subjects[full].live == len(history) {
		history = nil // none is deleted
	}
	for _, v := range history {
		if v.deleted && v.entry.ID == id && v.number < number && !m.state.isReferenced(full, v.number, true) {
			events = append(events, event{Op: opDrop, Subject: full, Versions: []int{v.number}})
		}
	}
	// The schema goes with it even if the id is known: a drop before may forget it.
	put := event{Op: opPut, Subject: full, Version: number, ID: id, Time: m.timestamp()}
	if known := m.state.contexts[subject.Context]; known == nil || known.ids[id] == nil || len(events) > 0 || m.state.at(full, number, true) != nil {
		put.Schema = c.stored()
	}
	if err := m.commit(append(events, put)...); err != nil {
		return nil, err
	}
	v := m.state.at(full, number, true)
	if c.schema != nil {
		size := len(c.Text)
		for _, ref := range c.schema.References() {
			size += len(ref.String())
		}
		m.parsed.keep(v.entry, c.schema, size)
	}
	return v, nil
}

// checkMode reports whether mode lets a schema be registered; id is the one that
// was asked for, or below 0.
func checkMode(subject subjectname.Name, mode registry.Mode, id int) error {
	var not string
	switch {
	case readOnly(mode):
		not = "is in read-only mode"
	case id >= 0 && mode != registry.Import && mode != registry.Forward:
		not = "is not in import mode"
	case id < 0 && mode != registry.ReadWrite:
		not = "is not in read-write mode"
	default:
		return nil
	}
	return errNotPermitted("Subject %s in context %s %s", subject, subjectname.Prefix(subject.Context), not)
}

// fillIn completes what r leaves out with what the previous version and the
// configuration say.
func fillIn(conf *settings, r *registration, latest *version, next int) error {
	var previous *registry.Definition
	if latest != nil {
		previous = &latest.entry.definition
	}
	if noText(r.Definition) {
		if previous == nil {
			return errInvalidSchema("Empty schema", nil)
		}
		r.Text, r.Type, r.References = previous.Text, previous.Type, slices.Clone(previous.References)
	}
	mergeData(conf, &r.Definition, previous)
	// Who sends a version gets it written into the metadata, and whoever has it
	// there keeps it up to date.
	if r.version != 0 || confluentVersion(r.Metadata) != "" {
		properties := map[string]string{confluentVersionProperty: strconv.Itoa(next)}
		r.Metadata = mergeMetadata(r.Metadata, &registry.Metadata{Properties: properties})
	}
	return nil
}

// checkID reports whether c may have this id: nothing else has it.
func (s *store) checkID(subject subjectname.Name, id int, c *candidate) error {
	context := s.contexts[subject.Context]
	if context == nil || context.ids[id] == nil || context.ids[id].identity == c.identity && context.ids[id].definition.Type == c.Type {
		return nil
	}
	return errNotPermitted("Overwrite new schema with id %d in context %s is not permitted.", id, subjectname.Prefix(subject.Context))
}

// identity returns the entry of c's identity, or nil. A nil context has none.
func (c *contextState) identity(d *candidate) *entry {
	if c == nil {
		return nil
	}
	return c.identities.first(d.identity)
}

// nextID returns the lowest id above all that were ever given.
func (c *contextState) nextID() int {
	if c == nil {
		return 1
	}
	return c.maxID + 1
}

// versionsOf returns all versions of a subject, softly deleted ones included, in
// ascending order.
func (s *store) versionsOf(subject subjectname.Name) []*version {
	if sub := s.subjects[subject.String()]; sub != nil {
		return sub.versions
	}
	return nil
}

// answer is v as callers see it. Its schema is nil if ctx ends before it is read.
func (m *Registry) answer(ctx context.Context, v *version) *registry.SubjectSchema {
	e := v.entry
	out := &registry.SubjectSchema{
		Subject: v.subject, Version: v.number, ID: e.ID, GUID: e.guid, Deleted: v.deleted,
		Definition: e.definition, Schema: e.parsed.Load(),
	}
	if out.Schema == nil {
		w := m.work(ctx)
		defer w.end()
		out.Schema, _ = m.schemaOf(w, e)
	}
	return out
}
