// Package pipeline consumes, transforms and produces, with exactly-once
// semantics: what a [Pipeline] produces, and the offsets of what it consumed to
// do so, are committed in one transaction, or not at all.
//
// It works on a [kafka.Session], one transactional id and one group. Over
// [AtLeastOnce], which makes a session of any consumer and producer, the same
// pipeline works without transactions: after a crash, some records are
// transformed twice.
//
// # Rounds
//
// A pipeline works in rounds. A round begins a transaction, polls up to a number
// of records within an interval ([WithBatch]), transforms them, produces the
// results and commits. A round that cannot be committed, because a rebalance took
// partitions away or a broker was restarted, is aborted, and its records come
// again: the function must bear to be called twice with the same record, though
// what it returns is seen once. Latency is that of a round: readers of committed
// records see nothing of it before its end.
//
// # Ready-made
//
// [Copy] copies topics from one cluster to another, byte for byte, with the ids of
// schemas translated. [Replay] sends dead letters back to where they came from.
package pipeline
