package avroproducer

import (
	"time"

	"github.com/kavro/kavro/kafka"
)

// Record is a record to produce. Only Topic is required.
type Record[K, V any] struct {
	Topic      string
	Key        K
	Value      V
	Tombstone  bool           // write null instead of Value: delete Key from a compacted topic
	Partition  *int32         // nil or -1 lets the partitioner choose
	Headers    []kafka.Header // in this order; never changed
	Timestamp  time.Time      // zero: now
	OnDelivery func(Delivery)
}

// Delivery is the result of producing a record.
type Delivery struct {
	Topic     string
	Partition int32 // -1 if the record failed before one was chosen
	Offset    int64 // -1 if the record failed, or if acks=0 keeps the offset unknown
	Timestamp time.Time

	Key       any            // the K given to Produce
	Value     any            // the V given to Produce; its zero value for a tombstone
	Tombstone bool           // the value was written as null
	Headers   []kafka.Header // as written, with those of the serializers; owned by the receiver

	Err error // nil: the brokers have the record, as acks asks
}

// RecordOption changes one record, for [Producer.Produce] and [Producer.Delete], which refuse
// one that is nil.
type RecordOption func(*settings)

// settings holds the optional fields of a record.
type settings struct {
	partition  int32
	headers    []kafka.Header // owned by the producer
	timestamp  time.Time
	onDelivery func(Delivery)
}

// WithPartition sends the record to partition p. The default, -1, lets the partitioner
// choose; Produce refuses less than that.
func WithPartition(p int32) RecordOption { return func(s *settings) { s.partition = p } }

// WithHeaders appends headers to the record. The slice is copied; the bytes of the values
// are not, and must stay unchanged until the record is reported.
func WithHeaders(h ...kafka.Header) RecordOption {
	return func(s *settings) { s.headers = append(s.headers, h...) }
}

// WithTimestamp sets the record's timestamp, with a resolution of a millisecond. The
// default is the current time.
func WithTimestamp(t time.Time) RecordOption { return func(s *settings) { s.timestamp = t } }

// OnDelivery calls f with the result for the record, exactly once. The failure is then not
// reported by Flush and Close.
//
// One producer makes these calls one at a time, in the order of the client's reports, on a
// goroutine of its own: a slow f delays other calls of OnDelivery, not the client.
//
// f may call Produce, with a context that ends if the new record has OnDelivery too: while
// [WithMaxReports] calls are queued, Produce waits for f to return. f must not call Flush
// or Close, which wait for f: they return [ErrCallbackRunning] when their context ends, and
// never return if it does not end. Start a goroutine for that.
func OnDelivery(f func(Delivery)) RecordOption { return func(s *settings) { s.onDelivery = f } }
