package schemas

import "math"

// A ParseOption changes what [Parse] accepts.
type ParseOption func(*options)

type options struct {
	refs     []*Schema
	lenient  bool
	again    bool // a text may define again what its references define
	maxBytes int
	maxDepth int
}

func defaultOptions() options {
	return options{
		maxBytes: 1 << 20, // what a Kafka topic, and so a registry, stores by default
		maxDepth: 200,
	}
}

// WithReferences makes the named types of refs, and of their references, available to the schema. It
// may be given several times.
func WithReferences(refs ...*Schema) ParseOption {
	return func(o *options) { o.refs = append(o.refs[:len(o.refs):len(o.refs)], refs...) }
}

// Lenient accepts schemas that a registry may contain because an older parser accepted them:
//
//   - names with characters other than letters, digits and underscores
//   - defaults that are invalid for their type, which [Field.Default] returns as they are
//   - an enum's default that is not one of its symbols, and an unknown order: both are ignored
//   - a named type wrapped in an object, {"type":"Name"}, and a type wrapped in an
//     object, {"type":{"type":"int"}}
//   - an identical second definition of a type
//   - a fixed size as a string
//
// [Schema.Canonical] writes such schemas in the form that the specification requires.
func Lenient() ParseOption {
	return func(o *options) { o.lenient = true }
}

// WithMaxBytes sets the maximum size of the text in bytes. The default is 1 MiB, the maximum 2 GiB.
// A parsed schema takes at most about 50 times the size of its text.
func WithMaxBytes(n int) ParseOption {
	return func(o *options) { o.maxBytes = min(n, math.MaxInt32) }
}

// WithMaxDepth sets the maximum depth of types: the number of records, arrays, maps and unions
// within each other, including those of references. The default is 200, the maximum 100,000.
func WithMaxDepth(n int) ParseOption {
	return func(o *options) { o.maxDepth = min(n, 100_000) }
}
