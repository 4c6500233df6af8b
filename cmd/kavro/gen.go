package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kavro/kavro/gen"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// runGen writes Go types. Arguments are files and folders; with a registry,
// subjects with a version, since output that depends on the day is no use to
// anybody. @latest is for trying things out.
func runGen(ctx context.Context, env *environment, c *command, args []string) error {
	f := newFlags(env, c.name, c.args)
	dir := f.String("o", ".", "output `folder`")
	single := f.String("single", "", "put all types into one package of this `name`, in the output folder itself")
	check := f.Bool("check", false, "write nothing; exit with 100 if the output would change, or files of schemas that are gone are left")
	zero := f.Bool("zero-defaults", false, "leave fields zero in constructors whose default their Go type cannot hold, and say so there, instead of failing")
	importPath := f.String("import", "", "import `path` of the output folder (default: from go.mod)")
	paths := packageFlag{}
	f.Var(paths, "package", "`namespace=path`: put a namespace into another folder of the output; may be repeated")
	reg := registryFlags(f, env)
	rest, err := f.parse(args, 1, -1)
	if err != nil {
		return err
	}
	inputs, err := reg.inputs(ctx, rest)
	if err != nil {
		return err
	}
	opts := []gen.Option{gen.WithRootPackage(rootPackage(*dir))}
	for ns, p := range paths {
		opts = append(opts, gen.WithPackage(ns, p))
	}
	if *importPath == "" {
		*importPath = moduleImportPath(*dir)
	}
	opts = append(opts, gen.WithImportPath(*importPath))
	if *single != "" {
		opts = append(opts, gen.WithSinglePackage(*single))
	}
	if *zero {
		opts = append(opts, gen.WithZeroDefaults())
	}
	files, err := gen.Generate(inputs, opts...)
	if err != nil {
		return err
	}
	if *check {
		return checkFiles(env, *dir, files)
	}
	if err := writeFiles(*dir, files); err != nil {
		return err
	}
	_, err = reportStale(env, *dir, files)
	return err
}

// packageFlag is the flag -package.
type packageFlag map[string]string

func (p packageFlag) String() string { return "" }

func (p packageFlag) Set(s string) error {
	ns, to, ok := strings.Cut(s, "=")
	if !ok {
		return errors.New("want namespace=path")
	}
	p[ns] = to
	return nil
}

// rootPackage is the name of the package in a folder: the folder's own, as far as
// that can be one.
func rootPackage(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "events"
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(filepath.Base(abs)))
	if name == "" || name[0] <= '9' {
		return "events"
	}
	return name
}

// moduleImportPath is the import path of a folder, from the go.mod above it; ""
// if there is none.
func moduleImportPath(dir string) string {
	at, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for below := ""; ; {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if err == nil {
			for line := range strings.Lines(string(text)) {
				if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "module" {
					name, err := strconv.Unquote(fields[1])
					if err != nil {
						name = fields[1]
					}
					return path.Join(name, below)
				}
			}
			return ""
		}
		parent := filepath.Dir(at)
		if parent == at {
			return ""
		}
		below = path.Join(filepath.Base(at), below)
		at = parent
	}
}

// inputs reads files and folders, and with a registry subjects.
func (r *registryConf) inputs(ctx context.Context, args []string) ([]gen.Input, error) {
	var inputs []gen.Input
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case err == nil && info.IsDir():
			dir, err := schemas.LoadDir(os.DirFS(arg))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", arg, err)
			}
			for _, f := range dir.Files() {
				inputs = append(inputs, gen.Input{Name: f.Path, Schema: f.Schema})
			}
		case err == nil:
			s, err := parseFile(arg)
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, gen.Input{Name: filepath.Base(arg), Schema: s})
		case strings.HasSuffix(arg, ".avsc") || r.url == "":
			if r.url == "" && errors.Is(err, fs.ErrNotExist) {
				err = fmt.Errorf("%w (for a subject, give -registry)", err)
			}
			return nil, err
		default:
			in, err := r.subject(ctx, arg)
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, in)
		}
	}
	return inputs, nil
}

// subject reads subject@version, or the latest version.
func (r *registryConf) subject(ctx context.Context, arg string) (gen.Input, error) {
	subject, version, err := subjectVersion(arg)
	if err != nil {
		return gen.Input{}, err
	}
	client, err := r.client()
	if err != nil {
		return gen.Input{}, err
	}
	defer client.Close()
	s, err := versionOf(ctx, client, subject, version)
	if err != nil {
		return gen.Input{}, err
	}
	if s.Schema == nil {
		return gen.Input{}, fmt.Errorf("%s is of type %s, not Avro", arg, s.Type)
	}
	return gen.Input{Name: fmt.Sprintf("%s@%d", subject, s.Version), Schema: s.Schema}, nil
}

// subjectVersion splits subject[@version]; 0 is the latest.
func subjectVersion(arg string) (string, int, error) {
	at := strings.LastIndexByte(arg, '@')
	if at < 0 || arg[at+1:] == "latest" {
		return strings.TrimSuffix(arg, "@latest"), 0, nil
	}
	version, err := strconv.Atoi(arg[at+1:])
	if err != nil || version < 1 {
		return "", 0, fmt.Errorf("%s: %q is not a version", arg, arg[at+1:])
	}
	return arg[:at], version, nil
}

func versionOf(ctx context.Context, c *registry.Client, subject string, version int) (*registry.SubjectSchema, error) {
	if version == 0 {
		return c.Latest(ctx, subject)
	}
	return c.Version(ctx, subject, version)
}

func parseFile(name string) (*schemas.Schema, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	s, err := schemas.Parse(strings.TrimPrefix(string(text), "\ufeff"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

func writeFiles(dir string, files []gen.File) error {
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, f.Content) {
			continue // its time stays, so that builds need not start over
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// checkFiles says which files are missing or different.
func checkFiles(env *environment, dir string, files []gen.File) error {
	var err error
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		old, readErr := os.ReadFile(name)
		switch {
		case errors.Is(readErr, fs.ErrNotExist):
			fmt.Fprintf(env.out, "%s: missing\n", name)
			err = errFindings
		case readErr != nil:
			return readErr
		case !bytes.Equal(old, f.Content):
			fmt.Fprintf(env.out, "%s: would change\n", name)
			err = errFindings
		}
	}
	stale, staleErr := reportStale(env, dir, files)
	if staleErr != nil {
		return staleErr
	}
	if stale {
		return errFindings
	}
	return err
}
