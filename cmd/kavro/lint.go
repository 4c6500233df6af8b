package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/schemas/lint"
)

// runLint parses files, each by itself, and folders, whose files may refer to each
// other. It looks at all of them, whatever it finds.
func runLint(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	files := sourceFlags(f, env)
	rest, err := f.parse(args, 1, -1)
	if err != nil {
		return err
	}
	l := linter{env: env}
	for _, arg := range rest {
		info, err := stat(ctx, arg)
		switch {
		case err != nil:
			l.wrong(err)
		case info.IsDir():
			found, err := files.folder(ctx, arg)
			if err != nil {
				l.wrong(err)
			}
			for _, f := range found {
				l.schema(under(arg, f.Path), f.Schema)
			}
		default:
			s, err := files.file(ctx, arg)
			if err != nil {
				l.wrong(err)
			} else {
				l.schema(arg, s)
			}
		}
		if ctx.Err() != nil {
			return errInterrupted
		}
	}
	return l.result
}

// linter prints what is found. Failures count more than findings: not everything
// was looked at then.
type linter struct {
	env    *environment
	result error
}

func (l *linter) wrong(err error) {
	for _, err := range each(err) {
		if errors.Is(err, errInterrupted) {
			continue // said once, in the end
		}
		if isFinding(err) {
			fmt.Fprintln(l.env.out, err)
			l.result = cmp.Or(l.result, errFindings)
			continue
		}
		fmt.Fprintln(l.env.err, "kavro:", err)
		l.result = errReported
	}
}

func (l *linter) schema(name string, s *schemas.Schema) {
	for _, finding := range lint.Schema(s) {
		fmt.Fprintf(l.env.out, "%s: %s\n", name, finding)
		l.result = cmp.Or(l.result, errFindings)
	}
}

// isFinding reports whether an error says that a schema is not valid.
func isFinding(err error) bool {
	var parse *schemas.ParseError
	var cycle *schemas.CycleError
	var conflict *schemas.ConflictError
	return errors.As(err, &parse) || errors.As(err, &cycle) || errors.As(err, &conflict)
}
