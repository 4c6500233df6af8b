package avroconsumer

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// ErrNoHandler is the error of a record for whose type there is no handler. The policy for
// [UnknownSchemas] applies.
var ErrNoHandler = errors.New("avroconsumer: no handler for this type")

// Dispatcher is a handler for topics with several types: it calls the handler for the dynamic
// type of each value. V is an interface type that all types implement, for example any; the
// deserializer chooses the type by the name of the writer's schema (serde.WithVariant). Pass
// its Handle method to [Consumer.Run].
//
// Add all handlers, with [On] and [Dispatcher.OnSchema], before the first record is handled.
type Dispatcher[K, V any] struct {
	byType map[reflect.Type]func(context.Context, *Message[K, V]) error
	byName map[string]func(context.Context, *Message[K, V]) error
	null   func(context.Context, *Message[K, V]) error
}

// NewDispatcher returns a dispatcher without handlers.
func NewDispatcher[K, V any]() *Dispatcher[K, V] {
	return &Dispatcher[K, V]{
		byType: map[reflect.Type]func(context.Context, *Message[K, V]) error{},
		byName: map[string]func(context.Context, *Message[K, V]) error{},
	}
}

// On calls handle for values whose dynamic type is T. A nil handle removes the handler.
func On[T, K, V any](d *Dispatcher[K, V], handle func(context.Context, *Message[K, T]) error) {
	if handle == nil {
		delete(d.byType, reflect.TypeFor[T]())
		return
	}
	d.byType[reflect.TypeFor[T]()] = func(ctx context.Context, m *Message[K, V]) error {
		return handle(ctx, convert[T](m))
	}
}

// OnSchema calls handle for values whose writer's schema has this full name, if there is no
// handler for their type: for serde.Generic. If that schema is a union, the name is that of
// the value's branch. A nil handle removes the handler.
func (d *Dispatcher[K, V]) OnSchema(fullName string, handle func(context.Context, *Message[K, V]) error) {
	if handle == nil {
		delete(d.byName, fullName)
		return
	}
	d.byName[fullName] = handle
}

// OnTombstone calls handle for null values, which have no type. Without it, a tombstone is the
// error [ErrTombstone], to which no policy applies.
func (d *Dispatcher[K, V]) OnTombstone(handle func(context.Context, *Message[K, V]) error) {
	d.null = handle
}

// Handle calls the handler for m. The error wraps [ErrNoHandler] if there is none, or
// [ErrTombstone] if there is none for a tombstone.
func (d *Dispatcher[K, V]) Handle(ctx context.Context, m *Message[K, V]) error {
	if m.Err != nil { // under Raw: key and value are zero
		return fmt.Errorf("%w: the record could not be decoded: %w", ErrNoHandler, m.Err)
	}
	if m.Tombstone {
		if d.null == nil {
			return fmt.Errorf("%w, and the dispatcher has no handler for it: give OnTombstone, or the consumer's option"+
				" WithTombstones(avroconsumer.SkipTombstones)", ErrTombstone)
		}
		return d.null(ctx, m)
	}
	typ := reflect.TypeOf(any(m.Value))
	if h, ok := d.byType[typ]; ok {
		return h(ctx, m)
	}
	name := schemaName(m)
	if h, ok := d.byName[name]; ok && name != "" {
		return h(ctx, m)
	}
	if name == "" {
		return fmt.Errorf("%w: %v", ErrNoHandler, typ)
	}
	return fmt.Errorf("%w: %v (schema %s)", ErrNoHandler, typ, name)
}

// schemaName returns the full name of the writer's schema; of a union, that of the datum's
// branch. It is "" if there is none.
func schemaName[K, V any](m *Message[K, V]) string {
	if m.Schema == nil || m.Schema.Schema == nil {
		return ""
	}
	root := m.Schema.Schema.Root()
	if root.Type() == schemas.Union && m.Raw != nil {
		_, datum, err := serde.SplitRecord(m.Raw.Value, serde.Value, m.Raw.Headers)
		i, _, wrong := wire.Int(datum, 0)
		if err != nil || wrong != nil || i < 0 || int(i) >= len(root.Branches()) {
			return ""
		}
		root = root.Branches()[i]
	}
	return root.FullName()
}

// convert returns m with its value as a T.
func convert[T, K, V any](m *Message[K, V]) *Message[K, T] {
	return &Message[K, T]{
		Topic:     m.Topic,
		Partition: m.Partition,
		Offset:    m.Offset,
		Key:       m.Key,
		Value:     any(m.Value).(T),
		KeyNull:   m.KeyNull,
		Tombstone: m.Tombstone,
		Headers:   m.Headers,
		Timestamp: m.Timestamp,
		KeySchema: m.KeySchema,
		Schema:    m.Schema,
		Raw:       m.Raw,
		Err:       m.Err,
		from:      m.from,
	}
}
