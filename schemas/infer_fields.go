package schemas

import (
	"reflect"
	"strings"

	"github.com/kavro/kavro/internal/structtag"
)

// record is the schema of a struct type; see define for names and name.
func (i *inferrer) record(t reflect.Type, names, name string, at position) string {
	out := []byte(`{"type":"record",` + names + `,"fields":[`)
	for n, f := range i.fields(t, at) {
		if n > 0 {
			out = append(out, ',')
		}
		inner := position{f.name, name + "_" + f.name}
		if at.path != "" {
			inner.path = at.path + "." + f.name
		}
		typ := i.schema(f.Type, inner)
		if f.omitzero && typ[0] != '[' && typ != `"null"` {
			typ = `["null",` + typ + "]"
		}
		out = append(append(appendString(append(out, `{"name":`...), f.name), `,"type":`...), typ...)
		if strings.HasPrefix(typ, `["null",`) {
			out = append(out, `,"default":null`...)
		}
		out = append(out, '}')
	}
	return string(append(out, "]}"...))
}

// structField is a field of a struct that is one of the record.
type structField struct {
	reflect.StructField
	name     string // of the record's field
	omitzero bool
}

// fields lists the fields that become fields of the record: those of the struct
// in order, those of embedded structs in its position. As in Go, a field hides
// those of the same Go name that are embedded deeper; at the same depth they are
// ambiguous, and an error here.
func (i *inferrer) fields(t reflect.Type, at position) (fields []structField) {
	all := i.promoted(t, at, 0, map[reflect.Type]bool{})
	depths := make(map[string]int)
	for _, f := range all {
		if d, ok := depths[f.Name]; !ok || f.depth < d {
			depths[f.Name] = f.depth
		}
	}
	goNames, names := make(map[string]bool), make(map[string]string)
	for _, f := range all {
		if f.depth > depths[f.Name] || f.left {
			continue
		}
		switch other, twice := names[f.name]; {
		case goNames[f.Name]:
			i.refuse(at, "%s is ambiguous: several embedded structs have it", f.Name)
		case twice:
			i.refuse(at, "the fields %s and %s are both named %q", other, f.Name, f.name)
		case !validName(f.name):
			i.refuse(at, "%q is not a field's name: give %s another one by a tag", f.name, f.Name)
		default:
			fields = append(fields, f.structField)
		}
		goNames[f.Name], names[f.name] = true, f.Name
	}
	return fields
}

type promotedField struct {
	structField
	depth int
	left  bool // out of the record: it only hides others
}

func (i *inferrer) promoted(t reflect.Type, at position, depth int, around map[reflect.Type]bool) (fields []promotedField) {
	if around[t] {
		return nil
	}
	around[t] = true
	defer delete(around, t)
	for n := range t.NumField() {
		f := t.Field(n)
		if fault := structtag.Fault(f.Tag, "avro"); fault != "" {
			i.refuse(at, "%s: %s", f.Name, fault)
		}
		tag, options, _ := strings.Cut(f.Tag.Get("avro"), ",")
		if tag == "-" && options == "" {
			fields = append(fields, promotedField{structField{StructField: f}, depth, true})
			continue
		}
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if f.Anonymous && inner.Kind() == reflect.Struct && tag == "" {
			if special(inner) {
				i.refuse(at, "embedded %s is not a record: name it by a tag", inner)
				continue
			}
			if f.Type.Kind() == reflect.Pointer && !f.IsExported() {
				i.refuse(at, "embedded %s is a pointer to a type that is not exported; it cannot be set", f.Name)
				continue
			}
			fields = append(fields, i.promoted(inner, at, depth+1, around)...)
			continue
		}
		if !f.IsExported() {
			if tag != "" || options != "" {
				i.refuse(at, "%s has a tag and is not exported; it can be neither read nor written", f.Name)
			}
			continue
		}
		name := tag
		if name == "" {
			name = f.Name
		}
		omitzero := false
		for option := range strings.SplitSeq(options, ",") {
			omitzero = omitzero || option == "omitzero" // other options are other readers' business
		}
		fields = append(fields, promotedField{structField{f, name, omitzero}, depth, false})
	}
	return fields
}
