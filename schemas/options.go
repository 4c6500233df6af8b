package schemas

// ParseOption changes how [Parse] works.
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

// WithReferences makes the named types that refs define known to the schema,
// with all that they refer to. It may be given several times.
func WithReferences(refs ...*Schema) ParseOption {
	return func(o *options) { o.refs = append(o.refs[:len(o.refs):len(o.refs)], refs...) }
}

// Lenient accepts what a registry may already hold, because some parser once
// accepted it:
//
//   - names with other characters than letters, digits and underscores
//   - defaults that do not fit their type ([Field.Default] gives them unchecked)
//   - an enum's default that is not one of its symbols, and an order that does
//     not exist: both are ignored
//   - a named type wrapped in an object, {"type":"Name"}, and a type wrapped in
//     an object, {"type":{"type":"int"}}
//   - a definition repeated word for word
//   - a fixed size in quotes
//
// What it accepts, [Schema.Canonical] writes as the specification wants it.
func Lenient() ParseOption {
	return func(o *options) { o.lenient = true }
}

// WithMaxBytes sets the largest text that is read, in bytes. The default is
// 1 MiB. A parsed schema takes at most about 50 times the size of its text.
func WithMaxBytes(n int) ParseOption {
	return func(o *options) { o.maxBytes = n }
}

// WithMaxDepth sets how deeply types may nest, counting each record, array, map
// and union on the way down, also through references and through names used
// before they are defined. The default is 200, the most 100,000.
func WithMaxDepth(n int) ParseOption {
	return func(o *options) { o.maxDepth = min(n, 100_000) }
}
