//go:build cgo

package kavro

// defaultBase is librdkafka where it can be had: it is what the ecosystem trusts.
const defaultBase = "confluent"
