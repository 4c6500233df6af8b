package schemas

import (
	"encoding/json"
	"strings"
)

// Type is one of Avro's fourteen types. Errors are records (see [Node.IsError]).
type Type uint8

// The types ("Primitive Types" and "Complex Types", Avro 1.12 specification).
const (
	Null Type = iota + 1
	Boolean
	Int
	Long
	Float
	Double
	Bytes
	String
	Record
	Enum
	Array
	Map
	Union
	Fixed
)

var typeNames = [...]string{
	Null: "null", Boolean: "boolean", Int: "int", Long: "long", Float: "float", Double: "double", Bytes: "bytes",
	String: "string", Record: "record", Enum: "enum", Array: "array", Map: "map", Union: "union", Fixed: "fixed",
}

// String returns the type's name as schemas write it.
func (t Type) String() string { return typeNames[t] }

// primitive reports whether t is one of the eight types without structure.
func (t Type) primitive() bool { return t <= String }

// primitiveNamed finds a primitive type by its name.
func primitiveNamed(name string) (Type, bool) {
	for t := Null; t <= String; t++ {
		if typeNames[t] == name {
			return t, true
		}
	}
	return 0, false
}

// Node is a type within a schema. A recursive schema is a cyclic graph: a reference to a named type
// is the *Node that defines it. Primitive types without attributes may be shared. Slices that its
// methods return must not be changed.
type Node struct {
	typ      Type
	isError  bool
	hasDoc   bool
	name     string // full name
	doc      string
	aliases  []string        // full names
	aliasSet map[string]bool // of many aliases
	fields   []*Field
	symbols  []string
	index    map[string]int // of many fields or symbols, by name
	enumDef  *string
	items    *Node // array items, map values
	branches []*Node
	size     int
	logical  Logical
	props    []Prop
}

// Field is one field of a record.
type Field struct {
	name    string
	aliases []string
	doc     string
	hasDoc  bool
	typ     *Node
	def     json.RawMessage // nil: none
	useless bool            // the default stands for no value of the type: Lenient lets such pass
	order   string
	props   []Prop
	pos     int
}

// Prop is an attribute that the specification does not define for the type, or one of a logical
// type. The value is JSON, as written in the text.
type Prop struct {
	Name  string
	Value json.RawMessage
}

// Type returns the type.
func (n *Node) Type() Type { return n.typ }

// IsError reports whether a record was declared with "type":"error".
func (n *Node) IsError() bool { return n.isError }

// FullName returns the name of a record, enum or fixed with its namespace, and "" for other types.
func (n *Node) FullName() string { return n.name }

// Name returns the name of a record, enum or fixed without its namespace, and "" for other types.
func (n *Node) Name() string { return n.name[strings.LastIndexByte(n.name, '.')+1:] }

// Namespace returns the namespace of the full name, "" if there is none.
func (n *Node) Namespace() string { return namespaceOf(n.name) }

// Doc returns the documentation of a named type.
func (n *Node) Doc() string { return n.doc }

// Aliases returns the full names of a named type's aliases.
func (n *Node) Aliases() []string { return n.aliases }

// Fields returns the fields of a record, in order.
func (n *Node) Fields() []*Field { return n.fields }

// Symbols returns the symbols of an enum, in order.
func (n *Node) Symbols() []string { return n.symbols }

// Items returns the type of an array's items or a map's values, and nil for other types.
func (n *Node) Items() *Node { return n.items }

// Branches returns the branches of a union, in order.
func (n *Node) Branches() []*Node { return n.branches }

// Size returns the size of a fixed, in bytes.
func (n *Node) Size() int { return n.size }

// Logical returns the logical type, or the zero value if there is no valid one.
func (n *Node) Logical() Logical { return n.logical }

// Props returns the attributes that the specification does not define for the type, in the order of
// the text, and those of logical types ("logicalType", "precision", "scale").
func (n *Node) Props() []Prop { return n.props }

// EnumDefault returns the default of an enum, which readers use for unknown symbols.
func (n *Node) EnumDefault() (string, bool) {
	if n.enumDef == nil {
		return "", false
	}
	return *n.enumDef, true
}

// BranchName returns the name of the node as a branch of a union: the full name of a named type,
// otherwise the name of the type.
func (n *Node) BranchName() string {
	if n.name != "" {
		return n.name
	}
	return n.typ.String()
}

// Field returns the field of a record by its name; aliases are not considered.
func (n *Node) Field(name string) (*Field, bool) {
	if n.index != nil {
		i, ok := n.index[name]
		if !ok {
			return nil, false
		}
		return n.fields[i], true
	}
	for _, f := range n.fields {
		if f.name == name {
			return f, true
		}
	}
	return nil, false
}

// Symbol returns the index of an enum's symbol, from 0.
func (n *Node) Symbol(symbol string) (int, bool) {
	if n.index != nil {
		i, ok := n.index[symbol]
		return i, ok
	}
	for i, s := range n.symbols {
		if s == symbol {
			return i, true
		}
	}
	return 0, false
}

// children yields the types directly below n.
func (n *Node) children(yield func(*Node) bool) {
	if n.items != nil && !yield(n.items) {
		return
	}
	for _, b := range n.branches {
		if !yield(b) {
			return
		}
	}
	for _, f := range n.fields {
		if !yield(f.typ) {
			return
		}
	}
}

// Name returns the field's name.
func (f *Field) Name() string { return f.name }

// Index returns the field's position in its record, from 0.
func (f *Field) Index() int { return f.pos }

// Aliases returns the field's aliases.
func (f *Field) Aliases() []string { return f.aliases }

// Doc returns the field's documentation.
func (f *Field) Doc() string { return f.doc }

// Type returns the field's type.
func (f *Field) Type() *Node { return f.typ }

// Order returns "ascending", "descending" or "ignore".
func (f *Field) Order() string { return f.order }

// Props returns the attributes that the specification does not define for
// fields, in the order of the text.
func (f *Field) Props() []Prop { return f.props }

// Default returns the default as JSON, which must not be changed. It is valid for the field's type
// unless the schema was parsed with [Lenient].
//
// A default may omit fields of records that have defaults themselves, recursively. A short text may
// therefore stand for a large value, and with [Lenient] for an infinite one: bound what you expand.
func (f *Field) Default() (json.RawMessage, bool) { return f.def, f.def != nil }
