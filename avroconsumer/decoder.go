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
	targets sync.Pool // of *targets: their addresses pass through interfaces
	bytes   bool      // both are serde.Bytes: nothing is decoded
}

// targets is the serde.Target of a record's key and of its value.
type targets struct{ key, value serde.Target }

// NewDecoder returns a decoder with these deserializers.
func NewDecoder[K, V any](key serde.Deserializer[K], value serde.Deserializer[V]) *Decoder[K, V] {
	return &Decoder[K, V]{
		key: key, value: value, targets: sync.Pool{New: func() any { return new(targets) }},
		bytes: any(key) == any(serde.Bytes) && any(value) == any(serde.Bytes),
	}
}

// Decode decodes r, which the message then owns. It may ask the registry within ctx, for a
// schema id that is not cached. Nulls are not decoded: Key or Value is then the zero value,
// and KeyNull or Tombstone is set.
//
// The error is a [*RecordError], also if a deserializer panics.
func (d *Decoder[K, V]) Decode(ctx context.Context, r *kafka.Record) (*Message[K, V], error) {
	m, err := d.decodeRecord(ctx, r)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (d *Decoder[K, V]) decodeRecord(ctx context.Context, r *kafka.Record) (*Message[K, V], *RecordError) {
	m := newMessage[K, V](r)
	if err := d.decode(ctx, m); err != nil {
		return nil, err
	}
	return m, nil
}

func (d *Decoder[K, V]) decode(ctx context.Context, m *Message[K, V]) (failed *RecordError) {
	r, stage := m.Raw, StageKey
	if d.bytes {
		*any(&m.Key).(*[]byte), *any(&m.Value).(*[]byte) = slices.Clip(r.Key), slices.Clip(r.Value)
		return nil
	}
	t := d.targets.Get().(*targets)
	defer func() {
		if p := recover(); p != nil {
			failed = &RecordError{Raw: r, Stage: stage, Err: &PanicError{Value: p, Stack: debug.Stack()}}
			return // do not reuse t: what panicked may still refer to it
		}
		t.key.Headers, t.value.Headers = nil, nil // not kept alive in the pool
		d.targets.Put(t)
	}()
	if !m.KeyNull {
		aim(&t.key, serde.Key, r)
		if err := d.key.Decode(ctx, r.Key, &t.key, &m.Key); err != nil {
			return recordError(r, stage, &t.key, err)
		}
		m.KeySchema = t.key.Schema
	}
	if !m.Tombstone {
		stage = StageValue
		aim(&t.value, serde.Value, r)
		if err := d.value.Decode(ctx, r.Value, &t.value, &m.Value); err != nil {
			return recordError(r, stage, &t.value, err)
		}
		m.Schema = t.value.Schema
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
