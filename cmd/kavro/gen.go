package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
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
	reg, files := registryFlags(f, env), sourceFlags(f, env)
	reg.max = files.max
	rest, err := f.parse(args, 1, -1)
	if err != nil {
		return err
	}
	inputs, err := genInputs(ctx, reg, files, rest)
	if err != nil {
		return err
	}
	opts := []gen.Option{gen.WithRootPackage(rootPackage(*dir))}
	for ns, p := range paths {
		opts = append(opts, gen.WithPackage(ns, p))
	}
	if *importPath == "" {
		if *importPath, err = moduleImportPath(ctx, *dir); err != nil {
			return err
		}
	}
	opts = append(opts, gen.WithImportPath(*importPath))
	if *single != "" {
		opts = append(opts, gen.WithSinglePackage(*single))
	}
	if *zero {
		opts = append(opts, gen.WithZeroDefaults())
	}
	written, err := await(ctx, func() ([]gen.File, error) { return gen.Generate(inputs, opts...) })
	if err != nil {
		return err
	}
	if *check {
		return checkFiles(ctx, env, *dir, written)
	}
	if err := writeFiles(ctx, *dir, written); err != nil {
		return err
	}
	_, err = reportStale(ctx, env, *dir, written)
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
func moduleImportPath(ctx context.Context, dir string) (string, error) {
	at, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for below := ""; ; {
		name := filepath.Join(at, "go.mod")
		if info, err := stat(ctx, name); err == nil && info.Mode().IsRegular() {
			text, err := readStart(ctx, name, 1<<20)
			if err != nil {
				return "", err
			}
			return path.Join(moduleName(string(text)), below), nil
		} else if errors.Is(err, errInterrupted) {
			return "", err
		}
		parent := filepath.Dir(at)
		if parent == at {
			return "", nil
		}
		below = path.Join(filepath.Base(at), below)
		at = parent
	}
}

// moduleName is the name in a go.mod.
func moduleName(text string) string {
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "module" {
			if name, err := strconv.Unquote(fields[1]); err == nil {
				return name
			}
			return fields[1]
		}
	}
	return ""
}

// genInputs reads files and folders, and with a registry subjects. Files are read
// as leniently as a registry's answers: gen takes the schema of a subject from a
// file too. What is wrong with all of them is reported.
func genInputs(ctx context.Context, reg *registryConf, files *source, args []string) ([]gen.Input, error) {
	var all inputs
	var wrong problems
	for _, arg := range args {
		info, err := stat(ctx, arg)
		switch {
		case errors.Is(err, errInterrupted):
			return nil, err
		case err == nil && info.IsDir():
			found, err := files.lenientFolder(ctx, arg)
			if err != nil {
				wrong = append(wrong, each(err)...)
			}
			for _, f := range found {
				all.add(f.Path, under(arg, f.Path), f.Schema)
			}
		case err == nil:
			s, err := files.lenientFile(ctx, arg)
			if err != nil {
				wrong = append(wrong, err)
				continue
			}
			all.add(filepath.Base(arg), arg, s)
		case strings.HasSuffix(arg, ".avsc") || reg.url == "" || !errors.Is(err, fs.ErrNotExist):
			if reg.url == "" && errors.Is(err, fs.ErrNotExist) {
				err = fmt.Errorf("%w (for a subject, give -registry)", err)
			}
			wrong = append(wrong, err)
		default:
			name, s, err := reg.subject(ctx, arg)
			if err != nil {
				wrong = append(wrong, err)
				continue
			}
			all.add(name, name, s)
		}
	}
	return all.named(), wrong.err()
}

// inputs are schemas by two names: a short one, so that what is written does not
// depend on where the command was started, and one that no other has.
type inputs struct {
	list []struct {
		short, full string
		schema      *schemas.Schema
	}
}

// add adds a schema unless it is there already.
func (in *inputs) add(short, full string, s *schemas.Schema) {
	for _, other := range in.list {
		if other.full == full {
			return
		}
	}
	in.list = append(in.list, struct {
		short, full string
		schema      *schemas.Schema
	}{short, full, s})
}

// named gives each its short name where it is the only one that has it.
func (in *inputs) named() (out []gen.Input) {
	count := map[string]int{}
	for _, i := range in.list {
		count[i.short]++
	}
	for _, i := range in.list {
		name := i.short
		if count[name] > 1 {
			name = filepath.ToSlash(i.full)
		}
		out = append(out, gen.Input{Name: name, Schema: i.schema})
	}
	return out
}

// subject reads subject@version, or the latest version.
func (r *registryConf) subject(ctx context.Context, arg string) (name string, s *schemas.Schema, err error) {
	subject, version, err := subjectVersion(arg)
	if err != nil {
		return "", nil, err
	}
	client, err := r.client()
	if err != nil {
		return "", nil, err
	}
	defer client.Close()
	found, err := versionOf(ctx, client, subject, version)
	if err != nil {
		return "", nil, err
	}
	if found.Schema == nil {
		return "", nil, fmt.Errorf("%s is of type %s, not Avro", arg, found.Type)
	}
	return fmt.Sprintf("%s@%d", subject, found.Version), found.Schema, nil
}

// subjectVersion splits subject[@version]; 0 is the latest.
func subjectVersion(arg string) (subject string, version int, err error) {
	subject, number, ok := arg, "latest", false
	if at := strings.LastIndexByte(arg, '@'); at >= 0 {
		subject, number, ok = arg[:at], arg[at+1:], true
	}
	if subject == "" {
		return "", 0, fmt.Errorf("%q names no subject", arg)
	}
	if !ok || number == "latest" {
		return subject, 0, nil
	}
	version, err = strconv.Atoi(number)
	if err != nil || version < 1 || version > math.MaxInt32 {
		return "", 0, fmt.Errorf("%s: %q is not a version", arg, number)
	}
	return subject, version, nil
}

func versionOf(ctx context.Context, c *registry.Client, subject string, version int) (*registry.SubjectSchema, error) {
	if version == 0 {
		return c.Latest(ctx, subject)
	}
	return c.Version(ctx, subject, version)
}

// checkFiles says which files are missing or different.
func checkFiles(ctx context.Context, env *environment, dir string, files []gen.File) error {
	var found error
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		at, same, err := lookAt(ctx, name, f.Content)
		switch {
		case err != nil:
			return err
		case same:
			continue
		case at.isNew:
			fmt.Fprintf(env.out, "%s: missing\n", name)
		default:
			fmt.Fprintf(env.out, "%s: would change\n", name)
		}
		found = errFindings
	}
	stale, err := reportStale(ctx, env, dir, files)
	if err != nil {
		return err
	}
	if stale {
		return errFindings
	}
	return found
}
