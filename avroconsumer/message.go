package avroconsumer

import (
	"time"

	"github.com/kavro/kavro/internal/sched"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
)

// Message is a record with its key and value decoded. The caller owns it, except that Headers,
// Raw and the schemas are shared and must not be changed, nor a []byte of [serde.Bytes], which is
// Raw's: retries, dead letters and replays are made of Raw.
type Message[K, V any] struct {
	Topic     string
	Partition int32
	Offset    int64
	Key       K // the zero value if KeyNull
	Value     V // the zero value if Tombstone
	KeyNull   bool
	Tombstone bool // the value is null
	Headers   []kafka.Header
	Timestamp time.Time

	KeySchema *registry.SubjectSchema // the writer's schema of the key; nil if the key has no frame
	Schema    *registry.SubjectSchema // the writer's schema of the value; nil if the value has no frame
	Raw       *kafka.Record           // as polled

	// Err is why the record could not be decoded. It is set only under the policy [Raw]; Key and
	// Value are then zero.
	Err *RecordError

	from sched.Handle
}

func newMessage[K, V any](r *kafka.Record) *Message[K, V] {
	m := new(Message[K, V])
	m.set(r)
	return m
}

// set makes m the message of a record, without key and value. It sets fields one by one: assigning a
// struct would copy it once more.
func (m *Message[K, V]) set(r *kafka.Record) {
	m.Topic, m.Partition, m.Offset = r.Topic, r.Partition, r.Offset
	m.KeyNull, m.Tombstone = r.Key == nil, r.Value == nil
	m.Headers, m.Timestamp, m.Raw = r.Headers, r.Timestamp, r
	m.KeySchema, m.Schema, m.Err = nil, nil, nil
}
