// Package randomschema generates random Avro schemas, evolutions of them, and data for them.
// The property tests of schemas and avro use it, and the comparisons with other libraries.
//
// All randomness comes from the [rand.Rand] of the caller: the same seed gives the same
// schemas and data.
package randomschema
