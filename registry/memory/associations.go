package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
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
	var found []*association
	for _, a := range s.associations {
		if keep(a) {
			found = append(found, a)
		}
	}
	sortAssociations(found)
	return found
}

func sortAssociations(list []*association) {
	slices.SortFunc(list, func(a, b *association) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Part, b.Part), cmp.Compare(a.Subject, b.Subject))
	})
}

func (s *store) associationsOf(subject string) []*association {
	return s.associated[subject]
}

// associate keeps an association, in place of the one of this GUID.
func (s *store) associate(a *association) {
	s.dissociate(a.GUID)
	s.associations[a.GUID] = a
	of := append(slices.Clone(s.associated[a.Subject]), a)
	sortAssociations(of)
	s.associated[a.Subject] = of
}

func (s *store) dissociate(guid string) {
	a := s.associations[guid]
	if a == nil {
		return
	}
	delete(s.associations, guid)
	rest := slices.DeleteFunc(slices.Clone(s.associated[a.Subject]), func(o *association) bool { return o == a })
	setOrDelete(s.associated, a.Subject, rest, len(rest) == 0)
}

func (s *store) resourceAssociations(resource string) []*association {
	return s.sortedAssociations(func(a *association) bool { return a.Resource == resource })
}

// checkStrongReferences refuses references to a subject that is a topic's own.
func (s *store) checkStrongReferences(subject subjectname.Name, refs []registry.Reference) error {
	for _, r := range refs {
		for _, a := range s.associationsOf(subject.Within(r.Subject)) {
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
func (m *Registry) findAssociations(ctx context.Context, f associationFilter) (found []*association, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.read(func(s *store) {
		if f.subject == "" {
			found = s.sortedAssociations(f.matches)
			return
		}
		for _, a := range s.associationsOf(f.subject) {
			if f.matches(a) {
				found = append(found, a)
			}
		}
	})
	return found, nil
}

// Associated returns the subjects that are associated with the keys or the values
// of a topic, sorted; part is "key" or "value", cluster the id of a Kafka cluster or
// "" for any. There may be none. Associations are made over HTTP, with
// POST /associations.
func (m *Registry) Associated(ctx context.Context, cluster, topic, part string) ([]registry.Association, error) {
	if cluster == anyResource {
		cluster = ""
	}
	found, err := m.findAssociations(ctx, associationFilter{name: topic, namespace: cluster, parts: []string{part}})
	if err != nil {
		return nil, err
	}
	var out []registry.Association
	for _, a := range found {
		out = append(out, registry.Association{
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
	case len(r.Resource) > subjectname.MaxLen:
		return errInvalidAssociation("resourceId", "exceeds max length of %d", subjectname.MaxLen)
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
	if len(a.Subject) > subjectname.MaxLen {
		return errInvalidAssociation("subject", "exceeds max length of %d", subjectname.MaxLen)
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
