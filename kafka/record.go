package kafka

import "time"

// Header is one header of a record. Keys may repeat. A nil Value is null, which differs from an empty one.
type Header struct {
	Key   string
	Value []byte
}

// Record is a Kafka record as bytes.
type Record struct {
	Topic         string
	Partition     int32 // producing: -1 lets the partitioner choose
	Offset        int64
	LeaderEpoch   int32  // -1 if unknown
	Key           []byte // nil is null, which differs from empty
	Value         []byte // nil is null: a tombstone
	Headers       []Header
	Timestamp     time.Time // millisecond precision; zero: producing, now; consumed, none
	TimestampType TimestampType
	Attach        any // for the caller; clients do not read it
}

// TimestampType says who set a record's timestamp.
type TimestampType uint8

// The types of timestamp (Kafka protocol, message format v2, attribute bit 3).
const (
	TimestampNone   TimestampType = iota // no timestamp
	TimestampCreate                      // set by the producer
	TimestampAppend                      // set by the broker when it appended the record
)
