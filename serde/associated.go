package serde

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kavro/kavro/registry"
)

// Associations is the part of a registry that [WithAssociated] needs. [registry.Client] and
// [github.com/kavro/kavro/registry/memory.Registry] implement it.
type Associations interface {
	Associated(ctx context.Context, cluster, topic, part string) ([]registry.Association, error)
}

// WithAssociated asks the registry for the subject that is associated with the keys or values of a
// topic (Confluent's AssociatedNameStrategy). cluster is the id of the Kafka cluster, "" for any. If
// no subject is associated, fallback names it; if fallback is nil, that is an error. Several
// associated subjects are an error.
//
// Registries without associations, which return 404, 405 or 501, have none. That costs one request
// per topic.
func WithAssociated(cluster string, fallback Subject) Option {
	return sharedOption(func(c *sharedConfig) {
		c.once("subject", "WithAssociated")
		c.subject, c.associated = fallback, &associated{cluster: cluster}
	})
}

// associated finds the subjects of topics in a registry. A nil *associated finds none.
type associated struct {
	cluster string
	from    Associations
}

// use sets the registry.
func (a *associated) use(r any) error {
	if a == nil {
		return nil
	}
	from, ok := r.(Associations)
	if !ok {
		return fmt.Errorf("serde: WithAssociated: a registry of type %T knows no associations", r)
	}
	a.from = from
	return nil
}

// find returns the subject associated with the part of a topic, or "".
func (a *associated) find(ctx context.Context, topic string, part Part) (string, error) {
	if a == nil || topic == "" {
		return "", nil
	}
	found, err := a.from.Associated(ctx, a.cluster, topic, part.String())
	if err != nil || len(found) == 0 {
		return "", err
	}
	var subjects []string
	for _, f := range found {
		subjects = append(subjects, f.Subject)
	}
	slices.Sort(subjects)
	if subjects = slices.Compact(subjects); len(subjects) > 1 {
		return "", fmt.Errorf("%d subjects are associated with the %ss of topic %s: %s", len(subjects), part, topic, strings.Join(subjects, ", "))
	}
	return subjects[0], nil
}

// subjectOf names the subject of a schema: the one associated with its topic, or
// what the subject function says.
func (c *sharedConfig) subjectOf(ctx context.Context, topic string, part Part, record string) (string, error) {
	subject, err := c.associated.find(ctx, topic, part)
	switch {
	case err != nil || subject != "":
		return subject, err
	case c.subject == nil:
		return "", fmt.Errorf("no subject is associated with the %ss of topic %s", part, topic)
	}
	return c.subject(topic, part, record)
}
