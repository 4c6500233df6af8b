// Package avro turns Go values into Avro's binary encoding and back, and data
// of one schema into data of another.
//
// A datum is the bytes of one value, without a header. A schema, parsed by package
// schemas, gives their types. Begin with [Codec]: [NewCodec] checks a Go type against
// a schema once, and lists all differences in one [*TypeMismatchError];
// [Codec.Append] and [Codec.Decode] then run a plan that was compiled from both.
//
// The type parameter decides how values look in Go:
//
//   - a struct (or a pointer to one), its fields named by the tag avro:"name", or by
//     their own names but for upper and lower case and underscores; avro:"-" leaves a
//     field out, avro:"name,omitzero" writes null for its zero value;
//   - any, for schemas known only at run time: map[string]any for records,
//     []any for arrays, bare values for unions (see [Union]);
//   - map[string]V, []V, and the plain types, for schemas that are not records;
//   - a generated type, which brings its own schema and code (see [Generated]).
//
// [Projection] reads the fields that a struct has, and [View] the value at one path:
// the rest of the data is skipped.
//
// [Resolution] turns data of a writer's schema into data of a reader's, bytes to
// bytes, by the rules of Avro's "Schema Resolution". [JSON] turns data into JSON and
// back.
//
// [Projection] reads data without a schema of the reader's: a struct has the fields of
// the writer that a program wants. Those that the writer lacks are zero, unless
// the tag says avro:"name,required".
//
// # Errors
//
// Numbers out of the range of their Go type or their schema, missing fields,
// trailing bytes and ambiguous unions are errors in both directions. A
// [*DecodeError] says where in the value and where in the bytes, an
// [*EncodeError] where in the value.
//
// # Hostile input
//
// Every count and length is checked against the bytes that remain before
// anything is allocated, and depth is bounded, so that memory is bounded by a
// multiple of the input's length. The limits are options: [WithMaxBytes],
// [WithMaxItems], [WithMaxEmptyItems] and [WithMaxDepth].
//
// # Specifications
//
//   - Apache Avro 1.12.0: "Binary Encoding", "Logical Types", "Schema Resolution"
package avro
