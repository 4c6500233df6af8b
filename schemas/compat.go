package schemas

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// CanRead reports whether reader can read all data written with writer ("Schema Resolution", Avro
// 1.12 specification), by the rules of Apache Avro for Java (SchemaCompatibility): named types match
// by their name without the namespace or by an alias, and logical types are ignored.
//
// The error is an [*IncompatibleError] with every reason, or [ErrTooLarge]. To compare many schemas,
// or to end with a context, use a [Budget].
func CanRead(reader, writer *Schema) error {
	return NewBudget(CompareWork).CanRead(context.Background(), reader, writer)
}

// comparison compares each pair of nodes once. Where a pair is met again, it has
// the reasons that it had the first time, with their paths; while it is under
// way, it counts as compatible: it is unless something else says no.
type comparison struct {
	verdicts  map[pair]*verdict
	misnamed  map[*Node][]*Node     // readers that were compared with a writer of another name
	indices   map[*Node]*unionIndex // of unions with many branches
	many      int                   // how many branches are many
	depth     int
	work      int          // what may still be done, in units of about 8 bytes kept or 50 ns spent
	nextCheck int          // ended is asked once work is below this
	ended     func() error // why to stop; nil: go on
	stopped   error        // what ended said
}

func newComparison(work int, ended func() error) *comparison {
	return &comparison{
		verdicts: make(map[pair]*verdict), misnamed: make(map[*Node][]*Node), indices: make(map[*Node]*unionIndex),
		many: manyNames, work: work, nextCheck: work, ended: ended,
	}
}

// checkEvery is how much work is done, at most, before the caller's context is
// asked again: about a millisecond.
const checkEvery = 1 << 14

// over reports whether the comparison is to stop. What it found so far then does
// not count.
func (c *comparison) over() bool {
	if c.work >= 0 && c.work < c.nextCheck {
		c.nextCheck = c.work - checkEvery
		if c.stopped = c.ended(); c.stopped != nil {
			c.work = -1
		}
	}
	return c.work < 0
}

type verdict struct {
	reasons  []Reason
	underWay bool
}

// What a pair and a reason cost to keep, and a field to look for.
const (
	pairWork   = 16
	reasonWork = 20
	fieldWork  = 3
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
	if c.work--; c.over() {
		return nil
	}
	if c.depth > maxCompareDepth {
		c.work = -1
		return nil
	}
	if reader.typ.primitive() || writer.typ.primitive() {
		return c.unlike(reader, writer, at, field) // such nodes are shared, and cannot recur
	}
	key := pair{reader, writer}
	if v := c.verdicts[key]; v != nil {
		if v.underWay {
			return nil
		}
		c.work -= reasonWork * len(v.reasons)
		return v.reasons
	}
	c.work -= pairWork
	v := &verdict{underWay: true}
	c.verdicts[key] = v
	if reader.name != "" && reader.typ == writer.typ && !c.sameName(reader, writer) {
		c.misnamed[writer] = append(c.misnamed[writer], reader)
	}
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
	if !c.sameName(reader, writer) {
		reasons = append(reasons, c.misnaming(reader, writer, at, field))
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
			if c.work -= fieldWork + len(f.aliases); c.over() {
				return nil
			}
			reasons = append(reasons, c.field(reader, writer, f, at.down("fields", strconv.Itoa(i)), field.down("."+f.name))...)
		}
	}
	return reasons
}

// sameName reports whether named types match: by the name without namespace, or
// by an alias of the reader.
func (c *comparison) sameName(reader, writer *Node) bool {
	c.work -= (len(reader.name) + len(writer.name)) / 64
	if reader.Name() == writer.Name() {
		return true
	}
	if reader.aliasSet != nil {
		return reader.aliasSet[writer.name]
	}
	c.work -= len(reader.aliases) / 4
	return slices.Contains(reader.aliases, writer.name)
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
// name or by alias: the first two, since two are too many.
func writerFields(writer *Node, f *Field) (matches []*Field) {
	if w, ok := writer.Field(f.name); ok {
		matches = append(matches, w)
	}
	for _, alias := range f.aliases {
		if len(matches) > 1 {
			break
		}
		if w, ok := writer.Field(alias); ok && !slices.Contains(matches, w) {
			matches = append(matches, w)
		}
	}
	return matches
}

// unions finds the branches of the writer that the reader's union cannot take.
func (c *comparison) unions(reader, writer *Node, at, field *trail) (reasons []Reason) {
	for i, branch := range writer.branches {
		inner := c.compare(reader, branch, nil, field)
		if c.over() {
			return nil
		}
		if len(inner) > 0 {
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
			if c.over() {
				return nil
			}
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
	var causes []Reason
	positions, misnamed := c.branchesFor(reader, writer)
	seen := len(c.misnamed[writer])
	for i := 0; i < len(positions); i++ {
		if c.work--; c.over() {
			return nil
		}
		branch := reader.branches[positions[i]]
		if branch.typ != writer.typ {
			if promotes(writer.typ, branch.typ) {
				return nil
			}
			continue
		}
		if branch.name != "" && !c.sameName(branch, writer) && c.verdicts[pair{branch, writer}] == nil {
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
		if now := c.misnamed[writer]; len(now) > seen {
			positions = c.addCompared(reader, positions, positions[i], now[seen:])
			seen = len(now)
		}
	}
	if causes == nil && misnamed != nil {
		causes = []Reason{c.misnaming(misnamed, writer, nil, field)}
	}
	r := c.lacking(reader, writer, at, field)
	r.Causes = causes
	return []Reason{r}
}

func (c *comparison) misnaming(reader, writer *Node, at, field *trail) Reason {
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
