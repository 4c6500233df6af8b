package schemas

import (
	"fmt"
	"strings"

	"github.com/kavro/kavro/internal/count"
)

// ReasonKind is the kind of an incompatibility, with its name in Java (SchemaIncompatibilityType).
type ReasonKind string

// The kinds.
const (
	NameMismatch        ReasonKind = "NAME_MISMATCH"
	FixedSizeMismatch   ReasonKind = "FIXED_SIZE_MISMATCH"
	MissingEnumSymbols  ReasonKind = "MISSING_ENUM_SYMBOLS"
	FieldWithoutDefault ReasonKind = "READER_FIELD_MISSING_DEFAULT_VALUE"
	TypeMismatch        ReasonKind = "TYPE_MISMATCH"
	MissingUnionBranch  ReasonKind = "MISSING_UNION_BRANCH"
)

// Reason is one incompatibility of two schemas. Kind, Path and Message are those of Java's
// SchemaCompatibility; [Reason.String] describes it in words.
type Reason struct {
	Kind    ReasonKind
	Path    string   // where in the reader's schema, Java's location: "/fields/0/type". Within a union it begins anew at the branch
	Message string   // Java's message: "reader type: INT not compatible with writer type: STRING"
	Field   string   // the place in words, from the top: "lines[].price"; "" is the top itself
	Causes  []Reason // of a missing union branch: why the branch that looks like the writer's type does not fit

	Version  int  // 1-based position in the history given to Level.Check; 0 from CanRead
	OldReads bool // from Level.Check: the schema of the history is the reader, the new one the writer

	reader, writer *Node  // nil in a Reason made elsewhere
	words          string // what String says in place of the kind's own words
}

// String describes the incompatibility and a remedy.
func (r Reason) String() string {
	if r.reader == nil {
		return strings.TrimSpace(fmt.Sprintf("%s at %s: %s", r.Kind, r.Path, r.Message))
	}
	where := ""
	if r.Field != "" {
		where = r.Field + ": "
	}
	if r.words != "" {
		return where + r.words
	}
	switch r.Kind {
	case NameMismatch:
		return fmt.Sprintf("%s%s of the writer is %s for the reader, which needs the same name or the alias %q",
			where, described(r.writer), described(r.reader), r.writer.name)
	case FixedSizeMismatch:
		return fmt.Sprintf("%sfixed %s has %s for the writer and %d for the reader", where, r.writer.name, count.Of(r.writer.size, "byte"), r.reader.size)
	case MissingEnumSymbols:
		return fmt.Sprintf("%senum %s of the reader lacks the writer's symbols %s: it needs them, or a default symbol", where, r.reader.name, short(r.Message))
	case FieldWithoutDefault:
		return fmt.Sprintf("field %s is not in the writer's schema and needs a default", r.Field)
	case TypeMismatch:
		return fmt.Sprintf("%s%s cannot be read as %s", where, described(r.writer), described(r.reader))
	case MissingUnionBranch:
		s := fmt.Sprintf("%sno branch of the reader's union can take %s", where, described(r.writer))
		if len(r.Causes) > 0 {
			s += " (" + sentences(r.Causes, 3) + ")"
		}
		return s
	}
	return where + r.Message
}

// described is a type in words: "int", "record a.b.C".
func described(n *Node) string {
	if n.name != "" {
		return n.typ.String() + " " + n.name
	}
	return n.typ.String()
}

// An IncompatibleError lists why schemas are incompatible.
type IncompatibleError struct {
	Level   Level // None from CanRead
	Reasons []Reason
}

// maxSentences keeps an error message readable: Reasons has them all.
const maxSentences = 20

func (e *IncompatibleError) Error() string {
	var b strings.Builder
	b.WriteString("incompatible schema")
	if e.Level != None {
		b.WriteString(" at level " + e.Level.String())
	}
	for i := 0; i < len(e.Reasons); {
		first, end := e.Reasons[i], i
		for end < len(e.Reasons) && e.Reasons[end].Version == first.Version && e.Reasons[end].OldReads == first.OldReads {
			end++
		}
		if i > 0 {
			b.WriteString(";")
		} else {
			b.WriteString(":")
		}
		switch {
		case first.Version == 0:
			b.WriteString(" the reader cannot read the writer's data: ")
		case first.OldReads:
			fmt.Fprintf(&b, " version %d cannot read the new schema's data: ", first.Version)
		default:
			fmt.Fprintf(&b, " the new schema cannot read data of version %d: ", first.Version)
		}
		b.WriteString(sentences(e.Reasons[i:end], maxSentences))
		i = end
	}
	return b.String()
}

// sentences joins reasons, each text once, and no more than limit of them.
func sentences(reasons []Reason, limit int) string {
	var b strings.Builder
	seen := make(map[string]bool)
	for i, r := range reasons {
		if len(seen) == limit {
			fmt.Fprintf(&b, "; and %d more", len(reasons)-i)
			break
		}
		s := r.String()
		if seen[s] {
			continue
		}
		if len(seen) > 0 {
			b.WriteString("; ")
		}
		seen[s] = true
		b.WriteString(s)
	}
	return b.String()
}
