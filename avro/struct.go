package avro

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/kavro/kavro/avro/internal/datapath"
	"github.com/kavro/kavro/internal/nearname"
	"github.com/kavro/kavro/internal/structtag"
)

// Which Go field is which field of the record:
//
//  1. the tag avro:"name" names it, exactly;
//  2. otherwise the Go field's name is the field's;
//  3. otherwise it is, but for upper and lower case and underscores:
//     CustomerID is customer_id.
//
// A tag that cannot be read, one with another key but for upper and lower case,
// and one of a field that is not exported would do nothing: they are type mismatches.
//
// The tag avro:"-" leaves a Go field out, and avro:"name,omitzero" (or
// avro:",omitzero") writes null for its zero value. The fields of embedded
// structs are promoted as in Go, unless the embedded struct has a tag. The option
// required is for projections; see [Projection].
//
// Every exported field must be found in the schema, and every field of the
// schema in the struct; a field of the schema that has a default may be missing:
// then the default is written, and what is read is passed over.

const tagKey = "avro"

// goField is a field of a struct, as its tag has it.
type goField struct {
	reflect.StructField
	tag      string // the name in the tag, or ""
	omitzero bool
	required bool
	schemaAt int // index of the field in the schema, -1 unknown
}

func (b *planner) record(p *plan, path string) {
	p.code = codeRecord
	fields := b.goFields(p, path)
	b.match(fields, p, path)
	byField := make([]*goField, len(p.compiled.fields))
	for i := range fields {
		if at := fields[i].schemaAt; at >= 0 {
			byField[at] = &fields[i]
		}
	}
	p.fields = make([]planField, 0, len(byField))
	for i := 0; i < len(byField); i++ {
		sf := p.compiled.fields[i]
		switch {
		case byField[i] != nil:
			p.fields = append(p.fields, b.field(p.typ, byField[i], sf, datapath.Join(path, sf.name)))
		case b.projects:
			first := i
			for i+1 < len(byField) && byField[i+1] == nil {
				i++
			}
			p.fields = append(p.fields, b.missing(p.compiled.fields[first:i+1]))
		case sf.has:
			p.fields = append(p.fields, b.missing(p.compiled.fields[i:i+1]))
		default:
			b.mismatch(datapath.Join(path, sf.name), "%s has no such field, and the schema has no default", p.typ)
		}
	}
}

// missing compiles neighbouring fields that the struct does not have. What is written is the default of
// the first: where values are written, it is the only one.
func (b *planner) missing(fields []compiledField) planField {
	return planField{code: codeDefault, name: fields[0].name, plan: &plan{
		code: codeDefault, compiled: fields[0].schema, env: b.env, def: fields[0].def, skip: b.skipPlan(fields),
	}}
}

// goFields lists the fields of p's struct that take part, and notes in p those
// that do not.
func (b *planner) goFields(p *plan, path string) []goField {
	var fields []goField
	closed := map[string]bool{} // embedded structs whose fields are not promoted
	for _, sf := range reflect.VisibleFields(p.typ) {
		if closed[indexKey(sf.Index[:len(sf.Index)-1])] {
			closed[indexKey(sf.Index)] = true
			continue
		}
		f := goField{StructField: sf, schemaAt: -1}
		if fault := structtag.Fault(sf.Tag, tagKey); fault != "" {
			b.mismatch(datapath.Join(path, sf.Name), "%s", fault)
		}
		tag, options, _ := strings.Cut(sf.Tag.Get(tagKey), ",")
		if tag == "-" && options == "" {
			closed[indexKey(sf.Index)] = true
			b.ignore(p, sf)
			continue
		}
		if embeds(sf) && tag == "" {
			if sf.Type.Kind() == reflect.Pointer {
				if !sf.IsExported() {
					b.mismatch(path, "embedded %s is a pointer to a type that is not exported; it cannot be set", sf.Name)
					closed[indexKey(sf.Index)] = true
					continue
				}
				b.ignore(p, sf) // cleared before a record is read, so that nothing older stays behind it
			}
			continue
		}
		closed[indexKey(sf.Index)] = true
		if !sf.IsExported() {
			if tag != "" || options != "" {
				b.mismatch(datapath.Join(path, sf.Name), "the field has a tag and is not exported; it can be neither read nor written")
			}
			b.ignore(p, sf)
			continue
		}
		f.tag = tag
		for _, option := range strings.Split(options, ",") {
			switch option {
			case "omitzero":
				f.omitzero = true
			case "required":
				f.required = true
			case "":
			default:
				b.mismatch(datapath.Join(path, sf.Name), "unknown option %q in the tag%s", option, meantOption(option))
			}
		}
		fields = append(fields, f)
	}
	return fields
}

// meantOption says which option a name was probably meant to be.
func meantOption(name string) string {
	if near := nearname.Of(name, []string{"omitzero", "required"}); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// embeds says that the fields of an embedded struct are promoted.
func embeds(sf reflect.StructField) bool {
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return sf.Anonymous && t.Kind() == reflect.Struct
}

func indexKey(index []int) string {
	key := make([]byte, 0, 2*len(index))
	for _, i := range index {
		key = append(key, byte(i), byte(i>>8))
	}
	return string(key)
}

// ignore notes a field that is cleared when a value is decoded into, unless it is
// behind an embedded pointer, which is itself.
func (b *planner) ignore(p *plan, sf reflect.StructField) {
	s, _, behind := locateField(p.typ, sf.Index)
	if behind == nil {
		p.ignored = append(p.ignored, ignoredAt{s, sf.Type})
	}
}

// match finds the schema's field of every Go field, and reports Go fields that
// have none, or that share one.
func (b *planner) match(fields []goField, p *plan, path string) {
	s := p.compiled
	taken := make([]*goField, len(s.fields))
	take := func(f *goField, i int) {
		if other := taken[i]; other != nil {
			b.mismatch(datapath.Join(path, s.fields[i].name), "the Go fields %s and %s both stand for it", other.Name, f.Name)
		}
		taken[i], f.schemaAt = f, i
	}
	for i := range fields {
		f := &fields[i]
		name := f.Name
		if f.tag != "" {
			name = f.tag
		}
		if at, ok := s.index[name]; ok {
			take(f, at)
		}
	}
	folded := map[string][]int{}
	for i, sf := range s.fields {
		if taken[i] == nil {
			folded[fold(sf.name)] = append(folded[fold(sf.name)], i)
		}
	}
	for i := range fields {
		f := &fields[i]
		if f.schemaAt >= 0 {
			continue
		}
		like := folded[fold(f.Name)]
		if b.projects && (f.tag != "" || len(like) == 0) {
			if at := s.aliased(f, taken); at >= 0 {
				take(f, at)
			} else {
				b.leaveZero(f, p, path)
			}
			continue
		}
		switch {
		case f.tag != "":
			b.mismatch(datapath.Join(path, f.tag), "the schema has no such field; the tag of %s names it", f.Name)
		case len(like) == 1:
			take(f, like[0])
		case len(like) > 1:
			b.mismatch(datapath.Join(path, f.Name), "the fields %s and %s of the schema are like it; name one in a tag", s.fields[like[0]].name, s.fields[like[1]].name)
		default:
			b.mismatch(datapath.Join(path, f.Name), `the schema has no such field; leave it out with the tag avro:"-"`)
		}
	}
}

// fold is a name without what two styles of naming differ in.
func fold(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

func (b *planner) field(in reflect.Type, f *goField, sf compiledField, path string) planField {
	var inner *plan
	if f.omitzero {
		inner = b.nullZero(f.Type, sf.schema, path)
	} else {
		inner = b.plan(f.Type, sf.schema, path)
	}
	at, rest, behind := locateField(in, f.Index)
	if behind != nil {
		inner = b.behind(behind, rest, inner)
	}
	return planField{code: inner.code, slot: at, plan: inner, name: sf.name}
}

// locateField follows an index to a field. Where it leads through an embedded
// pointer, the slot is the pointer's, behind the struct it points at, and rest
// the index within that.
func locateField(t reflect.Type, index []int) (at slot, rest []int, behind reflect.Type) {
	for i, n := range index {
		f := t.Field(n)
		if i == 0 {
			at = newSlot(f)
		} else {
			at = at.then(newSlot(f))
		}
		if t = f.Type; t.Kind() == reflect.Pointer && i < len(index)-1 {
			return at, index[i+1:], t.Elem()
		}
	}
	return at, nil, nil
}

// behind wraps the plan of a field that is reached through an embedded pointer to t.
func (b *planner) behind(t reflect.Type, index []int, inner *plan) *plan {
	at, rest, further := locateField(t, index)
	if further != nil {
		inner = b.behind(further, rest, inner)
	}
	return &plan{code: codeVia, typ: t, compiled: inner.compiled, env: b.env, item: inner, via: at}
}
