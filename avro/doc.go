// Package avro turns Go values into Avro's binary encoding and back, and data
// of one schema into data of another.
//
// A datum is the bytes of one value, without a header: what they mean is said
// by a schema, parsed by package schemas. [Codec] is the way in: [NewCodec]
// checks a Go type against a schema once, and lists everything that does not
// fit in one [*TypeMismatchError]; [Codec.Append] and [Codec.Decode] then run a plan
// that was compiled from both.
//
// The type parameter decides how values look in Go:
//
//   - a struct (or a pointer to one), its fields named by the tag avro:"name";
//   - any, for schemas known only at run time: map[string]any for records,
//     []any for arrays, bare values for unions (see [Union]);
//   - map[string]V, []V, and the plain types, for schemas that are not records;
//   - a generated type, which brings its own schema and code (see [Generated]).
//
// [Resolution] turns what was written with one schema into what another one
// says, as Avro's "Schema Resolution" has it, bytes to bytes.
//
// # What does not fit is an error
//
// Numbers that do not fit their Go type or their schema, missing fields,
// trailing bytes and ambiguous unions are errors in both directions. A
// [*DecodeError] says where in the value and where in the bytes, an
// [*EncodeError] where in the value.
//
// # Hostile input
//
// Every count and length is checked against the bytes that remain before
// anything is allocated, and depth is bounded, so that memory is bounded by a
// multiple of the input's length. [WithMaxBytes], [WithMaxItems],
// [WithMaxEmptyItems] and [WithMaxDepth] draw the lines.
//
// # Specifications
//
//   - Apache Avro 1.12.0: "Binary Encoding", "Logical Types", "Schema Resolution"
package avro
