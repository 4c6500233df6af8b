package avro

import (
	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/schemas"
)

// A compiledSchema is a node of a schema, prepared once for encoding and decoding: what
// would be looked up for each value is worked out here. Compiled schemas
// form the same graph as the nodes, one for each node of a codec, and do not change
// after construction.
type compiledSchema struct {
	node      *schemas.Node
	typ       schemas.Type
	logical   logical.Type
	size      int         // fixed
	decimal   decimalSpec // decimal
	min       int         // fewest bytes a value takes; a lower bound where that is not finite
	recursive bool        // a record that may contain itself

	fields   []compiledField   // record
	symbols  []string          // enum
	generic  []any             // enum: its symbols, in interfaces once for all values
	items    *compiledSchema   // array, map
	branches []*compiledSchema // union
	index    map[string]int    // record: fields; enum: symbols; union: branches by name
	wrapped  []bool            // union: branches whose bare Go value could be another branch's
	nullAt   int               // union: index of null, -1 if there is none
}

type compiledField struct {
	name   string
	schema *compiledSchema
	def    []byte // encoded default, nil if there is none
	has    bool   // there is a default
}

// schemaCompiler compiles the nodes of a schema, each once.
type schemaCompiler struct {
	seen map[*schemas.Node]*compiledSchema
	all  []*compiledSchema // parts before what they are part of, where there is no cycle
	raw  bool              // logical types do not show in generic values
}

func compileSchema(n *schemas.Node, c *config) (*compiledSchema, error) {
	b := &schemaCompiler{seen: map[*schemas.Node]*compiledSchema{}, raw: c.rawLogical}
	s, err := b.compile(n)
	if err != nil {
		return nil, err
	}
	b.measure()
	findRecursion(s)
	for _, s := range b.all {
		s.wrapped = wrappedBranches(s, b.raw)
	}
	return s, nil
}

func (b *schemaCompiler) compile(n *schemas.Node) (*compiledSchema, error) {
	if s := b.seen[n]; s != nil {
		return s, nil
	}
	s := &compiledSchema{node: n, typ: n.Type(), logical: logical.Of(n), size: n.Size(), nullAt: -1}
	b.seen[n] = s
	if s.logical == logical.Decimal {
		s.decimal = newDecimalSpec(n)
	}
	var err error
	switch s.typ {
	case schemas.Record:
		err = b.record(s, n)
	case schemas.Enum:
		s.symbols = n.Symbols()
		s.generic = make([]any, len(s.symbols))
		s.index = make(map[string]int, len(s.symbols))
		for i, symbol := range s.symbols {
			s.index[symbol], s.generic[i] = i, symbol
		}
	case schemas.Array, schemas.Map:
		s.items, err = b.compile(n.Items())
	case schemas.Union:
		err = b.union(s, n)
	}
	b.all = append(b.all, s)
	return s, err
}

func (b *schemaCompiler) record(s *compiledSchema, n *schemas.Node) error {
	fields := n.Fields()
	s.fields = make([]compiledField, len(fields))
	s.index = make(map[string]int, len(fields))
	for i, f := range fields {
		sub, err := b.compile(f.Type())
		if err != nil {
			return err
		}
		s.fields[i] = compiledField{name: f.Name(), schema: sub}
		s.index[f.Name()] = i
		if def, ok := f.Default(); ok {
			// A default that does not fit its type is legal in what registries already hold. It is none then.
			if enc, err := appendDefault(nil, f.Type(), def); err == nil {
				s.fields[i].def, s.fields[i].has = enc, true
			}
		}
	}
	return nil
}

func (b *schemaCompiler) union(s *compiledSchema, n *schemas.Node) error {
	s.index = make(map[string]int, len(n.Branches()))
	for i, branch := range n.Branches() {
		sub, err := b.compile(branch)
		if err != nil {
			return err
		}
		s.branches = append(s.branches, sub)
		s.index[branch.BranchName()] = i
		if sub.typ == schemas.Null {
			s.nullAt = i
		}
	}
	return nil
}

// maxMin bounds the minima of types that have no finite value.
const maxMin = 1 << 24

// measure finds the fewest bytes of every type. It starts from zero and adds up,
// parts before what they are part of, until nothing changes. Types without a
// finite value would grow for ever: after any number of rounds the figures are
// valid lower bounds, so it just stops.
func (b *schemaCompiler) measure() {
	for range 100 {
		changed := false
		for _, s := range b.all {
			if m := min(s.fewest(), maxMin); m != s.min {
				s.min, changed = m, true
			}
		}
		if !changed {
			return
		}
	}
}

func (s *compiledSchema) fewest() int {
	switch s.typ {
	case schemas.Null:
		return 0
	case schemas.Float:
		return 4
	case schemas.Double:
		return 8
	case schemas.Fixed:
		return s.size
	case schemas.Record:
		sum := 0
		for _, f := range s.fields {
			sum = min(sum+f.schema.min, maxMin)
		}
		return sum
	case schemas.Union:
		if len(s.branches) == 0 {
			return 1
		}
		least := maxMin
		for _, branch := range s.branches {
			least = min(least, branch.min)
		}
		return 1 + least
	default:
		return 1 // a boolean, a varint, a length or an end marker
	}
}

// findRecursion marks one record on every cycle: the one that the schema refers
// back to. Depth is counted there alone: without such a record a schema bounds it
// by itself. Only named types are referred to, so every cycle comes back to one.
func findRecursion(root *compiledSchema) {
	open := map[*compiledSchema]bool{} // false: done
	var visit func(s *compiledSchema)
	visit = func(s *compiledSchema) {
		if inside, seen := open[s]; seen {
			s.recursive = s.recursive || inside
			return
		}
		open[s] = true
		for _, sub := range s.parts() {
			visit(sub)
		}
		open[s] = false
	}
	visit(root)
}

func (s *compiledSchema) parts() []*compiledSchema {
	switch s.typ {
	case schemas.Record:
		parts := make([]*compiledSchema, len(s.fields))
		for i, f := range s.fields {
			parts[i] = f.schema
		}
		return parts
	case schemas.Union:
		return s.branches
	case schemas.Array, schemas.Map:
		return []*compiledSchema{s.items}
	}
	return nil
}

// name is how messages and union branches call the type.
func (s *compiledSchema) name() string { return s.node.BranchName() }

// describe is name with the logical type, for messages.
func (s *compiledSchema) describe() string {
	if l := s.node.Logical().Name; l != "" {
		return s.name() + " (" + l + ")"
	}
	return s.name()
}
