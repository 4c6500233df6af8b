// Package avroproducer is a Kafka producer that takes values: it serializes a
// key and a value and gives the record to a [kafka.Producer].
//
// [Producer.Produce] queues a record; [Producer.ProduceSync] waits for what
// became of each; [Producer.Delete] writes a tombstone. A full queue makes them
// wait within their context. [Producer.Transaction] commits or aborts all that
// a function produces.
//
// # What becomes of a record
//
// Every record that Produce took is reported exactly once. With [OnDelivery] (or
// [Record].OnDelivery) the report is yours. ProduceSync returns it. A failure
// that neither was told of is kept for the next [Producer.Flush] or
// [Producer.Close], so that none is lost in silence.
//
// # Ownership
//
// The producer copies neither keys nor values: they are serialized before
// Produce returns, and only OnDelivery hands them back. The slice of headers is
// copied, the bytes in it are not: leave those alone until the record is
// reported.
//
// A Producer is safe for concurrent use. Several, of different types, may share
// one kafka.Producer.
package avroproducer
