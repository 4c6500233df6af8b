// Package kafka is what kavro needs of a Kafka client: records, headers,
// configuration, and the interfaces [Producer], [Consumer] and [Session] in
// bytes, not values. It imports no client.
//
// Two packages satisfy it, with the same keys, the same defaults (librdkafka's)
// and the same outcomes: kafka/confluent over confluent-kafka-go (librdkafka,
// cgo), and kafka/franz over franz-go (pure Go). kafka/kafkatest is the suite that
// says what "the same" means; a third client is welcome if it passes.
//
// # Terms
//
// A record is owned by one side at a time, and each method says when that
// changes. A delivery report is the one call of done that tells what became of
// a produced record. A position is the offset of the next record to read; a
// committed offset is the group's position that a new member starts from.
//
// # Specifications
//
//   - Apache Kafka, "Protocol", error codes and message format v2
//   - librdkafka, CONFIGURATION.md, for keys and defaults
package kafka
