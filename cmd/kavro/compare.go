package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// changes returns the semantic changes between d and the versions of subject that its level
// compares it with.
func (s *source) changes(ctx context.Context, client *registry.Client, subject string, d registry.Definition) ([]schemas.SemanticChange, error) {
	next, err := s.resolved(ctx, client, d)
	if err != nil {
		return nil, err
	}
	level, err := client.Compatibility(ctx, subject)
	if err != nil {
		return nil, err
	}
	history, numbers, err := history(ctx, client, subject, level.Transitive())
	if err != nil {
		return nil, err
	}
	found, err := level.SemanticChanges(next, history)
	for i := range found {
		found[i].Version = numbers[found[i].Version-1]
	}
	return found, err
}

// resolved parses d with what it refers to.
func (s *source) resolved(ctx context.Context, client *registry.Client, d registry.Definition) (*schemas.Schema, error) {
	var refs []*schemas.Schema
	for _, r := range d.References {
		v, err := versionOf(ctx, client, r.Subject, max(r.Version, 0))
		if err != nil {
			return nil, err
		}
		if v.Schema == nil {
			return nil, fmt.Errorf("%s is of type %s, not Avro", r.Subject, v.Type)
		}
		refs = append(refs, v.Schema)
	}
	return schemas.Parse(d.Text, s.options(schemas.Lenient(), schemas.WithReferences(refs...))...)
}

// history fetches the versions of a subject, or the latest alone, oldest first, and
// their numbers. A subject that does not exist has none.
func history(ctx context.Context, client *registry.Client, subject string, all bool) (found []*schemas.Schema, numbers []int, err error) {
	numbers, err = client.Versions(ctx, subject)
	if _, ok := errors.AsType[*registry.NotFoundError](err); ok {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if !all && len(numbers) > 1 {
		numbers = numbers[len(numbers)-1:]
	}
	for _, n := range numbers {
		v, err := client.Version(ctx, subject, n)
		if err != nil {
			return nil, nil, err
		}
		if v.Schema == nil {
			return nil, nil, fmt.Errorf("%s version %d is of type %s, not Avro", subject, n, v.Type)
		}
		found = append(found, v.Schema)
	}
	return found, numbers, nil
}

// printReasons prints every reason on a line of its own, once.
func printReasons(env *environment, where string, e *schemas.IncompatibleError) {
	var lines []string
	for _, r := range e.Reasons {
		line := where
		if r.Version > 0 {
			line += fmt.Sprintf("version %d: ", r.Version)
		}
		line += r.String()
		if r.Kind != "" && !strings.HasPrefix(r.String(), string(r.Kind)) {
			line += fmt.Sprintf(" (%s at %s)", r.Kind, r.Path)
		}
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
			fmt.Fprintln(env.out, line)
		}
	}
}

// printChanges prints semantic changes, one a line. They are warnings, not findings.
func printChanges(env *environment, where string, changes []schemas.SemanticChange) {
	for _, c := range changes {
		fmt.Fprintf(env.out, "%swarning: version %d: %s (%s)\n", where, c.Version, c, c.Kind)
	}
}
