// Command kavro works with Avro schemas and schema registries.
//
//	kavro gen       Go types from schemas
//	kavro registry  a schema registry, in this process
//	kavro schema    list, get, register, check, delete, references
//	kavro config    get and set compatibility levels
//	kavro lint      are these files valid schemas
//	kavro breaking  may these schemas follow those
//
// It exits with 0 if all is well, 1 if a command was used wrongly or something
// could not be read, written or reached, and 100 if there are findings: a schema
// that is not valid or not compatible, or generated files that would change.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env := &environment{out: os.Stdout, err: os.Stderr, getenv: os.Getenv}
	os.Exit(run(ctx, env, os.Args[1:]))
}

// environment is what a command may use of the process it runs in.
type environment struct {
	out, err io.Writer
	getenv   func(string) string
}

const (
	exitWell     = 0
	exitFailed   = 1
	exitFindings = 100
)

// findings is an error that says what a check found. It was printed already.
var errFindings = errors.New("there are findings")

// errUsage says that the flag package has printed what is wrong.
var errUsage = errors.New("wrong usage")

type command struct {
	name, args, short string
	run               func(ctx context.Context, env *environment, c *command, args []string) error
}

func commands() []command {
	return []command{
		{"gen", "[-o DIR] [-package NS=PATH] [-check] FILE.avsc|DIR|SUBJECT[@VERSION]...", "write Go types for schemas", runGen},
		{"registry", "[-listen ADDRESS] [-data DIR]", "run a schema registry", runRegistry},
		{"schema", "list|get|register|check|delete|references ...", "work with a registry's schemas", runSchema},
		{"config", "get|set ...", "read and set compatibility levels", runConfig},
		{"lint", "FILE.avsc|DIR...", "check that files are valid schemas", runLint},
		{"breaking", "-against DIR [-level LEVEL] DIR", "check that schemas may follow older ones", runBreaking},
	}
}

func run(ctx context.Context, env *environment, args []string) int {
	if len(args) == 0 {
		usage(env.err)
		return exitFailed
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		usage(env.out)
		return exitWell
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return exit(env, c.run(ctx, env, &c, args[1:]))
		}
	}
	fmt.Fprintf(env.err, "kavro: no command %q\n", args[0])
	usage(env.err)
	return exitFailed
}

func exit(env *environment, err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitWell
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, errUsage):
		return exitFailed
	}
	fmt.Fprintln(env.err, "kavro:", err)
	return exitFailed
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: kavro COMMAND ...\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.short)
	}
	fmt.Fprint(w, "\nkavro COMMAND -h says more. KAVRO_REGISTRY is the registry's URL, and\nKAVRO_REGISTRY_USER (user:password) or KAVRO_REGISTRY_TOKEN what to log in with.\n")
}
