package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/kavro/kavro/schemas"
)

// runBreaking compares a folder with an older state of it: schemas of the same
// name, or of the same path where they have none.
func runBreaking(_ context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	against := f.String("against", "", "`folder` with the older schemas")
	name := f.String("level", schemas.Backward.String(), "compatibility `level`")
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
	before, err := schemas.LoadDir(os.DirFS(*against))
	if err != nil {
		return fmt.Errorf("%s: %w", *against, err)
	}
	now, err := schemas.LoadDir(os.DirFS(rest[0]))
	if err != nil {
		return fmt.Errorf("%s: %w", rest[0], err)
	}
	var found error
	for _, old := range before.Files() {
		next := counterpart(now, old)
		if next == nil {
			fmt.Fprintf(env.out, "%s: is gone\n", old.Path)
			found = errFindings
			continue
		}
		err := level.Check(next.Schema, []*schemas.Schema{old.Schema})
		var incompatible *schemas.IncompatibleError
		if errors.As(err, &incompatible) {
			printReasons(env, next.Path+": ", incompatible)
			found = errFindings
		} else if err != nil {
			return fmt.Errorf("%s: %w", next.Path, err)
		}
	}
	return found
}

// counterpart finds the schema that takes the place of an old one.
func counterpart(now *schemas.Dir, old schemas.File) *schemas.File {
	name := old.Schema.FullName()
	for _, f := range now.Files() {
		if name != "" && f.Schema.FullName() == name || name == "" && f.Path == old.Path {
			return &f
		}
	}
	return nil
}
