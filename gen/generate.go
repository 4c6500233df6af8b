package gen

import (
	"cmp"
	"errors"
	"fmt"
	"go/format"
	"slices"

	"github.com/kavro/kavro/schemas"
)

// An Input is one schema to write types for.
type Input struct {
	// Name says where the schema comes from, such as "shop/order.avsc" or
	// "orders-value@3". It stands in errors, orders the inputs, and names the type of
	// a schema whose top has no name: its last part, without .avsc or @version.
	Name   string
	Schema *schemas.Schema
}

// A File is one Go file.
type File struct {
	Path    string // relative, with slashes: "shop/order_avro.go"
	Content []byte // formatted source
}

// An Option changes what [Generate] writes.
type Option func(*config)

type config struct {
	paths  map[string]string // folders by namespace
	prefix string            // import path of the output folder
	root   string            // package name of types without a namespace
	single bool
	zero   bool // fields whose defaults are no values are zero in a new record
}

// WithPackage puts the types of a namespace into the package in folder path,
// relative to the output. The default is the namespace with slashes for dots.
func WithPackage(namespace, path string) Option {
	return func(c *config) { c.paths[namespace] = path }
}

// WithSinglePackage puts all types into one package, in the output folder itself.
func WithSinglePackage(name string) Option {
	return func(c *config) { c.root, c.single = name, true }
}

// WithRootPackage names the package in the output folder itself, which has the
// types without a namespace. The default is "events".
func WithRootPackage(name string) Option {
	return func(c *config) { c.root = name }
}

// WithZeroDefaults leaves fields of a new record zero whose default is no value of
// their type, and says so in the constructor's comment. Without it such a default
// is an error: a uuid whose default is "", a time of day beyond midnight, and what
// only [schemas.Lenient] lets pass.
func WithZeroDefaults() Option {
	return func(c *config) { c.zero = true }
}

// WithImportPath gives the import path of the output folder, which packages that
// use each other's types need.
func WithImportPath(path string) Option {
	return func(c *config) { c.prefix = path }
}

// Generate writes Go types for all named types that the inputs reach, those of
// references included. The files come in the order of their paths; the same
// inputs give the same bytes.
//
// The error says what cannot be done: two inputs that define a name differently,
// packages that would import each other in a circle ([*CycleError]), packages that
// would need an import path that was not given, or a default that its field's Go
// type cannot hold ([WithZeroDefaults]).
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
