// Command kavro works with Avro schemas and schema registries.
//
//	kavro gen       Go types from schemas
//	kavro registry  a schema registry, in this process
//	kavro schema    list, get, register, check, delete, references
//	kavro config    get and set compatibility levels
//	kavro lint      are these files valid schemas
//	kavro breaking  may these schemas follow those
//
// Exit codes:
//
//	0    all is well; warnings do not change that
//	1    a command was used wrongly, was interrupted, or something could not be
//	     read, written or reached
//	100  there are findings: a schema that is not valid, that lint finds fault with
//	     or that is not compatible, or generated files that would change. Where
//	     something could not be read as well, it is 1
//
// Findings and what was asked for go to standard output, all else to standard
// error. An interrupt or a request to terminate ends any command, whatever it
// waits for; a second one ends the process at once.
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
	context.AfterFunc(ctx, stop) // a second signal is not caught
	env := &environment{out: os.Stdout, err: os.Stderr, getenv: os.Getenv}
	os.Exit(run(ctx, env, os.Args[1:]))
}

// environment is what a command may use of the process it runs in.
type environment struct {
	out, err io.Writer
	getenv   func(string) string
}

const (
	exitOK       = 0
	exitFailed   = 1
	exitFindings = 100
)

// Errors that were printed already.
var (
	errFindings = errors.New("there are findings")
	errReported = errors.New("failed") // with exitFailed
)

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
	out, errOut := newOutput(ctx, env.out), newOutput(ctx, env.err)
	env = &environment{out: out, err: errOut, getenv: env.getenv}
	code := dispatch(ctx, env, args)
	if err := out.err(); err != nil && code != exitFailed {
		fmt.Fprintln(env.err, "kavro: standard output:", err)
		return exitFailed
	}
	return code
}

func dispatch(ctx context.Context, env *environment, args []string) int {
	if len(args) == 0 {
		usage(env.err)
		return exitFailed
	}
	if args[0] == "help" || isHelp(args[0]) {
		usage(env.out)
		return exitOK
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return exit(ctx, env, c.run(ctx, env, &c, args[1:]))
		}
	}
	fmt.Fprintf(env.err, "kavro: no command %q\n", args[0])
	usage(env.err)
	return exitFailed
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

func exit(ctx context.Context, env *environment, err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, errReported):
		return exitFailed
	case ctx.Err() != nil:
		err = errInterrupted
	}
	for _, err := range each(err) {
		fmt.Fprintln(env.err, "kavro:", err)
	}
	return exitFailed
}

// problems is several errors, each of which stands for itself.
type problems []error

func (p problems) Error() string   { return errors.Join(p...).Error() }
func (p problems) Unwrap() []error { return p }

// err is nil if there are none.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// each is the errors that err consists of.
func each(err error) []error {
	if several, ok := err.(problems); ok {
		return several
	}
	return []error{err}
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: kavro COMMAND ...\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.short)
	}
	fmt.Fprint(w, "\nExit codes: 0 all is well, 1 wrong usage or a failure, 100 findings: a schema that is\nnot valid or not compatible, or generated files that would change.\n")
	fmt.Fprint(w, "\nkavro COMMAND -h says more. KAVRO_REGISTRY is the registry's URL, and\nKAVRO_REGISTRY_USER (user:password) or KAVRO_REGISTRY_TOKEN what to log in with.\n")
}
