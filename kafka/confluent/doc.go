// Package confluent is the client over confluent-kafka-go, that is librdkafka
// through cgo: what the ecosystem trusts, with the configuration keys that
// people know.
//
// [NewProducer], [NewConsumer] and [NewSession] make clients that they own.
// With cgo there are also WrapProducer and WrapConsumer, which work through a
// *kafka.Producer or *kafka.Consumer that the program has already and leave it
// open, and Client and ConsumerClient, which give the one underneath. Without
// cgo (CGO_ENABLED=0) the package builds, and its constructors return an error
// that says what to do.
//
// # Configuration
//
// Keys, values and defaults are librdkafka's, and it refuses what it does not
// know. What differs, and why:
//
//   - enable.idempotence is true unless another setting contradicts it
//     (acks, retries, max.in.flight, queuing.strategy, backpressure threshold).
//   - fetch.queue.backoff.ms is 2, not 1000: above queued.min.messages a
//     fetcher sleeps that long, which holds a fast consumer at a quarter of its
//     rate. The cost is the same CPU per record and little memory.
//   - enable.auto.commit, auto.commit.interval.ms and enable.auto.offset.store
//     are accepted and not handed on: a client commits only when it is told to,
//     and the layer above reads them.
//   - Without kafka.Hooks.Logger librdkafka logs nothing, unless log_level or debug
//     is set: then it writes to stderr. With it, log lines go there. Warnings of
//     client's own go to slog.Default() without it.
//   - go.delivery.report.fields is accepted and not handed on: a report carries
//     the caller's own record, so nothing has to be copied back.
//   - go.batch.producer=true is refused (it loses headers and timestamps), as
//     are go.delivery.reports=false, delivery.report.only.error=true and the
//     keys that hand events to somebody else.
//
// # What cannot be had through this client
//
//   - A delivery report has no timestamp: it is the one that was sent, also
//     for topics with message.timestamp.type=LogAppendTime.
//   - The timestamp of 1970-01-01T00:00:00.000Z means "now" to librdkafka; a
//     record that asks for it is refused, as is one outside the years 1678 to 2262.
//   - A topic's or a header's name with a zero byte in it is refused, since it
//     would be cut short on its way through C.
//   - Errors of one partition that come from a fetch do not name it. They do in
//     kafka.Batch.Errors if the text names it or only one partition is assigned;
//     otherwise topic and partition are "" and -1.
//
// # Threads
//
// A producer has one goroutine that calls done for delivery reports, in the
// order in which librdkafka gives them, and one for events. A consumer has
// none of its own: everything happens inside Poll and Close. A call that
// librdkafka cannot interrupt is left to finish on a goroutine of its own when
// its context ends, and Close waits for it within its own context.
//
// # Specifications
//
//   - librdkafka 2.15, CONFIGURATION.md and rdkafka.h
//   - confluent-kafka-go v2.15, package kafka
//   - KIP-98 (transactions), KIP-429 (cooperative rebalance), KIP-447 (exactly once per group)
package confluent
