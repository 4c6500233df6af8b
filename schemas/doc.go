// Package schemas parses Avro schemas, computes their fingerprints and normal forms, and compares
// them: whether data written with one schema can be read with another. Data itself is read by
// package avro, registries by package registry; this package uses no network.
//
// Start with [Parse] or [MustParse]. [WithReferences] and [LoadDir] are for schemas that use each
// other's types. A [Schema] is an immutable graph of nodes ([Node]), beginning at [Schema.Root], and has
// four texts:
//
//   - [Schema.String]: the text given to Parse without comments; the text to register
//   - [Schema.Canonical]: Parsing Canonical Form, the input of [Schema.Fingerprint]
//   - [Schema.Print]: the text that Java prints and that a registry stores
//   - [Schema.Normalized]: Print's text, normalized as Confluent's registry does on request
//
// [CanRead] compares a reader's schema with a writer's, [Level.Check] a new schema with its history,
// and [CheckVersions] the versions in a folder, for a program's own tests. Their error is an
// [*IncompatibleError] with every [Reason].
//
// # Strict and lenient parsing
//
// Parse accepts what Apache Avro 1.12 for Java accepts with strict checks of names and defaults, so
// that every other implementation can read the schema. [Lenient] is for texts of a registry that
// cannot be changed any more.
//
// # Hostile schemas
//
// Texts may come from untrusted sources. The size of a text and the depth of its types are bounded
// ([WithMaxBytes], [WithMaxDepth]), and so are inherited names, defaults and comparisons. No text
// causes a panic, a stack overflow, or memory use out of proportion to these limits.
//
// The package has no global state: parsing the same text with other references gives another schema.
//
// # Specifications
//
//   - Apache Avro 1.12.0: "Schema Declaration", "Names", "Logical Types",
//     "Schema Resolution", "Parsing Canonical Form for Schemas"
//   - RFC 8259 (JSON), RFC 6901 (JSON pointers in errors)
//   - Confluent documentation: "Schema Evolution and Compatibility"
package schemas
