// Package avroproducer is a Kafka producer that takes values: it serializes a
// key and a value and gives the record to a [kafka.Producer].
//
// [Producer.Produce] queues a record; [Producer.ProduceSync] waits for the result of each
// record; [Producer.Delete] writes a tombstone. They wait within their context while the
// client's queue is full. [Producer.Transaction] commits or aborts the records that a
// function produces.
//
// # Delivery reports
//
// Every record that Produce accepted is reported exactly once: to its [OnDelivery] function
// (or [Record].OnDelivery), or as a result of ProduceSync. A failure with neither is
// returned by the next [Producer.Flush] or [Producer.Close].
//
// # Ownership
//
// Keys and values are serialized before Produce returns, and not kept, except to be passed
// to OnDelivery. The slice of headers is copied, the bytes of their values are not: do not
// change them until the record is reported.
//
// A Producer is safe for concurrent use. Producers of different types may share one
// kafka.Producer.
package avroproducer
