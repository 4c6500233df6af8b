package serde

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// decide returns the schema of subject that a serializer writes with. own and def are the program's
// schema, nil and empty if it has none. It runs once per topic; each case states the number of its
// requests.
func (c *serializerConfig) decide(ctx context.Context, r SchemaRegistrar, subject string, own *schemas.Schema, def registry.Definition) (*registry.SubjectSchema, error) {
	var s *registry.SubjectSchema
	var err error
	switch {
	case c.id != 0: // one
		s, err = r.SchemaByID(ctx, subject, c.id)
	case c.version != 0: // one
		s, err = r.Version(ctx, subject, c.version)
	case c.latest: // one
		s, err = r.Latest(ctx, subject)
	default: // one if the schema is there, two if it is registered
		s, err = c.find(ctx, r, subject, own, def)
	}
	if err != nil {
		return nil, err
	}
	if err := c.checkAnswer(s, subject); err != nil {
		return nil, err
	}
	if err := checkRules(s.RuleSet, true); err != nil {
		return nil, err
	}
	return s, nil
}

// checkAnswer looks at what is about to be written in front of every record.
// [registry.Client] has looked already; r may be anything.
func (c *serializerConfig) checkAnswer(s *registry.SubjectSchema, subject string) error {
	reason := ""
	switch {
	case s == nil:
		reason = "the registry gave nothing"
	case (s.ID < 1 || s.ID > math.MaxInt32) && !c.header:
		reason = fmt.Sprintf("schema id %d, want 1 to %d", s.ID, math.MaxInt32)
	case c.id != 0 && s.ID != 0 && s.ID != c.id:
		reason = fmt.Sprintf("the schema with id %d, want %d", s.ID, c.id)
	case c.version > 0 && s.Version != 0 && s.Version != c.version:
		reason = fmt.Sprintf("version %d, want %d", s.Version, c.version)
	default:
		return nil
	}
	return &registry.MalformedResponseError{What: "subject " + subject, Reason: reason}
}

// find looks up the program's schema, for which read-only credentials suffice, and registers it
// only if it is missing.
func (c *serializerConfig) find(ctx context.Context, r SchemaRegistrar, subject string, own *schemas.Schema, def registry.Definition) (*registry.SubjectSchema, error) {
	var opts []registry.CallOption
	if c.normalize {
		opts = append(opts, registry.Normalize())
	}
	s, err := r.Lookup(ctx, subject, def, opts...)
	if err == nil || !isMissing(err) {
		return complete(s, own, def), err
	}
	if !c.autoRegister {
		return findEquivalent(ctx, r, subject, own, def, err)
	}
	if own.SelfContained() != own.String() && len(def.References) == 0 { // references are written out; a version may have them
		latest, err := r.Latest(ctx, subject)
		switch {
		case err == nil && sameAs(latest, own, def):
			return latest, nil
		case err != nil && !isMissing(err):
			return nil, err
		}
	}
	s, err = r.Register(ctx, subject, def, opts...)
	var conflict *registry.ConflictError
	if errors.As(err, &conflict) {
		return afterConflict(ctx, r, subject, own, def, err)
	}
	return complete(s, own, def), err
}

func isMissing(err error) bool {
	var missing *registry.NotFoundError
	return errors.As(err, &missing)
}

// sameAs reports whether a version is semantically identical to own, and has the rules and
// metadata of def.
func sameAs(s *registry.SubjectSchema, own *schemas.Schema, def registry.Definition) bool {
	return s.Schema != nil && schemas.Equivalent(s.Schema, own) &&
		(def.RuleSet == nil || reflect.DeepEqual(def.RuleSet, s.RuleSet)) &&
		(def.Metadata == nil || reflect.DeepEqual(def.Metadata, s.Metadata))
}

// complete adds the program's schema to a response that consists of an id alone, like Karapace's
// and Apicurio's. s is shared: a copy is returned.
func complete(s *registry.SubjectSchema, own *schemas.Schema, def registry.Definition) *registry.SubjectSchema {
	if s == nil || s.Schema != nil || s.Type != "" && s.Type != "AVRO" {
		return s
	}
	filled := *s
	filled.Schema = own
	if filled.Text == "" {
		filled.Definition = def
	}
	return &filled
}

// findEquivalent looks for a version of subject that is semantically identical to own: some
// registries rewrite texts, and then do not find the original.
func findEquivalent(ctx context.Context, r SchemaRegistrar, subject string, own *schemas.Schema, def registry.Definition, lookupErr error) (*registry.SubjectSchema, error) {
	history, err := versions(ctx, r, subject)
	if err != nil {
		if isMissing(err) {
			return nil, &MissingSchemaError{Subject: subject, Err: lookupErr}
		}
		return nil, err
	}
	if s := lastSame(history, own, def); s != nil {
		return s, nil
	}
	e := &MissingSchemaError{Subject: subject, Err: lookupErr}
	if len(history) > 0 {
		e.Differs = differs(own, history[len(history)-1])
	}
	return nil, e
}

// lastSame returns the newest version that is identical to own in the sense of sameAs, or nil.
func lastSame(history []*registry.SubjectSchema, own *schemas.Schema, def registry.Definition) *registry.SubjectSchema {
	for _, s := range slices.Backward(history) {
		if sameAs(s, own, def) {
			return s
		}
	}
	return nil
}

// differs describes how the program's schema differs from a version.
func differs(own *schemas.Schema, latest *registry.SubjectSchema) string {
	v := fmt.Sprintf("version %d", latest.Version)
	if latest.Schema == nil {
		return v + " is of type " + latest.Type
	}
	if own.Canonical() == latest.Schema.Canonical() {
		return v + " has the same types, but other docs, defaults, aliases or attributes"
	}
	if err := schemas.CanRead(own, latest.Schema); err != nil {
		return fmt.Sprintf("it cannot read %s: %v", v, err)
	}
	return v + " is compatible, but has other types or fields"
}

// afterConflict handles a registry's conflict (409) for own. It returns an older version that is
// identical to own. Otherwise it returns the reasons of the conflict, which most registries report
// poorly, or the registry's error if it finds none.
func afterConflict(ctx context.Context, r SchemaRegistrar, subject string, own *schemas.Schema, def registry.Definition, refused error) (*registry.SubjectSchema, error) {
	level, err := r.Compatibility(ctx, subject)
	if err != nil {
		return nil, refused
	}
	history, err := versions(ctx, r, subject)
	if err != nil {
		return nil, refused
	}
	if s := lastSame(history, own, def); s != nil {
		return s, nil
	}
	return nil, explain(level, history, own, refused)
}

// explain computes why own is incompatible with the versions of its subject.
func explain(level schemas.Level, history []*registry.SubjectSchema, own *schemas.Schema, refused error) error {
	var texts []*schemas.Schema
	var numbers []int
	for _, s := range history {
		if s.Schema != nil {
			texts, numbers = append(texts, s.Schema), append(numbers, s.Version)
		}
	}
	var incompatible *schemas.IncompatibleError
	if !errors.As(level.Check(own, texts), &incompatible) {
		return refused
	}
	// Check counts the history from 1; people know the subject's numbers.
	named := &schemas.IncompatibleError{Level: incompatible.Level, Reasons: append([]schemas.Reason(nil), incompatible.Reasons...)}
	for i, reason := range named.Reasons {
		if reason.Version >= 1 && reason.Version <= len(numbers) {
			named.Reasons[i].Version = numbers[reason.Version-1]
		}
	}
	return named
}

// versions fetches every version of subject, oldest first.
func versions(ctx context.Context, r SchemaRegistrar, subject string) ([]*registry.SubjectSchema, error) {
	numbers, err := r.Versions(ctx, subject)
	if err != nil {
		return nil, err
	}
	out := make([]*registry.SubjectSchema, 0, len(numbers))
	for _, n := range numbers {
		s, err := r.Version(ctx, subject, n)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
