// Package gen generates Go types from Avro schemas.
//
// [Generate] takes schemas and returns formatted Go files; the command "kavro gen" calls it.
// Generated types have their schema and their own code ([avro.Generated]), without reflection:
//
//	record                    struct, and a constructor that sets the schema's defaults
//	enum                      int32 constants with String, Parse and text methods
//	fixed                     [N]byte
//	null or T                 *T; of arrays, maps and bytes the type itself, whose nil is null
//	other unions              sealed interface; nil is null
//	array, map                []T, map[string]T
//	decimal, big-decimal      avro.Decimal
//	date, timestamp-*         time.Time
//	time-*                    time.Duration
//	uuid, duration            avro.UUID, avro.Duration
//	null                      struct{}
//	a root without a name     struct with the field Value
//
// A record that contains itself, except through a union, array or map, has a pointer, which must
// not be nil when it is written.
//
// The branches of a union are pointers to records, and values of enums and fixed types, of the same
// package. Any other branch has a wrapper type with the field Value, named after the union and the
// branch.
//
// # Defaults
//
// New<record> returns a value whose fields have the defaults of the schema, as a reader would set
// them, including NaN, infinities, nested records and branches of unions. If the Go type of a field
// cannot represent its default, such as "" for a uuid, [Generate] returns an error. With
// [WithZeroDefaults] such fields are zero, and the comment of the constructor lists them.
//
// # Names and packages
//
// Each namespace is a package, in a folder with the namespace's parts as its path. [WithPackage]
// maps a namespace to another folder, [WithSinglePackage] puts all types into one package. Names
// become exported Go names: customer_id is CustomerID. If two names would be equal, the name that is
// a Go name already is kept; the others get the last part of their namespace as a prefix, or a
// number as a suffix. The result does not depend on the order of the schemas.
//
// # JSON
//
// Generated types work with encoding/json: fields have the names of the schema, enums are their
// symbols, fixed types are hexadecimal text, and unions other than nullable types are
// {"branch": value}. For Avro's JSON encoding see [avro.Codec.AppendJSON].
//
// # Specifications
//
//   - Apache Avro 1.12.0, "Schema Declaration"
//   - The Go Programming Language Specification, Go 1.26 ("Identifiers", "Allocation")
package gen

import "github.com/kavro/kavro/avro"

var _ avro.Generated // the interface of generated types
