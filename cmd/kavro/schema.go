package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

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
	list := func(w io.Writer) {
		for _, s := range subs {
			fmt.Fprintf(w, "  kavro %s %s %s\n        %s\n", c.name, s.name, s.args, s.short)
		}
	}
	if len(args) > 0 {
		for _, s := range subs {
			if s.name == args[0] {
				s.name = c.name + " " + s.name
				return s.run(ctx, env, &s, args[1:])
			}
		}
	}
	if len(args) > 0 && (args[0] == "help" || isHelp(args[0])) {
		list(env.out)
		return nil
	}
	if len(args) > 0 {
		fmt.Fprintf(env.err, "kavro: no command \"%s %s\"\n", c.name, args[0])
	}
	list(env.err)
	return errReported
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
	reg.max = maxSchemaFlag(f)
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
type definitionFlags struct {
	refs      referenceFlag
	normalize *bool
	files     *source
}

func newDefinitionFlags(f *flags, env *environment) *definitionFlags {
	d := &definitionFlags{files: sourceFlags(f, env)}
	f.Var(&d.refs, "ref", "`name=subject@version` of a type that the schema refers to; may be repeated")
	d.normalize = f.Bool("normalize", false, "ask the registry to normalize the schema")
	return d
}

// read reads the schema, without comments.
func (d *definitionFlags) read(ctx context.Context, file string) (registry.Definition, []registry.CallOption, error) {
	text, err := d.files.text(ctx, file)
	if err != nil {
		return registry.Definition{}, nil, err
	}
	text = schemas.StripComments(text)
	if strings.TrimSpace(text) == "" { // a registry would take that for the schema before
		return registry.Definition{}, nil, fmt.Errorf("%s is empty", file)
	}
	if !utf8.ValidString(text) {
		_, err := schemas.Parse(text, d.files.options()...) // says what it is
		return registry.Definition{}, nil, &schemas.FileError{Path: file, Err: err}
	}
	var opts []registry.CallOption
	if *d.normalize {
		opts = append(opts, registry.Normalize())
	}
	return registry.Definition{Text: text, References: d.refs}, opts, nil
}

func schemaRegister(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	reg, out, definition := registryFlags(f, env), formatFlag(f), newDefinitionFlags(f, env)
	reg.max = definition.files.max
	rest, err := f.parse(args, 2, 2)
	if err != nil {
		return err
	}
	d, opts, err := definition.read(ctx, rest[1])
	if err != nil {
		return finding(env, err)
	}
	client, err := reg.client()
	if err != nil {
		return err
	}
	defer client.Close()
	s, err := client.Register(ctx, rest[0], d, opts...)
	if err != nil {
		return reported(env, rest[1], err)
	}
	return out.print(env.out, lineOf(s), "", [][]string{{fmt.Sprintf("%s version %d, id %d", s.Subject, s.Version, s.ID)}})
}

func schemaCheck(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	reg, definition := registryFlags(f, env), newDefinitionFlags(f, env)
	reg.max = definition.files.max
	rest, err := f.parse(args, 2, 2)
	if err != nil {
		return err
	}
	d, opts, err := definition.read(ctx, rest[1])
	if err != nil {
		return finding(env, err)
	}
	client, err := reg.client()
	if err != nil {
		return err
	}
	defer client.Close()
	verdict := client.CheckCompatibility(ctx, rest[0], d, opts...)
	if verdict != nil {
		if verdict = reported(env, rest[1], verdict); !errors.Is(verdict, errFindings) {
			return verdict
		}
	}
	versions, err := client.Versions(ctx, rest[0])
	if _, missing := errors.AsType[*registry.NotFoundError](err); missing || err == nil && len(versions) == 0 {
		fmt.Fprintf(env.err, "kavro: subject %s does not exist: there are no versions to compare with\n", rest[0])
	}
	changes, err := definition.files.changes(ctx, client, rest[0], d)
	if err != nil && verdict == nil {
		fmt.Fprintln(env.err, "kavro: warning: semantic changes could not be determined:", err)
	}
	printChanges(env, "", changes)
	return verdict
}

// reported prints what makes the schema in a file invalid or incompatible, which is a
// finding, every reason on a line of its own. Other errors stay as they are.
func reported(env *environment, file string, err error) error {
	var incompatible *schemas.IncompatibleError
	var conflict *registry.ConflictError
	var invalid *registry.InvalidError
	var parse *schemas.ParseError
	switch {
	case errors.As(err, &parse):
		fmt.Fprintf(env.out, "%s: %v\n", file, parse)
	case errors.As(err, &incompatible):
		printReasons(env, "", incompatible)
	case errors.As(err, &conflict):
		fmt.Fprintln(env.out, err)
	case errors.As(err, &invalid):
		return fmt.Errorf("%s: %w", file, err)
	default:
		return err
	}
	return errFindings
}

// finding prints an error that says that a schema is not valid. Others stay as they
// are.
func finding(env *environment, err error) error {
	if !isFinding(err) {
		return err
	}
	fmt.Fprintln(env.out, err)
	return errFindings
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

// referrerLine is a version that refers to another. Subject is empty if the registry
// does not say which has the id.
type referrerLine struct {
	Subject string `json:"subject,omitempty"`
	Version int    `json:"version,omitempty"`
	ID      int    `json:"id"`
}

func schemaReferences(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	reg, out := registryFlags(f, env), formatFlag(f)
	reg.max = maxSchemaFlag(f)
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
	referrers := []referrerLine{}
	for _, id := range by {
		versions, err := client.VersionsByID(ctx, subject, id)
		if err != nil && ctx.Err() != nil {
			return err
		}
		if len(versions) == 0 { // a registry without that call, or all are deleted
			rows = append(rows, []string{"referred to by", "id " + strconv.Itoa(id)})
			referrers = append(referrers, referrerLine{ID: id})
		}
		for _, v := range versions {
			rows = append(rows, []string{"referred to by", "id " + strconv.Itoa(id), fmt.Sprintf("%s@%d", v.Subject, v.Version)})
			referrers = append(referrers, referrerLine{v.Subject, v.Version, id})
		}
	}
	found := struct {
		References   []registry.Reference `json:"references"`
		ReferencedBy []int                `json:"referencedBy"`
		Referrers    []referrerLine       `json:"referrers,omitempty"`
	}{append([]registry.Reference{}, s.References...), append([]int{}, by...), referrers}
	return out.print(env.out, found, "", rows)
}
