package avro

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/datapath"
	"github.com/kavro/kavro/schemas"
)

// Generated is what generated types satisfy, with pointer receivers. Codecs use
// their methods instead of plans; nested in other types too, where the schema is
// the same. A struct that embeds a generated type is a struct like others.
type Generated interface {
	// AvroSchema is the schema of the type; it does not look at the value.
	AvroSchema() *schemas.Schema
	// AppendAvro appends the value's datum. On an error, an EncodeError best
	// made by WithinField, the result is not used.
	AppendAvro(dst []byte) ([]byte, error)
	// DecodeAvro reads a datum over the value, all of which it sets. It returns r.Err().
	DecodeAvro(r *avrort.Reader) error
}

// isGenerated says that values of t have generated methods for s. A generated
// type inside another type may be of another version of the schema: then it is a
// struct like others.
func (b *planner) isGenerated(t reflect.Type, s *compiledSchema) bool {
	if s.typ == schemas.Union || !reflect.PointerTo(t).Implements(generatedType) || isPromoted(t) {
		return false
	}
	own := reflect.New(t).Interface().(Generated).AvroSchema()
	return own != nil && sameData(own.Root(), s.node) == ""
}

// isPromoted says that t is a struct that embeds a generated type. Its methods are
// then that type's, and know nothing of t's other fields: it is a struct.
func isPromoted(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && (f.Type.Implements(generatedType) || reflect.PointerTo(f.Type).Implements(generatedType)) {
			return true
		}
	}
	return false
}

// sameData compares what two schemas say of data: all but documentation, aliases,
// defaults, and properties that Avro ignores. It returns how they differ, ""
// if they do not.
func sameData(a, b *schemas.Node) string {
	c := sameness{seen: map[[2]*schemas.Node]bool{}}
	return c.compare(a, b, "")
}

type sameness struct {
	seen map[[2]*schemas.Node]bool // compared, or being compared
}

func (c *sameness) compare(a, b *schemas.Node, path string) string {
	key := [2]*schemas.Node{a, b}
	if a == b || c.seen[key] {
		return ""
	}
	c.seen[key] = true
	differ := func(what string, x, y any) string {
		return fmt.Sprintf("%s: %s %v, not %v", cmp.Or(path, "top"), what, x, y)
	}
	switch {
	case a.Type() != b.Type():
		return differ("type", a.Type(), b.Type())
	case a.FullName() != b.FullName():
		return differ("name", a.FullName(), b.FullName())
	case a.Logical() != b.Logical():
		return differ("logical type", a.Logical(), b.Logical())
	case a.Size() != b.Size():
		return differ("size", a.Size(), b.Size())
	case !slices.Equal(a.Symbols(), b.Symbols()):
		return differ("symbols", a.Symbols(), b.Symbols())
	case len(a.Fields()) != len(b.Fields()):
		return differ("number of fields", len(a.Fields()), len(b.Fields()))
	case len(a.Branches()) != len(b.Branches()):
		return differ("number of branches", len(a.Branches()), len(b.Branches()))
	}
	for i, f := range a.Fields() {
		g := b.Fields()[i]
		if f.Name() != g.Name() {
			return differ("field", f.Name(), g.Name())
		}
		if d := c.compare(f.Type(), g.Type(), datapath.Join(path, f.Name())); d != "" {
			return d
		}
	}
	for i, x := range a.Branches() {
		if d := c.compare(x, b.Branches()[i], path); d != "" {
			return d
		}
	}
	if a.Items() != nil {
		return c.compare(a.Items(), b.Items(), path+"[]")
	}
	return ""
}
