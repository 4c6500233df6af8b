package gen

import (
	"cmp"
	"errors"
	"fmt"
	"go/format"
	"slices"

	"github.com/kavro/kavro/schemas"
)

// An Input is a schema to generate types for.
type Input struct {
	// Name says where the schema comes from, such as "shop/order.avsc" or
	// "orders-value@3". It stands in errors, orders the inputs, and names the type of
	// a schema whose top has no name: its last part, without .avsc or @version.
	Name   string
	Schema *schemas.Schema
}

// A File is one generated Go file.
type File struct {
	Path    string // relative, with slashes: "shop/order_avro.go"
	Content []byte // formatted source
}

// An Option is an option of [Generate].
type Option func(*config)

type config struct {
	paths  map[string]string // folders by namespace
	prefix string            // import path of the output folder
	root   string            // package name of types without a namespace
	single bool
	zero   bool // fields whose defaults are no values are zero in a new record
}

// WithPackage puts the types of a namespace into the package in the folder path, relative to the
// output folder. The default is the namespace with slashes instead of dots.
func WithPackage(namespace, path string) Option {
	return func(c *config) { c.paths[namespace] = path }
}

// WithSinglePackage puts all types into one package, in the output folder itself.
func WithSinglePackage(name string) Option {
	return func(c *config) { c.root, c.single = name, true }
}

// WithRootPackage sets the name of the package in the output folder itself, which has the types
// without a namespace. The default is "events".
func WithRootPackage(name string) Option {
	return func(c *config) { c.root = name }
}

// WithZeroDefaults leaves a field of a new record zero if its Go type cannot represent the default,
// and says so in the comment of the constructor. By default that is an error: for a uuid with the
// default "", a time of day after midnight, and defaults that only [schemas.Lenient] accepts.
func WithZeroDefaults() Option {
	return func(c *config) { c.zero = true }
}

// WithImportPath sets the import path of the output folder. It is required if packages use each
// other's types.
func WithImportPath(path string) Option {
	return func(c *config) { c.prefix = path }
}

// Generate returns Go types for all named types of the inputs and of their references. The files are
// ordered by path, and depend on the inputs alone.
//
// The error says that two inputs define a type differently, that packages would import each other
// ([*CycleError]), that an import path is required ([WithImportPath]), or that the Go type of a
// field cannot represent its default ([WithZeroDefaults]).
func Generate(inputs []Input, opts ...Option) ([]File, error) {
	c := config{paths: map[string]string{}, root: "events"}
	for _, opt := range opts {
		opt(&c)
	}
	if !identifier(c.root) {
		return nil, fmt.Errorf("gen: %q is no package name", c.root)
	}
	g, err := newGenerator(c, inputs)
	if err != nil {
		return nil, fmt.Errorf("gen: %w", err)
	}
	var files []File
	for _, f := range g.files {
		text, err := format.Source(f.source())
		if err != nil {
			return nil, fmt.Errorf("gen: %s: %w", f.path(), err)
		}
		files = append(files, File{f.path(), text})
	}
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return files, nil
}

// generator is what is known about all types before the first is written.
type generator struct {
	config
	packages map[string]*pkg   // by folder
	named    map[string]*named // by full name
	order    []*named          // by full name
	wrappers []*wrapper
	files    []*file
	unions   map[*schemas.Node]*union
}

func newGenerator(c config, inputs []Input) (*generator, error) {
	g := &generator{
		config:   c,
		packages: map[string]*pkg{},
		named:    map[string]*named{},
		unions:   map[*schemas.Node]*union{},
	}
	if len(inputs) == 0 {
		return nil, errors.New("no schemas")
	}
	sorted, err := g.sortInputs(inputs)
	if err != nil {
		return nil, err
	}
	for _, step := range []func([]*input) error{g.collect, g.checkPackages, g.nameTypes} {
		if err := step(sorted); err != nil {
			return nil, err
		}
	}
	g.findCycles()
	g.planAll()
	for _, w := range g.wrappers {
		w.file.wrapper(w)
	}
	for _, n := range g.order {
		if err := n.file.named(n); err != nil {
			return nil, err
		}
	}
	return g, nil
}
