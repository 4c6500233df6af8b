package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// runConfig reads and sets compatibility levels.
func runConfig(ctx context.Context, env *environment, c *command, args []string) error {
	return subcommand(ctx, env, c, args, []command{
		{"get", "[SUBJECT]", "the level of a subject, or the global one", configGet},
		{"set", "LEVEL [SUBJECT]", "set it: NONE, BACKWARD, FORWARD, FULL, and the same with _TRANSITIVE", configSet},
	})
}

// levelLine is a level as JSON.
type levelLine struct {
	Subject string        `json:"subject,omitempty"`
	Level   schemas.Level `json:"compatibilityLevel"`
}

func configGet(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	reg, out := registryFlags(f, env), formatFlag(f)
	rest, err := f.parse(args, 0, 1)
	if err != nil {
		return err
	}
	client, err := reg.client()
	if err != nil {
		return err
	}
	defer client.Close()
	subject := append(rest, "")[0]
	level, err := client.Compatibility(ctx, subject)
	if err != nil {
		return err
	}
	if subject != "" {
		own, err := client.Config(ctx, subject)
		if _, missing := errors.AsType[*registry.NotFoundError](err); missing || err == nil && own.Level == nil {
			fmt.Fprintf(env.err, "kavro: subject %s has no level of its own: this is the global one, or that of its context\n", subject)
		}
	}
	return out.print(env.out, levelLine{subject, level}, "", [][]string{{level.String()}})
}

func configSet(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	reg := registryFlags(f, env)
	rest, err := f.parse(args, 1, 2)
	if err != nil {
		return err
	}
	level, err := schemas.ParseLevel(rest[0])
	if err != nil {
		return err
	}
	client, err := reg.client()
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.SetCompatibility(ctx, append(rest, "")[1], level); err != nil {
		return err
	}
	fmt.Fprintln(env.out, level)
	return nil
}
