package schemas

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrTooLarge is returned for two schemas whose comparison would take too much
// time or memory: types that refer to each other so that millions of pairs
// would have to be compared.
var ErrTooLarge = errors.New("schemas: too large to compare")

// CanRead reports whether data written with writer can be read with reader
// ("Schema Resolution", Avro 1.12 specification), as Apache Avro for Java sees it
// (SchemaCompatibility): named types match by their name without the namespace or
// by an alias, logical types do not count, and the answer is about all data that
// writer could write.
//
// The error is an [*IncompatibleError] with every reason, not the first; or
// [ErrTooLarge].
func CanRead(reader, writer *Schema) error {
	reasons, err := incompatibilities(reader, writer)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return &IncompatibleError{Reasons: reasons}
	}
	return nil
}

func incompatibilities(reader, writer *Schema) ([]Reason, error) {
	c := comparison{known: make(map[pair]*verdict), work: 1 << 22}
	reasons := c.compare(reader.root, writer.root, nil, nil)
	if c.work < 0 {
		return nil, ErrTooLarge
	}
	return reasons, nil
}

// comparison compares each pair of nodes once. Where a pair is met again, it has
// the reasons that it had the first time, with their paths; while it is under
// way, it counts as compatible: it is unless something else says no.
type comparison struct {
	known map[pair]*verdict
	depth int
	work  int // what may still be done, in units of about 8 bytes kept or 50 ns spent
}

type verdict struct {
	reasons  []Reason
	underWay bool
}

// What a pair and a reason cost to keep.
const (
	pairWork   = 16
	reasonWork = 20
)

// maxCompareDepth bounds recursion. Types nest 200 deep by default, but pairs of
// types that refer to each other in cycles of different lengths nest deeper.
const maxCompareDepth = 10_000

// trail is a list of steps from the place back to the top.
type trail struct {
	up   *trail
	step string
}

func (p *trail) down(steps ...string) *trail {
	for _, s := range steps {
		p = &trail{p, s}
	}
	return p
}

// steps returns the steps from the top down.
func (p *trail) steps() []string {
	var steps []string
	for ; p != nil; p = p.up {
		steps = append(steps, p.step)
	}
	slices.Reverse(steps)
	return steps
}

// location is the trail as Java writes it.
func (p *trail) location() string {
	return "/" + strings.Join(p.steps(), "/")
}

// words is a trail whose steps are field names, "[]" and "{}".
func (p *trail) words() string {
	return strings.TrimPrefix(strings.Join(p.steps(), ""), ".")
}

// compare finds what keeps reader from reading writer's data. at is Java's
// location, field the same place in words.
func (c *comparison) compare(reader, writer *Node, at, field *trail) []Reason {
	if c.work--; c.work < 0 || c.depth > maxCompareDepth {
		c.work = -1
		return nil
	}
	if reader.typ.primitive() || writer.typ.primitive() {
		return c.unlike(reader, writer, at, field) // such nodes are shared, and cannot recur
	}
	key := pair{reader, writer}
	if v := c.known[key]; v != nil {
		if v.underWay {
			return nil
		}
		c.work -= reasonWork * len(v.reasons)
		return v.reasons
	}
	c.work -= pairWork
	v := &verdict{underWay: true}
	c.known[key] = v
	c.depth++
	if reader.typ == writer.typ {
		v.reasons = c.alike(reader, writer, at, field)
	} else {
		v.reasons = c.unlike(reader, writer, at, field)
	}
	c.depth--
	v.underWay = false
	c.work -= reasonWork * len(v.reasons)
	return v.reasons
}

func (c *comparison) reason(kind ReasonKind, reader, writer *Node, at, field *trail, message string) Reason {
	c.work -= reasonWork + len(message)/8
	r := Reason{Kind: kind, Message: message, reader: reader, writer: writer}
	if c.work >= 0 {
		r.Path, r.Field = at.location(), field.words()
		c.work -= (len(r.Path) + len(r.Field)) / 8
	}
	return r
}

// alike compares two complex types of one kind.
func (c *comparison) alike(reader, writer *Node, at, field *trail) []Reason {
	switch reader.typ {
	case Array:
		return c.compare(reader.items, writer.items, at.down("items"), field.down("[]"))
	case Map:
		return c.compare(reader.items, writer.items, at.down("values"), field.down("{}"))
	case Union:
		return c.unions(reader, writer, at, field)
	}
	var reasons []Reason
	if !sameName(reader, writer) {
		reasons = append(reasons, c.misnamed(reader, writer, at, field))
	}
	switch reader.typ {
	case Fixed:
		if reader.size != writer.size {
			message := fmt.Sprintf("expected: %d, found: %d", writer.size, reader.size)
			reasons = append(reasons, c.reason(FixedSizeMismatch, reader, writer, at.down("size"), field, message))
		}
	case Enum:
		if missing := c.missingSymbols(reader, writer); len(missing) > 0 {
			message := "[" + strings.Join(missing, ", ") + "]"
			reasons = append(reasons, c.reason(MissingEnumSymbols, reader, writer, at.down("symbols"), field, message))
		}
	case Record:
		for i, f := range reader.fields {
			reasons = append(reasons, c.field(reader, writer, f, at.down("fields", strconv.Itoa(i)), field.down("."+f.name))...)
		}
	}
	return reasons
}

// sameName reports whether named types match: by the name without namespace, or
// by an alias of the reader.
func sameName(reader, writer *Node) bool {
	return reader.Name() == writer.Name() || slices.Contains(reader.aliases, writer.name)
}

func (c *comparison) missingSymbols(reader, writer *Node) (missing []string) {
	if reader.enumDef != nil {
		return nil
	}
	c.work -= len(writer.symbols)
	for _, symbol := range writer.symbols {
		if _, ok := reader.Symbol(symbol); !ok {
			missing = append(missing, symbol)
		}
	}
	c.work -= 8 * len(missing)
	slices.Sort(missing)
	return missing
}

// field finds out whether a field of the reader gets a value.
func (c *comparison) field(reader, writer *Node, f *Field, at, field *trail) []Reason {
	matches := writerFields(writer, f)
	switch {
	case len(matches) > 1:
		message := fmt.Sprintf("Reader record field %s matches multiple fields in writer record schema", f.name)
		r := c.reason(NameMismatch, reader, writer, at.down("name"), field, message)
		r.words = fmt.Sprintf("the writer has both %s and %s, which are one field for the reader by its aliases", matches[0].name, matches[1].name)
		return []Reason{r}
	case len(matches) == 1:
		return c.compare(f.typ, matches[0].typ, at.down("type"), field)
	case f.useless:
		r := c.reason(FieldWithoutDefault, reader, writer, at, field, f.name)
		r.words = fmt.Sprintf("the writer has no field %s, and the reader's default for it is none of its type", f.name)
		return []Reason{r}
	case f.def != nil:
		return nil
	case f.typ.enumDef != nil:
		// Java looks here for an enum's default, which then is none for a field.
		return c.compare(f.typ, writer, at.down("type"), field)
	}
	return []Reason{c.reason(FieldWithoutDefault, reader, writer, at, field, f.name)}
}

// writerFields are the fields of the writer that a reader's field matches, by
// name or by alias.
func writerFields(writer *Node, f *Field) (matches []*Field) {
	if w, ok := writer.Field(f.name); ok {
		matches = append(matches, w)
	}
	for _, alias := range f.aliases {
		if w, ok := writer.Field(alias); ok && !slices.Contains(matches, w) {
			matches = append(matches, w)
		}
	}
	return matches
}

// unions finds the branches of the writer that the reader's union cannot take.
func (c *comparison) unions(reader, writer *Node, at, field *trail) (reasons []Reason) {
	for i, branch := range writer.branches {
		if inner := c.compare(reader, branch, nil, field); len(inner) > 0 {
			r := c.lacking(reader, branch, at.down(strconv.Itoa(i)), field)
			r.Causes = inner[0].Causes
			reasons = append(reasons, r)
		}
	}
	return reasons
}

func (c *comparison) lacking(reader, writer *Node, at, field *trail) Reason {
	return c.reason(MissingUnionBranch, reader, writer, at, field, "reader union lacking writer type: "+upper(writer))
}

// unlike compares types of different kinds, and primitive types.
func (c *comparison) unlike(reader, writer *Node, at, field *trail) (reasons []Reason) {
	switch {
	case writer.typ == Union: // the reader must take each branch
		for i, branch := range writer.branches {
			reasons = append(reasons, c.compare(reader, branch, at.down(strconv.Itoa(i)), field)...)
		}
		return reasons
	case reader.typ == Union:
		return c.union(reader, writer, at, field)
	case reader.typ == writer.typ || promotes(writer.typ, reader.typ):
		return nil
	}
	message := fmt.Sprintf("reader type: %s not compatible with writer type: %s", upper(reader), upper(writer))
	return []Reason{c.reason(TypeMismatch, reader, writer, at, field, message)}
}

// union looks for a branch of the reader's union that takes a type. Why the one
// that looks most like the type does not is the cause.
func (c *comparison) union(reader, writer *Node, at, field *trail) []Reason {
	c.work -= len(reader.branches) / 8
	var causes []Reason
	var misnamed *Node
	for _, branch := range reader.branches {
		if branch.typ != writer.typ {
			if promotes(writer.typ, branch.typ) {
				return nil
			}
			continue
		}
		if branch.name != "" && !sameName(branch, writer) && c.known[pair{branch, writer}] == nil {
			misnamed = branch // all else about it does not matter
			continue
		}
		inner := c.compare(branch, writer, nil, field)
		if len(inner) == 0 {
			return nil
		}
		if causes == nil {
			causes = inner
		}
	}
	if causes == nil && misnamed != nil {
		causes = []Reason{c.misnamed(misnamed, writer, nil, field)}
	}
	r := c.lacking(reader, writer, at, field)
	r.Causes = causes
	return []Reason{r}
}

func (c *comparison) misnamed(reader, writer *Node, at, field *trail) Reason {
	return c.reason(NameMismatch, reader, writer, at.down("name"), field, "expected: "+writer.name)
}

func upper(n *Node) string { return strings.ToUpper(n.typ.String()) }

// promotes reports whether a value of one primitive type can be read as another
// ("Schema Resolution").
func promotes(from, to Type) bool {
	switch to {
	case Long:
		return from == Int
	case Float:
		return from == Int || from == Long
	case Double:
		return from == Int || from == Long || from == Float
	case Bytes:
		return from == String
	case String:
		return from == Bytes
	}
	return false
}
