package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// runSchema works with the schemas of a registry.
func runSchema(ctx context.Context, env *environment, c *command, args []string) error {
	return subcommand(ctx, env, c, args, []command{
		{"list", "[PREFIX]", "subjects and their versions", schemaList},
		{"get", "SUBJECT[@VERSION]", "the text of a version, the latest by default", schemaGet},
		{"register", "[-ref NAME=SUBJECT@VERSION] [-normalize] SUBJECT FILE.avsc", "register a schema", schemaRegister},
		{"check", "[-ref NAME=SUBJECT@VERSION] SUBJECT FILE.avsc", "may this schema follow those of the subject", schemaCheck},
		{"delete", "[-permanent] SUBJECT[@VERSION]", "delete a subject or a version", schemaDelete},
		{"references", "SUBJECT[@VERSION]", "what a version refers to, and what refers to it", schemaReferences},
	})
}

// subcommand runs one of subs.
func subcommand(ctx context.Context, env *environment, c *command, args []string, subs []command) error {
	if len(args) > 0 {
		for _, s := range subs {
			if s.name == args[0] {
				s.name = c.name + " " + s.name
				return s.run(ctx, env, &s, args[1:])
			}
		}
	}
	for _, s := range subs {
		fmt.Fprintf(env.err, "  kavro %s %s %s\n        %s\n", c.name, s.name, s.args, s.short)
	}
	if len(args) > 0 && strings.TrimLeft(args[0], "-") == "h" {
		return nil
	}
	return errUsage
}

// subjectLine is a subject as list prints it.
type subjectLine struct {
	Subject  string `json:"subject"`
	Versions []int  `json:"versions"`
}

func schemaList(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	reg, out := registryFlags(f, env), formatFlag(f)
	deleted := f.Bool("deleted", false, "also what was softly deleted")
	rest, err := f.parse(args, 0, 1)
	if err != nil {
		return err
	}
	client, err := reg.client()
	if err != nil {
		return err
	}
	defer client.Close()
	var opts []registry.CallOption
	if *deleted {
		opts = append(opts, registry.WithDeleted())
	}
	subjects, err := client.Subjects(ctx, strings.Join(rest, ""), opts...)
	if err != nil {
		return err
	}
	lines, rows := []subjectLine{}, [][]string{}
	for _, s := range subjects {
		versions, err := client.Versions(ctx, s, opts...)
		if err != nil {
			return err
		}
		lines = append(lines, subjectLine{s, versions})
		rows = append(rows, []string{s, numbers(versions)})
	}
	return out.print(env.out, lines, "SUBJECT\tVERSIONS", rows)
}

func numbers(list []int) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ",")
}

// versionLine is a version as get and register print it.
type versionLine struct {
	Subject    string               `json:"subject"`
	Version    int                  `json:"version"`
	ID         int                  `json:"id"`
	GUID       string               `json:"guid,omitempty"`
	Type       string               `json:"schemaType"`
	References []registry.Reference `json:"references,omitempty"`
	Schema     string               `json:"schema"`
}

func lineOf(s *registry.SubjectSchema) versionLine {
	t := s.Type
	if t == "" {
		t = "AVRO"
	}
	return versionLine{s.Subject, s.Version, s.ID, s.GUID, t, s.References, s.Text}
}

func schemaGet(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	reg, out := registryFlags(f, env), formatFlag(f)
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	subject, version, err := subjectVersion(rest[0])
	if err != nil {
		return err
	}
	client, err := reg.client()
	if err != nil {
		return err
	}
	defer client.Close()
	s, err := versionOf(ctx, client, subject, version)
	if err != nil {
		return err
	}
	return out.print(env.out, lineOf(s), "", [][]string{{s.Text}})
}

// referenceFlag is the flag -ref.
type referenceFlag []registry.Reference

func (r *referenceFlag) String() string { return "" }

func (r *referenceFlag) Set(s string) error {
	name, of, ok := strings.Cut(s, "=")
	if !ok {
		return errors.New("want name=subject@version")
	}
	subject, version, err := subjectVersion(of)
	if err != nil {
		return err
	}
	if version == 0 {
		version = -1
	}
	*r = append(*r, registry.Reference{Name: name, Subject: subject, Version: version})
	return nil
}

// definitionFlags are those of commands that take a schema from a file.
func definitionFlags(f *flags) func(file string) (registry.Definition, []registry.CallOption, error) {
	var refs referenceFlag
	f.Var(&refs, "ref", "`name=subject@version` of a type that the schema refers to; may be repeated")
	normalize := f.Bool("normalize", false, "ask the registry to normalize the schema")
	return func(file string) (registry.Definition, []registry.CallOption, error) {
		text, err := os.ReadFile(file)
		if err != nil {
			return registry.Definition{}, nil, err
		}
		var opts []registry.CallOption
		if *normalize {
			opts = append(opts, registry.Normalize())
		}
		return registry.Definition{Text: strings.TrimPrefix(string(text), "\ufeff"), References: refs}, opts, nil
	}
}

func schemaRegister(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	reg, out, read := registryFlags(f, env), formatFlag(f), definitionFlags(f)
	rest, err := f.parse(args, 2, 2)
	if err != nil {
		return err
	}
	d, opts, err := read(rest[1])
	if err != nil {
		return err
	}
	client, err := reg.client()
	if err != nil {
		return err
	}
	defer client.Close()
	s, err := client.Register(ctx, rest[0], d, opts...)
	if err != nil {
		return reported(env, err)
	}
	return out.print(env.out, lineOf(s), "", [][]string{{fmt.Sprintf("%s version %d, id %d", s.Subject, s.Version, s.ID)}})
}

func schemaCheck(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	reg, read := registryFlags(f, env), definitionFlags(f)
	rest, err := f.parse(args, 2, 2)
	if err != nil {
		return err
	}
	d, opts, err := read(rest[1])
	if err != nil {
		return err
	}
	client, err := reg.client()
	if err != nil {
		return err
	}
	defer client.Close()
	return reported(env, client.CheckCompatibility(ctx, rest[0], d, opts...))
}

// reported prints what makes a schema invalid or incompatible, which is a finding,
// every reason on a line of its own. Other errors stay as they are.
func reported(env *environment, err error) error {
	var incompatible *schemas.IncompatibleError
	var conflict *registry.ConflictError
	var parse *schemas.ParseError
	switch {
	case errors.As(err, &incompatible):
		printReasons(env, "", incompatible)
	case errors.As(err, &conflict), errors.As(err, &parse):
		fmt.Fprintln(env.out, err)
	default:
		return err
	}
	return errFindings
}

func printReasons(env *environment, where string, e *schemas.IncompatibleError) {
	for _, r := range e.Reasons {
		against := ""
		if r.Version > 0 {
			against = fmt.Sprintf("version %d: ", r.Version)
		}
		fmt.Fprintf(env.out, "%s%s%s (%s at %s)\n", where, against, r, r.Kind, r.Path)
	}
}

func schemaDelete(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	reg := registryFlags(f, env)
	permanent := f.Bool("permanent", false, "for good, what was softly deleted before")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	subject, version, err := subjectVersion(rest[0])
	if err != nil {
		return err
	}
	client, err := reg.client()
	if err != nil {
		return err
	}
	defer client.Close()
	var opts []registry.CallOption
	if *permanent {
		opts = append(opts, registry.Permanent())
	}
	deleted := []int{version}
	switch {
	case !strings.Contains(rest[0], "@"):
		deleted, err = client.DeleteSubject(ctx, subject, opts...)
	case version == 0:
		return fmt.Errorf("%s: name the version to delete", rest[0])
	default:
		err = client.DeleteVersion(ctx, subject, version, opts...)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "deleted %s %s\n", subject, numbers(deleted))
	return nil
}

func schemaReferences(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	reg, out := registryFlags(f, env), formatFlag(f)
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	subject, version, err := subjectVersion(rest[0])
	if err != nil {
		return err
	}
	client, err := reg.client()
	if err != nil {
		return err
	}
	defer client.Close()
	s, err := versionOf(ctx, client, subject, version)
	if err != nil {
		return err
	}
	by, err := client.ReferencedBy(ctx, subject, s.Version)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, r := range s.References {
		rows = append(rows, []string{"refers to", r.Name, fmt.Sprintf("%s@%d", r.Subject, r.Version)})
	}
	for _, id := range by {
		rows = append(rows, []string{"referred to by", "id " + strconv.Itoa(id), ""})
	}
	found := struct {
		References   []registry.Reference `json:"references"`
		ReferencedBy []int                `json:"referencedBy"`
	}{append([]registry.Reference{}, s.References...), append([]int{}, by...)}
	return out.print(env.out, found, "", rows)
}
