// Package pipeline consumes, transforms and produces, with exactly-once semantics: the records
// that a [Pipeline] produces and the offsets of the records that it consumed are committed in
// one transaction, or not at all.
//
// It works on a [kafka.Session], with one transactional id and one group. Over [AtLeastOnce],
// which makes a session of any consumer and producer, the same pipeline works without
// transactions: after a crash, some records are transformed twice.
//
// # Batches
//
// A pipeline works in batches. For each it begins a transaction, polls up to a number of
// records within an interval ([WithBatch]), transforms them, produces the results and commits.
// If a batch cannot be committed, because a rebalance moved partitions or a broker was
// restarted, it is aborted and its records are polled again: the function may be called twice
// with the same record, but its results are seen once. Readers of committed records see
// results only when their batch is committed, so the latency is that of a batch.
//
// # Tools
//
// [Copy] copies topics from one cluster to another, byte for byte, with translated schema ids.
// [Replay] sends dead letters back to the topics they came from.
package pipeline
