// Package lint finds what is valid in a schema and yet hardly meant: [Schema] looks
// at one schema. The command "kavro lint" prints what it finds.
//
// What is found is never an error for a reader of Avro: attributes that it passes
// over, types that no value has. Whoever wrote them expected something.
package lint
