package registry

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Associations say which subject belongs to the keys or the values of a topic,
// for clients that ask instead of building the subject's name from the topic's.
//
//	STRONG   the subject is the topic's own, lives and dies with it, and is referred to by nobody
//	WEAK     the subject is shared

const (
	strong = "STRONG"
	weak   = "WEAK"
	// topicResource is the only kind of resource there is.
	topicResource = "topic"
	// anyResource stands for all names, or all namespaces.
	anyResource = "-"
)

// association is one topic's subject for its keys or values.
type association struct {
	Subject   string `json:"subject"`
	GUID      string `json:"guid"`
	Name      string `json:"resourceName"`
	Namespace string `json:"resourceNamespace"` // a Kafka cluster
	Resource  string `json:"resourceId"`
	Type      string `json:"resourceType"`
	Part      string `json:"associationType"` // key or value
	Lifecycle string `json:"lifecycle"`
	Created   int64  `json:"createTs"` // milliseconds since 1970
	Updated   int64  `json:"updateTs"`
}

// associationRequest is a request to associate a topic with subjects.
type associationRequest struct {
	Name         string           `json:"resourceName"`
	Namespace    string           `json:"resourceNamespace"`
	Resource     string           `json:"resourceId"`
	Type         string           `json:"resourceType"`
	Associations []associationAsk `json:"associations"`
}

// associationAsk is what a request says of keys or values.
type associationAsk struct {
	Subject   string           `json:"subject"`
	Part      string           `json:"associationType"`
	Lifecycle string           `json:"lifecycle"`
	Frozen    *bool            `json:"frozen"`
	Schema    *registerRequest `json:"schema"`
	Normalize bool             `json:"normalize"`
}

// associationAnswer is the answer to a request.
type associationAnswer struct {
	Name         string            `json:"resourceName,omitempty"`
	Namespace    string            `json:"resourceNamespace,omitempty"`
	Resource     string            `json:"resourceId,omitempty"`
	Type         string            `json:"resourceType,omitempty"`
	Associations []associationMade `json:"associations,omitempty"`
}

// associationMade is one association of an answer.
type associationMade struct {
	Subject   string      `json:"subject"`
	Part      string      `json:"associationType"`
	Lifecycle string      `json:"lifecycle"`
	Schema    *schemaBody `json:"schema,omitempty"`
}

func errInvalidAssociation(property, detail string, args ...any) error {
	return invalid(42212, "The association specified an invalid value for property: '%s', detail: %s", property, fmt.Sprintf(detail, args...))
}

func errResourceAssociated(part, resource string) error {
	return conflict(40903, "An association of type '%s' already exists for resource '%s'", part, resource)
}

func errSubjectAssociated(subject string) error {
	return conflict(40904, "An association already exists for subject '%s'", subject)
}

func errStronglyAssociated(subject string) error {
	return conflict(40905, "A strong association already exists for subject '%s'", subject)
}

func errNoActiveVersion(subject string) error {
	return conflict(40907, "No active (non-deleted) version exists for subject '%s'", subject)
}

func errFrozen(part, subject string) error {
	return conflict(40908, "The association of type  '%s' is frozen for subject '%s'", part, subject)
}

// sortedAssociations returns the associations that keep returns true for.
func (s *store) sortedAssociations(keep func(*association) bool) []*association {
	found := slices.DeleteFunc(slices.Collect(maps.Values(s.associations)), func(a *association) bool { return !keep(a) })
	slices.SortFunc(found, func(a, b *association) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Part, b.Part), cmp.Compare(a.Subject, b.Subject))
	})
	return found
}

func (s *store) associationsOf(subject string) []*association {
	if len(s.associations) == 0 {
		return nil
	}
	return s.sortedAssociations(func(a *association) bool { return a.Subject == subject })
}

func (s *store) resourceAssociations(resource string) []*association {
	return s.sortedAssociations(func(a *association) bool { return a.Resource == resource })
}

// checkStrongReferences refuses references to a subject that is a topic's own.
func (s *store) checkStrongReferences(subject qualified, refs []Reference) error {
	for _, r := range refs {
		for _, a := range s.associationsOf(subject.within(r.Subject)) {
			if a.Lifecycle == strong {
				return errNotPermitted("Subject '%s' has a strong association and cannot be referenced", r.Subject)
			}
		}
	}
	return nil
}

// associationFilter is what a listing of associations asks for; empty fields ask
// for all.
type associationFilter struct {
	subject, resource, name, namespace string
	parts                              []string
	lifecycle                          string
}

func (f associationFilter) matches(a *association) bool {
	match := func(want, got string) bool { return want == "" || want == got }
	return match(f.subject, a.Subject) && match(f.resource, a.Resource) && match(f.name, a.Name) &&
		match(f.namespace, a.Namespace) && match(f.lifecycle, a.Lifecycle) &&
		(len(f.parts) == 0 || slices.Contains(f.parts, a.Part))
}

// findAssociations lists associations, sorted by topic and part.
func (m *Memory) findAssociations(ctx context.Context, f associationFilter) (found []*association, err error) {
	m.read(func(s *store) { found = s.sortedAssociations(f.matches) })
	return found, ctx.Err()
}

// Associated returns the subjects that are associated with the keys or the values
// of a topic, sorted; part is "key" or "value", cluster the id of a Kafka cluster or
// "" for any. There may be none. Associations are made over HTTP, with
// POST /associations.
func (m *Memory) Associated(ctx context.Context, cluster, topic, part string) ([]Association, error) {
	if cluster == anyResource {
		cluster = ""
	}
	found, err := m.findAssociations(ctx, associationFilter{name: topic, namespace: cluster, parts: []string{part}})
	if err != nil {
		return nil, err
	}
	var out []Association
	for _, a := range found {
		out = append(out, Association{
			Subject: a.Subject, ResourceName: a.Name, ResourceNS: a.Namespace, ResourceID: a.Resource,
			Part: a.Part, Lifecycle: a.Lifecycle,
		})
	}
	return out, nil
}

// check completes a request, or says what is not valid in it.
func (r *associationRequest) check(create, dryRun bool) error {
	for _, name := range []struct{ property, value string }{{"resourceName", r.Name}, {"resourceNamespace", r.Namespace}} {
		if err := checkResourceName(name.property, name.value); err != nil {
			return err
		}
	}
	if r.Type == "" {
		r.Type = topicResource
	}
	switch {
	case r.Resource == "" && !dryRun:
		return errInvalidAssociation("resourceId", "cannot be null or empty")
	case r.Type != topicResource:
		return errInvalidAssociation("resourceType", "must be '%s'", topicResource)
	case len(r.Associations) == 0:
		return errInvalidAssociation("associations", "cannot be null or empty")
	}
	parts := map[string]bool{}
	for i := range r.Associations {
		ask := &r.Associations[i]
		if err := ask.check(create); err != nil {
			return err
		}
		if parts[ask.Part] {
			return errInvalidAssociation("associationType", "may only appear once per request, but '%s' appears more than once", ask.Part)
		}
		parts[ask.Part] = true
		if create && ask.Subject == "" && ask.Lifecycle == strong {
			ask.Subject = r.ownSubject(ask.Part)
		}
	}
	return nil
}

// ownSubject is the name of the subject that is a topic's own.
func (r *associationRequest) ownSubject(part string) string {
	return ":." + r.Namespace + ":" + r.Name + "-" + part
}

const maxResourceName = 256 // characters

func checkResourceName(property, name string) error {
	if name == "" {
		return errInvalidAssociation(property, "cannot be null or empty")
	}
	if len([]rune(name)) > maxResourceName {
		return errInvalidAssociation(property, "exceeds max length of %d", maxResourceName)
	}
	for _, c := range name {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '_' && c != '-' {
			return errInvalidAssociation(property, "illegal character '%c'", c)
		}
	}
	return nil
}

func (a *associationAsk) check(create bool) error {
	if strings.ContainsFunc(a.Subject, unicode.IsControl) {
		return errInvalidAssociation("subject", "must not be empty")
	}
	if a.Part == "" {
		a.Part = "value"
	}
	switch {
	case a.Part != "key" && a.Part != "value":
		return errInvalidAssociation("associationType", "must be either 'key' or 'value'")
	case a.Lifecycle != "" && a.Lifecycle != strong && a.Lifecycle != weak:
		return errInvalidAssociation("lifecycle", "must be either '%s' or '%s'", strong, weak)
	case a.Lifecycle == weak && a.Schema != nil:
		return errInvalidAssociation("lifecycle", "cannot be WEAK when schema is provided")
	case a.Lifecycle == weak && a.Frozen != nil && *a.Frozen:
		return errInvalidAssociation("frozen", "association with lifecycle of WEAK cannot be frozen")
	}
	if create {
		return a.complete()
	}
	return nil
}

// complete chooses the lifecycle of a new association. One that brings its schema
// is strong; a strong one is frozen, a weak one is not.
func (a *associationAsk) complete() error {
	if a.Lifecycle == "" {
		a.Lifecycle = weak
		if a.Schema != nil {
			a.Lifecycle = strong
		}
	}
	switch {
	case a.Frozen != nil && *a.Frozen != (a.Lifecycle == strong):
		return errInvalidAssociation("frozen", "association with lifecycle of %s cannot be frozen=%t", a.Lifecycle, *a.Frozen)
	case a.Lifecycle == weak && a.Subject == "":
		return errInvalidAssociation("subject", "must be provided for WEAK associations")
	}
	return nil
}

// associate makes the associations of r: new ones only, or also changes to those
// that exist. With dryRun it only checks.
func (m *Memory) associate(ctx context.Context, namespace string, r associationRequest, create, dryRun bool) (*associationAnswer, error) {
	if err := r.check(create, dryRun); err != nil {
		return nil, err
	}
	end, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	plans, err := m.planAssociations(namespace, &r, create)
	if err != nil {
		return nil, err
	}
	answer := &associationAnswer{Name: r.Name, Namespace: r.Namespace, Resource: r.Resource, Type: r.Type}
	if dryRun {
		return answer, nil
	}
	for _, p := range plans {
		var registered *version
		if p.schema != nil {
			if registered, err = m.registerNew(p.subject, *p.schema); err != nil {
				return nil, err
			}
		}
		if p.unchanged {
			continue
		}
		if err := m.commit(event{Op: opAssociate, Assoc: &p.association}); err != nil {
			return nil, err
		}
		made := associationMade{Subject: p.Subject, Part: p.Part, Lifecycle: p.Lifecycle}
		if registered != nil {
			made.Schema = registerBody(registered)
		}
		answer.Associations = append(answer.Associations, made)
	}
	return answer, nil
}

// associationPlan is one association to be made, checked.
type associationPlan struct {
	association
	subject   qualified
	schema    *registration // to register first; nil: none
	unchanged bool
}

// planAssociations checks all that r asks for before anything is made.
func (m *Memory) planAssociations(namespace string, r *associationRequest, create bool) ([]associationPlan, error) {
	existing := map[string]*association{}
	for _, a := range m.state.resourceAssociations(r.Resource) {
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
		p, err := m.planAssociation(namespace, r, ask, existing[ask.Part], create)
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

func (m *Memory) planAssociation(namespace string, r *associationRequest, ask associationAsk, old *association, create bool) (associationPlan, error) {
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
	q := m.state.target(splitSubject(namespace).within(ask.Subject))
	if m.state.readOnly(q) {
		return none, errReadOnly(q)
	}
	p := associationPlan{subject: q, association: association{
		Subject: q.String(), Name: r.Name, Namespace: r.Namespace, Resource: r.Resource, Type: r.Type,
		Part: ask.Part, Lifecycle: ask.Lifecycle, GUID: rand.Text(), Created: m.timestamp(), Updated: m.timestamp(),
	}}
	importing := m.state.modeFor(q) == Import
	if ask.Schema != nil {
		if importing {
			return none, errInvalidAssociation("schema", "cannot be provided while subject '%s' is in IMPORT mode", q)
		}
		reg := ask.Schema.registration(ask.Normalize)
		p.schema = &reg
	}
	if old != nil {
		return m.replan(p, ask, old, create)
	}
	own := r.ownSubject(ask.Part)
	latest := m.state.at(p.Subject, latestVersion, false)
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
		same, err := m.alreadyRegistered(m.state, q, *p.schema)
		if err != nil {
			return none, err
		}
		if same == nil || latest.number != 1 {
			return none, errInvalidAssociation("frozen", "cannot create a frozen association when schemas already exist in the subject")
		}
	case p.schema == nil && latest == nil:
		return none, errNoActiveVersion(p.Subject)
	}
	return p, m.checkOwners(p)
}

// replan is planAssociation for an association that exists.
func (m *Memory) replan(p associationPlan, ask associationAsk, old *association, create bool) (associationPlan, error) {
	same := p.Subject == old.Subject && (ask.Lifecycle == "" || ask.Lifecycle == old.Lifecycle) &&
		(ask.Frozen == nil || *ask.Frozen == (old.Lifecycle == strong))
	switch {
	case same && create && p.schema != nil:
		found, err := m.alreadyRegistered(m.state, p.subject, *p.schema)
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
func (m *Memory) checkOwners(p associationPlan) error {
	others := m.state.associationsOf(p.Subject)
	if p.Lifecycle == strong {
		if len(others) > 0 {
			return errSubjectAssociated(p.Subject)
		}
		for _, v := range m.state.versionsOf(p.subject) {
			if m.state.isReferenced(p.Subject, v.number, true) {
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
func (m *Memory) dissociate(ctx context.Context, f associationFilter, cascade, dryRun bool) error {
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
		if q := splitSubject(a.Subject); m.state.readOnly(q) {
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
		q := splitSubject(a.Subject)
		if !cascade || a.Lifecycle != strong || m.state.modeFor(q) == Import {
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
