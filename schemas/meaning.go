package schemas

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/count"
)

// MeaningKind is the kind of a [MeaningChange].
type MeaningKind string

// The kinds.
const (
	// LogicalTypeChanged: a logical type was added, removed or replaced by another.
	// The same bytes are another thing, or a plain number or text.
	LogicalTypeChanged MeaningKind = "LOGICAL_TYPE_CHANGED"

	// ScaleChanged: the same bytes are another decimal number.
	ScaleChanged MeaningKind = "SCALE_CHANGED"

	// PrecisionChanged: one side has decimal numbers that the other does not allow.
	PrecisionChanged MeaningKind = "PRECISION_CHANGED"

	// SymbolsBecomeDefault: the reader does not know symbols of the writer, and takes
	// its default symbol for them.
	SymbolsBecomeDefault MeaningKind = "SYMBOLS_BECOME_DEFAULT"

	// NumbersRounded: whole numbers are read as floating-point numbers, which do not
	// have room for all their digits.
	NumbersRounded MeaningKind = "NUMBERS_ROUNDED"

	// DefaultChanged: data without the field has another value than before.
	DefaultChanged MeaningKind = "DEFAULT_CHANGED"
)

// A MeaningChange is one place where data written with one schema can be read with
// another, and then means something else.
type MeaningChange struct {
	Kind  MeaningKind
	Field string // the place in words, from the top of the reader's schema: "lines[].price"; "" is the top itself
	Text  string // what changes: "written as decimal(10, 2), read as decimal(10, 4): the same bytes are another number"

	Version  int  // 1-based position in the history given to Level.MeaningChanges; 0 from MeaningChanges
	OldReads bool // from Level.MeaningChanges: the schema of the history is the reader, the new one the writer
}

// String is the place and the text.
func (c MeaningChange) String() string {
	if c.Field == "" {
		return c.Text
	}
	return c.Field + ": " + c.Text
}

// MeaningChanges finds what changes its meaning when data written with writer is
// read with reader, although Avro allows it and [CanRead] says nothing: logical
// types, the scale and precision of decimals, symbols that become the default, long
// numbers that are rounded, and defaults. Types and fields are matched as in
// reading, by aliases too. A type that is used in several places is reported once,
// where it is met first.
//
// What does not count: documentation, names that are replaced by way of aliases,
// the order of fields, symbols and branches, which readers follow, and the
// attribute "order", which is about sorting. Places where data cannot be read at
// all are left to [CanRead].
//
// The error is [ErrTooLarge].
func MeaningChanges(reader, writer *Schema) ([]MeaningChange, error) {
	m := meanings{seen: make(map[pair]bool), work: 1 << 22}
	m.compare(reader.root, writer.root, nil)
	if m.work < 0 {
		return nil, ErrTooLarge
	}
	return m.found, nil
}

type meanings struct {
	seen  map[pair]bool
	found []MeaningChange
	depth int
	work  int // what may still be done, as in a comparison
}

func (m *meanings) add(kind MeaningKind, at *trail, format string, args ...any) {
	c := MeaningChange{Kind: kind, Text: fmt.Sprintf(format, args...)}
	m.work -= reasonWork + len(c.Text)/8
	if m.work >= 0 {
		c.Field = at.words()
		m.work -= len(c.Field) / 8
	}
	m.found = append(m.found, c)
}

// compare looks at a type of the reader that is to read one of the writer.
func (m *meanings) compare(reader, writer *Node, at *trail) {
	if m.work--; m.work < 0 || m.depth > maxCompareDepth {
		m.work = -1
		return
	}
	if !reader.typ.primitive() && !writer.typ.primitive() { // others are shared, and end here
		if m.seen[pair{reader, writer}] {
			return
		}
		m.seen[pair{reader, writer}] = true
		m.work -= pairWork
	}
	m.depth++
	defer func() { m.depth-- }()
	switch {
	case writer.typ == Union:
		for _, branch := range writer.branches {
			m.compare(reader, branch, at)
		}
	case reader.typ == Union:
		if branch := m.branchFor(reader, writer); branch != nil {
			m.compare(branch, writer, at)
		}
	case reader.typ == writer.typ && (reader.name == "" || m.sameName(reader, writer)) || promotes(writer.typ, reader.typ):
		m.values(reader, writer, at)
		m.inside(reader, writer, at)
	}
}

// branchFor is the branch of a reader's union that takes a type: the one of the same
// type and, if it has a name, the same full name; else one that matches without the
// namespace or by an alias; else the first it can be promoted to.
func (m *meanings) branchFor(reader, writer *Node) (found *Node) {
	m.work -= len(reader.branches)
	for _, b := range reader.branches {
		if b.typ == writer.typ && b.name == writer.name {
			return b
		}
	}
	for _, b := range reader.branches {
		if b.typ == writer.typ && m.sameName(b, writer) {
			return b
		}
	}
	for _, b := range reader.branches {
		if promotes(writer.typ, b.typ) {
			return b
		}
	}
	return nil
}

// sameName reports whether named types match, as in a comparison.
func (m *meanings) sameName(reader, writer *Node) bool {
	m.work -= (len(reader.name)+len(writer.name))/64 + len(reader.aliases)/4
	return m.work >= 0 && (reader.Name() == writer.Name() || slices.Contains(reader.aliases, writer.name))
}

// inside looks at the parts of two types of one kind.
func (m *meanings) inside(reader, writer *Node, at *trail) {
	switch reader.typ {
	case Array, Map:
		m.compare(reader.items, writer.items, at.down(itemStep(reader)))
	case Enum:
		m.symbols(reader, writer, at)
	case Record:
		for _, f := range reader.fields {
			if m.work -= fieldWork + len(f.aliases); m.work < 0 {
				return
			}
			if matches := writerFields(writer, f); len(matches) == 1 {
				m.defaults(f, matches[0], at.down("."+f.name))
				m.compare(f.typ, matches[0].typ, at.down("."+f.name))
			}
		}
	}
}

// values compares what the values of two types are.
func (m *meanings) values(reader, writer *Node, at *trail) {
	from, to := logicalName(writer), logicalName(reader)
	both := fmt.Sprintf("written as %s, read as %s", valueName(writer, from), valueName(reader, to))
	r, w := reader.logical, writer.logical
	switch {
	case from == to:
		if bits := wholeBits(reader.typ, writer.typ); bits > 0 {
			m.add(NumbersRounded, at, "%s: whole numbers beyond 2^%d are rounded", both, bits)
		}
	case r.Name != "decimal" || w.Name != "decimal":
		m.add(LogicalTypeChanged, at, "%s: the same data is another value", both)
	case r.Scale != w.Scale:
		m.add(ScaleChanged, at, "%s: the same bytes are another number", both)
	default:
		m.add(PrecisionChanged, at, "%s: one side may meet numbers of more than %s", both, count.Of(min(r.Precision, w.Precision), "digit"))
	}
}

// logicalName is the logical type of a type, with what belongs to it, or one that
// only programs know; "" if there is none.
func logicalName(n *Node) string {
	switch name := n.logical.Name; name {
	case "decimal":
		return fmt.Sprintf("decimal(%d, %d)", n.logical.Precision, n.logical.Scale)
	case "":
		if own := propOf(n.props, "logicalType"); len(own) > 0 && own[0] == '"' && !isLogical(unquote(string(own))) {
			return unquote(string(own))
		}
		return ""
	default:
		return name
	}
}

// valueName is a logical type, or else the type.
func valueName(n *Node, logical string) string {
	if logical != "" {
		return logical
	}
	return described(n)
}

// wholeBits is up to which power of 2 a whole number keeps its value when it is read
// as a floating-point number; 0 if it always does.
func wholeBits(reader, writer Type) int {
	switch {
	case reader == Float && (writer == Int || writer == Long):
		return 24
	case reader == Double && writer == Long:
		return 53
	}
	return 0
}

func (m *meanings) symbols(reader, writer *Node, at *trail) {
	def, ok := reader.EnumDefault()
	if !ok {
		return
	}
	m.work -= len(writer.symbols)
	var unknown []string
	for _, s := range writer.symbols {
		if _, ok := reader.Symbol(s); !ok {
			unknown = append(unknown, s)
		}
	}
	if unknown != nil {
		m.add(SymbolsBecomeDefault, at, "symbols %s of enum %s are read as %s, its default", short(strings.Join(unknown, ", ")), reader.name, def)
	}
}

// defaults compares the defaults of a field that both sides have.
func (m *meanings) defaults(reader, writer *Field, at *trail) {
	if reader.def == nil || writer.def == nil {
		return
	}
	m.work -= (len(reader.def) + len(writer.def)) / 8
	if m.work < 0 {
		return
	}
	from, to := defaultText(writer), defaultText(reader)
	if !slices.Equal(from, to) {
		m.add(DefaultChanged, at, "the default is %s for the writer and %s for the reader: data without the field has another value", short(string(from)), short(string(to)))
	}
}

// defaultText is a default as JSON, numbers as those of the field's type.
func defaultText(f *Field) []byte {
	var p printer
	w := p.values(f.def)
	if text, ok := w.numberInQuotes(f.typ); ok {
		return text
	}
	if text, ok := w.typed(nil, f.typ, 0); ok {
		return text
	}
	return w.value(nil, 0)
}

// MeaningChanges finds what changes its meaning if next follows history (oldest
// first), as [MeaningChanges] does for two schemas, in the directions and against
// the versions that the level looks at, the latest first. For [None] that is what
// it is for [Backward]. What is the same in both directions is reported once.
func (l Level) MeaningChanges(next *Schema, history []*Schema) ([]MeaningChange, error) {
	if l == None {
		l = Backward
	}
	oldest := 0
	if !l.Transitive() {
		oldest = max(len(history)-1, 0)
	}
	var all []MeaningChange
	for i := len(history) - 1; i >= oldest; i-- {
		var found []MeaningChange
		if l.backward() {
			changes, err := MeaningChanges(next, history[i])
			if err != nil {
				return nil, err
			}
			found = changes
		}
		if l.forward() {
			changes, err := MeaningChanges(history[i], next)
			if err != nil {
				return nil, err
			}
			for _, c := range changes {
				c.OldReads = true
				if !l.backward() || c.Kind == SymbolsBecomeDefault || c.Kind == NumbersRounded {
					found = append(found, c)
				}
			}
		}
		for _, c := range found {
			c.Version = i + 1
			all = append(all, c)
		}
	}
	return all, nil
}
