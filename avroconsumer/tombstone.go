package avroconsumer

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// A tombstone is a record whose value is null: in a compacted topic it deletes
// its key. The zero value of a type that cannot be null looks like data, so a
// handler of such a type gets it only if the program asks for it:
//
//	V can be null (a pointer, slice, map or interface,   delivered, unless
//	serde.Generic, serde.NoKey)                          SkipTombstones is given
//	V cannot be null (a struct, string, number, array)   ErrTombstone ends Run, unless
//	                                                     SkipTombstones or
//	                                                     DeliverTombstones is given

// Tombstones is what Run, RunBatch and pipelines do with tombstones: see [WithTombstones].
type Tombstones uint8

// What is done with tombstones. The zero value delivers them where the value's
// type can be null, and ends Run where it cannot.
const (
	SkipTombstones    Tombstones = iota + 1 // they are processed without calling the handler
	DeliverTombstones                       // the handler gets the zero value, and Message.Tombstone
)

// WithTombstones skips records whose value is null, or passes them to a handler whose value
// type cannot be null: Message.Value is then the zero value, and [Message].Tombstone is true.
// Without this option, Run and RunBatch pass tombstones to handlers whose value type can be
// null (a pointer, slice, map or interface, serde.Generic, serde.NoKey), and end with
// [ErrTombstone] for other types.
//
// No [Policy] applies to a tombstone. Poll and the iterators always yield it.
func WithTombstones(t Tombstones) Option {
	return func(c *config) {
		c.once("WithTombstones")
		c.tombstones = t
	}
}

// ErrTombstone is the error of a record whose value is null, if the value type cannot be null
// and [WithTombstones] is not given, or a [Dispatcher] has no handler for it (see
// [Dispatcher.OnTombstone]). Within a [*RecordError] it ends Run whatever the policies are,
// and the record is unprocessed.
var ErrTombstone = errors.New("avroconsumer: a tombstone (the value is null)")

// Check returns an error if t is not one of the constants.
func (t Tombstones) Check() error {
	if t > DeliverTombstones {
		return fmt.Errorf("%d is neither SkipTombstones nor DeliverTombstones", uint8(t))
	}
	return nil
}

// TombstoneRule is [Tombstones] applied to one type of values. It is for other readers of
// records, such as package pipeline.
type TombstoneRule struct {
	skip bool
	err  error // ends Run; nil: the tombstone is delivered
}

// TombstoneRuleFor returns the rule for values of type V.
func TombstoneRuleFor[V any](t Tombstones) TombstoneRule {
	typ := reflect.TypeFor[V]()
	switch {
	case t == SkipTombstones:
		return TombstoneRule{skip: true}
	case t == DeliverTombstones || canBeNull(typ):
		return TombstoneRule{}
	}
	pointer := ""
	if typ.Kind() == reflect.Struct {
		pointer = fmt.Sprintf("take *%v as the type of values, or ", typ)
	}
	return TombstoneRule{err: fmt.Errorf("%w, and %s cannot be null: %sgive the option WithTombstones(avroconsumer.SkipTombstones)"+
		" or WithTombstones(avroconsumer.DeliverTombstones)", ErrTombstone, count.A(typ.String()), pointer)}
}

// Apply returns what to do with a record before it is decoded: skip it, or end with err. For a
// record that is not a tombstone, it returns false and nil.
func (t *TombstoneRule) Apply(r *kafka.Record) (skip bool, err *RecordError) {
	switch {
	case r.Value != nil:
		return false, nil
	case t.err != nil:
		return false, &RecordError{Raw: r, Stage: StageValue, Err: t.err}
	}
	return t.skip, nil
}

// canBeNull reports whether a type has a value of its own for null.
func canBeNull(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	// A Generic without a schema is not a value of any schema. NoKey ignores the value.
	return t == reflect.TypeFor[serde.Generic]() || t == reflect.TypeFor[serde.NoKey]()
}
