package avroconsumer

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// Decoder decodes records into messages. Every [Consumer] has one; on its own it decodes
// records from other sources, such as dead letters. It is safe for concurrent use.
type Decoder[K, V any] struct {
	key     serde.Deserializer[K]
	value   serde.Deserializer[V]
	scratch sync.Pool // of *scratch[K, V]
	reuse   bool      // messages come from, and return to, the pool
	used    sync.Pool // of *Message[K, V]
	bytes   bool      // both are serde.Bytes: nothing is decoded
}

// scratch is what decoding needs, of one goroutine.
type scratch[K, V any] struct {
	key, value serde.Target    // their addresses pass through interfaces
	messages   []Message[K, V] // allocated together, and not used yet
}

// maxMessages is the number of messages that are allocated together: whoever keeps one keeps all.
const maxMessages = 16

// NewDecoder returns a decoder with these deserializers.
func NewDecoder[K, V any](key serde.Deserializer[K], value serde.Deserializer[V]) *Decoder[K, V] {
	return &Decoder[K, V]{
		key: key, value: value, scratch: sync.Pool{New: func() any { return new(scratch[K, V]) }},
		bytes: any(key) == any(serde.Bytes) && any(value) == any(serde.Bytes),
	}
}

// Decode decodes r, which the message then owns. It may ask the registry within ctx, for a
// schema id that is not cached. Nulls are not decoded: Key or Value is then the zero value,
// and KeyNull or Tombstone is set.
//
// The error is a [*RecordError], also if a deserializer panics.
func (d *Decoder[K, V]) Decode(ctx context.Context, r *kafka.Record) (*Message[K, V], error) {
	m, err := d.decodeRecord(ctx, r, 1)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// decodeRecord is Decode of the first of n records that are to be decoded.
func (d *Decoder[K, V]) decodeRecord(ctx context.Context, r *kafka.Record, n int) (*Message[K, V], *RecordError) {
	s := d.scratch.Get().(*scratch[K, V])
	m := d.newMessage(s, n)
	m.set(r)
	if err := d.decode(ctx, s, m); err != nil {
		return nil, err
	}
	return m, nil
}

// newMessage returns a message, one of n that are to be decoded.
func (d *Decoder[K, V]) newMessage(s *scratch[K, V], n int) *Message[K, V] {
	if m, ok := d.used.Get().(*Message[K, V]); ok {
		return m
	}
	if len(s.messages) == 0 {
		s.messages = make([]Message[K, V], min(max(n, 1), maxMessages))
	}
	m := &s.messages[0]
	s.messages = s.messages[1:]
	return m
}

// recycle keeps a message for reuse: its handler has returned.
func (d *Decoder[K, V]) recycle(m *Message[K, V]) {
	if d.reuse {
		overwrite(m)
		d.used.Put(m)
	}
}

// decode decodes m.Raw, and puts s back into the pool.
func (d *Decoder[K, V]) decode(ctx context.Context, s *scratch[K, V], m *Message[K, V]) (failed *RecordError) {
	r, stage := m.Raw, StageKey
	defer func() {
		if p := recover(); p != nil {
			failed = &RecordError{Raw: r, Stage: stage, Err: &PanicError{Value: p, Stack: debug.Stack()}}
			return // do not reuse s: what panicked may still refer to it
		}
		s.key.Headers, s.value.Headers = nil, nil // not kept alive in the pool
		d.scratch.Put(s)
	}()
	if d.bytes {
		*any(&m.Key).(*[]byte), *any(&m.Value).(*[]byte) = slices.Clip(r.Key), slices.Clip(r.Value)
		return nil
	}
	if m.KeyNull {
		m.Key = *new(K)
	} else {
		aim(&s.key, serde.Key, r)
		if err := d.key.Decode(ctx, r.Key, &s.key, &m.Key); err != nil {
			return recordError(r, stage, &s.key, err)
		}
		m.KeySchema = s.key.Schema
	}
	if m.Tombstone {
		m.Value = *new(V)
	} else {
		stage = StageValue
		aim(&s.value, serde.Value, r)
		if err := d.value.Decode(ctx, r.Value, &s.value, &m.Value); err != nil {
			return recordError(r, stage, &s.value, err)
		}
		m.Schema = s.value.Schema
	}
	return nil
}

// aim sets all fields of t, one by one: assigning a struct would copy it once more.
func aim(t *serde.Target, part serde.Part, r *kafka.Record) {
	t.Topic, t.Part, t.Null, t.Headers, t.Schema = r.Topic, part, false, r.Headers, nil
}

// PanicError is a panic of a handler or a deserializer, as the error of a record.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine, as runtime/debug.Stack formats it
}

// Error returns the value that was passed to panic.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
