// Package franz is the driver over franz-go: pure Go, without a C compiler, and the faster
// one of the two.
//
// [Driver] is the package as a value. [NewProducer], [NewConsumer], [NewSession] and
// [NewAdmin] take librdkafka's configuration keys with librdkafka's defaults and translate
// them into franz-go's options; [Keys] lists all keys, their effect in this package, and why
// some are refused. [Client] returns the *kgo.Client underneath, [WrapProducer] makes a
// kafka.Producer of a *kgo.Client that exists already.
//
// # Differences from franz-go
//
//   - The defaults are librdkafka's: the partitioner hashes keys with CRC-32, reading starts
//     at the end and sees committed records only, nothing is compressed, the assignors are
//     range and roundrobin.
//   - franz-go runs rebalance callbacks on its own goroutines. Here they run on the goroutine
//     that is in Poll, Subscribe or Close.
//   - franz-go joins a group as soon as the client exists. So Subscribe makes the client.
//   - franz-go has no event for the end of a partition. Positions are compared with the high
//     watermark, or with the last stable offset where only committed records are read;
//     control records move positions and are not returned.
//   - In franz-go, cancelling the context of one produced record fails its whole batch. So
//     Produce waits for space in the queue before the record reaches the client, and its
//     context ends there.
//
// # Specifications
//
//   - librdkafka, CONFIGURATION.md and rdkafka.h (local error codes)
//   - Apache Kafka, "Protocol"
//   - KIP-98 (transactions), KIP-447 (exactly once per group), KIP-848 (group.protocol=consumer)
package franz
