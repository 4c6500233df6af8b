package lint

import (
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/nearname"
	"github.com/kavro/kavro/schemas"
)

// attributesOf returns the optional attributes of a type: a schema without the others cannot be parsed.
func attributesOf(n *schemas.Node) []string {
	logical := []string{"logicalType", "precision", "scale"}
	switch n.Type() {
	case schemas.Record:
		return []string{"namespace", "aliases", "doc"}
	case schemas.Enum:
		return []string{"namespace", "aliases", "doc", "default"}
	case schemas.Fixed:
		return append(logical, "namespace", "aliases", "doc")
	}
	return logical
}

// attributes looks for names that are nearly those of optional attributes, known.
func (l *linter) attributes(props []schemas.Prop, known []string, path string) {
	for _, p := range props {
		if slices.Contains(known, p.Name) {
			continue
		}
		if name := meant(p.Name, known); name != "" {
			l.add(MisspeltAttribute, path, "attribute %q does nothing; did you mean %q?", p.Name, name)
		}
	}
}

// meant is what a name was probably meant to be, "" for none: the one of names that differs in up to
// two characters, or in the vowels that are left out. Of short names, which are near to many words
// ("owner" and "order", "rate" and "date"), it may differ in one, and not in the first.
func meant(name string, names []string) string {
	for _, n := range names {
		if len(name) > 2 && name == withoutVowels.Replace(n) {
			return n
		}
	}
	near := nearname.Of(name, names)
	if short := len(near) < len("aliases"); near == "" || short && (!nearname.Within(name, near, 1) || !strings.EqualFold(name[:1], near[:1])) {
		return ""
	}
	return near
}

var withoutVowels = strings.NewReplacer("a", "", "e", "", "i", "", "o", "", "u", "")
