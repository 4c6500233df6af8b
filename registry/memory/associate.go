package memory

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/kavro/kavro/internal/schemaguid"
	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
)

// associate makes the associations of r: new ones only, or also changes to those
// that exist. With dryRun it only checks.
func (m *Registry) associate(ctx context.Context, namespace string, r associationRequest, create, dryRun bool) (*associationAnswer, error) {
	if err := r.check(create, dryRun); err != nil {
		return nil, err
	}
	answer := &associationAnswer{Name: r.Name, Namespace: r.Namespace, Resource: r.Resource, Type: r.Type}
	var plans []associationPlan
	plan := func(w *work) (err error) {
		if plans, err = m.planAssociations(w, namespace, &r, create); err != nil {
			return err
		}
		for _, p := range plans {
			if p.schema == nil || dryRun {
				continue
			}
			if _, err := m.planRegistration(w, p.subject, *p.schema); err != nil {
				return err
			}
		}
		return nil
	}
	w := m.work(ctx)
	defer w.end()
	err := m.change(w, plan, func(w *work) error {
		if err := plan(w); err != nil || dryRun {
			return err
		}
		return m.makeAssociations(w, plans, answer)
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// makeAssociations makes what was planned, and adds it to the answer. The caller holds
// changes.
func (m *Registry) makeAssociations(w *work, plans []associationPlan, answer *associationAnswer) error {
	for _, p := range plans {
		var registered *version
		if p.schema != nil {
			var err error
			if registered, err = m.registerNew(w, p.subject, *p.schema); err != nil {
				return err
			}
		}
		if p.unchanged {
			continue
		}
		if err := m.commit(event{Op: opAssociate, Assoc: &p.association}); err != nil {
			return err
		}
		made := associationMade{Subject: p.Subject, Part: p.Part, Lifecycle: p.Lifecycle}
		if registered != nil {
			made.Schema = registerBody(registered)
		}
		answer.Associations = append(answer.Associations, made)
	}
	return nil
}

// associationPlan is one association to be made, checked.
type associationPlan struct {
	association
	subject   subjectname.Name
	schema    *registration // to register first; nil: none
	unchanged bool
}

// planAssociations checks all that r asks for before anything is made.
func (m *Registry) planAssociations(w *work, namespace string, r *associationRequest, create bool) ([]associationPlan, error) {
	existing := map[string]*association{}
	for _, a := range look(w, func(s *store) []*association { return s.resourceAssociations(r.Resource) }) {
		existing[a.Part] = a
	}
	lifecycles := map[string]bool{}
	for part, a := range existing {
		if !slices.ContainsFunc(r.Associations, func(ask associationAsk) bool { return ask.Part == part }) {
			lifecycles[a.Lifecycle] = true
		}
	}
	var plans []associationPlan
	for _, ask := range r.Associations {
		p, err := m.planAssociation(w, namespace, r, ask, existing[ask.Part], create)
		if err != nil {
			return nil, err
		}
		lifecycles[p.Lifecycle] = true
		plans = append(plans, p)
	}
	if len(lifecycles) > 1 {
		return nil, errInvalidAssociation("lifecycle", "all associations for a resource must have the same lifecycle")
	}
	return plans, nil
}

func (m *Registry) planAssociation(w *work, namespace string, r *associationRequest, ask associationAsk, old *association, create bool) (associationPlan, error) {
	none := associationPlan{}
	if old == nil && !create {
		if ask.Schema != nil {
			return none, errInvalidAssociation("schema", "cannot be provided when adding an association to an existing topic; "+
				"an association with a schema must be created with the topic")
		}
		if err := ask.complete(); err != nil {
			return none, err
		}
	}
	if ask.Subject == "" && old != nil {
		ask.Subject = old.Subject
	}
	var q subjectname.Name
	var mode registry.Mode
	var latest *version
	w.in(func(s *store) {
		q = s.target(subjectname.Split(namespace).Within(ask.Subject))
		mode, latest = s.modeFor(q), s.at(q.String(), latestNumber, false)
	})
	if readOnly(mode) {
		return none, errReadOnly(q)
	}
	p := associationPlan{subject: q, association: association{
		Subject: q.String(), Name: r.Name, Namespace: r.Namespace, Resource: r.Resource, Type: r.Type,
		Part: ask.Part, Lifecycle: ask.Lifecycle, GUID: randomGUID(), Created: m.timestamp(), Updated: m.timestamp(),
	}}
	importing := mode == registry.Import
	if ask.Schema != nil {
		if importing {
			return none, errInvalidAssociation("schema", "cannot be provided while subject '%s' is in IMPORT mode", q)
		}
		reg := ask.Schema.registration(ask.Normalize)
		if err := m.checkRegistration(p.Subject, reg); err != nil {
			return none, err
		}
		if _, err := m.parse(w, q, reg.Definition, true, false); err != nil {
			return none, err
		}
		p.schema = &reg
	}
	if old != nil {
		return m.replan(w, p, ask, old, create)
	}
	own := r.ownSubject(ask.Part)
	switch {
	case p.Lifecycle == strong && p.Subject != own:
		return none, errInvalidAssociation("subject", "frozen associations must use subject '%s'", own)
	case p.Lifecycle == weak && p.Subject == own:
		return none, errInvalidAssociation("subject", "WEAK associations cannot use subject '%s'", own)
	case p.Lifecycle == strong && !create && !importing:
		return none, errInvalidAssociation("lifecycle", "cannot be STRONG when creating an association; STRONG associations must be created with the topic")
	case p.Lifecycle == strong && p.schema == nil && !importing:
		return none, errInvalidAssociation("schema", "schema must be provided when creating a frozen association")
	case p.schema != nil && latest != nil:
		same, err := m.alreadyRegistered(w, q, *p.schema)
		if err != nil {
			return none, err
		}
		if same == nil || latest.number != 1 {
			return none, errInvalidAssociation("frozen", "cannot create a frozen association when schemas already exist in the subject")
		}
	case p.schema == nil && latest == nil:
		return none, errNoActiveVersion(p.Subject)
	}
	return p, look(w, func(s *store) error { return s.checkOwners(p) })
}

// replan is planAssociation for an association that exists.
func (m *Registry) replan(w *work, p associationPlan, ask associationAsk, old *association, create bool) (associationPlan, error) {
	same := p.Subject == old.Subject && (ask.Lifecycle == "" || ask.Lifecycle == old.Lifecycle) &&
		(ask.Frozen == nil || *ask.Frozen == (old.Lifecycle == strong))
	switch {
	case same && create && p.schema != nil:
		found, err := m.alreadyRegistered(w, p.subject, *p.schema)
		if err != nil {
			return p, err
		}
		if found == nil {
			return p, errResourceAssociated(old.Part, old.Name)
		}
	case same:
	case create:
		return p, errResourceAssociated(old.Part, old.Name)
	case p.Subject != old.Subject:
		return p, errInvalidAssociation("subject", "subject of association cannot be changed from '%s' to '%s'", old.Subject, p.Subject)
	case old.Lifecycle == strong:
		return p, errFrozen(old.Part, old.Subject)
	default:
		return p, errInvalidAssociation("frozen", "association with lifecycle of %s cannot be frozen=%t", ask.Lifecycle, false)
	}
	p.association, p.unchanged = *old, true
	return p, nil
}

// checkOwners refuses a subject that another topic has, or that schemas refer to
// if it is to be a topic's own.
func (s *store) checkOwners(p associationPlan) error {
	others := s.associationsOf(p.Subject)
	if p.Lifecycle == strong {
		if len(others) > 0 {
			return errSubjectAssociated(p.Subject)
		}
		for _, v := range s.versionsOf(p.subject) {
			if s.isReferenced(p.Subject, v.number, true) {
				return errReferenced(p.Subject, v.number)
			}
		}
		return nil
	}
	if slices.ContainsFunc(others, func(a *association) bool { return a.Lifecycle == strong }) {
		return errStronglyAssociated(p.Subject)
	}
	return nil
}

// dissociate removes the associations of a resource that match f. With cascade,
// the subjects that were the resource's own are deleted for good.
func (m *Registry) dissociate(ctx context.Context, f associationFilter, cascade, dryRun bool) error {
	end, err := m.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	found := m.state.sortedAssociations(f.matches)
	if len(found) == 0 {
		return errAssociationNotFound(f.resource)
	}
	for _, a := range found {
		if q := subjectname.Split(a.Subject); m.state.readOnly(q) {
			return errReadOnly(q)
		}
		if a.Lifecycle == strong && !cascade {
			return errFrozen(a.Part, a.Subject)
		}
	}
	if dryRun {
		return nil
	}
	for _, a := range found {
		if err := m.commit(event{Op: opDissociate, GUID: a.GUID}); err != nil {
			return err
		}
		q := subjectname.Split(a.Subject)
		if !cascade || a.Lifecycle != strong || m.state.modeFor(q) == registry.Import {
			continue
		}
		for _, permanent := range []bool{false, true} {
			if _, err := m.deleteSubject(q, permanent); err != nil {
				return err
			}
		}
	}
	return nil
}

// randomGUID returns a GUID that says nothing (a UUID of version 4).
func randomGUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return schemaguid.Format(b)
}
