// Package avrort is what generated code calls to write and read Avro's binary
// encoding: a [Reader] over one datum, functions that append one value, and those
// that put a step before the path of an error. Programs use package avro; code that
// kavro gen writes, and AppendAvro and DecodeAvro methods written by hand, use this.
//
// Append functions return dst grown, as the built-in append does. Those that can fail
// return dst as it was with the error. Put functions store values into memory that
// [Open] reserved for several of them. A Reader keeps its first error: code reads a
// whole record and asks for [Reader.Err] once.
//
// The errors, [Decimal], [Duration] and [UUID] have aliases in package avro.
//
// # Specifications
//
//   - Apache Avro 1.12.0: "Binary Encoding", "Logical Types"
package avrort
