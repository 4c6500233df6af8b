package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/kavro/kavro/schemas"
)

// runLint parses files, each by itself, and folders, whose files may refer to each
// other.
func runLint(_ context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	rest, err := f.parse(args, 1, -1)
	if err != nil {
		return err
	}
	var found error
	for _, arg := range rest {
		info, err := os.Stat(arg)
		if err != nil {
			return err
		}
		if info.IsDir() {
			if _, err = schemas.LoadDir(os.DirFS(arg)); err != nil {
				err = fmt.Errorf("%s: %w", arg, err)
			}
		} else {
			_, err = parseFile(arg)
		}
		var parse *schemas.ParseError
		var cycle *schemas.CycleError
		switch {
		case err == nil:
		case errors.As(err, &parse), errors.As(err, &cycle):
			fmt.Fprintln(env.out, err)
			found = errFindings
		default:
			return err
		}
	}
	return found
}
