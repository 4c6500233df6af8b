package gen

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kavro/kavro/schemas"
)

// schemaFunc writes the function that parses a type's schema once.
func (f *file) schemaFunc(fn, expr string) {
	f.use("sync", "schemas")
	f.printf("\nvar %s = sync.OnceValue(func() *schemas.Schema {\nreturn %s\n})\n", fn, expr)
}

// namedSchema is an expression for the schema of a named type. The top of an
// input has the original text. Others are printed, with all that they use, from
// the top's schema where that is in the same package.
func (f *file) namedSchema(t *named) string {
	if t.isTop {
		return f.parsed(t.input.schema)
	}
	own := strconv.Quote(t.node.FullName())
	if top := f.g.named[t.input.schema.FullName()]; top != nil && top.pkg == t.pkg && top.name != "" {
		return "avrort.NamedSchema(" + top.schemaFn + "(), " + own + ")"
	}
	for _, w := range f.g.wrappers {
		if w.input == t.input && w.pkg == t.pkg {
			return "avrort.NamedSchema(" + w.schemaFn + "(), " + own + ")"
		}
	}
	s, err := schemas.Parse(own, schemas.WithReferences(t.input.schema), schemas.Lenient())
	if err != nil {
		return f.parsed(t.input.schema) // cannot be: the name comes from that schema
	}
	text := s.PrintResolved()
	return "schemas.MustParse(" + literal(text) + parseOptions(text, nil) + ")"
}

// parsed is an expression that parses a schema's own text, and its references.
func (f *file) parsed(s *schemas.Schema) string {
	var b strings.Builder
	b.WriteString("schemas.MustParse(" + literal(s.String()))
	for _, ref := range s.References() {
		b.WriteString(",\nschemas.WithReferences(" + f.reference(ref) + ")")
	}
	b.WriteString(parseOptions(s.String(), s.References()) + ")")
	return b.String()
}

// reference is an expression for a schema that another one refers to: that of its
// type, where that can be used.
func (f *file) reference(s *schemas.Schema) string {
	t := f.g.named[s.FullName()]
	switch {
	case t == nil || !t.isTop || t.name == "":
		return f.parsed(s)
	case t.pkg == f.pkg:
		return t.schemaFn + "()"
	case f.pkg.uses[t.pkg]:
		return "new(" + f.ref(t) + ").AvroSchema()"
	}
	return f.parsed(s)
}

// defaultMaxBytes is the largest text that [schemas.Parse] reads by default.
const defaultMaxBytes = 1 << 20

// parseOptions are the options that text needs to be parsed, as Go code: a comma
// before each.
func parseOptions(text string, refs []*schemas.Schema) (code string) {
	opts := []schemas.ParseOption{schemas.WithReferences(refs...)}
	if len(text) > defaultMaxBytes {
		opts = append(opts, schemas.WithMaxBytes(len(text)))
		code = fmt.Sprintf(", schemas.WithMaxBytes(%d)", len(text))
	}
	if _, err := schemas.Parse(text, opts...); err != nil {
		code += ", schemas.Lenient()"
	}
	return code
}

// literal is a string in Go, in back quotes where it can be.
func literal(s string) string {
	if utf8.ValidString(s) && !strings.ContainsAny(s, "`\r\ufeff\x00") {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}
