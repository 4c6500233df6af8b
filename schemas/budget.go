package schemas

import (
	"context"
	"errors"
)

// ErrTooLarge is returned for comparisons that would take too much time or memory: types that refer
// to each other such that millions of pairs have to be compared, or too many versions for a
// [Budget].
var ErrTooLarge = errors.New("schemas: too large to compare")

// CompareWork is the budget of [CanRead] and [Level.Check], in units of about 50 ns: 0.2 s.
// Comparing a record of 500 fields with itself takes about 2,500 units.
const CompareWork = 1 << 22

// A Budget bounds the work of several comparisons together: the number of fields, branches, symbols
// and aliases that they compare. It is not safe for concurrent use.
type Budget struct{ left int }

// NewBudget returns a budget of work units, as of [CompareWork].
func NewBudget(work int) *Budget { return &Budget{left: work} }

// Left returns the rest of the budget, in the units of [CompareWork]; 0 if it is exceeded.
func (b *Budget) Left() int { return max(b.left, 0) }

// CanRead is the function [CanRead] within the rest of the budget. The error is [ErrTooLarge] if
// that does not suffice. It is ctx's if ctx ends, which is checked about every millisecond.
func (b *Budget) CanRead(ctx context.Context, reader, writer *Schema) error {
	reasons, err := b.compare(ctx, reader, writer)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return &IncompatibleError{Reasons: reasons}
	}
	return nil
}

func (b *Budget) compare(ctx context.Context, reader, writer *Schema) ([]Reason, error) {
	// What one comparison keeps is bounded as well, whatever is left.
	work := min(b.left, CompareWork)
	c := newComparison(work, ctx.Err)
	reasons := c.compare(reader.root, writer.root, nil, nil)
	if c.stopped != nil {
		b.left -= work - (c.nextCheck + checkEvery)
		return nil, c.stopped
	}
	b.left -= work - c.work
	if c.work < 0 {
		return nil, ErrTooLarge
	}
	return reasons, nil
}
