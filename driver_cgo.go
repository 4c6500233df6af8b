//go:build cgo

package kavro

// defaultDriver is librdkafka where it can be had: it is what the ecosystem trusts.
const defaultDriver = "confluent"
