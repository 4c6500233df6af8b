package schemas

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/count"
)

// SemanticKind classifies a [SemanticChange].
type SemanticKind string

// The kinds.
const (
	// LogicalTypeChanged: a logical type was added, removed or replaced by another.
	// The same bytes have another logical value, or only a value of the underlying type.
	LogicalTypeChanged SemanticKind = "LOGICAL_TYPE_CHANGED"

	// ScaleChanged: the same bytes represent another decimal number.
	ScaleChanged SemanticKind = "SCALE_CHANGED"

	// PrecisionChanged: one schema allows decimal numbers that the other does not.
	PrecisionChanged SemanticKind = "PRECISION_CHANGED"

	// SymbolsBecomeDefault: the reader's enum lacks symbols of the writer's, and replaces them by
	// its default.
	SymbolsBecomeDefault SemanticKind = "SYMBOLS_BECOME_DEFAULT"

	// NumbersRounded: integers are read as floating-point numbers of lower precision.
	NumbersRounded SemanticKind = "NUMBERS_ROUNDED"

	// DefaultChanged: the default of a field differs, and with it the value read from data without
	// the field.
	DefaultChanged SemanticKind = "DEFAULT_CHANGED"
)

// A SemanticChange is a part of a schema where data written with one schema can be read with
// another, but with another value.
type SemanticChange struct {
	Kind  SemanticKind
	Field string // path from the root of the reader's schema: "lines[].price"; "" is the root
	Text  string // the change: "written as decimal(10, 2), read as decimal(10, 4): the same bytes are another number"

	Version  int  // from Level.SemanticChanges: 1-based index into the history; otherwise 0
	OldReads bool // from Level.SemanticChanges: the reader is the schema of the history, the writer the new one
}

// String returns the path and the text.
func (c SemanticChange) String() string {
	if c.Field == "" {
		return c.Text
	}
	return c.Field + ": " + c.Text
}

// SemanticChanges returns the values that change when data written with writer is read with
// reader although the schemas are compatible by Avro's rules: logical types, the scale and
// precision of decimals, symbols replaced by the default, integers that are rounded, and defaults.
// Types and fields are matched as in reading, including by aliases. A type that occurs several
// times is reported at its first occurrence.
//
// Documentation, names matched by aliases, the order of fields, symbols and branches, and the
// attribute "order" are ignored. So are parts that cannot be read at all: see [CanRead].
//
// The error is [ErrTooLarge].
func SemanticChanges(reader, writer *Schema) ([]SemanticChange, error) {
	m := semanticComparison{seen: make(map[pair]bool), work: 1 << 22}
	m.compare(reader.root, writer.root, nil)
	if m.work < 0 {
		return nil, ErrTooLarge
	}
	return m.found, nil
}

type semanticComparison struct {
	seen  map[pair]bool
	found []SemanticChange
	depth int
	work  int // remaining, in the units of comparison.work
}

func (m *semanticComparison) add(kind SemanticKind, at *trail, format string, args ...any) {
	c := SemanticChange{Kind: kind, Text: fmt.Sprintf(format, args...)}
	m.work -= reasonWork + len(c.Text)/8
	if m.work >= 0 {
		c.Field = at.words()
		m.work -= len(c.Field) / 8
	}
	m.found = append(m.found, c)
}

// compare compares a type of the reader with the type of the writer that it reads.
func (m *semanticComparison) compare(reader, writer *Node, at *trail) {
	if m.work--; m.work < 0 || m.depth > maxCompareDepth {
		m.work = -1
		return
	}
	if !reader.typ.primitive() && !writer.typ.primitive() { // primitive nodes are shared, and have no parts
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

// branchFor returns the branch of a reader's union that reads a type: the branch of the same type
// and, if it is named, the same full name; else one that matches by the name without namespace or
// by an alias; else the first branch that the type is promoted to.
func (m *semanticComparison) branchFor(reader, writer *Node) (found *Node) {
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

// sameName reports whether two named types match, like comparison.sameName.
func (m *semanticComparison) sameName(reader, writer *Node) bool {
	m.work -= (len(reader.name)+len(writer.name))/64 + len(reader.aliases)/4
	return m.work >= 0 && (reader.Name() == writer.Name() || slices.Contains(reader.aliases, writer.name))
}

// inside compares the parts of two types of the same kind.
func (m *semanticComparison) inside(reader, writer *Node, at *trail) {
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

// values compares the logical values of two types.
func (m *semanticComparison) values(reader, writer *Node, at *trail) {
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

// logicalName returns the logical type with its parameters, which may be one that the
// specification does not define; "" if there is none.
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

// valueName returns the logical type, or else the type.
func valueName(n *Node, logical string) string {
	if logical != "" {
		return logical
	}
	return described(n)
}

// wholeBits returns the number of bits of an integer that a floating-point number represents
// exactly; 0 if all of the writer's integers are exact.
func wholeBits(reader, writer Type) int {
	switch {
	case reader == Float && (writer == Int || writer == Long):
		return 24
	case reader == Double && writer == Long:
		return 53
	}
	return 0
}

func (m *semanticComparison) symbols(reader, writer *Node, at *trail) {
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

// defaults compares the defaults of a field, if both schemas have one.
func (m *semanticComparison) defaults(reader, writer *Field, at *trail) {
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

// defaultText returns a default as JSON, with numbers formatted by the field's type.
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

// SemanticChanges returns the semantic changes between next and the versions of history (oldest
// first) that the level compares it with, the latest version first. Like the level it reads in
// one direction or both; a change that is the same in both is reported once. [None] compares like
// [Backward]. See the function [SemanticChanges].
func (l Level) SemanticChanges(next *Schema, history []*Schema) ([]SemanticChange, error) {
	if l == None {
		l = Backward
	}
	oldest := 0
	if !l.Transitive() {
		oldest = max(len(history)-1, 0)
	}
	var all []SemanticChange
	for i := len(history) - 1; i >= oldest; i-- {
		var found []SemanticChange
		if l.backward() {
			changes, err := SemanticChanges(next, history[i])
			if err != nil {
				return nil, err
			}
			found = changes
		}
		if l.forward() {
			changes, err := SemanticChanges(history[i], next)
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
