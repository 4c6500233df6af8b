// Package confluent is the driver over confluent-kafka-go, that is librdkafka through cgo.
//
// [Driver] is the package as a value. [NewProducer], [NewConsumer], [NewSession] and [NewAdmin]
// make clients. With cgo there are also WrapProducer and WrapConsumer, which work through a
// *kafka.Producer or *kafka.Consumer of confluent-kafka-go that exists already and leave it
// open, and Client and ConsumerClient, which return the one underneath. Without cgo
// (CGO_ENABLED=0) the package builds, and its constructors return an error.
//
// # Configuration
//
// Keys, values and defaults are librdkafka's, which refuses unknown keys. The differences:
//
//   - enable.idempotence is true unless another setting contradicts it
//     (acks, retries, max.in.flight, queuing.strategy, backpressure threshold).
//   - fetch.queue.backoff.ms is 2, not 1000: above queued.min.messages a
//     fetcher sleeps that long, which holds a fast consumer at a quarter of its
//     rate. The cost is the same CPU per record and little memory.
//   - enable.auto.commit, auto.commit.interval.ms and enable.auto.offset.store are accepted and
//     not passed to librdkafka: only Commit commits. Package avroconsumer reads them.
//   - With kafka.Hooks.Logger, log lines go there. Without it librdkafka logs nothing, unless
//     log_level or debug is set: then it writes to stderr. kavro's own warnings go to
//     slog.Default() then.
//   - go.delivery.report.fields is accepted and not passed on: a report has the caller's own
//     record, so nothing has to be copied back.
//   - go.batch.producer=true is refused (it loses headers and timestamps), as
//     are go.delivery.reports=false, delivery.report.only.error=true and the
//     keys that send events to other receivers.
//
// # Limits
//
//   - The timestamp of a delivery report is the one that was sent, also for topics with
//     message.timestamp.type=LogAppendTime.
//   - The timestamp 1970-01-01T00:00:00.000Z means "now" to librdkafka. Produce refuses it, and
//     timestamps outside of the years 1678 to 2262.
//   - Produce refuses names of topics and headers with a zero byte: C would end them there.
//   - librdkafka's errors of fetches do not name the partition. kafka.Batch.Errors has it if the
//     text names it or one partition alone is assigned; else topic and partition are "" and -1.
//
// # Goroutines
//
// A producer has one goroutine that calls done for delivery reports, in librdkafka's order, and
// one for events. A consumer has none: everything happens inside Poll and Close. librdkafka
// cannot interrupt some calls: when their context ends they go on in the background, and Close
// waits for them within its own context.
//
// # Specifications
//
//   - librdkafka 2.15, CONFIGURATION.md and rdkafka.h
//   - confluent-kafka-go v2.15, package kafka
//   - KIP-98 (transactions), KIP-429 (cooperative rebalance), KIP-447 (exactly once per group)
package confluent
