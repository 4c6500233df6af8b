package schemas

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/filekind"
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

// LoadDir parses every .avsc file of fsys, at any depth, with opts. A file may use named types of
// other files, by their full names and in any order; those files become its [Schema.References].
// Several files may define a type if the definitions do not differ ([Difference]). Symbolic links to
// folders are not followed, and pipes and devices are not read.
//
// The error is a [*FileError] that wraps a [*ParseError], a [*CycleError], a [*ConflictError], or an
// error of fsys. Several errors are joined ([errors.Join]) in the order of their paths. A file that
// only uses types of an invalid file is not reported. A folder without .avsc files is an error. With
// an error, Dir has the valid files.
func LoadDir(fsys fs.FS, opts ...ParseOption) (*Dir, error) {
	l := newLoader(fsys, opts)
	var paths []string
	_ = fs.WalkDir(fsys, ".", func(p string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			l.fail(p, err)
		case !entry.IsDir() && path.Ext(p) == ".avsc":
			paths = append(paths, p)
		}
		return nil
	})
	if len(paths) == 0 && l.errs == nil {
		l.fail(".", errNoFiles)
	}
	return l.loadAll(paths)
}

var errNoFiles = errors.New("no .avsc file in this folder")

// Files returns the files in the order of their paths.
func (d *Dir) Files() []File { return slices.Clone(d.files) }

// Schema returns the schema whose root is the named type fullName.
func (d *Dir) Schema(fullName string) (*Schema, bool) {
	for _, f := range d.files {
		if fullName != "" && f.Schema.FullName() == fullName {
			return f.Schema, true
		}
	}
	return nil, false
}

// A FileError is an error of one file.
type FileError struct {
	Path string
	Err  error
}

func (e *FileError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

// A CycleError is a cycle of files that use each other's types, so that none of them can be parsed
// first. Types that refer to each other belong in one file.
type CycleError struct {
	Files []string // the first one again at the end
}

func (e *CycleError) Error() string {
	return "files refer to each other in a circle: " + strings.Join(e.Files, " -> ")
}

// A ConflictError is two files that define a type differently.
type ConflictError struct {
	Name       string // of the type, in full
	Other      string // path of the other file
	Difference string // what differs: first in the other file, then in this one
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s is defined in %s too, and differently: %s", e.Name, e.Other, e.Difference)
}

// readFile reads no more than a schema may have. It opens nothing that could keep
// it waiting.
func readFile(fsys fs.FS, name string, maxBytes int) (string, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return "", err
	}
	if what := filekind.Of(info.Mode()); what != "" {
		return "", fmt.Errorf("%s, not a file", what)
	}
	if info.Size() > int64(maxBytes)+int64(len(byteOrderMark)) {
		return "", tooLong(info.Size(), maxBytes)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, int64(maxBytes)+1+int64(len(byteOrderMark)))) // it may have grown
	return strings.TrimPrefix(string(text), byteOrderMark), err
}

// loader parses files after the files that they use.
type loader struct {
	fsys     fs.FS
	opts     []ParseOption
	conf     options
	sources  map[string]*source  // by path
	defined  map[string][]origin // by full name, the best first
	underWay []string            // from the file that is loaded to the one it needs just now
	errs     []*FileError
}

// source is a file before and after it is parsed.
type source struct {
	path   string
	text   string
	uses   []pending
	schema *Schema
	bad    bool // it, or one that it uses; what is wrong was noted
}

// origin is one of the definitions of a name. Its node is good for comparisons
// only.
type origin struct {
	*source
	node *Node
	top  bool
}

func newLoader(fsys fs.FS, opts []ParseOption) *loader {
	l := &loader{fsys: fsys, opts: opts, conf: defaultOptions(), sources: make(map[string]*source), defined: make(map[string][]origin)}
	for _, opt := range opts {
		opt(&l.conf)
	}
	return l
}

func (l *loader) fail(path string, err error) { l.errs = append(l.errs, &FileError{path, err}) }

func (l *loader) loadAll(paths []string) (*Dir, error) {
	for _, p := range paths {
		l.survey(p)
	}
	l.compare()
	d := &Dir{}
	for _, p := range paths {
		if s := l.load(l.sources[p]); s != nil {
			d.files = append(d.files, File{p, s})
		}
	}
	switch len(l.errs) {
	case 0:
		return d, nil
	case 1:
		return d, l.errs[0]
	}
	slices.SortStableFunc(l.errs, func(a, b *FileError) int { return strings.Compare(a.Path, b.Path) })
	all := make([]error, len(l.errs))
	for i, err := range l.errs {
		all[i] = err
	}
	return d, errors.Join(all...)
}

// survey notes which names a file defines, and which it uses without defining
// them. Of a bad file it notes what it can, so that its users are not blamed.
func (l *loader) survey(path string) {
	src := &source{path: path, bad: true}
	l.sources[path] = src
	var err error
	if src.text, err = readFile(l.fsys, path, l.conf.maxBytes); err != nil {
		l.fail(path, err)
		return
	}
	p, err := newParser(src.text, l.conf)
	if err != nil {
		l.fail(path, err)
		return
	}
	var root *Node
	if err := p.parse(0, "", 0, &root); err != nil {
		l.fail(path, err)
	} else {
		src.bad = false
	}
	for name, node := range p.names {
		l.defined[name] = append(l.defined[name], origin{src, node, node == root})
	}
	for _, use := range p.pending {
		if n := p.names[use.full]; n != nil {
			*use.slot = n
		} else {
			src.uses = append(src.uses, use)
		}
	}
}

// compare finds names that files define differently, and puts the definitions of
// each in order: that of a file of its own first, then those of files that need no
// others.
func (l *loader) compare() {
	for _, list := range l.defined {
		slices.SortFunc(list, func(a, b origin) int {
			return cmp.Or(compareBools(b.top, a.top), cmp.Compare(len(a.uses), len(b.uses)), cmp.Compare(a.path, b.path))
		})
	}
	for _, src := range l.sources {
		for _, use := range src.uses {
			if list := l.origins(use); list != nil {
				*use.slot = list[0].node
			} else {
				*use.slot = &Node{name: use.full} // the same wherever nobody knows it
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.defined)) {
		list := slices.DeleteFunc(slices.Clone(l.defined[name]), func(o origin) bool { return o.bad })
		for i := 1; i < len(list); i++ {
			first, other := list[0], list[i]
			if difference := Difference(first.node, other.node); difference != "" {
				l.fail(other.path, &ConflictError{name, first.path, difference})
				first.bad, other.bad = true, true
			}
		}
	}
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// origins are the definitions that a use means.
func (l *loader) origins(use pending) []origin {
	if list := l.defined[use.full]; list != nil {
		return list
	}
	return l.defined[use.name]
}

// load parses a file, and before it those that it uses; nil if that cannot be.
func (l *loader) load(src *source) *Schema {
	if src.schema != nil || src.bad {
		return src.schema
	}
	src.bad = true // until it is not
	l.underWay = append(l.underWay, src.path)
	defer func() { l.underWay = l.underWay[:len(l.underWay)-1] }()
	var refs []*Schema
	for _, use := range src.uses {
		list := l.origins(use)
		if list == nil {
			continue // Parse will say that it is unknown
		}
		if i := slices.Index(l.underWay, list[0].path); i >= 0 {
			l.fail(list[0].path, &CycleError{append(slices.Clone(l.underWay[i:]), list[0].path)})
			return nil
		}
		s := l.load(list[0].source)
		if s == nil {
			return nil
		}
		if !slices.Contains(refs, s) {
			refs = append(refs, s)
		}
	}
	s, err := Parse(src.text, append(slices.Clip(l.opts), WithReferences(refs...), amongFiles)...)
	if err != nil {
		l.fail(src.path, err)
		return nil
	}
	src.schema, src.bad = s, false
	return s
}

// amongFiles lets a text define what its references define: that this is the same
// has been seen to.
func amongFiles(o *options) { o.again = true }
