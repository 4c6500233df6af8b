// Package registries shows how kavro gets along with other schema registries. Its
// tests run one conformance suite against them and against kavro's own; what each
// does differently from Confluent's is a table, differences_test.go, that must
// match exactly.
package registries
