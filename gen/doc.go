// Package gen writes Go types for Avro schemas.
//
// [Generate] takes schemas and returns formatted Go files. The command
// "kavro gen" is a thin shell around it. The types bring their own schema and
// their own code ([avro.Generated]), without reflection:
//
//	record                    struct, with a constructor that fills in the schema's defaults
//	enum                      int32 constants with String, Parse and text methods
//	fixed                     [N]byte
//	null or T                 *T; of arrays, maps and bytes the plain type, whose nil is null
//	other unions              sealed interface; nil is null
//	array, map                []T, map[string]T
//	decimal, big-decimal      avro.Decimal
//	date, timestamp-*         time.Time
//	time-*                    time.Duration
//	uuid, duration            avro.UUID, avro.Duration
//	null                      struct{}
//	a top that has no name    struct with the field Value
//
// A record that contains itself, other than in a union, array or map, holds a
// pointer, which may not be nil when it is written.
//
// In a union, records of the same package stand for themselves, as pointers, and
// enums and fixed types as values. Everything else has a wrapper with the field
// Value, named after the union and the branch.
//
// # Defaults
//
// New<record> returns a value whose fields hold the defaults of the schema, exactly
// as a reader fills them in: NaN and infinities, nested records, the branch of a
// union. A default that is no value of the field's Go type, such as "" for a uuid,
// is an error of [Generate]; [WithZeroDefaults] leaves such fields zero, and the
// constructor's comment says which and why.
//
// # Names and packages
//
// Each namespace is a package, in a folder path made of the namespace's parts;
// [WithPackage] maps a namespace to another folder, [WithSinglePackage] puts all
// into one. Names become exported Go names: customer_id is CustomerID. Where two
// would be the same, the one that needed no change keeps its name, and the others
// get the last part of their namespace in front, or a number at the end. The
// outcome depends on the set of schemas, not on the order they are given in.
//
// # JSON
//
// Generated types work with encoding/json: fields have the names of the schema,
// enums are their symbols, fixed types hexadecimal text, and unions other than
// nullable types {"branch": value}. For Avro's own JSON there is
// [avro.Codec.AppendJSON].
//
// # Specifications
//
//   - Apache Avro 1.12.0, "Schema Declaration"
//   - The Go Programming Language Specification, Go 1.26 ("Identifiers", "Allocation")
package gen

import "github.com/kavro/kavro/avro"

var _ avro.Generated // what generated types satisfy
