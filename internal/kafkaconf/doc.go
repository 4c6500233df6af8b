// Package kafkaconf is what both Kafka clients check alike in a configuration:
// the names of librdkafka's keys and their aliases, Java's keys with what they are
// called here, the list of brokers, and the keys of security that only count
// together. What is specific to one client stays in its package.
//
// # Sources
//
//   - librdkafka, CONFIGURATION.md: names, types, defaults, aliases
//   - Apache Kafka 4.1, ProducerConfig, ConsumerConfig, CommonClientConfigs,
//     SaslConfigs and SslConfigs: Java's keys
package kafkaconf
