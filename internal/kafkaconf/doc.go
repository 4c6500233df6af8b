// Package kafkaconf is the part of a configuration that both drivers read alike: librdkafka's keys and
// their aliases, Java's keys with librdkafka's names for them, the list of brokers, and the combinations
// of keys for TLS and SASL.
//
// # Sources
//
//   - librdkafka, CONFIGURATION.md: names, types, defaults, aliases
//   - Apache Kafka 4.1, ProducerConfig, ConsumerConfig, CommonClientConfigs,
//     SaslConfigs and SslConfigs: Java's keys
package kafkaconf
