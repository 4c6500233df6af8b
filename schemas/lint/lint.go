package lint

import (
	"fmt"
	"strings"

	"github.com/kavro/kavro/schemas"
)

// A Finding is a probable mistake.
type Finding struct {
	Rule string // its name, such as "logical-type-of-field"
	Path string // where: "shop.Payment.amount", "shop.Order.lines[]"; "" is the top of a schema without a name
	Text string // what is there, and what would be right
}

// String returns path, text and rule on one line.
func (f Finding) String() string {
	where := ""
	if f.Path != "" {
		where = f.Path + ": "
	}
	return fmt.Sprintf("%s%s (%s)", where, f.Text, f.Rule)
}

// The rules.
const (
	// LogicalTypeOfField: a field has the attribute "logicalType" beside its type,
	// where every reader passes over it, instead of within.
	LogicalTypeOfField = "logical-type-of-field"

	// UselessLogicalType: a type has a logical type that it cannot have, or nearly the
	// name of one ("timestamp-milis"), and that every reader passes over.
	UselessLogicalType = "useless-logical-type"

	// MisspeltAttribute: an attribute that does not exist there, and is nearly one that
	// does: "defualt", "alias", "dflt". Attributes of a program's own are no finding.
	MisspeltAttribute = "misspelt-attribute"

	// NoValue: a union without branches, or an enum without symbols.
	NoValue = "no-value"
)

// Schema returns the findings of s, in the order of the text. Types of references are not checked.
func Schema(s *schemas.Schema) []Finding {
	l := linter{seen: map[*schemas.Node]bool{}}
	for _, ref := range s.References() {
		for n := range ref.Types() {
			if n.FullName() != "" {
				l.seen[n] = true
			}
		}
	}
	l.node(s.Root(), "")
	return l.found
}

type linter struct {
	seen  map[*schemas.Node]bool // named types that were looked at, or need not be
	found []Finding
}

func (l *linter) add(rule, path, format string, args ...any) {
	l.found = append(l.found, Finding{rule, path, fmt.Sprintf(format, args...)})
}

// node looks at a type and all below it.
func (l *linter) node(n *schemas.Node, path string) {
	if n.FullName() != "" {
		if l.seen[n] {
			return
		}
		l.seen[n] = true
		path = n.FullName()
	}
	l.logicalType(n, path)
	l.attributes(n.Props(), attributesOf(n), path)
	switch n.Type() {
	case schemas.Record:
		for _, f := range n.Fields() {
			l.field(f, path+"."+f.Name())
			l.node(f.Type(), path+"."+f.Name())
		}
	case schemas.Enum:
		if len(n.Symbols()) == 0 {
			l.add(NoValue, path, "an enum without symbols has no value")
		}
	case schemas.Union:
		if len(n.Branches()) == 0 {
			l.add(NoValue, path, "a union without branches has no value")
		}
		for _, b := range n.Branches() {
			l.node(b, path)
		}
	case schemas.Array:
		l.node(n.Items(), path+"[]")
	case schemas.Map:
		l.node(n.Items(), path+"{}")
	}
}

// text is the value of an attribute that is a string.
func text(props []schemas.Prop, name string) string {
	for _, p := range props {
		if raw := string(p.Value); p.Name == name && strings.HasPrefix(raw, `"`) {
			return strings.Trim(raw, `"`) // no name of a logical type has escapes
		}
	}
	return ""
}
