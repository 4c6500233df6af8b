package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
)

// flags is a command's flag set. Flags may stand before, between and after the
// arguments.
type flags struct {
	*flag.FlagSet
}

func newFlags(env *environment, name, args string) *flags {
	f := flag.NewFlagSet("kavro "+name, flag.ContinueOnError)
	f.SetOutput(env.err)
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "usage: kavro %s %s\n\n", name, args)
		f.PrintDefaults()
	}
	return &flags{f}
}

// parse returns the arguments that are not flags: from least to most of them,
// any number if most is negative.
func (f *flags) parse(args []string, least, most int) ([]string, error) {
	var rest []string
	for len(args) > 0 {
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, errUsage
		}
		args = f.Args()
		if len(args) > 0 {
			rest, args = append(rest, args[0]), args[1:]
		}
	}
	if len(rest) < least || most >= 0 && len(rest) > most {
		if len(rest) > least {
			fmt.Fprintf(f.Output(), "too many arguments: %s\n", strings.Join(rest, " "))
		}
		f.Usage()
		return nil, errUsage
	}
	return rest, nil
}
