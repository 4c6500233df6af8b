// Package schemas says what data looks like: it parses Avro schemas, names and
// fingerprints them, and decides whether data written with one can be read with
// another. It knows no bytes of data (package avro does) and no network (package
// registry does).
//
// Start with [Parse] or [MustParse], and [WithReferences] or [LoadDir] where
// schemas use each other's types. A [Schema] is an immutable tree of [Node]s to
// walk from [Schema.Root], and it has four texts:
//
//   - [Schema.String]: as it was given, byte for byte but for comments; what gets
//     registered
//   - [Schema.Canonical]: what bears on data, for [Schema.Fingerprint] and its kin
//   - [Schema.Print]: what Java prints and a registry stores, nothing lost
//   - [Schema.Normalized]: the same, for registries asked to normalize
//
// [CanRead] compares a reader with a writer, [Level.Check] a new schema with its
// history, and [CheckVersions] does so for a folder of versions in a program's own
// tests. What they find is an [*IncompatibleError] with every [Reason].
//
// # Strict and lenient
//
// Parse accepts what Apache Avro 1.12 for Java accepts when it is strict about
// names and defaults, since that is what every other party will be able to read.
// [Lenient] is for texts that come out of a registry and cannot be helped any
// more.
//
// # Hostile schemas
//
// A text may come from anywhere. Its size and the depth of its types are bounded
// ([WithMaxBytes], [WithMaxDepth]), so are the names it can inherit and the work
// that a default or a comparison takes: nothing panics, overflows the stack or
// takes memory out of proportion to the limits.
//
// Nothing in this package is shared behind the caller's back: there is no registry
// of names, and the same text parsed with other references is another schema.
//
// # Specifications
//
//   - Apache Avro 1.12.0: "Schema Declaration", "Names", "Logical Types",
//     "Schema Resolution", "Parsing Canonical Form for Schemas"
//   - RFC 8259 (JSON), RFC 6901 (JSON pointers in errors)
//   - Confluent documentation: "Schema Evolution and Compatibility"
package schemas
