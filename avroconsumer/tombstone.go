package avroconsumer

import (
	"errors"
	"fmt"
	"reflect"

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

// Tombstones says what Run, RunBatch and pipelines do with tombstones: see
// [WithTombstones].
type Tombstones uint8

// What is done with tombstones. The zero value delivers them where the value's
// type can be null, and ends Run where it cannot.
const (
	SkipTombstones    Tombstones = iota + 1 // they count as processed; no handler sees them
	DeliverTombstones                       // the handler gets the zero value, and Message.Tombstone
)

// WithTombstones skips records whose value is null, or delivers them to a handler
// whose value type cannot be null: Message.Value is then the zero value, and
// [Message].Tombstone says what it is. Without the option, Run and RunBatch deliver
// tombstones to handlers whose value type can be null (a pointer, slice, map or
// interface, serde.Generic, serde.NoKey), and end with [ErrTombstone] where it cannot.
//
// No [Policy] applies to a tombstone. Poll and the iterators yield it always.
func WithTombstones(t Tombstones) Option {
	return func(c *config) {
		c.once("WithTombstones")
		c.tombstones = t
	}
}

// ErrTombstone says that a record's value is null, and that nothing says what is
// to be done with it: see [WithTombstones], and [Dispatcher.OnTombstone]. Within a
// [*RecordError] it ends Run, whatever the policies say, and the record is not
// processed.
var ErrTombstone = errors.New("avroconsumer: a tombstone (the value is null)")

// Check refuses what is none of the constants.
func (t Tombstones) Check() error {
	if t > DeliverTombstones {
		return fmt.Errorf("%d is neither SkipTombstones nor DeliverTombstones", uint8(t))
	}
	return nil
}

// TombstoneRule is what [Tombstones] means for one type of values. It is for those
// who handle records by another way than Run, as package pipeline does.
type TombstoneRule struct {
	skip bool
	err  error // why a tombstone ends Run; nil: it is delivered
}

// TombstoneRuleFor applies t to values of type V.
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
	return TombstoneRule{err: fmt.Errorf("%w, and a %v cannot be null: %sgive the option WithTombstones(avroconsumer.SkipTombstones)"+
		" or WithTombstones(avroconsumer.DeliverTombstones)", ErrTombstone, typ, pointer)}
}

// Apply says what to do with a record before it is decoded: skip it, or end with
// err. It does neither with a record that is no tombstone.
func (t *TombstoneRule) Apply(r *kafka.Record) (skip bool, err *RecordError) {
	switch {
	case r.Value != nil:
		return false, nil
	case t.err != nil:
		return false, &RecordError{Raw: r, Stage: StageValue, Err: t.err}
	}
	return t.skip, nil
}

// canBeNull says whether a type has a value of its own for null.
func canBeNull(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	// A Generic without a schema is none of any schema's values. NoKey says that the
	// program does not look.
	return t == reflect.TypeFor[serde.Generic]() || t == reflect.TypeFor[serde.NoKey]()
}
