package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kavro/kavro/schemas"
)

// runBreaking compares a folder with an older state of it: schemas of the same
// name, or of the same path where they have none.
func runBreaking(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	against := f.String("against", "", "`folder` with the older schemas")
	name := f.String("level", schemas.Backward.String(), "compatibility `level`")
	files := sourceFlags(f, env)
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if *against == "" {
		return errors.New("breaking: -against DIR is missing")
	}
	level, err := schemas.ParseLevel(*name)
	if err != nil {
		return err
	}
	before, errBefore := files.lenientFolder(ctx, *against)
	now, errNow := files.lenientFolder(ctx, rest[0])
	var wrong problems
	for _, err := range []error{errBefore, errNow} {
		if err != nil {
			wrong = append(wrong, each(err)...)
		}
	}
	if wrong != nil {
		return wrong
	}
	var found error
	for _, old := range before {
		if ctx.Err() != nil {
			return errInterrupted
		}
		next := counterpart(now, old)
		if next == nil {
			fmt.Fprintf(env.out, "%s: is gone\n", old.Path)
			found = errFindings
			continue
		}
		history := []*schemas.Schema{old.Schema}
		err := level.Check(next.Schema, history)
		if incompatible, ok := errors.AsType[*schemas.IncompatibleError](err); ok {
			printReasons(env, next.Path+": ", incompatible)
			found = errFindings
		} else if err != nil {
			return fmt.Errorf("%s: %w", next.Path, err)
		}
		changes, err := level.SemanticChanges(next.Schema, history)
		if err != nil {
			return fmt.Errorf("%s: %w", next.Path, err)
		}
		printChanges(env, next.Path+": ", changes)
	}
	return found
}

// counterpart finds the schema that takes the place of an old one: that of its name,
// or one that has it as an alias.
func counterpart(now []schemas.File, old schemas.File) *schemas.File {
	name := old.Schema.FullName()
	for _, f := range now {
		if name != "" && f.Schema.FullName() == name || name == "" && f.Path == old.Path {
			return &f
		}
	}
	for _, f := range now {
		if slices.Contains(f.Schema.Root().Aliases(), name) {
			return &f
		}
	}
	return nil
}
