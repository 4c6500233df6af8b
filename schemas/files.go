package schemas

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// File is one schema of a folder.
type File struct {
	Path   string // within the folder, with slashes: "shop/order.avsc"
	Schema *Schema
}

// Dir is a folder of schemas that may refer to each other.
type Dir struct {
	files []File
}

// LoadDir parses every .avsc file of fsys, at any depth, with opts. A file may
// use the named types that other files define, by their full names and in any
// order; those files become the [Schema.References] of its schema.
//
// The error is a [*FileError] around what is wrong: a [*ParseError], a
// [*CycleError] where files use each other's types in a circle, or an error of
// fsys. A folder without any .avsc file is an error too.
func LoadDir(fsys fs.FS, opts ...ParseOption) (*Dir, error) {
	var paths []string
	err := fs.WalkDir(fsys, ".", func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return &FileError{p, err}
		}
		if !entry.IsDir() && path.Ext(p) == ".avsc" {
			paths = append(paths, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, &FileError{".", errNoFiles}
	}
	return loadFiles(fsys, paths, opts)
}

var errNoFiles = errors.New("no .avsc file in this folder")

// Files returns the files in the order of their paths.
func (d *Dir) Files() []File { return slices.Clone(d.files) }

// Schema finds the schema that has a type at its top, by the type's full name.
func (d *Dir) Schema(fullName string) (*Schema, bool) {
	for _, f := range d.files {
		if fullName != "" && f.Schema.FullName() == fullName {
			return f.Schema, true
		}
	}
	return nil, false
}

// FileError says which file an error is about.
type FileError struct {
	Path string
	Err  error
}

func (e *FileError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

// CycleError says that files use each other's types in a circle, so that none of
// them can come first. Types that need each other belong into one file.
type CycleError struct {
	Files []string // the first one again at the end
}

func (e *CycleError) Error() string {
	return "files refer to each other in a circle: " + strings.Join(e.Files, " -> ")
}

// readFile reads no more than a schema may have. A byte order mark says how the
// file is encoded and is no part of the schema.
func readFile(fsys fs.FS, name string, maxBytes int) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	const mark = "\ufeff"
	text, err := io.ReadAll(io.LimitReader(f, int64(maxBytes)+1+int64(len(mark))))
	return strings.TrimPrefix(string(text), mark), err
}

// loader parses files after the files that they use.
type loader struct {
	opts      []ParseOption
	sources   map[string]*source // by path
	definedIn map[string]string  // paths by full names
	underWay  []string           // from the file that is loaded to the one it needs just now
}

// source is a file before and after it is parsed.
type source struct {
	text   string
	uses   []pending
	schema *Schema
}

func loadFiles(fsys fs.FS, paths []string, opts []ParseOption) (*Dir, error) {
	o := defaultOptions()
	for _, opt := range opts {
		opt(&o)
	}
	l := loader{opts: opts, sources: make(map[string]*source), definedIn: make(map[string]string)}
	for _, p := range paths {
		text, err := readFile(fsys, p, o.maxBytes)
		if err == nil {
			err = l.survey(p, text, o)
		}
		if err != nil {
			return nil, &FileError{p, err}
		}
	}
	d := &Dir{}
	for _, p := range paths {
		s, err := l.load(p)
		if err != nil {
			return nil, err
		}
		d.files = append(d.files, File{p, s})
	}
	return d, nil
}

// survey notes which names a file defines, and which it uses without defining
// them.
func (l *loader) survey(path, text string, o options) error {
	p, err := newParser(text, o)
	if err != nil {
		return err
	}
	var root *Node
	if err := p.parse(0, "", 0, &root); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(p.names)) {
		if other, twice := l.definedIn[name]; twice {
			return fmt.Errorf("%s is defined in %s already", described(p.names[name]), other)
		}
		l.definedIn[name] = path
	}
	src := &source{text: text}
	for _, use := range p.pending {
		if p.names[use.full] == nil {
			src.uses = append(src.uses, use)
		}
	}
	l.sources[path] = src
	return nil
}

func (l *loader) load(path string) (*Schema, error) {
	src := l.sources[path]
	if src.schema != nil {
		return src.schema, nil
	}
	if i := slices.Index(l.underWay, path); i >= 0 {
		circle := append(slices.Clone(l.underWay[i:]), path)
		return nil, &FileError{path, &CycleError{circle}}
	}
	l.underWay = append(l.underWay, path)
	defer func() { l.underWay = l.underWay[:len(l.underWay)-1] }()
	var refs []*Schema
	for _, use := range src.uses {
		other, ok := l.definedIn[use.full]
		if !ok {
			if other, ok = l.definedIn[use.name]; !ok {
				continue // Parse will say that it is unknown
			}
		}
		s, err := l.load(other)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(refs, s) {
			refs = append(refs, s)
		}
	}
	s, err := Parse(src.text, append(slices.Clip(l.opts), WithReferences(refs...))...)
	if err != nil {
		return nil, &FileError{path, err}
	}
	src.schema = s
	return s, nil
}
