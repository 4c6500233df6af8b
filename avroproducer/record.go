package avroproducer

import (
	"time"

	"github.com/kavro/kavro/kafka"
)

// Record is a record to produce. Only Topic is needed.
type Record[K, V any] struct {
	Topic      string
	Key        K
	Value      V
	Tombstone  bool           // write null instead of Value: delete Key from a compacted topic
	Partition  *int32         // nil lets the partitioner choose
	Headers    []kafka.Header // in this order; never changed
	Timestamp  time.Time      // zero: now
	OnDelivery func(Delivery)
}

// Delivery is what became of a record.
type Delivery struct {
	Topic     string
	Partition int32 // -1 if the record failed before one was chosen
	Offset    int64 // -1 if the record failed, or if acks=0 keeps the offset unknown
	Timestamp time.Time

	Key       any            // the K given to Produce
	Value     any            // the V given to Produce; its zero value for a tombstone
	Tombstone bool           // the value was written as null
	Headers   []kafka.Header // as written, with those of the serializers. They are yours

	Err error // nil: the brokers have the record, as acks asks
}

// RecordOption sets one thing of one record.
type RecordOption func(*settings)

// settings is what a record has beside topic, key and value.
type settings struct {
	partition  int32
	headers    []kafka.Header // the producer's own slice
	timestamp  time.Time
	onDelivery func(Delivery)
}

// WithPartition sends a record to this partition. -1, the default, lets the
// partitioner choose.
func WithPartition(p int32) RecordOption { return func(s *settings) { s.partition = p } }

// WithHeaders adds headers.
func WithHeaders(h ...kafka.Header) RecordOption {
	return func(s *settings) { s.headers = append(s.headers, h...) }
}

// WithTimestamp sets the record's time, in milliseconds. The default is now.
func WithTimestamp(t time.Time) RecordOption { return func(s *settings) { s.timestamp = t } }

// OnDelivery has f called with what became of the record, exactly once.
//
// The calls of one producer come one at a time and in the order of the reports,
// on a goroutine of the producer's, away from the client's own threads: f may
// take its time, and may call Produce. When very many reports wait for f (see
// [WithMaxReports]), Produce waits too, except within f itself.
//
// f must not call Flush or Close, which wait for it: they return an error there.
func OnDelivery(f func(Delivery)) RecordOption { return func(s *settings) { s.onDelivery = f } }
