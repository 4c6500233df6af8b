// Package franz is the client over franz-go: pure Go, no C compiler needed, and
// the fast one of the two.
//
// [NewProducer], [NewConsumer] and [NewSession] take librdkafka's configuration
// keys with librdkafka's defaults and translate them into franz-go's options;
// [Keys] lists them all, what each does here, and which are refused and why.
// [Client] gives the *kgo.Client underneath, [WrapProducer] makes a
// kafka.Producer of one that exists already.
//
// # Where franz-go differs, and what is done about it
//
//   - Its defaults are made librdkafka's: the partitioner hashes keys with
//     CRC-32, reading starts at the end and sees committed records only,
//     nothing is compressed, the assignors are range and roundrobin.
//   - It runs rebalance callbacks on goroutines of its own. Here they are
//     handed to the goroutine that is in Poll, Subscribe or Close.
//   - It joins a group as soon as the client exists, so that is made by Subscribe.
//   - It has no event for the end of a partition: positions are compared with
//     the high watermark, or the last stable offset when only committed records
//     are read, and control records move positions without being handed over.
//   - Cancelling the context of one produced record fails its whole batch: room
//     in the queue is waited for before the record reaches the client.
//
// # Specifications
//
//   - librdkafka, CONFIGURATION.md and rdkafka.h (local error codes)
//   - Apache Kafka, "Protocol"
//   - KIP-98 (transactions), KIP-447 (exactly once per group), KIP-848 (group.protocol=consumer)
package franz
