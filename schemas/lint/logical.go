package lint

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/schemas"
)

// carriers are the types that can have a logical type ("Logical Types", Avro 1.12
// specification).
var carriers = map[string][]string{
	"decimal":                {"bytes", "fixed"},
	"big-decimal":            {"bytes"},
	"uuid":                   {"string", "fixed"},
	"date":                   {"int"},
	"time-millis":            {"int"},
	"time-micros":            {"long"},
	"timestamp-millis":       {"long"},
	"timestamp-micros":       {"long"},
	"timestamp-nanos":        {"long"},
	"local-timestamp-millis": {"long"},
	"local-timestamp-micros": {"long"},
	"local-timestamp-nanos":  {"long"},
	"duration":               {"fixed"},
}

// field looks for a logical type beside the type of a field, and for misspelt attributes.
func (l *linter) field(f *schemas.Field, path string) {
	l.attributes(f.Props(), []string{"default", "aliases", "order", "doc", "logicalType"}, path)
	name := text(f.Props(), "logicalType")
	if name == "" || name == f.Type().Logical().Name {
		return // none, or one that is said again
	}
	where := "it belongs into the type"
	if inside := within(f, name); inside != "" {
		where += ": " + inside
	}
	l.add(LogicalTypeOfField, path, "logicalType %q beside the type of a field does nothing; %s", name, where)
}

// within is the field's type as it was probably meant; "" if it can be none with
// that logical type.
func within(f *schemas.Field, logical string) string {
	attributes := ""
	for _, p := range f.Props() {
		switch p.Name {
		case "logicalType", "precision", "scale":
			attributes += fmt.Sprintf(", %q: %s", p.Name, p.Value)
		}
	}
	one := func(n *schemas.Node) string {
		if n.FullName() != "" || !slices.Contains(carriers[logical], n.Type().String()) {
			return ""
		}
		return fmt.Sprintf(`{"type": %q%s}`, n.Type(), attributes)
	}
	if f.Type().Type() != schemas.Union {
		return one(f.Type())
	}
	var branches []string
	found := false
	for _, b := range f.Type().Branches() {
		text := fmt.Sprintf("%q", b.BranchName())
		if inside := one(b); inside != "" && !found {
			text, found = inside, true
		}
		branches = append(branches, text)
	}
	if !found {
		return ""
	}
	return "[" + strings.Join(branches, ", ") + "]"
}

// logicalType looks at the logical type of a type.
func (l *linter) logicalType(n *schemas.Node, path string) {
	name := text(n.Props(), "logicalType")
	if name == "" || n.Logical().Name != "" {
		return
	}
	types, known := carriers[name]
	switch {
	case !known:
		if meant := similar(name); meant != "" {
			l.add(UselessLogicalType, path, "logicalType %q does not exist; did you mean %q?", name, meant)
		}
	case !slices.Contains(types, n.Type().String()):
		l.add(UselessLogicalType, path, "logicalType %q does nothing on type %s: it belongs on %s", name, n.Type(), strings.Join(types, " or "))
	case name == "decimal":
		l.add(UselessLogicalType, path, `logicalType "decimal" does nothing here: "precision" must be a number from 1%s, and "scale" one from 0 to the precision`, most(n))
	case name == "uuid":
		l.add(UselessLogicalType, path, `logicalType "uuid" does nothing on a fixed of %s: it needs 16`, count.Of(n.Size(), "byte"))
	case name == "duration":
		l.add(UselessLogicalType, path, `logicalType "duration" does nothing on a fixed of %s: it needs 12`, count.Of(n.Size(), "byte"))
	}
}

// most is the greatest precision of a fixed.
func most(n *schemas.Node) string {
	if n.Type() != schemas.Fixed {
		return ""
	}
	// 10^digits - 1 must fit into a two's complement number of that size.
	return fmt.Sprintf(" to %d, the most for %s", max(0, int(math.Log10(2)*float64(8*n.Size()-1))), count.Of(n.Size(), "byte"))
}

// similar is the logical type that a name was probably meant to be. Programs may
// have logical types of their own, so that a name is not wrong for being unknown.
func similar(name string) string {
	plain := func(s string) string {
		return strings.NewReplacer("-", "", "_", "", " ", "", "millis", "milli", "micros", "micro", "nanos", "nano").Replace(strings.ToLower(s))
	}
	names := slices.Sorted(maps.Keys(carriers))
	for _, known := range names {
		if plain(known) == plain(name) {
			return known
		}
	}
	return meant(name, names)
}
