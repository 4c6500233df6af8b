// Package kafka defines what kavro needs of a Kafka client: [Record], [Header], [Config], and
// the interfaces [Producer], [Consumer], [Session] and [Admin], in bytes. It imports no client.
//
// A [Driver] makes clients. There are two, with the same keys, the same defaults (librdkafka's)
// and the same behaviour: [github.com/kavro/kavro/kafka/confluent] over confluent-kafka-go, that
// is librdkafka, with cgo, and [github.com/kavro/kavro/kafka/franz] over franz-go, in pure Go.
// [github.com/kavro/kavro/kafka/kafkatest] is the conformance suite that both pass.
//
// # Terms
//
//   - A delivery report is the one call of done that says whether a produced record was
//     delivered.
//   - A position is the offset of the next record to read from a partition.
//   - A committed offset is the position of a group, where a new member starts.
//   - A record is owned by one side at a time. Methods say when ownership changes.
//
// # Specifications
//
//   - Apache Kafka, "Protocol", error codes and message format v2
//   - librdkafka, CONFIGURATION.md, for keys and defaults
package kafka
