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

// ErrNoHandler says that no handler is there for a record's type. It falls under
// the policy for [UnknownSchemas].
var ErrNoHandler = errors.New("avroconsumer: no handler for this type")

// Dispatcher is a handler for topics with several types: it looks at the type of
// each value and calls the handler for that. V is an interface type that all of
// them satisfy, any for instance; the deserializer chooses by the name of the
// writer's schema (serde.WithVariant). Give its Handle to [Consumer.Run].
//
// Handlers are added with [On] and [OnSchema] before it is used, not meanwhile.
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

// On has handle called for values whose dynamic type is T. Nil is no handler.
func On[T, K, V any](d *Dispatcher[K, V], handle func(context.Context, *Message[K, T]) error) {
	if handle == nil {
		delete(d.byType, reflect.TypeFor[T]())
		return
	}
	d.byType[reflect.TypeFor[T]()] = func(ctx context.Context, m *Message[K, V]) error {
		return handle(ctx, convert[T](m))
	}
}

// OnSchema has handle called for values whose writer's schema has this full name,
// if there is no handler for their type: for serde.Generic. Where that schema is a
// union, the name is that of the value's branch. Nil is no handler.
func (d *Dispatcher[K, V]) OnSchema(fullName string, handle func(context.Context, *Message[K, V]) error) {
	if handle == nil {
		delete(d.byName, fullName)
		return
	}
	d.byName[fullName] = handle
}

// OnTombstone has handle called for null values, which have no type. Without it, a
// tombstone is [ErrTombstone], to which no policy applies.
func (d *Dispatcher[K, V]) OnTombstone(handle func(context.Context, *Message[K, V]) error) {
	d.null = handle
}

// Handle calls the handler for m. The error wraps [ErrNoHandler] if there is none,
// or [ErrTombstone] if there is none for a tombstone.
func (d *Dispatcher[K, V]) Handle(ctx context.Context, m *Message[K, V]) error {
	if m.Err != nil { // under Raw: neither key nor value say anything
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

// schemaName is the full name of the writer's schema; of a union, that of the branch
// that the datum is of. "" if there is none.
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

// convert is m with its value as a T.
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
