package serde

import (
	"context"
	"errors"
	"fmt"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// decide says which schema of subject a serializer writes with. own and def are
// the program's schema, nil and empty if it has none. It runs once per topic;
// what it costs in requests is written beside each case.
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
	if err := checkRules(s.RuleSet, true); err != nil {
		return nil, err
	}
	return s, nil
}

// find looks the program's schema up, so that read-only credentials are enough
// once it is there, and registers it only if it is missing.
func (c *serializerConfig) find(ctx context.Context, r SchemaRegistrar, subject string, own *schemas.Schema, def registry.Definition) (*registry.SubjectSchema, error) {
	var opts []registry.CallOption
	if c.normalize {
		opts = append(opts, registry.Normalize())
	}
	s, err := r.Lookup(ctx, subject, def, opts...)
	var missing *registry.NotFoundError
	if err == nil || !errors.As(err, &missing) {
		return complete(s, own, def), err
	}
	if !c.autoRegister {
		return findByMeaning(ctx, r, subject, own, err)
	}
	s, err = r.Register(ctx, subject, def, opts...)
	var conflict *registry.ConflictError
	if errors.As(err, &conflict) {
		return nil, explain(ctx, r, subject, own, err)
	}
	return complete(s, own, def), err
}

// complete fills in what the program knows where a registry's answer was only
// an id, as Karapace's and Apicurio's are. s is shared: a copy is returned.
func complete(s *registry.SubjectSchema, own *schemas.Schema, def registry.Definition) *registry.SubjectSchema {
	if s == nil || s.Schema != nil {
		return s
	}
	filled := *s
	filled.Schema = own
	if filled.Text == "" {
		filled.Definition = def
	}
	return &filled
}

// findByMeaning looks for a version of subject that says what own says in other
// words: registries rewrite texts, and some then do not find the original.
func findByMeaning(ctx context.Context, r SchemaRegistrar, subject string, own *schemas.Schema, lookupErr error) (*registry.SubjectSchema, error) {
	history, err := versions(ctx, r, subject)
	if err != nil {
		var missing *registry.NotFoundError
		if errors.As(err, &missing) {
			return nil, &MissingSchemaError{Subject: subject, Err: lookupErr}
		}
		return nil, err
	}
	for i := len(history) - 1; i >= 0; i-- {
		if s := history[i]; s.Schema != nil && s.Schema.Normalized() == own.Normalized() {
			return s, nil
		}
	}
	e := &MissingSchemaError{Subject: subject, Err: lookupErr}
	if len(history) > 0 {
		e.Differs = differs(own, history[len(history)-1])
	}
	return nil, e
}

// differs says how the program's schema differs from a version, in a few words.
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

// explain computes why a registry refused own (409): most say it badly or not
// at all. If nothing is found the registry's own error stands.
func explain(ctx context.Context, r SchemaRegistrar, subject string, own *schemas.Schema, refused error) error {
	level, err := r.Compatibility(ctx, subject)
	if err != nil {
		return refused
	}
	history, err := versions(ctx, r, subject)
	if err != nil {
		return refused
	}
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
