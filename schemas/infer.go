package schemas

import (
	"encoding"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"
)

// How For sees Go types:
//
//	bool                                     boolean
//	int8, int16, int32, uint8, uint16        int
//	int, int64, uint32                       long
//	float32, float64                         float, double
//	string, and types with MarshalText and
//	UnmarshalText                            string; 16 bytes with a UUID's text: string, uuid
//	[]byte                                   bytes
//	[N]byte                                  fixed
//	[]T, map[string]T                        array, map
//	*T, and the tag option omitzero          ["null", T] with default null
//	time.Time                                long, timestamp-micros
//	avro.Duration                            fixed of 12 bytes, duration
//	struct                                   record; struct{} is null
//	a type with AvroSchema                   its schema
//
// Refused, because there is more than one way to see them: uint, uint64 (no long
// holds them all), time.Duration (a time of day, or a number of some unit),
// big.Rat and avro.Decimal (whose precision and scale are to be said),
// interfaces (which branches?), all else.

// An InferOption changes the result of [For].
type InferOption func(*inferrer)

// WithNamespace sets the namespace of all records and fixed types. The default is the null
// namespace.
func WithNamespace(namespace string) InferOption {
	return func(i *inferrer) { i.namespace = namespace }
}

// WithName sets the name of the root type. The default is the name of the Go type.
func WithName(name string) InferOption {
	return func(i *inferrer) { i.topName = name }
}

// WithTimestamps sets the logical type of [time.Time]: "timestamp-millis", "timestamp-micros" (the
// default) or "timestamp-nanos", each also with the prefix "local-".
func WithTimestamps(logicalType string) InferOption {
	return func(i *inferrer) { i.timestamps = logicalType }
}

// For returns a schema for the Go type T, as indented text. It is meant to be reviewed, completed
// and stored by a person, not to be generated at run time, where it would change with the struct.
//
// The name of a field is its tag avro:"name", or else its name in Go; avro:"-" excludes a field; the
// fields of an embedded struct without a tag are promoted. A struct becomes a record with the name
// of its type. A struct type without a name, and byte arrays, are named after record and field:
// "Order_lines".
//
// The error is an [*InferError] with all parts of T that have no schema, or more than one.
func For[T any](opts ...InferOption) (string, error) {
	i := inferrer{
		timestamps: "timestamp-micros",
		names:      make(map[reflect.Type]string),
		taken:      make(map[string]reflect.Type),
		foreign:    make(map[string]*Node),
		defined:    make(map[string]bool),
	}
	for _, opt := range opts {
		opt(&i)
	}
	t := reflect.TypeFor[T]()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	text := i.schema(t, position{name: i.topName})
	if len(i.reasons) == 0 {
		if _, err := Parse(text); err != nil {
			i.reasons = append(i.reasons, err.Error()) // a name or option that is no name or logical type
		}
	}
	if len(i.reasons) > 0 {
		return "", &InferError{Type: t.String(), Reasons: i.reasons}
	}
	return indented(text), nil
}

// An InferError lists why a Go type has no schema.
type InferError struct {
	Type    string
	Reasons []string // each with the path of a field, "Lines[].Price: ..."
}

func (e *InferError) Error() string {
	return fmt.Sprintf("no schema for %s: %s", e.Type, strings.Join(e.Reasons, "; "))
}

type inferrer struct {
	namespace, topName, timestamps string

	around  string                  // the namespace at the current position of the text
	names   map[reflect.Type]string // full names of types that are written already
	taken   map[string]reflect.Type // the reverse
	foreign map[string]*Node        // types of schemas that Go types bring along
	defined map[string]bool         // their names, once written
	reasons []string
}

// position is where a Go type occurs.
type position struct {
	path string // in Go: "Lines[].Price"
	name string // for a type without one
}

func (p position) item() position { return position{p.path + "[]", p.name} }

func (i *inferrer) refuse(p position, format string, args ...any) string {
	reason := fmt.Sprintf(format, args...)
	if p.path != "" {
		reason = p.path + ": " + reason
	}
	i.reasons = append(i.reasons, reason)
	return `"null"`
}

var (
	timeType        = reflect.TypeFor[time.Time]()
	clockType       = reflect.TypeFor[time.Duration]()
	ratType         = reflect.TypeFor[big.Rat]()
	byteType        = reflect.TypeFor[byte]()
	marshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
	describedType   = reflect.TypeFor[interface{ AvroSchema() *Schema }]()
)

// ofAvro names a type of package avro/avrort, which has the values of
// logical types; importing it would be a circle.
func ofAvro(t reflect.Type) string {
	own := reflect.TypeFor[Schema]().PkgPath()
	if t.PkgPath() == strings.TrimSuffix(own, "schemas")+"avro/avrort" {
		return t.Name()
	}
	return ""
}

func isText(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(marshalerType) && p.Implements(unmarshalerType)
}

// hasUUIDText reports whether a type's text looks like a UUID's: other identifiers
// of 16 bytes have texts of their own.
func hasUUIDText(t reflect.Type) bool {
	text, err := reflect.New(t).Interface().(encoding.TextMarshaler).MarshalText()
	return err == nil && len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-'
}

// special reports whether t is not seen by its kind.
func special(t reflect.Type) bool {
	return t == timeType || t == clockType || t == ratType || ofAvro(t) == "Decimal" || ofAvro(t) == "Duration" ||
		reflect.PointerTo(t).Implements(describedType) || isText(t)
}

// lender is the embedded type by whose methods a struct is special, or nil.
func lender(t reflect.Type) reflect.Type {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for n := range t.NumField() {
		f := t.Field(n).Type
		if f.Kind() == reflect.Pointer {
			f = f.Elem()
		}
		if t.Field(n).Anonymous && special(f) {
			return f
		}
	}
	return nil
}

// schema is the schema of t, as JSON.
func (i *inferrer) schema(t reflect.Type, at position) string {
	switch embedded := lender(t); {
	case !special(t):
		return i.byKind(t, at)
	case embedded != nil:
		return i.refuse(at, "%s has methods of the embedded %s, and so is what that is, or a record: name the embedded field, or write the type by hand", t, embedded)
	case t == timeType:
		return fmt.Sprintf(`{"type":"long","logicalType":%q}`, i.timestamps)
	case t == clockType:
		return i.refuse(at, "time.Duration is a time of day for Avro, or else a number: use an integer, and say its unit in the name")
	case t == ratType || ofAvro(t) == "Decimal":
		return i.refuse(at, "the precision and scale of a decimal are not known: write its type by hand")
	case ofAvro(t) == "Duration":
		return i.define(t, "Duration", at, func(names, _ string) string {
			return `{"type":"fixed",` + names + `,"size":12,"logicalType":"duration"}`
		})
	case reflect.PointerTo(t).Implements(describedType):
		return i.described(t, at)
	case t.Kind() == reflect.Array && t.Elem() == byteType && t.Len() == 16 && hasUUIDText(t):
		return `{"type":"string","logicalType":"uuid"}`
	}
	return `"string"`
}

func (i *inferrer) byKind(t reflect.Type, at position) string {
	switch t.Kind() {
	case reflect.Bool:
		return `"boolean"`
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Uint8, reflect.Uint16:
		return `"int"`
	case reflect.Int, reflect.Int64, reflect.Uint32:
		return `"long"`
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		return i.refuse(at, "a long does not hold every %s: use int64, or uint32", t)
	case reflect.Float32:
		return `"float"`
	case reflect.Float64:
		return `"double"`
	case reflect.String:
		return `"string"`
	case reflect.Pointer:
		return i.optional(t, at)
	case reflect.Slice:
		if t.Elem() == byteType {
			return `"bytes"`
		}
		return `{"type":"array","items":` + i.schema(t.Elem(), at.item()) + "}"
	case reflect.Array:
		if t.Elem() != byteType {
			return i.refuse(at, "Avro has no arrays of a fixed length: use a slice")
		}
		return i.define(t, at.name, at, func(names, _ string) string {
			return fmt.Sprintf(`{"type":"fixed",%s,"size":%d}`, names, t.Len())
		})
	case reflect.Map:
		if t.Key().Kind() != reflect.String || special(t.Key()) {
			return i.refuse(at, "the keys of an Avro map are strings, not %s", t.Key())
		}
		return `{"type":"map","values":` + i.schema(t.Elem(), at.item()) + "}"
	case reflect.Struct:
		if t == reflect.TypeFor[struct{}]() {
			return `"null"`
		}
		return i.define(t, at.name, at, func(names, name string) string { return i.record(t, names, name, at) })
	case reflect.Interface:
		return i.refuse(at, "which branches may %s hold? Write the union by hand", t)
	}
	return i.refuse(at, "%s has no counterpart in Avro", t)
}

// optional is the union of null and what a pointer points to.
func (i *inferrer) optional(t reflect.Type, at position) string {
	switch t.Elem().Kind() {
	case reflect.Pointer:
		return i.refuse(at, "%s is a pointer to a pointer", t)
	case reflect.Interface:
		return i.refuse(at, "%s is a pointer to an interface", t)
	}
	inner := i.schema(t.Elem(), at)
	if inner == `"null"` || inner[0] == '[' {
		return inner
	}
	return `["null",` + inner + "]"
}

// define writes a named type once, and its name from then on. fallback is its
// name if the Go type has none; write is given its attributes of naming, and its
// name without the namespace.
func (i *inferrer) define(t reflect.Type, fallback string, at position, write func(names, name string) string) string {
	if full, ok := i.names[t]; ok {
		return fmt.Sprintf("%q", relative(full, i.around))
	}
	name := goName(t)
	if at.path == "" && i.topName != "" {
		name = i.topName
	} else if name == "" {
		name = fallback
	}
	full := qualify(name, i.namespace)
	switch {
	case name == "":
		return i.refuse(at, "%s has no name: give it one with WithName", t)
	case !validFullName(full):
		return i.refuse(at, "%q is not a name: %s", full, nameRule)
	}
	if other, clash := i.taken[full]; clash || i.foreign[full] != nil {
		return i.refuse(at, "%v and %v would both be named %s", t, orForeign(other), full)
	}
	if t.Name() != "" {
		i.names[t] = full
	}
	i.taken[full] = t
	name = full[strings.LastIndexByte(full, '.')+1:]
	names := fmt.Sprintf(`"name":%q`, name)
	if space := namespaceOf(full); space != i.around {
		defer func(around string) { i.around = around }(i.around)
		i.around = space
		names += fmt.Sprintf(`,"namespace":%q`, space)
	}
	return write(names, name)
}

func orForeign(t reflect.Type) string {
	if t == nil {
		return "a type of another schema"
	}
	return t.String()
}

// goName is the name of a Go type; that of a generic one ends in those of its
// type arguments: Page[shop.Order] is Page_Order.
func goName(t reflect.Type) string {
	name, args, generic := strings.Cut(t.Name(), "[")
	if !generic {
		return name
	}
	for _, arg := range strings.FieldsFunc(args, func(r rune) bool { return strings.ContainsRune("[], *", r) }) {
		name += "_" + arg[strings.LastIndexAny(arg, "./")+1:]
	}
	return name
}

// described is the schema that a type brings along.
func (i *inferrer) described(t reflect.Type, at position) string {
	s := reflect.New(t).Interface().(interface{ AvroSchema() *Schema }).AvroSchema()
	if s == nil {
		return i.refuse(at, "AvroSchema of %s returns nil", t)
	}
	for n := range s.Types() {
		if n.name == "" {
			continue
		}
		if i.taken[n.name] != nil || i.foreign[n.name] != nil && !sameType(i.foreign[n.name], n, nil) {
			return i.refuse(at, "%s of %s clashes with another type of that name", n.name, t)
		}
		i.foreign[n.name] = n
	}
	p := printer{defined: i.defined}
	p.node(s.root, i.around)
	return string(p.out)
}
