// Package ocf reads and writes Avro's object container files: a header with the
// schema, then blocks of data, compressed one by one.
//
// [NewWriter] starts a file and [Append] goes on with one; [NewReader] reads one,
// with the schema it was written with or, resolved, with another. Both are
// generic over the Go type, as package avro's Codec is.
//
//	file:    "Obj" 01, metadata (a map of bytes), 16 random bytes: the sync marker
//	block:   number of data, number of bytes, the data, the sync marker
//
// Of compressions, null, deflate, snappy and zstandard are read and written, and
// bzip2 is read.
//
// # Damage and malice
//
// A block that cannot be read is a [*BlockError] that says where it is. With
// [WithResync] reading then goes on behind the next sync marker, so that one
// damaged block costs no other. The sizes that a file claims are believed only as
// far as its bytes go, and blocks, headers and what they unpack to are limited:
// [WithMaxBlock], [WithMaxHeader].
//
// # Specifications
//
//   - Apache Avro 1.12.0: "Object Container Files"
package ocf
